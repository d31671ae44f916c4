#include "tools/app/run.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "tools/app/interrupt.h"
#include "tools/app/text.h"

namespace tools {
namespace {

/// So many batches in a row without a finite loss, and going on makes no sense.
constexpr int give_up_after = 100;
/// The first checkpoints come as soon as the run has doubled: a short run has some, too.
constexpr double shortest_checkpoint_every = 2;  // [s]
/// So often it is asked whether anybody still reads what is printed [s].
constexpr double look_for_reader_every = 0.5;

}  // namespace

Run::Run(const TrainOptions& options, const Training& training, RunFolder& folder,
         std::function<void()> save)
    : options_(options),
      standing_(training.standing),
      course_(training.course),
      folder_(folder),
      save_(std::move(save)),
      stop_at_(options.stop_after > 0 ? standing_.batches + options.stop_after : course_.total),
      progress_(course_.epochs(),
                static_cast<double>(standing_.batches) / static_cast<double>(course_.per_epoch),
                options.quiet),
      seconds_before_(standing_.seconds),
      save_at_(seconds_before_),
      look_at_(seconds_before_) {}

bool Run::begins_epoch() {
  epoch_end_ = std::min((epoch() + 1) * course_.per_epoch, course_.total);
  const bool more =
      status_ == "finished" && standing_.batches < course_.total && !has_seen_enough();
  if (!more && status_ != "diverged") save_();
  return more;
}

bool Run::begins_batch() {
  if (status_ != "finished" || standing_.batches == epoch_end_ || has_seen_enough()) return false;
  if (!interrupted() && standing_.batches != stop_at_) return true;
  status_ = "interrupted";
  return false;
}

bool Run::has_seen_enough() const {
  return standing_.best_validation >= 0 &&
         static_cast<double>(standing_.batches - standing_.best_batches) >
             options_.patience * static_cast<double>(course_.total);
}

void Run::begin_again() {
  if (!options_.quiet)
    print(format("  step %ld: the start has stuck; again from other first weights\n",
                 standing_.batches));
  if (options_.stop_after > 0) stop_at_ -= standing_.batches;
  standing_ = {
      .seconds = standing_.seconds, .restarts = standing_.restarts + 1, .builds = standing_.builds};
  epoch_end_ = 0;
  progress_.begin_again();
  folder_.empty_metrics();
}

void Run::learnt(double loss, double rate) {
  standing_.rate = rate;
  standing_.epoch_loss += loss;
  ++standing_.epoch_steps;
  ++standing_.train_steps;
  standing_.skipped_in_a_row = 0;
  end_batch();
}

void Run::left_out(const std::function<std::string()>& why) {
  if (standing_.skipped++ == 0) complain(why());
  if (options_.on_divergence == "stop" || ++standing_.skipped_in_a_row >= give_up_after)
    status_ = "diverged";
  end_batch();
}

void Run::end_batch() {
  ++standing_.batches;
  standing_.seconds = seconds_before_ + watch_.seconds();
  if (standing_.batches == epoch_end_ || status_ == "diverged") end_epoch();
  if (!options_.quiet && standing_.seconds >= look_at_) {
    look_for_reader();
    look_at_ = standing_.seconds + look_for_reader_every;
  }
}

void Run::save_if_due() {
  if (options_.checkpoint_every == 0 || status_ == "diverged" || standing_.seconds < save_at_)
    return;
  save_();
  save_at_ = standing_.seconds + std::min(options_.checkpoint_every,
                                          std::max(shortest_checkpoint_every, watch_.seconds()));
}

void Run::end_epoch() {
  const long number = (standing_.batches + course_.per_epoch - 1) / course_.per_epoch;
  standing_.last_loss = standing_.loss();
  std::ostringstream row;
  row.precision(10);
  row << number << ',' << (standing_.epoch_steps > 0 ? standing_.last_loss : std::nan("")) << ','
      << standing_.rate << ',';
  if (standing_.validation >= 0) row << standing_.validation;
  row << ',' << standing_.seconds;
  standing_.epoch_loss = 0;
  standing_.epoch_steps = 0;
  folder_.add_metrics(row.str());
  progress_.show(number, standing_.last_loss, standing_.rate);
}

}  // namespace tools
