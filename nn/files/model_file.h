// A model in a file of its own: the weights, and what it takes to make the model again.
//
//     const auto model = nn::load_model("runs/default/model.safetensors");
//     const physics::Motion motion = nn::learnt_motion(*model);   // nn/models/learnt_motion.h
//     const Eigen::MatrixXd rates = motion(states);               // (q; v) -> (dq/dt; dv/dt)
//
// The file has the safetensors format (nn/files/safetensors.h). Its metadata tell the model's kind
// ("model": "lnn") and its NetworkOptions, one entry each ("hidden": "64,64", ...).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "nn/files/safetensors_header.h"  // FileError
#include "nn/models/models.h"

namespace nn {

/// The bytes of such a file.
std::string to_model_file(const NetworkModel& model);

/// The model that a file holds. What no file can hold, some models have to be given: what is known
/// of the system, the same as when the model was made. Throws FileError that names the file: where
/// it is missing, damaged, or of another format; where it has weights only, as those of other
/// programs; and where the model needs to know more.
std::unique_ptr<NetworkModel> load_model(const std::filesystem::path& path,
                                         const Known& known = {});

/// Gives the model the weights of a file, which may hold nothing else. Throws FileError that names
/// the file, and leaves the model as it was: as above, and where the weights do not fit the model,
/// or the file tells of another one.
void load_weights(const std::filesystem::path& path, NetworkModel& model);

}  // namespace nn
