// What tools/evaluate found, as JSON for programs and as tables for people.
#include <nlohmann/json.hpp>

#include "tools/app/evaluation.h"
#include "tools/app/text.h"

namespace tools {
namespace {

using Json = nlohmann::ordered_json;

std::vector<double> list(const Eigen::VectorXd& v) { return {v.begin(), v.end()}; }

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

double deviation(const Eigen::VectorXd& values) {
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
  return {{"median", s.median}, {"quartiles", {s.lower_quartile, s.upper_quartile}}};
}

Json json_of(const Region& r) {
  Json json{{"angle", r.angle}, {"velocity", r.velocity}};
  json["acceleration"] = {{"l1_sum", r.acceleration.l1.sum()},
                          {"l1", list(r.acceleration.l1)},
                          {"mse", list(r.acceleration.mse)},
                          {"largest", list(r.acceleration.largest)}};
  for (const autodiff::Index i : {0, 1}) {
    const Eigen::VectorXd mse = of_repeats(r, &physics::RolloutErrors::mse).row(i);
    json["trajectory_mse"][i == 0 ? "theta1" : "theta2"] = {{"mean", mse.mean()},
                                                            {"smallest", mse.minCoeff()},
                                                            {"largest", mse.maxCoeff()},
                                                            {"deviation", deviation(mse)},
                                                            {"repeats", list(mse)}};
  }
  json["trajectory_mse"]["median_trajectory"] = list(median_mse(r));
  json["trajectory_mse"]["stopped"] = total(r, &physics::RolloutErrors::stopped);
  json["trajectory_mse"]["left_out"] = total(r, &physics::RolloutErrors::left_out);
  json["lyapunov_exponent"] = r.lyapunov_exponent;
  json["lyapunov_left_out"] = r.exponent_left_out;
  json["valid_seconds"] = {{"threshold_rad", valid_up_to},    {"model", json_of(r.valid)},
                           {"valid_to_the_end", r.unbroken},  {"moved_by", perturbation},
                           {"moved_truth", json_of(r.floor)}, {"moved_left_out", r.floor_left_out}};
  return json;
}

std::string row_of(const char* name, const MassCondition& m) {
  return format("  %-36s %11.4g %11.4g %11.4g %10.2f %%\n", name, m.median, m.percentile99,
                m.largest, 100 * m.indefinite);
}

}  // namespace

std::string to_json(const Evaluation& e) {
  Json json;
  for (const Region& region : e.regions) json["regions"][region.key] = json_of(region);
  json["energy"] = {{"mean", e.energy_mean}, {"largest", e.energy_largest}};
  json["mass_condition"]["learnt"] = e.learnt_mass ? json_of(*e.learnt_mass) : Json();
  json["mass_condition"]["true"] = json_of(e.true_mass);
  json["integrator"] = {{"model_error_1s", e.model_error},
                        {"integrator_error_1s", e.integrator_error}};
  json["divergence_stopped"] = e.divergence_stopped;
  json["seconds"] = e.seconds;
  return json.dump(2) + '\n';
}

std::string to_table(const Evaluation& e, const TrainOptions& training,
                     const EvaluateOptions& options) {
  std::string text = format("\n  %s, --model %s, seed %llu\n", options.run.c_str(),
                            training.model.c_str(), (unsigned long long)training.seed);

  text += format("\n  %-36s %11s %11s %11s\n", "accelerations [rad/s^2]", "mean |e|",
                 "root mean e2", "largest");
  for (const Region& r : e.regions)
    for (const autodiff::Index i : {0, 1})
      text +=
          format("  %-28s theta%td  %11.4g %11.4g %11.4g\n", i == 0 ? r.where.c_str() : "", i + 1,
                 r.acceleration.l1[i], std::sqrt(r.acceleration.mse[i]), r.acceleration.largest[i]);

  text += format("\n  %-36s %11s %11s %11s %11s\n", "trajectories, mean square [rad^2]", "mean",
                 "smallest", "largest", "median one");
  for (const Region& r : e.regions) {
    const Eigen::VectorXd median = median_mse(r);
    for (const autodiff::Index i : {0, 1}) {
      const Eigen::VectorXd mse = of_repeats(r, &physics::RolloutErrors::mse).row(i);
      text +=
          format("  %-28s theta%td  %11.4g %11.4g %11.4g %11.4g\n", i == 0 ? r.where.c_str() : "",
                 i + 1, mse.mean(), mse.minCoeff(), mse.maxCoeff(), median[i]);
    }
  }
  text +=
      format("  (%d times %d of %g s;", options.repeats, options.trajectories, options.duration);
  for (const Region& r : e.regions)
    text += format(" %td,", total(r, &physics::RolloutErrors::stopped));
  text.back() = ' ';
  text += "of them ran away)\n";
  for (const Region& r : e.regions)
    if (const auto left_out = total(r, &physics::RolloutErrors::left_out); left_out > 0)
      text += format("  (%s: %td left out, whose truth stopped early, the first at %s)\n",
                     r.where.c_str(), left_out, reason(r).c_str());

  text += format("\n  %-36s %11s %11s %11s %11s\n", "valid prediction [s]", "quartile", "median",
                 "quartile", "Lyapunov t.");
  for (const Region& r : e.regions) {
    const auto row = [&](const char* where, const char* whose, const Spread& s, double end) {
      std::string line = format("  %-28s %-7s", where, whose);
      for (const double t : {s.lower_quartile, s.median, s.upper_quartile})
        line += format(" %11s", ((t < end ? "" : ">") + format("%.3g", t)).c_str());
      return line + format(" %11.3g\n", s.median * r.lyapunov_exponent);
    };
    text += row(r.where.c_str(), "model", r.valid, options.duration) +
            row("", "moved", r.floor, floor_duration);
  }
  text += format("  (until the angles are off by %g rad; moved: the truth, started %g away;\n  ",
                 valid_up_to, perturbation);
  for (const Region& r : e.regions)
    text += format("%s%.1f %%", &r == &e.regions.front() ? "" : ", ", 100 * r.unbroken);
  text += " of the model's are valid to the end)\n";
  for (const Region& r : e.regions)
    if (r.floor_left_out + r.exponent_left_out > 0)
      text +=
          format("  (%s: left out, as the truth stopped early: %td moved ones, %td exponents)\n",
                 r.where.c_str(), r.floor_left_out, r.exponent_left_out);

  text += format("\n  %-36s %11s %11s %11s %12s\n", "condition of the mass matrix", "median",
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
  if (e.divergence_stopped > 0)
    text +=
        format("  (divergence.csv: %td true trajectories stopped early and count up to there)\n",
               e.divergence_stopped);
  if (e.integrator_error >= 0.1 * e.model_error)
    text +=
        "  that is not well below the model's: the times above are also the integrator's doing\n";
  return text + format("  judged in %.1f s\n", e.seconds);
}

}  // namespace tools
