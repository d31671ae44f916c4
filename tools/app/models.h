// From options to what trains: the model, its loss, the optimiser and its rates.
#pragma once

#include <memory>
#include <string>

#include "nn/learning/trainer.h"
#include "nn/models/models.h"
#include "tools/app/batches.h"

namespace tools {

/// What is known of the subject beside its states, and in no file of weights.
nn::Known known_of(const Subject& subject);

/// The model that --model names, all its parameters zero. Scales that the options leave to the data
/// come from `sample`.
std::unique_ptr<nn::NetworkModel> make_model(const TrainOptions& options, const Subject& subject,
                                             const physics::DataSet& sample);
/// Gives it random first weights.
void initialise(nn::NetworkModel& model, const TrainOptions& options, autodiff::Random& random);
/// The share of (some of) these states where the learnt mass matrix has another sign than in most.
double indefinite_share(const nn::Model& model, const physics::DataSet& data);
/// A run with a larger share is stuck: no small step leads from one sign to the other.
inline constexpr double most_indefinite = 0.01;

/// --friction auto: does a short trial with linear friction do better on what watches than one
/// without? "linear" or "none".
std::string friction_for(const TrainOptions& options, const Subject& subject);

/// Gives it random first weights, and makes the optimiser forget any others. Where trajectories are
/// learnt, accelerations that are estimated from the data are learnt first, for a while. Ends the
/// program where that is interrupted: nothing is lost but seconds.
void begin(nn::NetworkModel& model, nn::Optimiser& optimiser, const TrainOptions& options,
           const Subject& subject, autodiff::Random& random);

/// mse, l1 or huber.
nn::Loss loss_named(const std::string& name);
/// What training minimises.
nn::Objective make_objective(const TrainOptions& options, const Subject& subject,
                             const nn::NetworkModel& model);
std::unique_ptr<nn::Optimiser> make_optimiser(const TrainOptions& options, const nn::Model& model);
/// Ends the program where the batch needs more memory than there is.
nn::Trainer make_trainer(const TrainOptions& options, nn::Model& model, nn::Optimiser& optimiser,
                         const nn::Objective& objective);

/// --schedule: the rate of a step, counted from 0 over all epochs.
double learning_rate(const TrainOptions& options, long epoch, long step, long total);

/// --dry-run: all options, and how much there is to do, as a first few steps show it.
std::string the_job(const TrainOptions& options, const nn::Model& model, nn::Trainer& trainer,
                    Batches& batches);

}  // namespace tools
