#include "autodiff/grad.h"

#include <array>
#include <stdexcept>
#include <string>

#include "autodiff/ops.h"

namespace autodiff {
namespace {

/// Which nodes up to y depend on one of the xs.
std::vector<char> mark_dependent(Var y, std::span<const Var> xs) {
  const Tape& tape = y.tape();
  std::vector<char> dependent(y.id() + 1, false);
  for (const Var& x : xs)
    if (x.id() <= y.id()) dependent[x.id()] = true;
  for (int id = 0; id <= y.id(); ++id)
    for (const int input : tape.node(id).inputs)
      if (input >= 0 && dependent[input]) dependent[id] = true;
  return dependent;
}

void validate(Var y, std::span<const Var> xs) {
  if (!y) throw std::invalid_argument("[grad] y is an empty Var");
  for (const Var& x : xs) {
    if (!x) throw std::invalid_argument("[grad] an x is an empty Var");
    if (&x.tape() != &y.tape()) throw std::invalid_argument("[grad] x belongs to another tape");
  }
}

/// Does the node give each sample a column, computed from that sample's columns alone? The left
/// factor of a product is then one for all samples.
bool keeps_samples_apart(const Node& node, const std::vector<char>& dependent) {
  if (node.op == &matmul_op) return !dependent[node.inputs[0]];
  return node.op->arity == 0 || node.op->samplewise();
}

/// One sweep downwards from y, for as many directions as the adjoint has blocks of y's columns:
/// what goes by samples is put side by side as often, so that each rule records once for all.
std::vector<Var> sweep(Var y, Var y_adjoint, std::span<const Var> xs,
                       const std::vector<char>& dependent) {
  Tape& tape = y.tape();
  const Index blocks = y_adjoint.cols() / y.cols();
  const auto side_by_side = [&](int id) {
    const Var x = id < 0 ? Var() : Var(tape, id);
    return x && blocks > 1 ? broadcast_cols(x, blocks * x.cols()) : x;
  };

  std::vector<Var> adjoint(y.id() + 1);  // empty: zero
  adjoint[y.id()] = y_adjoint;
  for (int id = y.id(); id >= 0; --id) {
    if (!dependent[id] || !adjoint[id]) continue;
    const Node node = tape.node(id);  // a copy: recording moves the nodes
    const bool shared_left = node.op == &matmul_op && blocks > 1;
    const Vjp rule{shared_left ? Var(tape, node.inputs[0]) : side_by_side(node.inputs[0]),
                   side_by_side(node.inputs[1]), side_by_side(id), adjoint[id], node.attributes};
    for (int k = 0; k < node.op->arity; ++k) {
      if (!dependent[node.inputs[k]]) continue;
      if (!node.op->vjp)
        throw std::invalid_argument("[grad] " + std::string(node.op->name) +
                                    " has no derivative rule");
      const Var share = node.op->vjp(rule, k);
      Var& total = adjoint[node.inputs[k]];
      if (share) total = total ? total + share : share;
    }
  }

  std::vector<Var> result;
  for (const Var& x : xs) {
    const bool reached = x.id() <= y.id() && adjoint[x.id()];
    result.push_back(reached ? adjoint[x.id()] : tape.filled({x.rows(), blocks * x.cols()}, 0));
  }
  return result;
}

}  // namespace

std::vector<Var> vjp(Var y, Var y_adjoint, std::span<const Var> xs) {
  validate(y, xs);
  if (y_adjoint && &y_adjoint.tape() != &y.tape())
    throw std::invalid_argument("[vjp] the adjoint belongs to another tape");
  if (!y_adjoint || y_adjoint.shape() != y.shape())
    throw std::invalid_argument("[vjp] the adjoint must have y's shape " + to_string(y.shape()));
  return sweep(y, y_adjoint, xs, mark_dependent(y, xs));
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

// Samples do not mix, so an adjoint that is one in row i, for all samples, gives row i of every
// sample's Jacobian at once; and with such an adjoint for each row side by side, one sweep is enough.
std::vector<Var> jacobian_blocks(Var y, std::span<const Var> xs) {
  validate(y, xs);
  Tape& tape = y.tape();
  const std::vector<char> dependent = mark_dependent(y, xs);
  bool one_sweep = true;
  for (int id = 0; id <= y.id(); ++id)
    if (dependent[id]) one_sweep = one_sweep && keeps_samples_apart(tape.node(id), dependent);

  const Index n = y.rows(), samples = y.cols();
  const auto ones_in_row = [&](Index i) {
    Matrix ones = Matrix::Zero(n, samples);
    ones.row(i).setOnes();
    return ones;
  };
  if (one_sweep) {
    Matrix units(n, n * samples);
    for (Index i = 0; i < n; ++i) units.middleCols(i * samples, samples) = ones_in_row(i);
    return sweep(y, tape.constant(std::move(units)), xs, dependent);
  }
  std::vector<Var> blocks;
  for (Index i = 0; i < n; ++i) {
    const std::vector<Var> block = sweep(y, tape.constant(ones_in_row(i)), xs, dependent);
    for (std::size_t k = 0; k < xs.size(); ++k)
      i == 0 ? blocks.push_back(block[k]) : void(blocks[k] = stack_cols(blocks[k], block[k]));
  }
  return blocks;
}

Var blocks_to_rows(Var x, Index cols) {
  std::vector<Var> blocks;
  for (Index begin = 0; begin < x.cols(); begin += cols)
    blocks.push_back(slice_cols(x, begin, cols));
  return stack_rows(blocks);
}

Var jacobian(Var y, Var x) {
  if (y.cols() != x.cols())
    throw std::invalid_argument("[jacobian] y is " + to_string(y.shape()) + " and x " +
                                to_string(x.shape()) + ": the numbers of samples differ");
  const Var rows = jacobian_blocks(y, std::array{x}).front();
  return sample_transpose(blocks_to_rows(rows, x.cols()), x.rows());  // the stack is row-major
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
