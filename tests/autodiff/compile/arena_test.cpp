// Places in the arena: never two at once for the same numbers, and neighbours join when they are
// free.
#include "autodiff/compile/arena.h"

#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <stdexcept>
#include <vector>

#include "autodiff/random.h"

using namespace autodiff;

TEST_CASE("free neighbours join, in whatever order they come back") {
  constexpr Index size = 3 * Arena::cache_line;
  for (const std::vector<int>& order :
       {std::vector{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}}) {
    Arena arena(0);
    std::vector<Index> places;
    for (int k = 0; k < 3; ++k) places.push_back(arena.take(size));
    for (const int k : order) arena.give_back(places[k], size);
    CHECK(arena.take(3 * size) == 0);
    CHECK(arena.size() == 3 * size);
  }
}

TEST_CASE("the smallest place that is large enough is taken, and what is left of it stays free") {
  Arena arena(1);
  CHECK(arena.size() == Arena::cache_line);
  const Index large = arena.take(100), wall = arena.take(1), small = arena.take(20),
              end = arena.take(1);
  CHECK(wall == large + Arena::rounded(100));
  CHECK(end > small);
  arena.give_back(large, 100);
  arena.give_back(small, 20);
  const Index before = arena.size();
  CHECK(arena.take(17) == small);
  CHECK(arena.take(17) == large);
  CHECK(arena.take(17) == large + Arena::rounded(17));
  CHECK(arena.size() == before);
}

TEST_CASE("places never overlap") {
  Random random(3);
  Arena arena(0);
  std::map<Index, Index> taken;  // offset -> size
  for (int k = 0; k < 2000; ++k) {
    if (taken.empty() || random.below(3) > 0) {
      const Index size = 1 + random.below(200), offset = arena.take(size);
      const auto next = taken.lower_bound(offset);
      if (next != taken.end()) CHECK(offset + size <= next->first);
      if (next != taken.begin()) CHECK(std::prev(next)->first + std::prev(next)->second <= offset);
      CHECK(offset % Arena::cache_line == 0);
      CHECK(offset + size <= arena.size());
      taken[offset] = size;
    } else {
      const auto gone = std::next(taken.begin(), random.below(std::ssize(taken)));
      arena.give_back(gone->first, gone->second);
      taken.erase(gone);
    }
  }
  for (const auto& [offset, size] : taken) arena.give_back(offset, size);
  CHECK(arena.take(arena.size()) == 0);  // all in one again
}

TEST_CASE("more than memory has addresses is refused in words") {
  Arena arena(0);
  constexpr Index half = std::numeric_limits<Index>::max() / sizeof(Scalar) / 2;
  arena.take(half);
  CHECK_THROWS_WITH_AS(arena.take(half + 100),
                       doctest::Contains("the results take more memory than there are addresses"),
                       std::length_error);
}
