// Random numbers: pinned, because a seed must mean the same numbers on every machine.
#include "autodiff/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;

TEST_CASE("the engine is the Mersenne twister that the standard fixes") {
  // [rand.predef]: the 10000th draw of mt19937_64 with its default seed.
  constexpr std::uint64_t draw = 9981545732273789042u;
  Random random(5489);
  for (int i = 1; i < 10000; ++i) random.uniform();
  CHECK(random.uniform() == static_cast<double>(draw >> 11) / 0x1p53);
}

// The expected numbers come from a second implementation, in Python.
TEST_CASE("a seed gives the same numbers everywhere") {
  Random uniform(1);
  CHECK(uniform.uniform() == 0x1.122deafddb434p-3);
  CHECK(uniform.uniform() == 0x1.175c928118c7cp-3);
  CHECK(uniform.uniform() == 0x1.ce0b479deb990p-2);
  Random normal(1);  // through log and cos, whose last bit is the library's
  CHECK(normal.normal() == doctest::Approx(0.35099249780849107).epsilon(1e-14));
  CHECK(normal.normal() == doctest::Approx(1.0859449105047105).epsilon(1e-14));
  CHECK(normal.normal() == doctest::Approx(0.789188776110496).epsilon(1e-14));
  CHECK(Random(1).permutation(10) == std::vector<Index>{1, 7, 3, 9, 4, 0, 5, 2, 6, 8});
  CHECK(Random(1).below(1000) == 528);
}

TEST_CASE("below a number are those from 0 on, and below 0 none") {
  Random random(10);
  for (int k = 0; k < 10; ++k) CHECK(random.below(1) == 0);
  std::map<Index, int> counts;
  for (int k = 0; k < 3000; ++k) ++counts[random.below(3)];
  CHECK(counts.size() == 3);
  for (const auto& [number, count] : counts) CHECK(std::abs(count - 1000) < 150);
  for (const Index none : {0, -1})
    CHECK_THROWS_WITH_AS(random.below(none), doctest::Contains("[random] there is no number below"),
                         std::invalid_argument);
}

TEST_CASE("matrices are filled column by column with the generator's numbers") {
  Random one(9), other(9);
  const Matrix m = one.uniform_matrix(2, 3, -1, 3);
  for (Index s = 0; s < 3; ++s)
    for (Index i = 0; i < 2; ++i)
      CHECK(m(i, s) == static_cast<autodiff::Scalar>(other.uniform(-1, 3)));
  const Matrix n = one.normal_matrix(2, 2, 0.5);
  for (Index i = 0; i < 4; ++i)
    CHECK(n.data()[i] == static_cast<autodiff::Scalar>(0.5 * other.normal()));
}

TEST_CASE("uniform and normal numbers have their moments") {
  constexpr int count = 200000;  // the bounds are five standard errors
  Random random(4);
  const Matrix u = random.uniform_matrix(1, count, 0, 1), n = random.normal_matrix(1, count);
  CHECK(u.minCoeff() >= 0);
  CHECK(u.maxCoeff() < 1);
  CHECK(std::abs(u.mean() - 0.5) < 5 * std::sqrt(1.0 / 12 / count));
  CHECK(std::abs(u.array().square().mean() - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / count));
  CHECK(std::abs(n.mean()) < 5 * std::sqrt(1.0 / count));
  CHECK(std::abs(n.array().square().mean() - 1) < 5 * std::sqrt(2.0 / count));
  CHECK(std::abs(n.array().cube().mean()) < 5 * std::sqrt(15.0 / count));
  CHECK(std::abs(n.array().square().square().mean() - 3) < 5 * std::sqrt(96.0 / count));
}

TEST_CASE("a permutation holds every number once, and every order is as likely") {
  Random random(6);
  for (const Index size : {0, 1, 2, 17}) {
    std::vector<Index> order = random.permutation(size);
    std::sort(order.begin(), order.end());
    REQUIRE(static_cast<Index>(order.size()) == size);
    for (Index i = 0; i < size; ++i) CHECK(order[i] == i);
  }
  std::map<std::vector<Index>, int> counts;
  for (int i = 0; i < 60000; ++i) ++counts[random.permutation(3)];
  CHECK(counts.size() == 6);
  for (const auto& [order, count] : counts) CHECK(std::abs(count - 10000) < 500);
}

TEST_CASE("a state goes on where it was, and what is none is refused and changes nothing") {
  Random a(7);
  for (int k = 0; k < 100; ++k) a.uniform();
  const std::string state = a.state();
  Random b(1);
  b.set_state(state);
  CHECK(a.uniform() == b.uniform());
  CHECK(a.normal() == b.normal());

  for (const int draws : {0, 1, 311, 312, 313}) {  // the engine makes 312 words at a time
    Random one(8), other(9);
    for (int k = 0; k < draws; ++k) one.uniform();
    other.set_state(one.state());
    CHECK(one.uniform() == other.uniform());
  }

  const std::string words = state.substr(0, state.rfind(' '));
  for (const std::string& bad :
       {std::string(), std::string("x"), state + " 1", state + "x", '-' + state,
        words.substr(0, words.rfind(' ')), words + " 313", words + " 99999999999", "9" + words}) {
    const std::string before = b.state();
    CHECK_THROWS_AS(b.set_state(bad), std::invalid_argument);
    CHECK(b.state() == before);
  }
}
