// A model as a law of motion: the rates of any number of states, for integrators and judges.
#pragma once

#include "nn/models/model.h"
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

}  // namespace nn
