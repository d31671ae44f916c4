// A model as a law of motion: the rates of any number of states, for integrators and judges.
#pragma once

#include "nn/models/model.h"
#include "physics/data_set.h"
#include "physics/motion.h"
#include "physics/state_function.h"

namespace nn {

/// The motion that the model has learnt so far. It reads the model's current parameters at each
/// call, and the model must outlive it. States are replayed in pieces of `width` samples; a state's
/// rates do not depend on its neighbours, not by a bit.
physics::Motion learnt_motion(const Model& model, Index width = 16);

/// The energy that the model has learnt, of states 2n x N -> 1 x N, as learnt_motion; none for a
/// model without one.
std::optional<physics::StateFunction> learnt_energy(const Model& model);

/// Where the energy goes, on average over some states, as parts of the kinetic energy a second,
/// h(q, v) - h(q, 0): they do not depend on the units that only the model knows. A mass m with the
/// friction b v loses 2 b/m of it.
struct EnergyFlow {
  double friction;  ///< takes [1/s]
  double controls;  ///< give [1/s]
};
/// Of states with their controls; none for a model without energy, or where nothing acts beside it.
std::optional<EnergyFlow> energy_flow(const Model& model, const physics::DataSet& data);

}  // namespace nn
