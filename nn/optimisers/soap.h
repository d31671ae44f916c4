// SOAP: Adam in the eigenbasis of Shampoo (Vyas et al. 2024).
//
// Adam gives every entry of a weight matrix a step size of its own, as if the entries were the
// natural coordinates of the loss. They are not: a layer's gradient G = Σ δ xᵀ is correlated over
// its outputs (rows) and over its inputs (columns). SOAP keeps running means of both correlations,
//
//     L = mean of G Gᵀ  (rows x rows),      R = mean of Gᵀ G  (columns x columns),
//
// looks at the gradient in the coordinates of their eigenvectors, G' = Q_Lᵀ G Q_R, where its
// entries are nearly uncorrelated, runs Adam there, and turns the step back: W -= rate Q_L N' Q_Rᵀ.
// The bases move slowly; every few steps they take one step of the QR iteration, Q <- qr(L Q).
//
// For a hidden layer as wide as w a step costs about 10 w³ multiply-adds, whatever the batch.
#pragma once

#include <span>
#include <vector>

#include "autodiff/adaptive_threads.h"
#include "nn/layers/parameters.h"
#include "nn/optimisers/optimiser.h"

namespace nn {

class Soap : public Optimiser {
 public:
  struct Options {
    double beta1 = 0.95;    ///< how slowly the mean of the gradient forgets
    double beta2 = 0.95;    ///< how slowly the mean of its square forgets, and L and R
    double epsilon = 1e-8;  ///< keeps the division finite
    int refresh = 20;       ///< steps between two steps of the bases
    int threads = 1;        ///< at most; layers are independent of each other
  };

  explicit Soap(const Parameters& parameters) : Soap(parameters, Options()) {}
  Soap(const Parameters& parameters, Options options);

  void step(std::span<Scalar> parameters, std::span<const Scalar> gradient, double rate,
            double gradient_scale = 1) override;
  std::vector<NamedMatrix> memory() override;

 private:
  /// The rows or the columns of a layer. With one alone there is nothing to turn.
  struct Side {
    Matrix correlation, basis;  // k x k
    Matrix before, change;      // the basis before its last refresh; work

    explicit Side(Index k);
    bool turns() const { return basis.size() > 0; }
    void refresh(bool first);
  };
  /// A weight matrix with its bias as one more column, as they lie in the flat array.
  struct Layer {
    Index offset;
    Side rows, columns;
    Matrix mean, square;    // of the gradient and of its square, both in the bases
    Matrix gradient, work;  // rows x columns

    Layer(Index offset, Shape shape);
  };
  /// Do the bases take a step of their own in this step?
  bool refreshes() const { return steps_ == 1 || steps_ % options_.refresh == 0; }
  void step(Layer& layer, Scalar* parameters, double rate) const;

  Options options_;
  autodiff::AdaptiveThreads threads_;
  Index size_;
  std::vector<Layer> layers_;
};

}  // namespace nn
