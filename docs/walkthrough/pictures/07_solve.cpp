// What a solve loses as its matrix gets worse. Left: the errors of x, of its gradient, and of a
// difference quotient. Right: by how much x misses the equation, beside A⁻¹ b.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "autodiff/compile/program.h"
#include "autodiff/grad.h"
#include "autodiff/random.h"
using autodiff::Index, autodiff::Matrix, autodiff::Tape, autodiff::Var;

namespace {

using Long = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;  // three digits more

constexpr Index n = 4, samples = 101;

/// n x n with that condition number: stretches by 1, ..., 1 / condition between two random turns.
Matrix random_matrix(autodiff::Random& random, double condition) {
  const auto turn = [&] {
    return Matrix(Eigen::HouseholderQR<Matrix>(random.normal_matrix(n, n)).householderQ());
  };
  Eigen::VectorXd stretch(n);
  for (Index i = 0; i < n; ++i) stretch(i) = std::pow(condition, -double(i) / (n - 1));
  return turn() * stretch.asDiagonal() * turn();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + samples / 2, values.end());
  return values[samples / 2];
}

struct Errors {
  double condition, x, gradient, difference, residual, residual_of_inverse;
};

Errors errors_at(autodiff::Random& random, double condition) {
  Matrix a(n * n, samples), b(n, samples);
  for (Index s = 0; s < samples; ++s) {
    a.col(s) = random_matrix(random, condition).reshaped();
    b.col(s) = a.col(s).reshaped(n, n) * random.normal_matrix(n, 1);
  }
  Tape tape;
  const Var A = tape.input(n * n, samples, "A"), B = tape.constant(b);
  const Var x = sample_solve(A, B), by_inverse = sample_matmul(sample_inverse(A), B, n);
  const Var gradient = grad(sum(x), A);
  const Matrix found = evaluate(x, {{A, a}}), also = evaluate(by_inverse, {{A, a}}),
               slopes = evaluate(gradient, {{A, a}});
  // Of the first entry of each matrix, by a central difference.
  Matrix ahead = a, behind = a;
  const double h = 1e-5 / condition;  // small beside the smallest stretch
  ahead.row(0).array() += h;
  behind.row(0).array() -= h;
  const Matrix difference =
      (evaluate(x, {{A, ahead}}) - evaluate(x, {{A, behind}})).colwise().sum() / (2 * h);

  std::vector<double> error_x, error_gradient, error_difference, residual, residual_of_inverse;
  for (Index s = 0; s < samples; ++s) {
    const Long exact_a = a.col(s).reshaped(n, n).cast<long double>();
    const Long exact_b = b.col(s).cast<long double>();
    const Eigen::PartialPivLU<Long> lu(exact_a), turned(exact_a.transpose());
    const Long exact_x = lu.solve(exact_b), db = turned.solve(Long::Ones(n, 1));
    const Long da = -db * exact_x.transpose();
    const Long own_x = found.col(s).cast<long double>(), other_x = also.col(s).cast<long double>();
    const Long own_da = slopes.col(s).reshaped(n, n).cast<long double>();
    error_x.push_back(double((own_x - exact_x).norm() / exact_x.norm()));
    error_gradient.push_back(double((own_da - da).norm() / da.norm()));
    error_difference.push_back(double(std::abs((difference(s) - da(0, 0)) / da.norm())));
    const auto miss = [&](const Long& own) {
      return double((exact_a * own - exact_b).norm() / exact_b.norm());
    };
    residual.push_back(miss(own_x));
    residual_of_inverse.push_back(miss(other_x));
  }
  return {condition,
          median(error_x),
          median(error_gradient),
          median(error_difference),
          median(residual),
          median(residual_of_inverse)};
}

}  // namespace

int main() {
  autodiff::Random random(1);
  std::vector<Errors> all;
  for (double digits = 0; digits <= 14; digits += 0.5)
    all.push_back(errors_at(random, std::pow(10, digits)));
  const auto draw = [&](const char* name, double Errors::*error) {
    std::printf("line %s\n", name);
    for (const Errors& e : all) std::printf("%g %g\n", e.condition, e.*error);
  };
  std::printf(
      "panel What is lost\nx log condition number\ny log relative error\n"
      "limits 0.5 3e14 1e-17 1e3\n");
  draw("difference", &Errors::difference);
  draw("gradient by the rule", &Errors::gradient);
  draw("x", &Errors::x);
  std::printf(
      "panel How well x fits\nx log condition number\ny log |A x - b| / |b|\n"
      "limits 0.5 3e14 1e-17 1e3\n");
  draw("by the inverse", &Errors::residual_of_inverse);
  draw("by a solve", &Errors::residual);
}
