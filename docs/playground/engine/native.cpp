// The same calls as the page's, natively: JSON in, JSON out. test.ts holds both against each other.
//
//     in    [{"tape": {"expression": "x*y", "by": "x", "x": 1, "y": 2}},
//            {"train": {"system": "pendulum", ...}, "steps": 100}]
//     out   [{"values": [2, 2]}, {"losses": [...], "errors": [...], "mass": [...]}]
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiment.h"
#include "tape_view.h"

namespace playground {

// The macro of the library makes a reader of JSON; what is not given stays as it is by default.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Settings, system, model, width, layers, optimiser,
                                                rate, samples, noise, steps, seed)

namespace {

nlohmann::json answer(const nlohmann::json& question) {
  if (question.contains("tape")) {
    const nlohmann::json& tape = question["tape"];
    return {{"values", view_tape(tape["expression"], tape["by"], tape["x"], tape["y"]).values}};
  }
  Experiment experiment(question["train"].get<Settings>());
  const std::vector<double> losses = experiment.train(question["steps"]);
  return {{"losses", losses},
          {"errors", experiment.errors()},
          {"mass", experiment.mass_map(0, 0, 0, 1, 5).learnt}};
}

}  // namespace
}  // namespace playground

int main() {
  try {
    nlohmann::json answers = nlohmann::json::array();
    for (const nlohmann::json& question : nlohmann::json::parse(std::cin))
      answers.push_back(playground::answer(question));
    std::cout << answers << '\n';
  } catch (const std::exception& error) {
    std::cerr << "native: " << error.what() << '\n';
    return 1;
  }
}
