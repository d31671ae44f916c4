// Where a run stands, in one file that lets it go on bit for bit as if it had never stopped: the
// weights, what the optimiser remembers, the generator's state, the count of steps, the options.
//
// The file has the safetensors format and the checksum of nn/files/safetensors.h: the weights under
// their names, the optimiser's matrices under "optimiser.", the rest as text under "__metadata__".
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/random.h"
#include "nn/models/network_model.h"
#include "nn/optimisers/optimiser.h"
#include "tools/app/build.h"
#include "tools/app/run_folder.h"

namespace tools {

/// How far training has come. A resumed run counts on from here.
struct Standing {
  long batches = 0;             ///< of all epochs, those left out too
  long train_steps = 0;         ///< batches learnt from
  long skipped = 0;             ///< batches left out because their loss or gradient was not finite
  long skipped_in_a_row = 0;    ///< of them, the latest without one that was learnt from
  double epoch_loss = 0;        ///< summed over the batches of the present epoch
  long epoch_steps = 0;         ///< that were learnt from: so many
  double last_loss = 0;         ///< mean of the last full epoch
  double rate = 0;              ///< learning rate of the last step
  double seconds = 0;           ///< of training, in all its parts
  long restarts = 0;            ///< starts that stuck and were begun again
  double validation = -1;       ///< loss of what watches, at the last look; -1: there was none
  double best_validation = -1;  ///< the lowest
  long best_batches = 0;        ///< and when that was
  std::vector<std::string> builds = {this_build()};  ///< that computed it, one after the other

  /// Mean loss of the present epoch, or of the last where the present has just begun.
  double loss() const {
    return epoch_steps > 0 ? epoch_loss / static_cast<double>(epoch_steps) : last_loss;
  }
};

/// How long a run is.
struct Course {
  long per_epoch = 1, total = 0;  ///< batches; the last epoch may have fewer

  long epochs() const { return (total + per_epoch - 1) / per_epoch; }
  /// Of so many batches: the epochs that are complete.
  long epochs_of(long batches) const { return batches == total ? epochs() : batches / per_epoch; }
  /// Of so many rounds (--rounds) the one that begins behind so many batches, where one does.
  std::optional<int> round_at(long batches, int rounds) const {
    const long length = std::max(1L, total / rounds);
    if (batches % length != 0 || batches / length >= rounds) return std::nullopt;
    return static_cast<int>(batches / length);
  }
};

/// The file that is learnt from, as a run that goes on finds and recognises it.
struct DataFile {
  std::string fingerprint;  ///< tools/app/data_file.h; empty: nothing is learnt from a file
  std::string beside;       ///< its path from the run's folder: both may have been moved together
};

/// What trains, and what is put back where it was.
struct Training {
  nn::NetworkModel& model;
  nn::Optimiser& optimiser;
  autodiff::Random& random;
  Standing& standing;
  Course course = {};
  DataFile data = {};
  std::vector<nn::NamedMatrix> of_data = {};  ///< what is learnt of the data themselves
};

/// The content of the file. `config` is what to_toml gives.
std::string to_checkpoint(const Training& training, const std::string& config);

/// A checkpoint read from a file. Everything throws IoError that names the file, says what is wrong
/// with it, and leaves what it should have filled as it was: for a file that is missing, damaged,
/// of another format or model, or written by a later version of this program.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& path);
  Checkpoint(const std::string& bytes, const std::string& name);
  ~Checkpoint();
  Checkpoint(Checkpoint&&) noexcept;

  /// The options of the run, as TOML.
  const std::string& config() const;
  const DataFile& data() const;
  /// Where the data file of the run lies now, of these places. Throws IoError where it is in none
  /// of them, or has changed.
  std::string find_data(const std::vector<std::filesystem::path>& places) const;
  /// Puts everything back. Refused is also what no such run can have reached, and what a build of
  /// other precision wrote. After any other build (tools/app/build.h) the run goes on, but not to
  /// the same bits: that build is returned, or an empty text.
  std::string restore(const Training& training) const;

 private:
  struct Content;
  std::string name_;
  std::unique_ptr<Content> content_;
};

/// Puts a run back where the checkpoint in its folder stands; says on standard error where another
/// build wrote that.
void resume(const Training& training, const RunFolder& folder);

}  // namespace tools
