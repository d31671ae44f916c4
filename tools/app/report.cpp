#include "tools/app/report.h"

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/app/text.h"

namespace tools {
namespace {

std::vector<double> list(const Eigen::VectorXd& v) { return {v.begin(), v.end()}; }

/// NaN where the truth does not spread at all.
Eigen::VectorXd ratio(const Eigen::VectorXd& error, const Eigen::VectorXd& spread) {
  return (spread.array() > 0).select(error.array() / spread.array(), std::nan(""));
}

/// Names of those whose accelerations a constant would predict better.
std::vector<std::string> worse_coordinates(const RunResult& result) {
  const auto worse = result.judgement->acceleration.worse_than_constant();
  std::vector<std::string> names;
  for (Eigen::Index i = 0; i < worse.size(); ++i)
    if (worse[i]) names.push_back(result.coordinates[static_cast<std::size_t>(i)]);
  return names;
}

std::vector<long> lines(const std::vector<Cut>& cuts) {
  std::vector<long> numbers;
  for (const Cut& cut : cuts) numbers.push_back(cut.line);
  return numbers;
}

}  // namespace

std::string divergence_text(long step, const std::optional<nn::Divergence>& found) {
  std::string text = format("step %ld has no finite loss and gradient: ", step);
  if (!found) {
    text += "every sample by itself has, their sum has not.\n";
  } else {
    text += format("sample %td is the first, with %s the first value that is NaN or Inf,\n",
                   found->sample, found->operation.c_str());
    std::string state;
    for (const double x : found->state.reshaped()) state += format(" %.4g", x);
    text += format("  at the state (q; v) =%s", state.c_str());
    if (found->condition)
      text += format("; condition number of its mass matrix: %.3g", *found->condition);
    text += ".\n";
  }
  return text + "  Try a lower --lr, a --clip, another --seed, or a larger --kinetic-prior.";
}

std::string to_json(const RunResult& result) {
  nlohmann::ordered_json json{
      {"preset", result.options.preset},      {"status", result.status},
      {"seed", result.options.seed},          {"threads", result.options.threads},
      {"wall_s", result.standing.seconds},    {"train_steps", result.standing.train_steps},
      {"train_loss", result.standing.loss()}, {"parameters", result.parameters},
      {"model", result.options.model},        {"skipped", result.standing.skipped},
      {"builds", result.standing.builds},
  };
  if (const auto& data = result.data)
    json["data"] = {{"rows", data->rows},
                    {"rows_used", data->used},
                    {"trajectories", data->trajectories},
                    {"gaps_before_lines", lines(data->gaps)},
                    {"jumps_before_lines", lines(data->jumps)},
                    {"coordinates", result.coordinates},
                    {"time_step_s", data->time_step},
                    {"accelerations_estimated", data->estimated}};
  if (const auto& judged = result.judgement) {
    const auto& acceleration = judged->acceleration;
    json["acceleration_l1"] = acceleration.l1.sum();
    json["acceleration_l1_each"] = list(acceleration.l1);
    json["acceleration_mse"] = list(acceleration.mse);
    json["acceleration_largest"] = list(acceleration.largest);
    // In units of what the best constant prediction would come to: at 1 nothing has been learnt.
    json["acceleration_l1_relative"] = list(ratio(acceleration.l1, acceleration.l1_of_median));
    json["acceleration_mse_relative"] = list(ratio(acceleration.mse, acceleration.mse_of_mean));
    json["worse_than_constant"] = worse_coordinates(result);
    if (const auto& rolled_out = judged->rolled_out) {
      json["trajectory_mse"] = list(rolled_out->errors.mse);
      json["trajectory_mse_median"] = list(rolled_out->errors.median);
      json["trajectories"] = result.options.rollouts;
      json["trajectories_stopped"] = rolled_out->errors.stopped;
      json["trajectories_left_out"] = rolled_out->errors.left_out;
      json["energy_error"] = rolled_out->energy_error;
    }
    json["judge_s"] = judged->seconds;
  }
  return json.dump(2) + '\n';
}

std::string to_table(const RunResult& result) {
  const TrainOptions& o = result.options;
  std::string hidden;
  for (const int width : o.hidden) hidden += (hidden.empty() ? "" : "-") + std::to_string(width);
  const std::string learnt = o.model == "lnn"     ? "L(q, v)"
                             : o.model == "delan" ? "M(q) and V(q)"
                             : o.model == "hnn"   ? "H(q, p)"
                                                  : "a(q, v)";
  std::string text =
      format(
          "\n  learnt    %s of %s, hidden layers %s, %td parameters\n", learnt.c_str(),
          o.data.empty() ? "the double pendulum" : std::filesystem::path(o.data).filename().c_str(),
          hidden.c_str(), result.parameters) +
      format("  training  %ld steps of %d samples in %.1f s (%.1f us a step), last loss %.4g\n",
             result.standing.train_steps, o.batch, result.standing.seconds,
             1e6 * result.standing.seconds /
                 static_cast<double>(std::max(1L, result.standing.train_steps)),
             result.standing.loss());
  if (result.standing.skipped > 0)
    text += format("  skipped   %ld of %ld batches, for want of a finite loss and gradient\n",
                   result.standing.skipped, result.standing.train_steps + result.standing.skipped);
  if (!result.judgement) return text;

  const Judgement& judged = *result.judgement;
  const auto row = [](const char* name, const Eigen::VectorXd& v) {
    std::string line = format("  %-42s", name);
    for (const double value : v) line += format(" %11.4g", value);
    return line + '\n';
  };
  text += format("\n  %-42s", "how well");
  for (const std::string& name : result.coordinates) text += format(" %11s", name.c_str());
  const bool angles = o.data.empty();
  text +=
      '\n' + row(angles ? "acceleration, mean |error|     [rad/s^2]" : "acceleration, mean |error|",
                 judged.acceleration.l1);
  text += row(angles ? "acceleration, mean square    [rad^2/s^4]" : "acceleration, mean square",
              judged.acceleration.mse);
  text += row("  of the best constant's, mean |error|",
              ratio(judged.acceleration.l1, judged.acceleration.l1_of_median));
  text += row("  of the best constant's, mean square",
              ratio(judged.acceleration.mse, judged.acceleration.mse_of_mean));
  if (const auto& rolled_out = judged.rolled_out) {
    text += row("trajectories, mean square        [rad^2]", rolled_out->errors.mse);
    text += row("  the same, median trajectory    [rad^2]", rolled_out->errors.median);
    text += format("  %-42s %11.4g\n", "energy error after 100 s  [of its scale]",
                   rolled_out->energy_error);
  }
  if (const auto worse = worse_coordinates(result); !worse.empty()) {
    text += "\n  worse than a constant prediction:";
    for (const std::string& name : worse) text += ' ' + name;
    text += "\n";
  }
  if (!o.data.empty())
    return text + format("\n  judged on %g %% of the file that were held out\n", 100 * o.held_out);
  text += format("\n  %d random trajectories of %g s, judged in %.1f s", o.rollouts, o.duration,
                 judged.seconds);
  if (judged.rolled_out && judged.rolled_out->errors.stopped > 0)
    text += format("; %td of them ran away before their end", judged.rolled_out->errors.stopped);
  if (judged.rolled_out && judged.rolled_out->errors.left_out > 0)
    text += format("\n  %td of them are left out, whose truth stopped early, the first at %s",
                   judged.rolled_out->errors.left_out, judged.rolled_out->errors.reason.c_str());
  return text + '\n';
}

}  // namespace tools
