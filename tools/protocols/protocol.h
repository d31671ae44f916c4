// Published experiments, rebuilt: the same systems, amount of data, noise, horizon and metric, but
// our models and our way to train them.
//
// Where a protocol says less than one needs, something is chosen, and `chosen` says what.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nn/models/network_model.h"
#include "physics/data_set.h"
#include "physics/integrate/roll_out.h"
#include "physics/system.h"

namespace protocols {

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;

/// A column of a published table.
struct Published {
  std::string who;             ///< "CLNN"
  bool told;                   ///< is it told the kinematics, where the masses are?
  std::vector<double> values;  ///< one for each metric; NaN: not published
};

/// One of ours.
struct OurModel {
  std::string name;  ///< of nn/models/models.h, or the protocol's own
  bool told = false;
};

struct Outcome {
  std::vector<double> values;  ///< one for each metric
  /// What no model can be expected to go below: as many, or empty where none is known.
  std::vector<double> floor = {};
};

struct Recipe;  // learn.h

struct Job {
  OurModel model;
  std::uint64_t seed = 0;
  int threads = 1;
  std::string data = {};  ///< file of measurements, where the protocol needs one
  /// Called at every step; what it throws ends the job.
  std::function<void(long step, long steps)> progress = [](long, long) {};
  /// For tests, which have no time: what stands in for learning, and for following a true motion.
  std::function<std::unique_ptr<nn::NetworkModel>(
      const physics::System& system, const physics::DataSet& data, const Recipe& recipe)>
      learn = {};
  std::function<std::vector<physics::Solution>(
      const physics::Motion& motion, const Eigen::MatrixXd& starts, const Eigen::VectorXd& times)>
      follow = {};
};

struct Protocol {
  std::string name;    ///< "chain-2"
  std::string what;    ///< in a line
  std::string source;  ///< paper and repository
  std::vector<std::string> metrics;
  std::string floor_is = {};  ///< in some words
  std::string chosen = {};    ///< where the protocol leaves open what to do
  std::vector<Published> published;
  std::vector<OurModel> models;
  std::string data = {};  ///< which measurements it needs, which are not ours to give away
  std::function<Outcome(const Job& job)> run;
};

/// All there are, by their source. A new one is a file of this folder, and a row here.
const std::vector<Protocol>& all();

std::vector<Protocol> of_finzi();      ///< chains and pendulums in space
std::vector<Protocol> of_greydanus();  ///< springs, pendulums and bodies, with noise
std::vector<Protocol> of_modlanet();   ///< a double pendulum and three bodies
std::vector<Protocol> of_others();
std::vector<Protocol> of_measured();  ///< a real double pendulum

}  // namespace protocols
