// What tools/evaluate found, as JSON for programs and as tables for people.
#include "tools/app/evaluation.h"
#include "tools/app/json.h"
#include "tools/app/text.h"

namespace tools {
namespace {

/// The mean squares, a coordinate a row, of each repeat in which a trajectory could be judged; one
/// of NaN if there is none. `errors` is RolloutErrors::mse or median.
Eigen::MatrixXd of_repeats(const Region& e, Eigen::VectorXd physics::RolloutErrors::*errors) {
  Eigen::MatrixXd values((e.rollouts.front().*errors).size(), e.rollouts.size());
  autodiff::Index judged = 0;
  for (const auto& repeat : e.rollouts) {
    values.col(judged) = repeat.*errors;
    if (!(repeat.*errors).hasNaN()) ++judged;
  }
  values.conservativeResize(Eigen::NoChange, std::max<autodiff::Index>(1, judged));
  return values;
}

double sample_deviation(const Eigen::VectorXd& values) {
  return values.size() < 2 ? 0
                           : std::sqrt((values.array() - values.mean()).square().sum() /
                                       static_cast<double>(values.size() - 1));
}

/// Over the repeats: RolloutErrors::stopped or left_out.
autodiff::Index total(const Region& e, autodiff::Index physics::RolloutErrors::*count) {
  autodiff::Index sum = 0;
  for (const auto& repeat : e.rollouts) sum += repeat.*count;
  return sum;
}

/// Where and why a true trajectory stopped, if one did.
std::string reason(const Region& e) {
  for (const auto& repeat : e.rollouts)
    if (!repeat.reason.empty()) return repeat.reason;
  return {};
}

/// Median trajectory, mean over the repeats.
Eigen::VectorXd median_mse(const Region& e) {
  return of_repeats(e, &physics::RolloutErrors::median).rowwise().mean();
}

Json json_of(const MassCondition& m) {
  return {{"median", m.median},
          {"percentile99", m.percentile99},
          {"largest", m.largest},
          {"indefinite_share", m.indefinite}};
}

Json json_of(const Spread& s) {
  return {{"median", s.median}, {"quartiles", std::vector{s.lower_quartile, s.upper_quartile}}};
}

Json json_of(const Region& r, const std::vector<physics::Coordinate>& coordinates) {
  Json json;
  if (r.box.low.size() > 0) json = {{"low", r.box.low}, {"high", r.box.high}};
  json["acceleration"] = {{"l1_sum", r.acceleration.l1.sum()},
                          {"l1", r.acceleration.l1},
                          {"l1_of_median", r.acceleration.l1_of_median},
                          {"mse", r.acceleration.mse},
                          {"largest", r.acceleration.largest}};
  if (r.rollouts.empty()) return json;
  for (std::size_t i = 0; i < coordinates.size(); ++i) {
    const Eigen::VectorXd mse =
        of_repeats(r, &physics::RolloutErrors::mse).row(static_cast<autodiff::Index>(i));
    json["trajectory_mse"][coordinates[i].name] = {{"mean", mse.mean()},
                                                   {"smallest", mse.minCoeff()},
                                                   {"largest", mse.maxCoeff()},
                                                   {"deviation", sample_deviation(mse)},
                                                   {"repeats", mse}};
  }
  json["trajectory_mse"]["median_trajectory"] = median_mse(r);
  json["trajectory_mse"]["stopped"] = total(r, &physics::RolloutErrors::stopped);
  json["trajectory_mse"]["left_out"] = total(r, &physics::RolloutErrors::left_out);
  json["spread"] = r.unit;
  json["valid_seconds"] = {
      {"threshold", valid_up_to}, {"model", json_of(r.valid)}, {"valid_to_the_end", r.unbroken}};
  if (!r.floor) return json;
  json["lyapunov_exponent"] = r.floor->lyapunov_exponent;
  json["lyapunov_left_out"] = r.floor->exponent_left_out;
  json["valid_seconds"]["moved_by"] = perturbation;
  json["valid_seconds"]["moved_truth"] = json_of(r.floor->valid);
  json["valid_seconds"]["moved_left_out"] = r.floor->left_out;
  return json;
}

/// "theta1 [rad/s^2]", with what is behind the unit.
std::string named(const physics::Coordinate& c, const std::string& behind) {
  return c.unit.empty() ? c.name : c.name + " [" + c.unit + behind + ']';
}

std::string row_of(const char* name, const MassCondition& m) {
  return format("  %-44s %11.4g %11.4g %11.4g %10.2f %%\n", name, m.median, m.percentile99,
                m.largest, 100 * m.indefinite);
}

}  // namespace

std::string to_json(const Evaluation& e) {
  Json json;
  for (const Region& region : e.regions)
    json["regions"][region.key] = json_of(region, e.coordinates);
  json["mass_condition"]["learnt"] = e.learnt_mass ? json_of(*e.learnt_mass) : Json();
  json["mass_condition"]["true"] = e.true_mass ? json_of(*e.true_mass) : Json();
  json["learnt_energy_change"] = e.learnt_energy_change;
  if (const auto& truth = e.truth) {
    for (const auto& [i, change] : truth->momentum_changes)
      json["momentum_changes"][e.coordinates[static_cast<std::size_t>(i)].name] = change;
    json["energy"] = {{"mean", truth->energy_mean}, {"largest", truth->energy_largest}};
    json["integrator"] = {{"after_seconds", truth->early},
                          {"model_error", truth->model_error},
                          {"integrator_error", truth->integrator_error}};
    json["divergence_stopped"] = truth->divergence_stopped;
  }
  json["seconds"] = e.seconds;
  return json.text();
}

std::string to_table(const Evaluation& e, const TrainOptions& training,
                     const EvaluateOptions& options) {
  const auto n = static_cast<autodiff::Index>(e.coordinates.size());
  const auto coordinate = [&](autodiff::Index i) {
    return e.coordinates[static_cast<std::size_t>(i)];
  };
  const auto where = [](const Region& r, autodiff::Index i) {
    return i == 0 ? r.where.c_str() : "";
  };
  std::string text = format("\n  %s, --model %s, seed %llu\n", options.run.c_str(),
                            training.model.c_str(), (unsigned long long)training.seed);

  text += format("\n  %-44s %11s %11s %11s %11s\n", "accelerations", "mean |e|", "of constant",
                 "root mean e2", "largest");
  for (const Region& r : e.regions)
    for (autodiff::Index i = 0; i < n; ++i)
      text += format("  %-26s %-17s %11.4g %11.4g %11.4g %11.4g\n", where(r, i),
                     named(coordinate(i), "/s^2").c_str(), r.acceleration.l1[i],
                     r.acceleration.l1[i] / r.acceleration.l1_of_median[i],
                     std::sqrt(r.acceleration.mse[i]), r.acceleration.largest[i]);

  text += format("\n  %-44s %11s %11s %11s %11s\n", "trajectories, mean square", "mean", "smallest",
                 "largest", "median one");
  for (const Region& r : e.regions) {
    if (r.rollouts.empty()) continue;
    const Eigen::VectorXd median = median_mse(r);
    for (autodiff::Index i = 0; i < n; ++i) {
      const Eigen::VectorXd mse = of_repeats(r, &physics::RolloutErrors::mse).row(i);
      text += format("  %-26s %-17s %11.4g %11.4g %11.4g %11.4g\n", where(r, i),
                     named(coordinate(i), "^2").c_str(), mse.mean(), mse.minCoeff(), mse.maxCoeff(),
                     median[i]);
    }
    const auto stopped = total(r, &physics::RolloutErrors::stopped),
               left_out = total(r, &physics::RolloutErrors::left_out);
    if (stopped > 0) text += format("  (%s: %td ran away)\n", r.where.c_str(), stopped);
    if (left_out > 0)
      text += format("  (%s: %td left out, whose truth stopped early, the first at %s)\n",
                     r.where.c_str(), left_out, reason(r).c_str());
  }

  text += format("\n  %-44s %11s %11s %11s %11s\n", "valid prediction [s]", "quartile", "median",
                 "quartile", "Lyapunov t.");
  for (const Region& r : e.regions) {
    if (r.rollouts.empty()) continue;
    const auto row = [&](const char* of, const char* whose, const Spread& s) {
      std::string line = format("  %-26s %-17s", of, whose);
      for (const double t : {s.lower_quartile, s.median, s.upper_quartile})
        line += format(" %11.3g", t);
      return line + (r.floor ? format(" %11.3g\n", s.median * r.floor->lyapunov_exponent) : "\n");
    };
    text += row(r.where.c_str(), "model", r.valid);
    if (r.floor) text += row("", "moved truth", r.floor->valid);
    text += format("  %-26s %.1f %% of the model's are valid to the end\n", "", 100 * r.unbroken);
    if (r.floor && r.floor->left_out + r.floor->exponent_left_out > 0)
      text += format("  (left out, as the truth stopped early: %td moved ones, %td exponents)\n",
                     r.floor->left_out, r.floor->exponent_left_out);
  }
  text += format("  (until the coordinates are off by %g of their spread, an angle by %g rad",
                 valid_up_to, valid_up_to);
  text += e.truth ? format(";\n  moved truth: the true motion, started %g away)\n", perturbation)
                  : ")\n";

  text += format("\n  %-44s %11s %11s %11s %12s\n", "condition of the mass matrix", "median",
                 "99 %", "largest", "indefinite");
  if (e.learnt_mass)
    text += row_of("learnt", *e.learnt_mass);
  else
    text += "  learnt: this model has none\n";
  if (e.true_mass) text += row_of("true", *e.true_mass);
  if (e.learnt_energy_change)
    text += format("\n  the learnt energy changes by %.3g of its deviation along %s motions\n",
                   *e.learnt_energy_change, e.truth ? "true" : "measured");

  if (const auto& truth = e.truth) {
    for (const auto& [i, change] : truth->momentum_changes)
      text += format("  the momentum of %s, which stays, changes by %.3g of its size\n",
                     coordinate(i).name.c_str(), change);
    text += format("  energy error at the end: mean %.3g, largest %.3g, of its scale\n",
                   truth->energy_mean, truth->energy_largest);
    text += format(
        "  after %.3g s the median trajectory is off by %.3g, of which the integrator's %.2g\n",
        truth->early, truth->model_error, truth->integrator_error);
    if (truth->divergence_stopped > 0)
      text +=
          format("  (divergence.csv: %td true trajectories stopped early and count up to there)\n",
                 truth->divergence_stopped);
    if (truth->integrator_error >= 0.1 * truth->model_error)
      text +=
          "  that is not well below the model's: the times above are also the integrator's doing\n";
  }
  return text + format("  judged in %.1f s\n", e.seconds);
}

}  // namespace tools
