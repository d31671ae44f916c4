#include "tools/app/report.h"

#include <cmath>
#include <filesystem>
#include <vector>

#include "nn/models/models.h"
#include "physics/observe/judge.h"
#include "tools/app/json.h"
#include "tools/app/models.h"
#include "tools/app/presets.h"
#include "tools/app/text.h"
#include "tools/app/watch.h"

namespace tools {
namespace {

/// NaN where the truth does not spread at all.
Eigen::VectorXd ratio(const Eigen::VectorXd& error, const Eigen::VectorXd& spread) {
  return (spread.array() > 0).select(error.array() / spread.array(), std::nan(""));
}

/// Names of those whose accelerations a constant would predict better.
std::vector<std::string> worse_coordinates(const RunResult& result) {
  const auto worse = result.judgement->acceleration.worse_than_constant();
  std::vector<std::string> names;
  for (Eigen::Index i = 0; i < worse.size(); ++i)
    if (worse[i]) names.push_back(result.coordinates[static_cast<std::size_t>(i)].name);
  return names;
}

std::vector<long> lines(const std::vector<Finding>& findings) {
  std::vector<long> numbers;
  for (const Finding& finding : findings) numbers.push_back(finding.line);
  return numbers;
}

std::vector<std::string> names(const std::vector<physics::Coordinate>& coordinates) {
  std::vector<std::string> all;
  for (const physics::Coordinate& c : coordinates) all.push_back(c.name);
  return all;
}

/// The unit of every coordinate times `behind`, where they have one unit and it is known: "
/// [rad/s^2]".
std::string common_unit(const std::vector<physics::Coordinate>& coordinates,
                        const std::string& behind, bool squared = false) {
  const std::string& unit = coordinates.front().unit;
  for (const physics::Coordinate& c : coordinates)
    if (c.unit != unit) return " [own units]";
  if (unit.empty()) return "";
  return " [" + unit + (squared ? "^2" : "") + behind + ']';
}

/// Did more steps make what watches so much worse that it is worth a word?
bool overfits(const Standing& standing) {
  return standing.best_validation >= 0 && standing.validation > 1.2 * standing.best_validation;
}

double median(const Eigen::VectorXd& values) { return physics::quantile(values, 0.5); }

}  // namespace

RunResult::RunResult(const TrainOptions& of, const Subject& subject, const nn::NetworkModel& model)
    : options(of),
      coordinates(subject.coordinates),
      learns(nn::find_model_kind(of.model).learns),
      parameters(model.parameters().size()) {
  if (subject.measured) data = subject.measured->found;
  if (subject.simulated) picture = subject.simulated->system.picture;
}

std::string divergence_text(long step, const std::optional<nn::Divergence>& found) {
  std::string text = format("step %ld has no finite loss and gradient: ", step);
  if (!found) {
    text += "each sample is finite alone; their sum overflowed.\n";
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
  Json json{
      {"preset", result.options.preset},
      {"status", result.status},
      {"system", result.data ? Json() : Json(result.options.system)},
      {"seed", result.options.seed},
      {"threads", result.options.threads},
      {"wall_s", result.standing.seconds},
      {"train_steps", result.standing.train_steps},
      {"train_loss", result.standing.loss()},
      {"parameters", result.parameters},
      {"model", result.options.model},
      {"skipped", result.standing.skipped},
      {"restarts", result.standing.restarts},
      {"stuck", result.indefinite_share},
      {"learn", result.options.learn},
      {"friction", result.options.friction},
      {"learns", result.learns},
      {"coordinates", names(result.coordinates)},
      {"builds", result.standing.builds},
  };
  std::vector<Json> units, angles, links;
  for (const physics::Coordinate& c : result.coordinates) {
    units.push_back(c.unit);
    angles.push_back(c.angle);
  }
  json["units"] = units;
  json["angles"] = angles;
  if (result.picture.points) {
    for (const auto& [from, to] : result.picture.links) links.push_back(std::vector{from, to});
    json["picture"] = {{"dimension", result.picture.dimension}, {"links", links}};
  }
  if (result.standing.best_validation >= 0) {
    json["validation_loss"] = result.standing.best_validation;
    json["validation_best_step"] = result.standing.best_batches;
    json["overfits"] = overfits(result.standing);
  }
  if (const auto& flow = result.energy_flow)
    json["energy_flow_per_s"] = {{"friction", flow->friction}, {"controls", flow->controls}};
  if (const auto& data = result.data)
    json["data"] = {{"rows", data->rows},
                    {"rows_used", data->used},
                    {"trajectories", data->trajectories},
                    {"doubts", data->doubts},
                    {"time_does_not_grow_at_lines", lines(data->turns)},
                    {"gaps_before_lines", lines(data->gaps)},
                    {"jumps_before_lines", lines(data->jumps)},
                    {"left_out_at_lines", lines(data->left_out)},
                    {"time_step_s", data->time_step},
                    {"accelerations_estimated", data->estimated}};
  if (const auto& judged = result.judgement) {
    const auto& acceleration = judged->acceleration;
    json["acceleration_l1"] = acceleration.l1.sum();
    json["acceleration_l1_each"] = acceleration.l1;
    json["acceleration_mse"] = acceleration.mse;
    json["acceleration_largest"] = acceleration.largest;
    // In units of what the best constant prediction would come to: at 1 nothing has been learnt.
    json["acceleration_l1_relative"] = ratio(acceleration.l1, acceleration.l1_of_median);
    json["acceleration_mse_relative"] = ratio(acceleration.mse, acceleration.mse_of_mean);
    json["worse_than_constant"] = worse_coordinates(result);
    if (const auto& rolled_out = judged->rolled_out) {
      json["trajectory_mse"] = rolled_out->errors.mse;
      json["trajectory_mse_median"] = rolled_out->errors.median;
      json["trajectories"] = rolled_out->valid.size() + rolled_out->errors.left_out;
      json["trajectories_stopped"] = rolled_out->errors.stopped;
      json["trajectories_left_out"] = rolled_out->errors.left_out;
      json["valid_seconds_median"] = median(rolled_out->valid);
      if (rolled_out->energy_error) json["energy_error"] = *rolled_out->energy_error;
    }
    json["judge_s"] = judged->seconds;
  }
  return json.text();
}

std::string to_table(const RunResult& result) {
  const TrainOptions& o = result.options;
  std::string hidden;
  for (const int width : o.hidden) hidden += (hidden.empty() ? "" : "-") + std::to_string(width);
  std::string text =
      format("\n  learnt    %s of %s, hidden layers %s, %td parameters\n", result.learns.c_str(),
             o.data.empty() ? o.system.c_str() : std::filesystem::path(o.data).filename().c_str(),
             hidden.c_str(), result.parameters) +
      format("  training  %ld steps of %d samples in %.1f s (%.1f us a step), last loss %.4g\n",
             result.standing.train_steps, o.batch, result.standing.seconds,
             1e6 * result.standing.seconds /
                 static_cast<double>(std::max(1L, result.standing.train_steps)),
             result.standing.loss());
  if (result.standing.skipped > 0)
    text += format("  skipped   %ld of %ld batches, for want of a finite loss and gradient\n",
                   result.standing.skipped, result.standing.train_steps + result.standing.skipped);
  if (result.standing.best_validation >= 0)
    text += format("  watching  validation loss %.4g, the best at step %ld, %s\n",
                   result.standing.best_validation, result.standing.best_batches,
                   result.standing.validation > clearly_worse * result.standing.best_validation
                       ? "whose weights are kept"
                       : "which the last weights are as good as");
  if (overfits(result.standing))
    text += format(
        "  overfits  at the last step it was %.4g; more data, or a smaller --hidden, would help\n",
        result.standing.validation);
  if (result.standing.restarts > 0)
    text += format("  restarts  %ld, of starts that stuck\n", result.standing.restarts);
  if (result.indefinite_share > most_indefinite)
    text += format(
        "  stuck     the learnt mass matrix has the wrong sign in %.3g %% of the states; try "
        "another "
        "--seed, a lower --lr or a larger --kinetic-prior\n",
        100 * result.indefinite_share);
  if (const Preset& from = preset(o.preset);
      !from.note.empty() && o.learning_rate == from.options.learning_rate)
    text += "  note      " + from.note + '\n';
  if (!result.judgement) return text;

  const Judgement& judged = *result.judgement;
  const auto row = [](const std::string& name, const Eigen::VectorXd& v) {
    std::string line = format("  %-42s", name.c_str());
    for (const double value : v)
      line += std::isnan(value) ? format(" %11s", "-") : format(" %11.4g", value);
    return line + '\n';
  };
  text += format("\n  %-42s", "how well");
  for (const physics::Coordinate& c : result.coordinates) text += format(" %11s", c.name.c_str());
  const auto unit = [&](const char* behind, bool squared = false) {
    return common_unit(result.coordinates, behind, squared);
  };
  text += '\n' + row("acceleration, mean |error|" + unit("/s^2"), judged.acceleration.l1);
  text += row("acceleration, mean square" + unit("/s^4", true), judged.acceleration.mse);
  text += row("  of the best constant's, mean |error|",
              ratio(judged.acceleration.l1, judged.acceleration.l1_of_median));
  text += row("  of the best constant's, mean square",
              ratio(judged.acceleration.mse, judged.acceleration.mse_of_mean));
  if (const auto& rolled_out = judged.rolled_out) {
    text += row("trajectories, mean square" + unit("", true), rolled_out->errors.mse);
    text += row("  the same, median trajectory" + unit("", true), rolled_out->errors.median);
    text += format("  %-42s %11.4g\n", "valid prediction, median [s]", median(rolled_out->valid));
    if (rolled_out->energy_error)
      text += format("  %-42s %11.4g\n", "energy error at the end [of its scale]",
                     *rolled_out->energy_error);
  }
  if (const auto& flow = result.energy_flow) {
    if (o.friction != "none")
      text += format("  %-42s %11.4g\n", "friction takes [of kinetic energy, 1/s]", flow->friction);
    if (flow->controls != 0)
      text += format("  %-42s %11.4g\n", "controls give [of kinetic energy, 1/s]", flow->controls);
  }
  if (const auto worse = worse_coordinates(result); !worse.empty()) {
    text += "\n  worse than a constant prediction:";
    for (const std::string& name : worse) text += ' ' + name;
    text += "\n";
  }
  if (result.data)
    text += format("\n  judged on %g %% of the file that were held out", 100 * o.held_out);
  else
    text += format("\n  %d random trajectories of %g s", o.rollouts, o.duration);
  text += format(", judged in %.1f s", judged.seconds);
  if (judged.rolled_out && judged.rolled_out->errors.stopped > 0)
    text += format("; %td of them ran away before their end", judged.rolled_out->errors.stopped);
  if (judged.rolled_out && judged.rolled_out->errors.left_out > 0)
    text += format("\n  %td of them are left out, whose truth stopped early, the first at %s",
                   judged.rolled_out->errors.left_out, judged.rolled_out->errors.reason.c_str());
  return text + '\n';
}

std::string ending(const RunResult& result, const RunFolder& folder) {
  const std::string where = folder.path().string();
  const long steps = result.standing.train_steps;
  if (result.status == "diverged")
    return format(
        "diverged after %ld steps (batches without a finite loss: %ld); the weights before "
        "are in %s/",
        steps, result.standing.skipped, where.c_str());
  return format("interrupted after %ld steps; go on with ./train --resume %s", steps,
                where.c_str());
}

ExitCode tell(const RunResult& result, const RunFolder& folder) {
  const std::string where = folder.path().string() + '/';
  if (!result.options.quiet && !print(to_table(result) + "  files in " + where + '\n'))
    complain("the run is " + result.status + "; its files are in " + where);
  if (result.status == "finished") return exit_ok;
  complain(ending(result, folder));
  return result.status == "diverged" ? exit_diverged : exit_interrupted;
}

}  // namespace tools
