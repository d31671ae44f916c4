// Functions of one or two numbers, entry by entry.
#include <cmath>
#include <numbers>

#include "autodiff/kernels/elementary.h"
#include "autodiff/ops/blocks.h"

namespace autodiff {

// ---------------------------------------------------------------- exponentials and powers

// y = e^a;   da = g y
const OpDef exp_op{
    .name = "exp",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vexp(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * d.y; },
};
Var exp(Var x) { return record(exp_op, {x}); }

// y = log a;   da = g / a
const OpDef log_op{
    .name = "log",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vlog(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g / d.a; },
};
Var log(Var x) { return record(log_op, {x}); }

// y = e^a - 1;   da = g e^a
const OpDef expm1_op{
    .name = "expm1",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::expm1(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * exp(d.a); },
};
Var expm1(Var x) { return record(expm1_op, {x}); }

// y = log(1 + a);   da = g / (1 + a)
const OpDef log1p_op{
    .name = "log1p",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::log1p(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g / (1 + d.a); },
};
Var log1p(Var x) { return record(log1p_op, {x}); }

// y = √a;   da = g / (2 y)
const OpDef sqrt_op{
    .name = "sqrt",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::sqrt(a); }); },
    .vjp = [](const Vjp& d, int) { return scale(d.g / d.y, 0.5); },
};
Var sqrt(Var x) { return record(sqrt_op, {x}); }

// y = √(a² + b²), which overflows no sooner than y itself;   da = g a / y,   db = g b / y
const OpDef hypot_op{
    .name = "hypot",
    .arity = 2,
    .elementwise = true,
    .commutative = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return std::hypot(a, b); }); },
    .vjp = [](const Vjp& d, int which) { return d.g * ((which == 0 ? d.a : d.b) / d.y); },
};
Var hypot(Var x, Var y) { return record(hypot_op, {x, y}); }

// y = erf a = 2/√π ∫₀ᵃ e^-t² dt;   da = g 2/√π e^-a²
const OpDef erf_op{
    .name = "erf",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::erf(a); }); },
    .vjp = [](const Vjp& d,
              int) { return d.g * scale(exp(-(d.a * d.a)), 2 * std::numbers::inv_sqrtpi); },
};
Var erf(Var x) { return record(erf_op, {x}); }

// ---------------------------------------------------------------- angles

// y = sin a;   da = g cos a
const OpDef sin_op{
    .name = "sin",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { vsin(k.a, k.y, k.y_shape.size()); },
    .vjp = [](const Vjp& d, int) { return d.g * cos(d.a); },
};
Var sin(Var x) { return record(sin_op, {x}); }

// y = cos a;   da = -g sin a
const OpDef cos_op{
    .name = "cos",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { vcos(k.a, k.y, k.y_shape.size()); },
    .vjp = [](const Vjp& d, int) { return -(d.g * sin(d.a)); },
};
Var cos(Var x) { return record(cos_op, {x}); }

Var tan(Var x) { return sin(x) / cos(x); }

// y = asin a;   da = g / √(1 - a²), in factors that keep their digits beside a = ±1
const OpDef asin_op{
    .name = "asin",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::asin(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g / sqrt((1 - d.a) * (1 + d.a)); },
};
Var asin(Var x) { return record(asin_op, {x}); }

// y = acos a;   da = -g / √(1 - a²)
const OpDef acos_op{
    .name = "acos",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::acos(a); }); },
    .vjp = [](const Vjp& d, int) { return -(d.g / sqrt((1 - d.a) * (1 + d.a))); },
};
Var acos(Var x) { return record(acos_op, {x}); }

// y = atan a;   da = g / (1 + a²)
const OpDef atan_op{
    .name = "atan",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::atan(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g / (1 + d.a * d.a); },
};
Var atan(Var x) { return record(atan_op, {x}); }

// y = the angle of the point (b, a);   da = g b / r²,   db = -g a / r²,   r² = a² + b²
//
// r² itself would overflow or vanish where the quotients do not.
const OpDef atan2_op{
    .name = "atan2",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return std::atan2(a, b); }); },
    .vjp =
        [](const Vjp& d, int which) {
          const Var r = hypot(d.a, d.b);
          return d.g * ((which == 0 ? d.b / r : -(d.a / r)) / r);
        },
};
Var atan2(Var y, Var x) { return record(atan2_op, {y, x}); }

// ---------------------------------------------------------------- hyperbolic functions

// y = sinh a;   da = g cosh a
const OpDef sinh_op{
    .name = "sinh",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::sinh(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * cosh(d.a); },
};
Var sinh(Var x) { return record(sinh_op, {x}); }

// y = cosh a;   da = g sinh a
const OpDef cosh_op{
    .name = "cosh",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::cosh(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sinh(d.a); },
};
Var cosh(Var x) { return record(cosh_op, {x}); }

// y = tanh a;   da = g (1 - y²)
const OpDef tanh_op{
    .name = "tanh",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vtanh(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * (1 - d.y * d.y); },
};
Var tanh(Var x) { return record(tanh_op, {x}); }

// ---------------------------------------------------------------- softplus and its derivatives

// y = log(1 + e^a);   da = g sigmoid a
const OpDef softplus_op{
    .name = "softplus",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vsoftplus(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sigmoid(d.a); },
};
Var softplus(Var x) { return record(softplus_op, {x}); }

// y = 1 / (1 + e^-a);   da = g sigmoid_slope a
const OpDef sigmoid_op{
    .name = "sigmoid",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vsigmoid(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sigmoid_slope(d.a); },
};
Var sigmoid(Var x) { return record(sigmoid_op, {x}); }

// y = sigmoid a · sigmoid -a, which is sigmoid' a;   da = g y (1 - 2 sigmoid a)
//
// As s - s² of s = sigmoid a it would lose its digits where s is nearly 1.
const OpDef sigmoid_slope_op{
    .name = "sigmoid_slope",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return vsigmoid_slope(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * (d.y * (1 - 2 * sigmoid(d.a))); },
};
Var sigmoid_slope(Var x) { return record(sigmoid_slope_op, {x}); }

// y = parts i, ..., j of [softplus a, sigmoid a, sigmoid_slope a], side by side: all need e^-|a|.
// Made by compile/passes.cpp.
const OpDef softplus_family_op{
    .name = "softplus_family",
    .arity = 1,
    .shape =
        [](const OpDef& op, Shapes in, const Attributes& attributes) {
          const bool parts = attributes.i >= 0 && attributes.i < attributes.j && attributes.j <= 2;
          if (!parts)
            throw std::invalid_argument('[' + std::string(op.name) + "] parts " +
                                        std::to_string(attributes.i) + " to " +
                                        std::to_string(attributes.j) + " of 0, 1, 2: two at least");
          return Shape{in[0].rows, (attributes.j - attributes.i + 1) * in[0].cols};
        },
    .forward =
        [](const Kernel& k) {
          const Index size = k.a_shape.size(), first = k.attributes.i, last = k.attributes.j;
          const Scalar* a = k.a;
          Scalar *softplus = k.y, *sigmoid = k.y + (1 - first) * size, *slope = sigmoid + size;
          if (first == 1) {
#pragma omp simd
            for (Index i = 0; i < size; ++i) vsigmoid_and_slope(a[i], sigmoid[i], slope[i]);
          } else if (last == 1) {
#pragma omp simd
            for (Index i = 0; i < size; ++i) vsoftplus_sigmoid(a[i], softplus[i], sigmoid[i]);
          } else {
#pragma omp simd
            for (Index i = 0; i < size; ++i) {
              vsoftplus_sigmoid(a[i], softplus[i], sigmoid[i]);
              slope[i] = vsigmoid_slope(a[i]);
            }
          }
        },
};

}  // namespace autodiff
