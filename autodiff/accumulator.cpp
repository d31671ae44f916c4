#include "autodiff/accumulator.h"

#include <iterator>
#include <span>

namespace autodiff {
namespace {

/// What rows and columns differ in here.
struct Axis {
  const OpDef* pad_op;
  Index Shape::*extent;
  Var (*pad)(Var x, Index begin, Index total);
  Var (*stack)(std::span<const Var> parts);
};
const std::array<Axis, 2> axes{Axis{&pad_rows_op, &Shape::rows, pad_rows, stack_rows},
                               Axis{&pad_cols_op, &Shape::cols, pad_cols, stack_cols}};

/// What stands among the zeros.
Var part_of(Var padded) { return {padded.tape(), padded.tape().node(padded.id()).inputs[0]}; }

/// False where the part overlaps with one that is there, unless they cover the same.
bool take(std::map<Index, Var>& layer, const Axis& axis, Var padded) {
  const auto extent_of = [&](Var x) { return x.shape().*axis.extent; };
  const Var part = part_of(padded);
  const Index begin = padded.tape().node(padded.id()).attributes.i;
  const auto next = layer.lower_bound(begin);
  if (next != layer.end() && next->first == begin &&
      extent_of(part_of(next->second)) == extent_of(part)) {
    next->second = axis.pad(part_of(next->second) + part, begin, extent_of(padded));
    return true;
  }
  if (next != layer.end() && next->first < begin + extent_of(part)) return false;
  if (next != layer.begin()) {
    const auto& [other, before] = *std::prev(next);
    if (other + extent_of(part_of(before)) > begin) return false;
  }
  layer.emplace_hint(next, begin, padded);
  return true;
}

/// All parts side by side, zeros where there is none.
Var joined(const std::map<Index, Var>& layer, const Axis& axis) {
  const Var first = layer.begin()->second;
  if (layer.size() == 1) return first;
  std::vector<Var> parts;
  Index end = 0;
  const auto zeros_up_to = [&](Index begin) {
    Shape gap = first.shape();
    gap.*axis.extent = begin - end;
    if (begin > end) parts.push_back(first.tape().filled(gap, 0));
  };
  for (const auto& [begin, padded] : layer) {
    zeros_up_to(begin);
    parts.push_back(part_of(padded));
    end = begin + parts.back().shape().*axis.extent;
  }
  zeros_up_to(first.shape().*axis.extent);
  return axis.stack(parts);
}

void add_to(Var& total, Var share) {
  // An empty total is zero.
  total = total ? total + share : share;
}

}  // namespace

void Accumulator::add(Var share) {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (share.tape().node(share.id()).op != axes[k].pad_op) continue;
    for (Layer& layer : layers_[k])
      if (take(layer, axes[k], share)) return;
    take(layers_[k].emplace_back(), axes[k], share);
    return;
  }
  add_to(total_, share);
}

Var Accumulator::total() {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    for (const Layer& layer : layers_[k]) add_to(total_, joined(layer, axes[k]));
    layers_[k].clear();
  }
  return total_;
}

}  // namespace autodiff
