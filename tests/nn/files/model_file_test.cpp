// Models that are made again from their files alone.
#include "nn/files/model_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "nn/files/safetensors.h"
#include "nn/models/learnt_motion.h"
#include "physics/systems/double_pendulum.h"
#include "tests/program/program.h"

using autodiff::Index;
using autodiff::Scalar;
using nn::Var;
using program::contains;

namespace {

const nn::Known known{
    .lagrangian = [](Var q,
                     Var v) { return physics::DoublePendulum{.m1 = 1.5, .g = 3}.lagrangian(q, v); },
    .positions =
        [](Var q) {
          return stack_rows(physics::DoublePendulum().positions(row(q, 0), row(q, 1)));
        }};

/// Options of which none is the default.
nn::NetworkOptions odd_options() {
  return {.hidden = {7, 3, 5},
          .activation = "tanh",
          .angles = {true, false},
          .coordinate_offset = {0.25, -1e10},
          .coordinate_scale = {3, 0.7},
          .velocity_scale = {1.0 / 3, 10},
          .kinetic_prior = 0.1,
          .acceleration_scale = {1e-5, 8},
          .names = {"θ, \"first\"", ""}};
}

std::unique_ptr<nn::NetworkModel> drawn(const std::string& kind,
                                        const nn::NetworkOptions& options = odd_options()) {
  auto model = nn::make_model(kind, options, known);
  autodiff::Random random(3);
  model->initialise(random);
  return model;
}

Eigen::MatrixXd rates(const nn::Model& model) {
  autodiff::Random random(4);
  const Eigen::MatrixXd states =
      random.uniform_matrix(2 * model.coordinates(), 5, -2, 2).cast<double>();
  const Eigen::MatrixXd rates = nn::learnt_motion(model)(states);
  return rates;
}

/// What load_model says of a file; empty if it takes it.
std::string complaint(const std::string& bytes) {
  const program::Folder folder;
  folder.write("w", bytes);
  try {
    nn::load_model(folder.path() / "w", known);
  } catch (const nn::FileError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a model of each kind is made again from its file, to the last bit") {
  for (const std::string kind : {"lnn", "delan", "pullback", "hnn", "mlp"})
    for (const nn::NetworkOptions& options :
         {odd_options(),
          nn::NetworkOptions{.hidden = {}, .angles = {false, false}, .kinetic_prior = 1},
          nn::NetworkOptions{.hidden = {1, 1}, .kinetic_prior = 1}}) {
      CAPTURE(kind);
      const auto saved = drawn(kind, options);
      const program::Folder folder;
      folder.write("w", to_model_file(*saved));
      const auto loaded = nn::load_model(folder.path() / "w", known);
      CHECK(loaded->form().kind == kind);
      CHECK(loaded->options().names == options.names);
      CHECK(loaded->options().hidden == options.hidden);
      CHECK(rates(*loaded) == rates(*saved));
      CHECK(to_model_file(*loaded) == to_model_file(*saved));
    }
}

TEST_CASE("a Hamiltonian network is refused without the true Lagrangian") {
  const program::Folder folder;
  folder.write("w", to_model_file(*drawn("hnn")));
  CHECK_THROWS_WITH_AS(nn::load_model(folder.path() / "w"),
                       doctest::Contains("true system's Lagrangian"), nn::FileError);
  CHECK_THROWS_AS(nn::make_model("hnn", odd_options()), std::invalid_argument);
}

TEST_CASE("weights go into a model that is given, where the file tells of no other") {
  const auto saved = drawn("lnn");
  const program::Folder folder;
  const auto loads = [&](const std::string& bytes, const std::string& kind,
                         const nn::NetworkOptions& options) -> std::string {
    folder.write("w", bytes);
    const auto model = nn::make_model(kind, options, known);
    const auto zero = rates(*model);
    try {
      nn::load_weights(folder.path() / "w", *model);
    } catch (const nn::FileError& error) {
      CHECK(std::ranges::count(model->parameters().values(), 0) == model->parameters().size());
      return error.what();
    }
    CHECK(rates(*model) == rates(*saved));
    return "";
  };
  const std::string file = to_model_file(*saved);
  CHECK(loads(file, "lnn", odd_options()).empty());
  // Of before, or of another program: no word of the model.
  CHECK(loads(to_safetensors(saved->parameters()), "lnn", odd_options()).empty());

  // Nor do words of another program's, or those that are not there, tell of another model.
  CHECK(loads(to_safetensors(saved->parameters(), {{"activation", "ramp"}}), "lnn", odd_options())
            .empty());
  CHECK(
      loads(to_safetensors(saved->parameters(), {{"model", "lnn"}}), "lnn", odd_options()).empty());

  CHECK(contains(loads(file, "mlp", odd_options()), "\"model\" is 'lnn', not 'mlp'"));
  const auto other = [&](auto nn::NetworkOptions::*member, auto value) {
    nn::NetworkOptions options = odd_options();
    options.*member = value;
    return loads(file, "lnn", options);
  };
  CHECK(contains(other(&nn::NetworkOptions::velocity_scale, 0.25), "velocity_scale"));
  CHECK(contains(other(&nn::NetworkOptions::coordinate_scale, 0.25), "coordinate_scale"));
  CHECK(contains(other(&nn::NetworkOptions::coordinate_offset, 0.25), "coordinate_offset"));
  CHECK(contains(other(&nn::NetworkOptions::kinetic_prior, 0.0), "kinetic_prior"));
  CHECK(contains(other(&nn::NetworkOptions::activation, std::string("softplus")), "activation"));
  CHECK(contains(other(&nn::NetworkOptions::angles, std::vector<bool>{false, true}), "angles"));
  CHECK(contains(other(&nn::NetworkOptions::hidden, std::vector<Index>{7, 3, 6}), "hidden"));
}

TEST_CASE("a file that makes no model is refused with its name and the reason") {
  const auto saved = drawn("lnn");
  const nn::Metadata good = nn::Safetensors(to_model_file(*saved)).metadata();
  const auto with = [&](const std::string& key, const std::string& value) {
    nn::Metadata metadata = good;
    metadata[key] = value;
    return complaint(to_safetensors(saved->parameters(), metadata));
  };
  CHECK(with("someone else's", "entry").empty());
  CHECK(contains(complaint(to_safetensors(saved->parameters())), "does not tell of what model"));
  for (const auto& entry : good) {
    const std::string& key = entry.first;
    nn::Metadata metadata = good;
    metadata.erase(key);
    if (key.starts_with("coordinate")) continue;  // names may be missing
    CAPTURE(key);
    CHECK(contains(complaint(to_safetensors(saved->parameters(), metadata)), key));
  }
  CHECK(contains(with("model", "gnn"), "'gnn' is unknown"));
  CHECK(contains(with("model", "mlp"), "parameters"));
  CHECK(contains(with("model_format", "1"), "format is 1"));
  CHECK(contains(with("activation", "relu"), "relu"));
  CHECK(contains(with("angles", ""), "at least one coordinate"));
  CHECK(contains(with("angles", "true,maybe"), "\"angles\" is 'true,maybe'"));
  CHECK(contains(with("angles", "true,false,true"), "parameters"));
  for (const std::string hidden :
       {"7,3", "7,3,-5", "7,3,5,", "7;3;5", "7,0,5", "7, 3,5", "x", "7,3,99999999999999999999",
        "9223372036854775807", "7,1000000000,1000000000"}) {
    CAPTURE(hidden);
    CHECK_FALSE(with("hidden", hidden).empty());
  }
  for (const std::string none : {"7,0,5", "7,3,-5", "7,3,5,", "x"})
    CHECK(contains(with("hidden", none), "its \"hidden\" is '" + none + "'"));
  for (const std::string controls : {"-1", "", "x", "1.5", "1,2"}) {
    CAPTURE(controls);
    CHECK(contains(with("controls", controls), "\"controls\" is '" + controls + "'"));
  }
  for (const std::string key : {"energy_scale", "difference_scale"})
    for (const std::string number : {"", "nan", "1,2", "x"}) {
      CAPTURE(number);
      CHECK(contains(with(key, number), "its \"" + key + "\" is '" + number + "'"));
    }
  for (const std::string number :
       {"", "nan", "inf", "1e999", "0.5x", " 1", "0;5", "1,2,3", "1,2,"}) {
    CAPTURE(number);
    for (const std::string key : {"coordinate_offset", "coordinate_scale", "velocity_scale",
                                  "kinetic_prior", "acceleration_scale", "mass_scale"}) {
      const std::string spoken = key.substr(0, key.find('_')) + ' ' + key.substr(key.find('_') + 1);
      const std::string said = with(key, number);
      CHECK((contains(said, key) || contains(said, spoken)));
    }
  }
  const program::Folder folder;
  CHECK_THROWS_WITH_AS(nn::load_model(folder.path() / "missing"),
                       doctest::Contains("missing': cannot be read"), nn::FileError);
  CHECK_THROWS_WITH_AS(nn::load_model(folder.path()), doctest::Contains("folder"), nn::FileError);
}
