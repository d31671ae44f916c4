#include "autodiff/parallel.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace autodiff {
namespace {

Index total_size(const std::vector<Var>& vars) {
  return std::accumulate(vars.begin(), vars.end(), Index(0),
                         [](Index size, Var x) { return size + x.shape().size(); });
}

void require_width(const char* kind, Var x, Index width) {
  if (x.cols() != width)
    throw std::invalid_argument("[shards] " + std::string(kind) + " " + to_string(x.shape()) +
                                ": it must have a column for each of the shard's " +
                                std::to_string(width) + " samples");
}

/// Two shards of different widths may differ in the columns of what goes by samples, and only
/// there.
void require_same_layout(const ShardRecording& a, const ShardRecording& b) {
  const auto same = [](const std::vector<Var>& x, const std::vector<Var>& y, bool columns) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [&](Var u, Var v) {
      return u.rows() == v.rows() && (!columns || u.cols() == v.cols());
    });
  };
  if (!same(a.inputs, b.inputs, false) || !same(a.summed, b.summed, true) ||
      !same(a.per_sample, b.per_sample, false))
    throw std::invalid_argument(
        "[shards] the recording for the last shard differs from the others in more than the number "
        "of samples");
}

Index shard_count(const ShardedProgram::Sharding& layout) {
  if (layout.samples < 1 || layout.shard_width < 1 || layout.threads < 1)
    throw std::invalid_argument("[shards] samples (" + std::to_string(layout.samples) +
                                "), shard width (" + std::to_string(layout.shard_width) +
                                ") and threads (" + std::to_string(layout.threads) +
                                ") must be at least 1");
  return (layout.samples - 1) / layout.shard_width + 1;
}

}  // namespace

ShardedProgram::ShardedProgram(Sharding layout, const Recorder& record, Program::Options options)
    : threads_(static_cast<int>(std::min<Index>(layout.threads, shard_count(layout)))) {
  const auto prepare = [&](Index width, Tape& tape, std::unique_ptr<Program>& program) {
    const ShardRecording recording = record(tape, width);
    for (const Var& x : recording.inputs) require_width("input", x, width);
    for (const Var& y : recording.per_sample) require_width("per-sample output", y, width);
    std::vector<Var> outputs = recording.summed;
    outputs.insert(outputs.end(), recording.per_sample.begin(), recording.per_sample.end());
    program = std::make_unique<Program>(outputs, options);
    return recording;
  };
  const auto add_shard = [&](const Program& program, Index begin, Index width,
                             const ShardRecording& recording) {
    shards_.push_back({&program, Workspace(program), begin, width, recording.inputs});
  };

  const Index width = std::min(layout.samples, layout.shard_width);
  const Index full_shards = layout.samples / width, rest = layout.samples % width;
  full_tape_ = std::make_unique<Tape>();
  const ShardRecording recording = prepare(width, *full_tape_, full_);
  for (Index k = 0; k < full_shards; ++k) add_shard(*full_, k * width, width, recording);
  if (rest > 0) {
    rest_tape_ = std::make_unique<Tape>();
    const ShardRecording last = prepare(rest, *rest_tape_, rest_);
    require_same_layout(recording, last);
    add_shard(*rest_, full_shards * width, rest, last);
  }

  summed_size_ = total_size(recording.summed);
  summed_count_ = static_cast<int>(recording.summed.size());
  if (shards_.size() > 1) total_.resize(summed_size_);
  for (const Var& y : recording.per_sample) per_sample_.emplace_back(y.rows(), layout.samples);
}

void ShardedProgram::require_program() const {
  if (!full_) throw std::logic_error("[shards] the sharded program was moved from");
}

const Program& ShardedProgram::program() const {
  require_program();
  return *full_;
}

void ShardedProgram::bind_input(int k, const Scalar* columns) {
  require_program();
  const auto count = std::ssize(shards_.front().inputs);
  if (k < 0 || k >= count)
    throw std::out_of_range("[bind] there is no input " + std::to_string(k) + " among " +
                            std::to_string(count));
  for (Shard& shard : shards_) {
    const Var input = shard.inputs[k];
    shard.workspace.bind(input, columns + shard.begin * input.rows());
  }
}

void ShardedProgram::bind_parameter(const std::string& name, const Scalar* values) {
  require_program();
  for (Shard& shard : shards_) shard.workspace.bind(name, values);
}

void ShardedProgram::run() {
  require_program();
  for (const Shard& shard : shards_) shard.workspace.require_bound();  // no throw in a thread
  threads_.run([this](int threads) { run_on(threads); });
}

void ShardedProgram::run_on(int threads) {
  const int shards = static_cast<int>(shards_.size());
  if (threads == 1) {
    for (Shard& shard : shards_) run_shard(shard);
    add_up(0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(static)
    for (int k = 0; k < shards; ++k) run_shard(shards_[k]);
#pragma omp for schedule(static)
    for (int part = 0; part < threads; ++part) add_up(part, threads);
  }
}

void ShardedProgram::run_shard(Shard& shard) {
  shard.program->run(shard.workspace);
  for (std::size_t k = 0; k < per_sample_.size(); ++k)
    per_sample_[k].middleCols(shard.begin, shard.width) =
        shard.workspace.value(summed_count_ + static_cast<int>(k));
}

// Entry by entry in shard order, so that the bits depend neither on `parts` nor on timing.
void ShardedProgram::add_up(int part, int parts) {
  if (shards_.size() == 1) return;
  const Index begin = summed_size_ * part / parts, end = summed_size_ * (part + 1) / parts;
  const Scalar* first = shards_.front().workspace.values().data();
  std::copy(first + begin, first + end, total_.data() + begin);
  for (std::size_t k = 1; k < shards_.size(); ++k) {
    const Scalar* shard = shards_[k].workspace.values().data();
    for (Index i = begin; i < end; ++i) total_[i] += shard[i];
  }
}

std::span<const Scalar> ShardedProgram::summed() const {
  require_program();
  if (shards_.size() == 1) return shards_.front().workspace.values().first(summed_size_);
  return total_;
}

const Matrix& ShardedProgram::per_sample(int k) const {
  require_program();
  if (k < 0 || k >= std::ssize(per_sample_))
    throw std::out_of_range("[per_sample] there is no output " + std::to_string(k) + " among " +
                            std::to_string(per_sample_.size()));
  return per_sample_[k];
}

}  // namespace autodiff
