// What tools/evaluate found, as JSON for programs and as tables for people.
#include <nlohmann/json.hpp>

#include "tools/evaluation.h"
#include "tools/text.h"

namespace tools {
namespace {

using Json = nlohmann::ordered_json;

std::vector<double> list(const Eigen::VectorXd& v) { return {v.begin(), v.end()}; }

/// The mean squares of one coordinate over the repeats.
Eigen::VectorXd of_repeats(const Evaluation& e, autodiff::Index coordinate) {
  Eigen::VectorXd values(e.rollouts.size());
  for (std::size_t k = 0; k < e.rollouts.size(); ++k) values[k] = e.rollouts[k].mse[coordinate];
  return values;
}

double deviation(const Eigen::VectorXd& values) {
  return values.size() < 2 ? 0
                           : std::sqrt((values.array() - values.mean()).square().sum() /
                                       static_cast<double>(values.size() - 1));
}

autodiff::Index stopped(const Evaluation& e) {
  autodiff::Index total = 0;
  for (const auto& repeat : e.rollouts) total += repeat.stopped;
  return total;
}

/// Median trajectory, mean over the repeats.
Eigen::VectorXd median_mse(const Evaluation& e) {
  Eigen::VectorXd total = Eigen::VectorXd::Zero(e.rollouts.front().median.size());
  for (const auto& repeat : e.rollouts) total += repeat.median;
  return total / static_cast<double>(e.rollouts.size());
}

Json json_of(const MassCondition& m) {
  return {{"median", m.median},
          {"percentile99", m.percentile99},
          {"largest", m.largest},
          {"indefinite_share", m.indefinite}};
}

std::string row_of(const char* name, const MassCondition& m) {
  return format("  %-34s %11.4g %11.4g %11.4g %10.2f %%\n", name, m.median, m.percentile99,
                m.largest, 100 * m.indefinite);
}

}  // namespace

std::string to_json(const Evaluation& e) {
  Json json;
  for (const auto& [key, where, errors] : e.accelerations)
    json["acceleration"][key] = {{"l1_sum", errors.l1.sum()},
                                 {"l1", list(errors.l1)},
                                 {"mse", list(errors.mse)},
                                 {"largest", list(errors.largest)}};
  for (const autodiff::Index i : {0, 1}) {
    const Eigen::VectorXd mse = of_repeats(e, i);
    json["trajectory_mse"][i == 0 ? "theta1" : "theta2"] = {{"mean", mse.mean()},
                                                            {"smallest", mse.minCoeff()},
                                                            {"largest", mse.maxCoeff()},
                                                            {"deviation", deviation(mse)},
                                                            {"repeats", list(mse)}};
  }
  json["trajectory_mse"]["median_trajectory"] = list(median_mse(e));
  json["trajectory_mse"]["stopped"] = stopped(e);
  json["energy"] = {{"mean", e.energy_mean}, {"largest", e.energy_largest}};
  json["lyapunov_exponent"] = e.lyapunov_exponent;
  json["valid_time"] = {
      {"threshold_rad", valid_up_to},
      {"median_seconds", e.valid.median},
      {"median_lyapunov_times", e.valid.median * e.lyapunov_exponent},
      {"quartiles_seconds", {e.valid.lower_quartile, e.valid.upper_quartile}},
      {"valid_to_the_end", e.unbroken},
      {"floor_perturbation", perturbation},
      {"floor_median_seconds", e.floor.median},
      {"floor_quartiles_seconds", {e.floor.lower_quartile, e.floor.upper_quartile}}};
  json["mass_condition"]["learnt"] = e.learnt_mass ? json_of(*e.learnt_mass) : Json();
  json["mass_condition"]["true"] = json_of(e.true_mass);
  json["integrator"] = {{"model_error_1s", e.model_error},
                        {"integrator_error_1s", e.integrator_error}};
  json["seconds"] = e.seconds;
  return json.dump(2) + '\n';
}

std::string to_table(const Evaluation& e, const TrainOptions& training,
                     const EvaluateOptions& options) {
  std::string text = format("\n  %s, --model %s, seed %llu\n", options.run.c_str(),
                            training.model.c_str(), (unsigned long long)training.seed);

  text += format("\n  %-34s %11s %11s %11s\n", "acceleration errors [rad/s^2]", "mean |e|",
                 "root mean e2", "largest");
  for (const auto& [key, where, errors] : e.accelerations)
    for (const autodiff::Index i : {0, 1})
      text += format("  %-26s theta%td  %11.4g %11.4g %11.4g\n", i == 0 ? where.c_str() : "", i + 1,
                     errors.l1[i], std::sqrt(errors.mse[i]), errors.largest[i]);

  text += format("\n  %-34s %11s %11s %11s %11s\n", "trajectories, mean square [rad^2]", "mean",
                 "smallest", "largest", "median one");
  const Eigen::VectorXd median = median_mse(e);
  for (const autodiff::Index i : {0, 1}) {
    const Eigen::VectorXd mse = of_repeats(e, i);
    text += format("  theta%td %27s %11.4g %11.4g %11.4g %11.4g\n", i + 1, "", mse.mean(),
                   mse.minCoeff(), mse.maxCoeff(), median[i]);
  }
  text += format("  (%d times %d trajectories of %g s; %td of them ran away)\n", options.repeats,
                 options.trajectories, options.duration, stopped(e));

  text +=
      format("\n  %-34s %11s %11s %11s\n", "valid prediction", "quartile", "median", "quartile");
  const auto times = [](const char* name, const Spread& s, double unit) {
    return format("  %-34s %11.3g %11.3g %11.3g\n", name, s.lower_quartile * unit, s.median * unit,
                  s.upper_quartile * unit);
  };
  text += times("of the model                   [s]", e.valid, 1);
  text += times("  in Lyapunov times", e.valid, e.lyapunov_exponent);
  text += times("of the truth, moved by 1e-8    [s]", e.floor, 1);
  text += times("  in Lyapunov times", e.floor, e.lyapunov_exponent);
  text += format(
      "  (until the angles are off by %g rad; %.1f %% of the model's are valid to the end;\n"
      "  a Lyapunov time is %.3g s)\n",
      valid_up_to, 100 * e.unbroken, 1 / e.lyapunov_exponent);

  text += format("\n  %-34s %11s %11s %11s %12s\n", "condition of the mass matrix", "median",
                 "99 %", "largest", "indefinite");
  if (e.learnt_mass)
    text += row_of("learnt", *e.learnt_mass);
  else
    text += "  learnt: this model has none\n";
  text += row_of("true", e.true_mass);

  text += format("\n  energy error after 100 s: mean %.3g, largest %.3g, of its scale\n",
                 e.energy_mean, e.energy_largest);
  text += format(
      "  after 1 s the median trajectory is off by %.3g rad, of which the integrator's %.2g\n",
      e.model_error, e.integrator_error);
  if (!(e.integrator_error < 0.1 * e.model_error))
    text +=
        "  that is not well below the model's: the times above are also the integrator's doing\n";
  return text + format("  judged in %.1f s\n", e.seconds);
}

}  // namespace tools
