// What JavaScript sees of the engine: plain objects, Float64Arrays, and errors with their text.
// page/engine.ts tells their types.
#include <emscripten/bind.h>

#include "catalogue.h"
#include "experiment.h"
#include "tape_view.h"

namespace {

using emscripten::val;
using namespace playground;

/// A copy, which may outlive what the engine does next.
val numbers(const auto& all) {
  return val(emscripten::typed_memory_view(all.size(), all.data())).template call<val>("slice");
}

val list(const auto& all, const auto& one) {
  val array = val::array();
  for (const auto& item : all) array.call<void>("push", one(item));
  return array;
}
val list(const auto& all) {
  return list(all, [](const auto& item) { return val(item); });
}

/// What f gives. What it throws becomes an Error of JavaScript's.
auto told(const auto& f) -> decltype(f()) {
  std::string what;
  try {
    return f();
  } catch (const std::exception& error) {
    what = error.what();
  }
  val::global("Error").new_(what).throw_();
  __builtin_unreachable();
}

// ---------------------------------------------------------------- the tape

val to_js(const Graph& graph) {
  val object = val::object();
  object.set("listing", graph.listing);
  object.set("nodes", list(graph.nodes, [](const NodeView& node) {
               val one = val::object();
               one.set("label", node.label);
               one.set("inputs", list(node.inputs));
               one.set("order", node.order);
               one.set("value", node.value);
               one.set("adjoint", node.has_adjoint ? val(node.adjoint) : val::null());
               return one;
             }));
  return object;
}

val js_view_tape(const std::string& expression, const std::string& by, double x, double y) {
  return told([&] {
    const TapeView view = view_tape(expression, by, x, y);
    val object = val::object();
    object.set("recorded", to_js(view.recorded));
    object.set("compiled", to_js(view.compiled));
    object.set("outputs", list(view.outputs));
    object.set("values", numbers(view.values));
    object.set("code", view.code);
    object.set("report", view.report);
    object.set("instructions", view.instructions);
    return object;
  });
}

// ---------------------------------------------------------------- the experiment

val js_systems() {
  return list(all_systems(), [](const SystemView& system) {
    val one = val::object();
    one.set("name", system.name);
    one.set("what", system.what);
    one.set("coordinates", list(system.coordinates));
    one.set("units", list(system.units));
    one.set("angles", list(system.angles, [](bool angle) { return val(angle); }));
    one.set("low", numbers(system.low));
    one.set("high", numbers(system.high));
    one.set("duration", system.duration);
    one.set("dimension", system.dimension);
    one.set("links", list(system.links, [](const auto& link) {
              return list(std::array{link.first, link.second});
            }));
    one.set("section", system.section);
    one.set("bound", system.bound);
    one.set("models", list(system.models));
    return one;
  });
}

val js_models() {
  return list(all_models(), [](const ModelView& model) {
    val one = val::object();
    one.set("name", model.name);
    one.set("what", model.what);
    one.set("learns", model.learns);
    return one;
  });
}

std::shared_ptr<Experiment> make_experiment(const Settings& settings) {
  return told([&] { return std::make_shared<Experiment>(settings); });
}

std::vector<double> vector_of(const val& array) {
  return emscripten::convertJSArrayToNumberVector<double>(array);
}

val to_js(const Maps& maps) {
  val object = val::object();
  object.set("truth", numbers(maps.truth));
  object.set("learnt", numbers(maps.learnt));
  return object;
}

val js_roll_out(const Experiment& e, const val& start, double duration, int times) {
  return told([&] {
    const Paths paths = e.roll_out(vector_of(start), duration, times);
    val object = val::object();
    object.set("of", list(paths.of, [](const Path& path) {
                 val one = val::object();
                 one.set("states", numbers(path.states));
                 one.set("points", numbers(path.points));
                 one.set("energies", numbers(path.energies));
                 return one;
               }));
    object.set("valid", numbers(paths.valid));
    object.set("ownEnergies", numbers(paths.own_energies));
    return object;
  });
}

}  // namespace

EMSCRIPTEN_BINDINGS(playground) {
  emscripten::function("viewTape", js_view_tape);
  emscripten::function("systems", js_systems);
  emscripten::function("models", js_models);

  emscripten::value_object<Settings>("Settings")
      .field("system", &Settings::system)
      .field("model", &Settings::model)
      .field("width", &Settings::width)
      .field("layers", &Settings::layers)
      .field("optimiser", &Settings::optimiser)
      .field("rate", &Settings::rate)
      .field("samples", &Settings::samples)
      .field("noise", &Settings::noise)
      .field("steps", &Settings::steps)
      .field("seed", &Settings::seed);

  emscripten::class_<Experiment>("Experiment")
      .smart_ptr_constructor("Experiment", make_experiment)
      .function("train", emscripten::optional_override([](Experiment& e, int steps) {
                  return told([&] { return numbers(e.train(steps)); });
                }))
      .function("steps", emscripten::optional_override(
                             [](const Experiment& e) { return static_cast<int>(e.steps()); }))
      .function("errors", emscripten::optional_override([](const Experiment& e) {
                  return told([&] { return numbers(e.errors()); });
                }))
      .function("randomStart", emscripten::optional_override([](const Experiment& e, int seed) {
                  return told([&] { return numbers(e.random_start(seed)); });
                }))
      .function("dragged", emscripten::optional_override([](const Experiment& e, const val& state,
                                                            int point, const val& place) {
                  return told([&] {
                    return numbers(e.dragged(vector_of(state), point, vector_of(place)));
                  });
                }))
      .function("rollOut", js_roll_out)
      .function("lyapunovTime",
                emscripten::optional_override([](const Experiment& e, const val& start) {
                  return told([&] { return e.lyapunov_time(vector_of(start)); });
                }))
      .function("lagrangianMap", emscripten::optional_override([](const Experiment& e, int across,
                                                                  int up, int size) {
                  return told([&] { return to_js(e.lagrangian_map(across, up, size)); });
                }))
      .function("massMap",
                emscripten::optional_override(
                    [](const Experiment& e, int row, int column, int across, int up, int size) {
                      return told([&] { return to_js(e.mass_map(row, column, across, up, size)); });
                    }))
      .function(
          "section", emscripten::optional_override([](Experiment& e, int which, const val& start,
                                                      double duration) {
            return told([&] { return numbers(e.section(which, vector_of(start), duration)); });
          }))
      .function("restartSection", &Experiment::restart_section);
}
