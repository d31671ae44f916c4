// Places in a block of memory that does not exist yet: offsets are handed out and taken back, and
// how long the block has to be comes out in the end.
//
// A free place next to another free place joins it. Of those that are large enough the smallest is
// taken.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "autodiff/matrix.h"

namespace autodiff {

class Arena {
 public:
  /// Sizes are rounded up so that every place begins a cache line.
  static constexpr Index cache_line = 64 / sizeof(Scalar);
  static Index rounded(Index size) { return (size + cache_line - 1) / cache_line * cache_line; }

  /// The length of two parts together. Throws std::length_error beyond what memory can be.
  static Index sum(Index first, Index second) {
    constexpr Index most = std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(Scalar));
    if (second > most - 2 * cache_line - first)
      throw std::length_error("[program] the results take more memory than there are addresses");
    return first + second;
  }

  /// Of a block whose first `begin` elements are taken for good.
  explicit Arena(Index begin) : end_(rounded(begin)) {}

  /// The offset of a place for `size` elements.
  Index take(Index size) {
    size = rounded(size);
    const auto best = by_size_.lower_bound({size, 0});
    if (best == by_size_.end()) {
      end_ = sum(end_, size);
      return end_ - size;
    }
    const auto [free_size, offset] = *best;
    by_size_.erase(best);
    by_offset_.erase(offset);
    if (free_size > size) add(offset + size, free_size - size);
    return offset;
  }

  void give_back(Index offset, Index size) {
    size = rounded(size);
    const auto after = by_offset_.lower_bound(offset);
    if (after != by_offset_.end() && after->first == offset + size) {
      size += after->second;
      remove(after->first);
    }
    const auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.begin()) {
      const auto [before, before_size] = *std::prev(next);
      if (before + before_size == offset) {
        remove(before);
        offset = before;
        size += before_size;
      }
    }
    add(offset, size);
  }

  /// Elements of the block.
  Index size() const { return end_; }

 private:
  void add(Index offset, Index size) {
    by_offset_.emplace(offset, size);
    by_size_.emplace(size, offset);
  }
  void remove(Index offset) {
    const auto place = by_offset_.find(offset);
    by_size_.erase({place->second, offset});
    by_offset_.erase(place);
  }

  std::map<Index, Index> by_offset_;           // free places: offset -> size
  std::set<std::pair<Index, Index>> by_size_;  // the same: size, offset
  Index end_;
};

}  // namespace autodiff
