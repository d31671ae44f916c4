#include "autodiff/reach.h"

#include <algorithm>

namespace autodiff {
namespace {

/// A set of node ids that is empty again at no cost (Briggs & Torczon 1993): an id is in the set if
/// its place in `members` holds it. The places are never cleared, so that a search in a small part
/// of a long tape does not have to look at all of it.
class IdSet {
 public:
  explicit IdSet(int ids) {
    if (place_.size() < static_cast<std::size_t>(ids)) place_.resize(ids);
  }

  int place(int id) const {
    const auto place = static_cast<std::size_t>(place_[id]);
    return place < members.size() && members[place] == id ? place_[id] : -1;
  }
  void insert(int id) {
    if (place(id) >= 0) return;
    place_[id] = static_cast<int>(members.size());
    members.push_back(id);
  }
  void sort() {
    if (members.empty()) return;
    const auto [low, high] = std::minmax_element(members.begin(), members.end());
    const int lowest = *low, highest = *high;
    if ((highest - lowest) / 32 > std::ssize(members)) {
      std::sort(members.begin(), members.end());
    } else {  // so many that it is faster to ask for each id between
      std::vector<int> sorted;
      sorted.reserve(members.size());
      for (int id = lowest; id <= highest; ++id)
        if (place(id) >= 0) sorted.push_back(id);
      members = std::move(sorted);
    }
    for (std::size_t k = 0; k < members.size(); ++k) place_[members[k]] = static_cast<int>(k);
  }

  std::vector<int> members;

 private:
  static thread_local std::vector<int> place_;  // of every id of the longest tape seen
};

thread_local std::vector<int> IdSet::place_;

/// Adds to the set what its members need, as far down as `lowest`.
void close_downwards(const Tape& tape, IdSet& set, int lowest) {
  for (std::size_t k = 0; k < set.members.size(); ++k)
    for (const int input : tape.node(set.members[k]).inputs)
      if (input >= lowest && input >= 0) set.insert(input);
  set.sort();
}

}  // namespace

std::vector<Step> ancestors(const Tape& tape, std::span<const int> outputs) {
  IdSet set(tape.size());
  for (const int id : outputs) set.insert(id);
  close_downwards(tape, set, 0);
  std::vector<Step> steps;
  steps.reserve(set.members.size());
  for (const int id : set.members) {
    const auto [a, b] = tape.node(id).inputs;
    steps.push_back({id, {a < 0 ? -1 : set.place(a), b < 0 ? -1 : set.place(b)}});
  }
  return steps;
}

Reach reach(Var y, std::span<const Var> xs) {
  const Tape& tape = y.tape();
  int lowest = y.id() + 1;
  for (const Var& x : xs) lowest = std::min(lowest, x.id());

  IdSet needed(y.id() + 1);
  if (lowest <= y.id()) needed.insert(y.id());
  close_downwards(tape, needed, lowest);
  std::vector<char> dependent(needed.members.size(), false);
  const auto place_of = [&](Var x) { return x.id() <= y.id() ? needed.place(x.id()) : -1; };
  for (const Var& x : xs)
    if (const int place = place_of(x); place >= 0) dependent[place] = true;

  Reach result;
  std::vector<int> position(needed.members.size(), -1);  // in result.steps
  for (std::size_t k = 0; k < needed.members.size(); ++k) {
    const int id = needed.members[k];
    Step step{id, {-1, -1}};
    for (int i = 0; i < 2; ++i) {
      const int input = tape.node(id).inputs[i];
      const int place = input >= lowest ? needed.place(input) : -1;
      if (place >= 0) step.inputs[i] = position[place];
    }
    if (!dependent[k] && step.inputs[0] < 0 && step.inputs[1] < 0) continue;
    position[k] = static_cast<int>(result.steps.size());
    result.steps.push_back(step);
  }
  for (const Var& x : xs) {
    const int place = place_of(x);
    result.xs.push_back(place < 0 ? -1 : position[place]);
  }
  return result;
}

}  // namespace autodiff
