#include "nn/optimisers/soap.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "autodiff/kernels/decompositions.h"
#include "autodiff/kernels/gemm.h"

namespace nn {
namespace {

/// result = A B, Aᵀ B or A Bᵀ, of column-major matrices.
void product(const Matrix& a, const Matrix& b, Matrix& result) {
  autodiff::gemm(a.rows(), b.cols(), a.cols(), a.data(), b.data(), 1, b.rows(), result.data());
}
void transposed_product(const Matrix& a, const Matrix& b, Matrix& result) {
  autodiff::gemm(a.cols(), b.cols(), a.rows(), a.data(), b.data(), 1, b.rows(), result.data(),
                 /*a_transposed=*/true);
}
void product_transposed(const Matrix& a, const Matrix& b, Matrix& result) {
  autodiff::gemm(a.rows(), b.rows(), a.cols(), a.data(), b.data(), b.rows(), 1, result.data());
}

/// x <- Qᵀ x P, where an empty basis is the identity.
void turn_into(const Matrix& q, const Matrix& p, Matrix& x, Matrix& work) {
  if (q.size() > 0) {
    transposed_product(q, x, work);
    x.swap(work);
  }
  if (p.size() > 0) {
    product(x, p, work);
    x.swap(work);
  }
}

/// x <- Q x Pᵀ.
void turn_back(const Matrix& q, const Matrix& p, Matrix& x, Matrix& work) {
  if (q.size() > 0) {
    product(q, x, work);
    x.swap(work);
  }
  if (p.size() > 0) {
    product_transposed(x, p, work);
    x.swap(work);
  }
}

}  // namespace

Soap::Side::Side(Index k) {
  if (k > 1) correlation = basis = before = change = Matrix::Zero(k, k);
}

/// One step of the QR iteration towards the eigenvectors of the correlation; the first time, all
/// the way.
void Soap::Side::refresh(bool first) {
  if (!turns()) return;
  before = basis;
  if (first) {
    basis = autodiff::eigenvectors(correlation);
  } else {
    product(correlation, basis, change);
    basis = autodiff::orthogonal_factor(change);
  }
}

Soap::Layer::Layer(Index begin, Shape shape)
    : offset(begin), rows(shape.rows), columns(shape.cols) {
  mean = square = gradient = work = Matrix::Zero(shape.rows, shape.cols);
}

Soap::Soap(const Parameters& parameters, Options options)
    : options_(options), threads_(std::max(1, options.threads)), size_(parameters.size()) {
  if (options.refresh < 1)
    throw std::invalid_argument("[soap] refresh " + std::to_string(options.refresh) +
                                ": the bases need a step of their own every 1 or more steps");
  const auto& list = parameters.list();
  for (std::size_t k = 0; k < list.size(); ++k) {
    Shape shape = list[k].shape;
    const Index offset = list[k].offset;
    // A bias is the weight of an input that is always 1: one more column of the weight before it.
    if (k + 1 < list.size() && list[k + 1].shape == Shape{shape.rows, 1}) {
      ++shape.cols;
      ++k;
    }
    layers_.emplace_back(offset, shape);
  }
}

void Soap::step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
                double gradient_scale) {
  const auto size = static_cast<std::size_t>(size_);
  if (parameters.size() != size || gradient.size() != size)
    throw std::invalid_argument("[soap] made for " + std::to_string(size) + " parameters, got " +
                                std::to_string(parameters.size()) + " and a gradient of " +
                                std::to_string(gradient.size()));
  ++steps_;
  const auto step_layers = [&]([[maybe_unused]] int threads) {  // unused without OpenMP
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (threads > 1)
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      Layer& layer = layers_[k];
      layer.gradient = autodiff::ConstMatrixMap(gradient.data() + layer.offset, layer.mean.rows(),
                                                layer.mean.cols()) *
                       static_cast<Scalar>(gradient_scale);
      step(layer, parameters.data() + layer.offset, rate);
    }
  };
  if (refreshes())  // longer than the others: it would mislead the choice of threads
    step_layers(threads_.threads());
  else
    threads_.run(step_layers);
}

std::vector<NamedMatrix> Soap::memory() {
  std::vector<NamedMatrix> all;
  const auto add = [&](const std::string& name, Matrix& m) {
    if (m.size() > 0) all.push_back({name, {m.data(), m.rows(), m.cols()}});
  };
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    Layer& layer = layers_[k];
    const std::string of_layer = "layer" + std::to_string(k) + '.';
    add(of_layer + "mean", layer.mean);
    add(of_layer + "square", layer.square);
    add(of_layer + "rows.correlation", layer.rows.correlation);
    add(of_layer + "rows.basis", layer.rows.basis);
    add(of_layer + "columns.correlation", layer.columns.correlation);
    add(of_layer + "columns.basis", layer.columns.basis);
  }
  return all;
}

void Soap::step(Layer& layer, Scalar* parameters, double rate) const {
  const auto beta1 = static_cast<Scalar>(options_.beta1);
  const auto beta2 = static_cast<Scalar>(options_.beta2);
  const auto t = static_cast<double>(steps_);
  Side &rows = layer.rows, &columns = layer.columns;
  Matrix &g = layer.gradient, &mean = layer.mean, &work = layer.work;

  // Correlations, and now and then the bases; the mean moves along into the new ones.
  const bool first = steps_ == 1;
  const Scalar old = first ? 0 : beta2;
  if (rows.turns()) {
    product_transposed(g, g, rows.change);
    rows.correlation = old * rows.correlation + (1 - old) * rows.change;
  }
  if (columns.turns()) {
    transposed_product(g, g, columns.change);
    columns.correlation = old * columns.correlation + (1 - old) * columns.change;
  }
  if (refreshes()) {
    rows.refresh(first);
    columns.refresh(first);
    turn_back(rows.before, columns.before, mean, work);
    turn_into(rows.basis, columns.basis, mean, work);
  }

  // Adam in the bases.
  turn_into(rows.basis, columns.basis, g, work);
  const auto m_rate = static_cast<Scalar>(rate / (1 - std::pow(options_.beta1, t)));
  const auto v_correction = static_cast<Scalar>(1 / (1 - std::pow(options_.beta2, t)));
  const auto epsilon = static_cast<Scalar>(options_.epsilon);
  mean = beta1 * mean + (1 - beta1) * g;
  layer.square = beta2 * layer.square + (1 - beta2) * g.cwiseAbs2();
  g.array() = mean.array() / ((layer.square.array() * v_correction).sqrt() + epsilon);
  turn_back(rows.basis, columns.basis, g, work);
  autodiff::MatrixMap(parameters, g.rows(), g.cols()) -= m_rate * g;
}

}  // namespace nn
