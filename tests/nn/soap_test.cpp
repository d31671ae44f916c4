// SOAP, by what it has to be: Adam in a basis that turns with the problem.
#include "nn/soap.h"

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <vector>

#include "autodiff/random.h"
#include "nn/adam.h"

using autodiff::Index;
using autodiff::Matrix;
using autodiff::Random;
using autodiff::Scalar;

namespace {

const double rounding = sizeof(Scalar) == 8 ? 1e-6 : 1e-2;  // and what epsilon does

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
  nn::Soap soap(parameters);
  step(soap, parameters, 7 * a * b.transpose(), 0.1);
  CHECK((values(parameters) + Scalar(0.1) * a * b.transpose()).norm() <
        (sizeof(Scalar) == 8 ? 1e-6 : 1e-2));
}

TEST_CASE("SOAP takes the same way in a problem whose inputs and outputs are turned") {
  Random random(2);
  const Matrix u = random_rotation(random, 5), v = random_rotation(random, 4);
  const Matrix target = random.normal_matrix(5, 4, 1), weight = random.uniform_matrix(5, 4, 0.1, 3);
  nn::Parameters plain = one_matrix(Matrix::Zero(5, 4)), turned = plain;
  nn::Soap soap(plain, {.refresh = 3}), turned_soap(turned, {.refresh = 3});
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
  CHECK((back - values(plain)).norm() < rounding * values(plain).norm());
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

TEST_CASE("SOAP refuses a gradient of another length") {
  nn::Parameters parameters = one_matrix(Matrix::Zero(2, 2));
  nn::Soap soap(parameters);
  CHECK_THROWS_AS(step(soap, parameters, Matrix::Zero(2, 3), 0.1), std::invalid_argument);
}
