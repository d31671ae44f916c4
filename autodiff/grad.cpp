#include "autodiff/grad.h"

#include <array>
#include <stdexcept>
#include <string>

#include "autodiff/accumulator.h"
#include "autodiff/reach.h"

namespace autodiff {
namespace {

void validate(Var y, std::span<const Var> xs) {
  if (!y) throw std::invalid_argument("[grad] y is an empty Var");
  for (const Var& x : xs) {
    if (!x) throw std::invalid_argument("[grad] an x is an empty Var");
    if (&x.tape() != &y.tape()) throw std::invalid_argument("[grad] x belongs to another tape");
  }
}

/// A rule of a user's own may be wrong.
void require_fitting(Var share, Var input, const OpDef& op, int which) {
  if (share.shape() != input.shape())
    throw std::invalid_argument("[grad] the rule of " + std::string(op.name) + " gives operand " +
                                std::to_string(which + 1) + ", which is " +
                                to_string(input.shape()) + ", an adjoint " +
                                to_string(share.shape()));
}

}  // namespace

std::vector<Var> vjp(Var y, Var y_adjoint, std::span<const Var> xs) {
  validate(y, xs);
  if (y_adjoint && &y_adjoint.tape() != &y.tape())
    throw std::invalid_argument("[vjp] the adjoint belongs to another tape");
  if (!y_adjoint || y_adjoint.shape() != y.shape())
    throw std::invalid_argument("[vjp] the adjoint must have y's shape " + to_string(y.shape()));
  Tape& tape = y.tape();
  const Reach between = reach(y, xs);

  std::vector<Accumulator> adjoints(between.steps.size());
  if (!adjoints.empty()) adjoints.back().add(y_adjoint);
  for (std::size_t s = adjoints.size(); s-- > 0;) {
    const Var adjoint = adjoints[s].total();
    if (!adjoint) continue;
    const auto& [id, inputs] = between.steps[s];
    const Node node = tape.node(id);  // a copy: recording moves the nodes
    const auto input = [&](int k) {
      return node.inputs[k] < 0 ? Var() : Var(tape, node.inputs[k]);
    };
    const Vjp rule{input(0), input(1), Var(tape, id), adjoint, node.attributes};
    for (int k = 0; k < node.op->arity; ++k) {
      if (inputs[k] < 0) continue;
      if (!node.op->vjp)
        throw std::invalid_argument("[grad] " + std::string(node.op->name) +
                                    " has no derivative rule");
      const Var share = node.op->vjp(rule, k);
      if (!share) continue;
      require_fitting(share, input(k), *node.op, k);
      adjoints[inputs[k]].add(share);
    }
  }

  std::vector<Var> result;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    const Var dx = between.xs[k] < 0 ? Var() : adjoints[between.xs[k]].total();
    result.push_back(dx ? dx : tape.filled(xs[k].shape(), 0));
  }
  return result;
}

std::vector<Var> grad(Var y, std::span<const Var> xs) {
  if (y && y.shape() != Shape{1, 1})
    throw std::invalid_argument("[grad] y is " + to_string(y.shape()) +
                                ", not (1x1): differentiate its sum, or use vjp");
  return vjp(y, y ? y.tape().constant(Scalar(1)) : Var(), xs);
}

std::vector<Var> grad(Var y, std::initializer_list<Var> xs) {
  return grad(y, std::span(xs.begin(), xs.size()));
}

Var grad(Var y, Var x) { return grad(y, {x}).front(); }

namespace {

/// Row i of y, looked for in what y was stacked from: a sweep from there passes by the other rows.
Var row_of(Var y, Index i) {
  while (y.tape().node(y.id()).op == &stack_rows_op) {
    const auto [top, bottom] = y.tape().node(y.id()).inputs;
    const Index above = Var(y.tape(), top).rows();
    y = Var(y.tape(), i < above ? top : bottom);
    if (i >= above) i -= above;
  }
  return y.rows() == 1 ? y : row(y, i);
}

}  // namespace

// Samples do not mix, so the gradient of Σ_s y_is is row i of every sample's Jacobian at once.
Var jacobian(Var y, Var x) {
  if (y.cols() != x.cols())
    throw std::invalid_argument("[jacobian] y is " + to_string(y.shape()) + " and x " +
                                to_string(x.shape()) + ": the numbers of samples differ");
  std::vector<Var> rows;
  for (Index i = 0; i < y.rows(); ++i) rows.push_back(grad(sum(row_of(y, i)), x));
  return sample_transpose(stack_rows(rows), x.rows());  // the stack is row-major
}

namespace {

void require_one_row(const char* name, Var y) {
  if (y.rows() != 1)
    throw std::invalid_argument('[' + std::string(name) + "] y is " + to_string(y.shape()) +
                                ": it needs one row, a scalar for every sample");
}

}  // namespace

Var hessian(Var y, Var x) {
  require_one_row("hessian", y);
  return jacobian(grad(sum(y), x), x);
}

// H is symmetric, so H v = Hᵀ v: one sweep through the gradient whose adjoint is v.
Var hessian_vector_product(Var y, Var x, Var v) {
  require_one_row("hessian_vector_product", y);
  return vjp(grad(sum(y), x), v, std::array{x}).front();
}

}  // namespace autodiff
