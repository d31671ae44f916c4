// Comparisons, and what chooses between values by them.
//
// None of them hides a NaN: where an operand that counts is NaN, so is the result, and so is its
// derivative. Where a curve has a kink, the derivative is the middle of its slopes.
#include <cmath>

#include "autodiff/ops/blocks.h"

namespace autodiff {

// ---------------------------------------------------------------- comparisons

// y = -1 where a < b, 0 where a = b, 1 where a > b;   da = db = 0
const OpDef compare_op{
    .name = "compare",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          zip(k, [](Scalar a, Scalar b) {
            return a > b ? Scalar(1) : a < b ? Scalar(-1) : a == b ? Scalar(0) : a + b;
          });
        },
    .vjp = [](const Vjp&, int) { return Var(); },
};
Var compare(Var x, Var y) { return record(compare_op, {x, y}); }

// y = sign a;   da = 0.  NaN stays NaN.
const OpDef sign_op{
    .name = "sign",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          map(k, [](Scalar a) { return a > 0 ? Scalar(1) : a < 0 ? Scalar(-1) : a; });
        },
    .vjp = [](const Vjp&, int) { return Var(); },
};
Var sign(Var x) { return record(sign_op, {x}); }

// Of finite numbers x - c has the sign of the comparison: it is 0 for x = c only.
Var compare(Var x, double c) {
  return std::isinf(static_cast<Scalar>(c))
             ? compare(x, x.tape().filled(x.shape(), static_cast<Scalar>(c)))
             : sign(x - c);
}

namespace {

// Of s = -1, 0 or 1, exactly.
Var is_less(Var s) { return 0.5 * (s * s - s); }
Var is_greater(Var s) { return 0.5 * (s * s + s); }
Var is_equal(Var s) { return 1 - s * s; }

}  // namespace

Var less(Var x, Var y) { return is_less(compare(x, y)); }
Var less(Var x, double c) { return is_less(compare(x, c)); }
Var less_equal(Var x, Var y) { return 1 - greater(x, y); }
Var less_equal(Var x, double c) { return 1 - greater(x, c); }
Var greater(Var x, Var y) { return is_greater(compare(x, y)); }
Var greater(Var x, double c) { return is_greater(compare(x, c)); }
Var greater_equal(Var x, Var y) { return 1 - less(x, y); }
Var greater_equal(Var x, double c) { return 1 - less(x, c); }
Var equal(Var x, Var y) { return is_equal(compare(x, y)); }
Var equal(Var x, double c) { return is_equal(compare(x, c)); }

// ---------------------------------------------------------------- choices

// y = |a|;   da = g sign a
const OpDef abs_op{
    .name = "abs",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return std::abs(a); }); },
    .vjp = [](const Vjp& d, int) { return d.g * sign(d.a); },
};
Var abs(Var x) { return record(abs_op, {x}); }

// y = the larger of a and b;   da = g where a is larger, g / 2 where they are equal, 0 elsewhere
const OpDef max_op{
    .name = "max",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          zip(k, [](Scalar a, Scalar b) { return a > b || std::isnan(a) ? a : b; });
        },
    .vjp =
        [](const Vjp& d, int which) {
          const Var s = which == 0 ? compare(d.a, d.b) : compare(d.b, d.a);
          return d.g * (0.5 * (s + 1));
        },
};
Var max(Var x, Var y) { return record(max_op, {x, y}); }
Var min(Var x, Var y) { return -max(-x, -y); }

// y = the larger of a and c;   da likewise
const OpDef at_least_op{
    .name = "at_least",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          map(k, [c = number_of(k)](Scalar a) { return a > c || std::isnan(a) ? a : c; });
        },
    .vjp = [](const Vjp& d, int) { return d.g * (0.5 * (compare(d.a, d.attributes.c) + 1)); },
};
Var max(Var x, double c) { return record(at_least_op, {x}, {.c = c}); }
Var min(Var x, double c) { return -max(-x, -c); }
Var relu(Var x) { return max(x, 0); }
Var clamp(Var x, double low, double high) { return min(max(x, low), high); }

// y = b where a is not 0 (i = 1) or where it is 0 (i = 0), and -0 elsewhere;   da = 0,
// db = g there
//
// A value that is not chosen leaves no trace, be it Inf or NaN, since x + -0 is x for every x.
const OpDef select_op{
    .name = "select",
    .arity = 2,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          zip(k, [wanted = k.attributes.i != 0](Scalar a, Scalar b) {
            return std::isnan(a) ? a : (a != 0) == wanted ? b : Scalar(-0.0);
          });
        },
    .vjp =
        [](const Vjp& d, int which) {
          return which == 0 ? Var() : record(select_op, {d.a, d.g}, {.i = d.attributes.i});
        },
};
Var where(Var condition, Var x, Var y) {
  return record(select_op, {condition, x}, {.i = 1}) + record(select_op, {condition, y}, {.i = 0});
}

// y = a;   da = 0
const OpDef stop_gradient_op{
    .name = "stop_gradient",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return a; }); },
    .vjp = [](const Vjp&, int) { return Var(); },
};
Var stop_gradient(Var x) { return record(stop_gradient_op, {x}); }

}  // namespace autodiff
