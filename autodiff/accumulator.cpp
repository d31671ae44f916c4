#include "autodiff/accumulator.h"

#include <iterator>
#include <span>

namespace autodiff {
namespace {

/// What rows and columns differ in here.
struct Axis {
  Index Shape::*extent;
  const OpDef* pad_op;
  const OpDef* scatter_op;
  Var (*pad)(Var x, Index begin, Index total);
  Var (*scatter)(Var x, Var places, Index total);
  Var (*stack)(std::span<const Var> parts);
};
constexpr std::array<Axis, 2> axes{
    Axis{&Shape::rows, &pad_rows_op, &scatter_rows_op, pad_rows, scatter_rows, stack_rows},
    Axis{&Shape::cols, &pad_cols_op, &scatter_cols_op, pad_cols, scatter_cols, stack_cols}};

Var operand(Var x, int k) { return {x.tape(), x.tape().node(x.id()).inputs[k]}; }
/// What stands among the zeros.
Var part_of(Var padded) { return operand(padded, 0); }

/// False where the part overlaps with one that is there. Parts that cover the same are added up.
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

void put(Var padded, std::vector<std::map<Index, Var>>& layers, const Axis& axis) {
  for (auto& layer : layers)
    if (take(layer, axis, padded)) return;
  take(layers.emplace_back(), axis, padded);
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

/// All parts, each going where it went.
Var scattered_at_once(std::span<const Var> scattered, const Axis& axis) {
  if (scattered.size() == 1) return scattered.front();
  std::vector<Var> parts, places;
  for (const Var& one : scattered) {
    parts.push_back(operand(one, 0));
    places.push_back(operand(one, 1));
  }
  const Index total = scattered.front().shape().*axis.extent;
  return axis.scatter(axis.stack(parts), axis.stack(places), total);
}

void add_to(Var& total, Var share) {
  // An empty total is zero.
  total = total ? total + share : share;
}

}  // namespace

void Accumulator::add(Var share) {
  const OpDef* op = share.tape().node(share.id()).op;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (op == axes[k].pad_op) return put(share, parts_[k].padded, axes[k]);
    if (op == axes[k].scatter_op) return parts_[k].scattered.push_back(share);
  }
  add_to(total_, share);
}

Var Accumulator::total() {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    auto& [padded, scattered] = parts_[k];
    for (const Layer& layer : padded) add_to(total_, joined(layer, axes[k]));
    if (!scattered.empty()) add_to(total_, scattered_at_once(scattered, axes[k]));
    parts_[k] = {};
  }
  return total_;
}

}  // namespace autodiff
