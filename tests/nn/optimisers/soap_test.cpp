// SOAP, by what it has to be: Adam in a basis that turns with the problem.
#include "nn/optimisers/soap.h"

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/random.h"
#include "nn/optimisers/adam.h"
#include "tests/precision.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;

namespace {

/// SOAP divides by roots of squares. Beside a small epsilon, what should be zero and is a rounding
/// would decide the step's direction; with this one it does not.
const double root = std::sqrt(rounding);
const double near = 50 * root;

/// Parameters of one matrix "w" with these values.
nn::Parameters one_matrix(const Matrix& values) {
  nn::Parameters parameters;
  parameters.matrix(parameters.add("w", values.rows(), values.cols())) = values;
  return parameters;
}

Matrix values(nn::Parameters& parameters) { return parameters.matrix(parameters.list().front()); }

void step(nn::Soap& soap, nn::Parameters& parameters, const Matrix& gradient, double rate) {
  soap.step(parameters.values(), {gradient.data(), static_cast<std::size_t>(gradient.size())},
            rate);
}

Matrix random_rotation(Random& random, Index n) {
  return Eigen::HouseholderQR<Matrix>(random.normal_matrix(n, n, 1)).householderQ();
}

}  // namespace

TEST_CASE("SOAP's first step against a gradient of rank one is its direction, times the rate") {
  Random random(1);
  const Matrix a = random.normal_matrix(4, 1, 1).normalized();
  const Matrix b = random.normal_matrix(3, 1, 1).normalized();
  nn::Parameters parameters = one_matrix(Matrix::Zero(4, 3));
  nn::Soap soap(parameters, {.epsilon = root});
  step(soap, parameters, 7 * a * b.transpose(), 0.1);
  CHECK((values(parameters) + Scalar(0.1) * a * b.transpose()).norm() < near);
}

TEST_CASE("SOAP takes the same way in a problem whose inputs and outputs are turned") {
  Random random(2);
  const Matrix u = random_rotation(random, 5), v = random_rotation(random, 4);
  const Matrix target = random.normal_matrix(5, 4, 1), weight = random.uniform_matrix(5, 4, 0.1, 3);
  nn::Parameters plain = one_matrix(Matrix::Zero(5, 4)), turned = plain;
  const nn::Soap::Options options{.epsilon = root, .refresh = 3};
  nn::Soap soap(plain, options), turned_soap(turned, options);
  nn::Adam adam(20);
  std::vector<Scalar> by_adam(20, 0);
  const auto gradient = [&](const Matrix& w) { return Matrix(weight.cwiseProduct(w - target)); };
  for (int k = 0; k < 10; ++k) {
    step(soap, plain, gradient(values(plain)), 0.05);
    step(turned_soap, turned, u * gradient(u.transpose() * values(turned) * v) * v.transpose(),
         0.05);
    const Matrix g =
        u * gradient(u.transpose() * autodiff::MatrixMap(by_adam.data(), 5, 4) * v) * v.transpose();
    adam.step(by_adam, {g.data(), 20}, 0.05);
  }
  const Matrix back = u.transpose() * values(turned) * v;
  CHECK((back - values(plain)).norm() < near * values(plain).norm());
  CHECK(values(plain).norm() > 0.1);
  // Adam does not: it sees another problem.
  const Matrix adam_back = u.transpose() * autodiff::MatrixMap(by_adam.data(), 5, 4) * v;
  CHECK((adam_back - values(plain)).norm() > 1e-2);
}

TEST_CASE("SOAP goes down a valley that lies across the axes, where Adam zigzags") {
  Random random(3);
  const Matrix u = random_rotation(random, 6), target = random.normal_matrix(6, 6, 1);
  const Matrix slopes = (Matrix(6, 1) << 1, 3, 10, 30, 100, 300).finished();
  const Matrix curvature = u * slopes.asDiagonal() * u.transpose();
  const auto after = [&](auto& optimiser, nn::Parameters& parameters) {
    for (int k = 0; k < 300; ++k) {
      const Matrix g = curvature * (values(parameters) - target);
      optimiser.step(parameters.values(), std::span(g.data(), 36), 0.03 * (1 - k / 300.0));
    }
    const Matrix e = values(parameters) - target;
    return static_cast<double>((e.transpose() * curvature * e).trace());
  };
  nn::Parameters by_soap = one_matrix(Matrix::Zero(6, 6)), by_adam = by_soap;
  nn::Soap soap(by_soap);
  nn::Adam adam(36);
  CHECK(after(soap, by_soap) < 0.1 * after(adam, by_adam));
}

TEST_CASE("a bias is one more column of its weight") {
  Random random(4);
  nn::Parameters apart, together = one_matrix(Matrix::Zero(3, 3));
  apart.add("w.weight", 3, 2);
  apart.add("w.bias", 3, 1);
  nn::Soap soap_apart(apart), soap_together(together);
  for (int k = 0; k < 25; ++k) {
    const Matrix g = random.normal_matrix(3, 3, 1);
    step(soap_apart, apart, g, 0.1);
    step(soap_together, together, g, 0.1);
  }
  for (int k = 0; k < 9; ++k) CHECK(apart.values()[k] == together.values()[k]);
}

TEST_CASE("SOAP gives the same bits on any number of threads") {
  Random random(5);
  nn::Parameters one;
  for (const char* name : {"a", "b", "c"}) one.add(name, 7, 5);
  nn::Parameters three = one;
  nn::Soap soap_one(one), soap_three(three, {.threads = 3});
  for (int k = 0; k < 30; ++k) {
    const Matrix g = random.normal_matrix(35, 3, 1);
    step(soap_one, one, g, 0.1);
    step(soap_three, three, g, 0.1);
  }
  for (std::size_t k = 0; k < one.values().size(); ++k) CHECK(one.values()[k] == three.values()[k]);
}

/// SOAP written out: one weight matrix, plain Eigen, nothing kept but what the formulas name.
struct WrittenOut {
  nn::Soap::Options options;
  Matrix w;
  Matrix left = {}, right = {}, left_basis = {}, right_basis = {}, mean = {}, square = {};
  int steps = 0;

  /// The largest first: the QR iteration separates them in this order.
  static Matrix eigenvectors(const Matrix& m) {
    return Eigen::SelfAdjointEigenSolver<Matrix>(m).eigenvectors().rowwise().reverse();
  }
  static Matrix orthonormal(const Matrix& m) {
    return Eigen::HouseholderQR<Matrix>(m).householderQ();
  }

  void step(const Matrix& g, double rate) {
    const auto b1 = static_cast<Scalar>(options.beta1), b2 = static_cast<Scalar>(options.beta2);
    ++steps;
    if (steps == 1) {
      left = g * g.transpose();
      right = g.transpose() * g;
      left_basis = eigenvectors(left);
      right_basis = eigenvectors(right);
      mean = square = Matrix::Zero(g.rows(), g.cols());
    } else {
      left = b2 * left + (1 - b2) * g * g.transpose();
      right = b2 * right + (1 - b2) * g.transpose() * g;
    }
    if (steps > 1 && steps % options.refresh == 0) {
      const Matrix unturned = left_basis * mean * right_basis.transpose();
      left_basis = orthonormal(left * left_basis);
      right_basis = orthonormal(right * right_basis);
      mean = left_basis.transpose() * unturned * right_basis;
    }
    const Matrix turned = left_basis.transpose() * g * right_basis;
    mean = b1 * mean + (1 - b1) * turned;
    square = b2 * square + (1 - b2) * turned.cwiseAbs2();
    const Matrix m = mean / static_cast<Scalar>(1 - std::pow(options.beta1, steps));
    const Matrix v = square / static_cast<Scalar>(1 - std::pow(options.beta2, steps));
    const auto epsilon = static_cast<Scalar>(options.epsilon);
    const Matrix change = m.array() / (v.array().sqrt() + epsilon);
    w -= static_cast<Scalar>(rate) * left_basis * change * right_basis.transpose();
  }
};

TEST_CASE("SOAP's steps are the algorithm's, written out") {
  // Nearly square: a correlation that lacks two ranks after the first step leaves its basis open.
  for (const nn::Shape shape : {nn::Shape{4, 4}, {3, 4}, {6, 5}}) {
    const Index rows = shape.rows, columns = shape.cols;
    CAPTURE(rows);
    Random random(7);
    const nn::Soap::Options options{
        .beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-2, .refresh = 4, .threads = 1};
    WrittenOut reference{.options = options, .w = random.normal_matrix(rows, columns)};
    nn::Parameters parameters = one_matrix(reference.w);
    nn::Soap soap(parameters, options);
    const auto remembered = [&](const std::string& name) -> Matrix {
      for (const nn::NamedMatrix& entry : soap.memory())
        if (entry.name == "layer0." + name) return entry.values;
      return {};
    };
    for (int k = 1; k <= 14; ++k) {  // three times the bases turn
      const Matrix g = random.normal_matrix(rows, columns);
      const double rate = 0.1 / k, scale = k % 3 == 0 ? 0.25 : 1;
      reference.step(static_cast<Scalar>(scale) * g, rate);
      soap.step(parameters.values(), {g.data(), static_cast<std::size_t>(g.size())}, rate, scale);
      CAPTURE(k);
      CHECK((values(parameters) - reference.w).norm() < near * reference.w.norm());
      CHECK(remembered("rows.correlation").isApprox(reference.left, Scalar(rounding)));
      CHECK(remembered("columns.correlation").isApprox(reference.right, Scalar(rounding)));
    }
    CHECK(soap.steps() == 14);
  }
}

TEST_CASE("SOAP treats rows and columns alike, also where there is only one") {
  for (const nn::Shape shape : {nn::Shape{1, 1}, {5, 1}, {1, 5}, {3, 4}}) {
    const Index rows = shape.rows, columns = shape.cols;
    CAPTURE(rows);
    CAPTURE(columns);
    Random random(8);
    nn::Parameters upright = one_matrix(Matrix::Zero(rows, columns));
    nn::Parameters lying = one_matrix(Matrix::Zero(columns, rows));
    nn::Soap soap(upright, {.epsilon = 1e-2, .refresh = 3});
    nn::Soap soap_lying(lying, {.epsilon = 1e-2, .refresh = 3});
    for (int k = 0; k < 10; ++k) {
      const Matrix g = random.normal_matrix(rows, columns);
      step(soap, upright, g, 0.1);
      step(soap_lying, lying, g.transpose(), 0.1);
    }
    CHECK((values(upright) - values(lying).transpose()).norm() < near * values(upright).norm());
    for (const nn::NamedMatrix& entry : soap.memory()) CHECK(entry.values.size() > 0);
    CHECK(soap.memory().size() == 2 + (rows > 1 ? 2u : 0) + (columns > 1 ? 2u : 0));
  }
}

TEST_CASE("SOAP of a single number is Adam") {
  nn::Parameters one = one_matrix(Matrix::Constant(1, 1, 2));
  std::vector<Scalar> by_adam{2};
  nn::Soap soap(one, {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3});
  nn::Adam adam(1, {.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-3});
  for (int k = 0; k < 30; ++k) {
    const Scalar g = std::sin(Scalar(k));
    step(soap, one, Matrix::Constant(1, 1, g), 0.1);
    adam.step(by_adam, std::vector<Scalar>{g}, 0.1);
    CHECK(one.values()[0] == doctest::Approx(by_adam[0]).epsilon(near));
  }
}

TEST_CASE("SOAP refuses a gradient of another length") {
  nn::Parameters parameters = one_matrix(Matrix::Zero(2, 2));
  nn::Soap soap(parameters);
  CHECK_THROWS_AS(step(soap, parameters, Matrix::Zero(2, 3), 0.1), std::invalid_argument);
}
