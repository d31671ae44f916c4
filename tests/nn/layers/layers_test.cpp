// Layers, activations and first weights, against the same written out in plain Eigen.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <cmath>
#include <string>
#include <vector>

#include "autodiff/compile/program.h"
#include "nn/layers/initialise.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;
using autodiff::Shape;
using autodiff::Tape;
using autodiff::Var;

namespace {

using Record = std::function<Var(Var)>;

/// The recorded function at x, with the current parameters.
Matrix apply(const Record& record, const nn::Parameters& parameters, const Matrix& x) {
  Tape tape;
  const Var input = tape.input(x.rows(), x.cols(), "x");
  const autodiff::Program program({record(input)});
  autodiff::Workspace workspace(program);
  workspace.bind(input, x);
  parameters.bind(workspace);
  program.run(workspace);
  return workspace.value(0);
}

Matrix apply(const nn::Activation& f, const Matrix& x) { return apply(f, nn::Parameters(), x); }

void fill(nn::Parameters& parameters, std::uint64_t seed) {
  Random random(seed);
  for (Scalar& value : parameters.values()) value = static_cast<Scalar>(random.normal());
}

/// What the call throws with, or nothing.
template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

double largest_difference(const Matrix& a, const Matrix& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  return static_cast<double>((a - b).cwiseAbs().maxCoeff());
}

/// Deviation about zero, which is where the mean is to be.
double deviation(const Matrix& m) { return std::sqrt(static_cast<double>(m.cwiseAbs2().mean())); }

/// Five standard errors of a sample deviation: fails by chance once in two million.
double allowed(const Matrix& m, double sigma) {
  return 5 * sigma / std::sqrt(2 * static_cast<double>(m.size()));
}

const double tiny = 500 * rounding;

}  // namespace

TEST_CASE("a linear layer is W x + b for every sample") {
  nn::Parameters parameters;
  const nn::Linear linear(parameters, "l", 3, 5);
  fill(parameters, 1);
  const Matrix x = Random(2).normal_matrix(3, 7);
  const Matrix w = parameters.matrix(linear.weight), b = parameters.matrix(linear.bias);
  const Matrix expected = (w * x).colwise() + b.col(0);
  CHECK(largest_difference(apply(linear, parameters, x), expected) < tiny);
}

TEST_CASE("softplus is log(1 + e^(beta x)) / beta, far out too") {
  Matrix x(1, 9);
  x << -800, -30, -2, -1e-9, 0, 0.5, 3, 30, 800;
  for (const double beta : {0.5, 1.0, 4.0}) {
    const Matrix y = apply(nn::Softplus{beta}, x);
    for (Index s = 0; s < x.cols(); ++s) {
      const double z = beta * static_cast<double>(x(0, s));
      const double exact = (std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)))) / beta;
      CAPTURE(beta);
      CAPTURE(z);
      CHECK(std::abs(static_cast<double>(y(0, s)) - exact) <= tiny * std::max(1.0, exact));
    }
  }
}

TEST_CASE("tanh is the standard library's, and saturates") {
  Matrix x(1, 7);
  x << -700, -2, -0.1, 0, 0.7, 5, 700;
  const Matrix y = apply(nn::Tanh{}, x);
  for (Index s = 0; s < x.cols(); ++s)
    CHECK(std::abs(y(0, s) - std::tanh(x(0, s))) < static_cast<Scalar>(tiny));
}

TEST_CASE("a perceptron puts its activation between its layers and none after the last") {
  for (const bool use_tanh : {false, true}) {
    nn::Parameters parameters;
    const nn::Activation between = nn::activation(use_tanh ? "tanh" : "softplus");
    const nn::Mlp mlp(parameters, "net", {3, 6, 4, 2}, between);
    fill(parameters, 3);
    Matrix y = Random(4).normal_matrix(3, 5);
    const Matrix x = y;
    for (std::size_t k = 0; k < 3; ++k) {
      y = (parameters.matrix(mlp.layers[k].weight) * y).eval().colwise() +
          parameters.matrix(mlp.layers[k].bias).col(0);
      if (k == 2) break;
      for (Scalar& value : y.reshaped())
        value = use_tanh ? std::tanh(value) : std::log(1 + std::exp(value));
    }
    CHECK(largest_difference(apply(mlp, parameters, x), y) < tiny * 10);
  }
}

TEST_CASE("a perceptron without hidden layers is linear, one without sizes is refused") {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {2, 1});
  fill(parameters, 5);
  const Matrix x = Random(6).normal_matrix(2, 3);
  const auto value = [&](const Matrix& at) { return apply(mlp, parameters, at); };
  CHECK(largest_difference(value(x) + value(-x), 2 * value(Matrix::Zero(2, 3))) < tiny);
  CHECK_THROWS_AS(nn::Mlp(parameters, "none", {4}), std::invalid_argument);
}

TEST_CASE("parameters are named by layer and lie column-major, one after the other") {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {4, 3, 1});
  const std::vector<std::string> names{"net.0.weight", "net.0.bias", "net.1.weight", "net.1.bias"};
  const std::vector<Shape> shapes{{3, 4}, {3, 1}, {1, 3}, {1, 1}};
  REQUIRE(parameters.list().size() == 4);
  Index offset = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(parameters.list()[k].name == names[k]);
    CHECK(parameters.list()[k].shape == shapes[k]);
    CHECK(parameters.list()[k].offset == offset);
    offset += shapes[k].size();
  }
  CHECK(parameters.size() == 19);
  for (const Scalar value : parameters.values()) CHECK(value == 0);

  parameters.values()[3 * 2 + 1] = 7;
  CHECK(parameters.matrix(mlp.layers[0].weight)(1, 2) == 7);
  parameters.matrix(mlp.layers[1].weight)(0, 2) = 9;
  CHECK(parameters.values()[17] == 9);

  Tape tape;
  const std::vector<Var> leaves = parameters.on(tape);
  REQUIRE(leaves.size() == 4);
  CHECK(leaves[2].shape() == Shape{1, 3});
  CHECK(leaves == parameters.on(tape));  // the same leaves when asked again
}

TEST_CASE("a name that is taken is refused and nothing is added") {
  nn::Parameters parameters;
  const nn::Linear first(parameters, "l", 2, 2);
  const std::string message = message_of([&] { nn::Linear(parameters, "l", 2, 2); });
  CHECK(contains(message, "l.weight"));
  CHECK(parameters.size() == 6);
}

TEST_CASE("activations by name are the functions of that name") {
  Matrix x(1, 5);
  x << -3, -0.5, 0, 0.5, 3;
  const auto check = [&](const char* name, double (*f)(double)) {
    CAPTURE(name);
    const Matrix y = ::apply(nn::activation(name), x);
    for (Index s = 0; s < x.cols(); ++s) CHECK(std::abs(y(s) - f(x(s))) < tiny);
  };
  check("softplus", [](double v) { return std::log1p(std::exp(v)); });
  check("tanh", [](double v) { return std::tanh(v); });
  check("sigmoid", [](double v) { return 1 / (1 + std::exp(-v)); });
  check("silu", [](double v) { return v / (1 + std::exp(-v)); });
  check("gelu", [](double v) { return 0.5 * v * std::erfc(-v / std::sqrt(2.)); });
  check("sin", [](double v) { return std::sin(v); });
  check("relu", [](double v) { return std::max(v, 0.); });
  for (const char* name : {"softplus", "tanh", "sigmoid", "silu", "gelu", "sin"})
    CHECK(largest_difference(::apply(nn::smooth_activation(name), x),
                             ::apply(nn::activation(name), x)) == 0);
}

TEST_CASE("where the network is differentiated relu is refused with the reason") {
  const std::string relu = message_of([] { nn::smooth_activation("relu"); });
  CHECK(contains(relu, "relu"));
  CHECK(contains(relu, "second derivative"));
  CHECK(contains(relu, "softplus"));
  const std::string unknown = message_of([] { nn::smooth_activation("swish"); });
  CHECK(contains(unknown, "swish"));
  CHECK(contains(unknown, "unknown"));
  CHECK_FALSE(contains(unknown, "second derivative"));
  CHECK_FALSE(message_of([] { nn::activation(""); }).empty());
}

TEST_CASE("first weights have the deviation that the rule gives each layer, biases are zero") {
  const std::vector<Index> sizes{4, 200, 300, 250, 400, 1};
  const std::vector<double> larger{200, 300, 300, 400, 400};  // of each weight matrix
  for (const auto initialiser : {nn::Initialiser::rule, nn::Initialiser::slides}) {
    const bool rule = initialiser == nn::Initialiser::rule;
    nn::Parameters parameters;
    const nn::Mlp mlp(parameters, "net", sizes);
    fill(parameters, 7);  // must all be overwritten
    Random random(8);
    initialise(mlp, parameters, random, initialiser);
    for (std::size_t k = 0; k < mlp.layers.size(); ++k) {
      CAPTURE(k);
      CAPTURE(rule);
      const double root = rule ? std::sqrt(larger[k]) : 5.6;
      const double factor = k == 0 ? 2.2 : 0.58 * static_cast<double>(k);
      const double sigma = k == 4 ? (rule ? larger[k] / root : 5.6) : factor / root;
      const Matrix w = parameters.matrix(mlp.layers[k].weight);
      CHECK(std::abs(deviation(w) - sigma) < allowed(w, sigma));
      CHECK(std::abs(static_cast<double>(w.mean())) <
            5 * sigma / std::sqrt(static_cast<double>(w.size())));
      CHECK(parameters.matrix(mlp.layers[k].bias).isZero(0));
    }
  }
}

TEST_CASE("first weights are the generator's normal numbers in order, times a positive deviation") {
  const std::vector<Index> sizes{3, 7, 5, 2};
  for (const auto initialiser :
       {nn::Initialiser::rule, nn::Initialiser::slides, nn::Initialiser::lecun}) {
    nn::Parameters parameters;
    const nn::Mlp mlp(parameters, "net", sizes);
    Random random(9), same(9);
    initialise(mlp, parameters, random, initialiser);
    for (std::size_t k = 0; k < 3; ++k) {
      const double larger = static_cast<double>(std::max(sizes[k], sizes[k + 1]));
      const double root = initialiser == nn::Initialiser::slides ? 5.6 : std::sqrt(larger);
      double sigma = k == 0 ? 2.2 / root : k == 1 ? 0.58 / root : root;
      if (initialiser == nn::Initialiser::lecun)
        sigma = 1 / std::sqrt(static_cast<double>(sizes[k]));
      const Matrix drawn = same.normal_matrix(sizes[k + 1], sizes[k], sigma);
      CHECK(largest_difference(parameters.matrix(mlp.layers[k].weight), drawn) < tiny);
    }
  }
}

TEST_CASE("the same seed draws the same weights, another seed others") {
  const auto draw = [](std::uint64_t seed) {
    nn::Parameters parameters;
    const nn::Mlp mlp(parameters, "net", {4, 8, 1});
    Random random(seed);
    initialise(mlp, parameters, random);
    return std::vector<Scalar>(parameters.values().begin(), parameters.values().end());
  };
  CHECK(draw(11) == draw(11));
  CHECK(draw(11) != draw(12));
}

TEST_CASE("parameters without entries, or of another model, are refused in words") {
  nn::Parameters parameters, other;
  for (const auto& [rows, cols] :
       {std::pair<nn::Index, nn::Index>{0, 3}, {3, 0}, {-2, -2}, {-3, 2}})
    CHECK_THROWS_WITH_AS(parameters.add("w", rows, cols), doctest::Contains("at least one row"),
                         std::invalid_argument);
  CHECK_THROWS_AS(parameters.add("w", nn::Index(1) << 40, nn::Index(1) << 40),
                  std::invalid_argument);
  CHECK(parameters.size() == 0);
  const nn::Parameter foreign = other.add("w", 2, 2);
  CHECK_THROWS_AS(parameters.matrix(foreign), std::invalid_argument);
  parameters.add("w", 2, 2);
  CHECK_THROWS_AS(parameters.add("w", 2, 2), std::invalid_argument);
}
