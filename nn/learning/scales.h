// A network's scales from the data that it learns from.
//
// Inputs of a network should be of order 1, and so should what it has to put out. For each
// coordinate, let σ_q and σ_v be the standard deviations of coordinate and velocity over the data,
// and A the mean of |acceleration|. Then
//
//     coordinate offset    mean of q            (0 for an angle, which enters as cosine and sine)
//     coordinate scale     s = 1/σ_q            (1 for an angle)
//     velocity scale       0.58/σ_v
//     kinetic prior        10 s/A
//     acceleration scale   A
//     mass scale           30 s/A    (a force's unit is this times A)
//     energy scale         the mean of mass scale · A/s over the coordinates
//     difference scale     1/σ of the differences of neighbours
//     control scale        1/σ of the control
//
// The factors are those of the double pendulum's tested default, with σ_v = 5.8 and A = 30:
// velocities enter times 0.1, and a learnt mass matrix has masses of order 1. The prior is a sixth
// of the default's 2: where coordinates have like masses but unlike accelerations, a heavy one
// sticks.
//
// Training does not notice units then. Where q is measured in other units, q -> c q, or time is,
// all that a network sees stays, L is multiplied by one number, and accelerations in units of A
// stay: the learnt accelerations are the same, in the new units, up to rounding.
#pragma once

#include "nn/models/network_model.h"
#include "physics/data_set.h"

namespace nn {

/// Sets the options' scales, whose coordinates and controls are the data's. What does not vary in
/// the data is left in its own unit. Throws std::invalid_argument for data of another number of
/// coordinates or controls, and for less than two samples.
void scale_to(NetworkOptions& options, const physics::DataSet& data);

/// For a model of H(q, p), the same with the momenta of the data, n x N. They have masses of their
/// own: mass scale and kinetic prior are σ_p/σ_v, and the velocity scale is 0.58/σ_p.
void scale_to(NetworkOptions& options, const physics::DataSet& data, const Matrix& momenta);

}  // namespace nn
