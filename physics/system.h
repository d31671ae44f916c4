// A mechanical system, written once.
//
//     System s;
//     s.coordinates = {{"theta", "rad", /*angle=*/true}};
//     s.lagrangian = [=](Var q, Var v) { return 0.5 * m * l * l * v * v + m * g * l * cos(q); };
//     s.region = {Eigen::Vector2d(-3, -2), Eigen::Vector2d(3, 2)};
//
// Its equations of motion, its energy, simulated data, a judge of what was learnt from them,
// figures: all follow from that. Each system has a file in systems/, and a row in systems/table.h.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/random.h"
#include "physics/data_set.h"
#include "physics/euler_lagrange.h"
#include "physics/motion.h"
#include "physics/state_function.h"

namespace physics {

struct Coordinate {
  std::string name;
  std::string unit = "m";
  bool angle = false;  ///< q and q + 2π are the same place
};
/// n alike: name1, name2, ...
std::vector<Coordinate> numbered(const Coordinate& coordinate, Index n);

/// What a picture shows: points, and lines between them.
struct Picture {
  Index dimension = 2;                    ///< of space: 2 (x, y) or 3 (x, y, z), y or z upwards
  std::function<Var(Var q)> points = {};  ///< q n x N -> dimension·P x N [m], point by point
  std::vector<std::pair<int, int>> links = {};  ///< between two points; -1: the origin
};

/// A published test of energy: motions from these starts; |h at their end - h at the start| in
/// units of the scale.
struct EnergyTest {
  StateBox starts;
  double duration = 100;  ///< [s]
  double scale = 1;       ///< [J]
};

struct System {
  std::vector<Coordinate> coordinates;    ///< n of them
  std::vector<Coordinate> controls = {};  ///< k of them: names and units
  Eigen::VectorXd control_range = {};     ///< k: typical controls lie within ± these

  /// L of every sample [J]: (q: n x N, v: n x N) -> 1 x N.
  std::function<Var(Var q, Var v)> lagrangian;
  /// What acts beside L, friction, drive and control: (t: 1 x N, q, v, u: k x N) -> n x N.
  std::function<Var(Var t, Var q, Var v, Var u)> force = {};
  bool timed = false;  ///< the force depends on t
  /// Φ(q), m x N, which is zero: of coordinates that are bound to each other.
  std::function<Var(Var q)> constraints = {};
  bool diagonal_mass = false;  ///< Mechanics::diagonal_mass
  bool ring = false;  ///< the coordinates are sites of a field on a ring, each beside the next

  StateBox region;      ///< typical states, where motions start: 2n each
  double duration = 5;  ///< of a typical motion, some periods long [s]
  /// Of the region's states, those that are typical, where not all are.
  std::function<bool(const Eigen::VectorXd& state)> typical = {};

  Picture picture = {};
  std::optional<EnergyTest> energy_test = {};
  /// Of two coordinates: the energy at which a Poincaré section is drawn [J]; none: the median of
  /// the region's.
  std::optional<double> section_energy = {};
  /// The accelerations in closed form, where they are known. They serve instead of L's where they
  /// are there, since they cost less; the tests hold them against L's.
  Motion::Accelerations closed_form = {};

  Index n() const { return static_cast<Index>(coordinates.size()); }
  Index k() const { return static_cast<Index>(controls.size()); }
};

/// What the equations of motion are made of. t: 1 x N, q and v: n x N, u: k x N.
Mechanics mechanics_of(const System& system, Var t, Var q, Var v, Var u);

/// The law of motion: from L, or in closed form where that is known.
Motion motion_of(const System& system);
/// From L in any case.
Motion motion_from_lagrangian(const System& system);

/// h = v · dL/dv - L of states, 2n x N -> 1 x N [J].
StateFunction energy_of(const System& system);
/// p = dL/dv of states, 2n x N -> n x N.
StateFunction momenta_of(const System& system);
/// The mass matrices of states, 2n x N -> n·n x N.
StateFunction mass_of(const System& system);
/// The generalised forces' power Q · v of states, 2n x N -> 1 x N [W]: dh/dt, where L does not tell
/// of time.
StateFunction power_of(const System& system);
/// Where the picture's points are at states, 2n x N -> dimension·P x N [m].
StateFunction points_of(const System& system);
/// Φ of states, 2n x N -> m x N.
StateFunction constraints_of(const System& system);

/// The coordinates that neither L nor the constraints tell of, and no force acts along: their
/// momenta are conserved.
std::vector<Index> ignorable_coordinates(const System& system);

/// N states of the region, drawn at random: 2n x N. Where coordinates are bound to each other, they
/// are moved to the nearest ones that are possible.
Eigen::MatrixXd random_starts(const System& system, autodiff::Random& random, Index count);
/// The same in another region, as of other velocities.
Eigen::MatrixXd random_starts(const System& system, const StateBox& region,
                              autodiff::Random& random, Index count);

// ---- systems with parameters

struct Parameter {
  std::string name, unit;
  double value;        ///< its default
  double low, high;    ///< the range that makes sense
  std::string what;    ///< in some words
  bool whole = false;  ///< a count, as of links
  /// The count of things that have one each. Where m is of each of n, m sets all of them, and
  /// m1, ..., mn one alone.
  std::string each = {};
};

/// The values of a family's parameters, by name.
class Values {
 public:
  explicit Values(std::map<std::string, double> values) : values_(std::move(values)) {}
  /// Throws std::out_of_range for a name that the family does not have.
  double operator[](const std::string& name) const { return values_.at(name); }
  /// Of a parameter that each of `count` things has: count long.
  Eigen::VectorXd each(const std::string& name, Index count) const {
    Eigen::VectorXd all(count);
    for (Index i = 0; i < count; ++i) all[i] = values_.at(name + std::to_string(i + 1));
    return all;
  }

 private:
  std::map<std::string, double> values_;
};

/// All systems of a kind: what it takes to make one.
struct Family {
  std::string name;
  std::string what;  ///< in a line
  std::vector<Parameter> parameters;
  std::function<System(const Values& p)> make;
};

/// What acts beside any system (forces.h): every family has these parameters, too. They are
/// `friction`, `drive`, along the first coordinate, and `drive_frequency`.
const std::vector<Parameter>& parameters_beside();

/// The system with these values, all others being the defaults. Throws std::invalid_argument that
/// names an unknown parameter, one out of its range, or a count that is no whole number.
System make_system(const Family& family, const std::map<std::string, double>& set = {});

}  // namespace physics
