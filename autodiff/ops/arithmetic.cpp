// Sums, differences, products, quotients and powers, entry by entry.
#include <cmath>

#include "autodiff/ops/blocks.h"

namespace autodiff {

// ---------------------------------------------------------------- entry by entry, two operands

// y = a + b;   da = g,   db = g
const OpDef add_op{
    .name = "add",
    .arity = 2,
    .elementwise = true,
    .commutative = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a + b; }); },
    .vjp = [](const Vjp& d, int) { return d.g; },
};
Var operator+(Var x, Var y) { return record(add_op, {x, y}); }

// y = a - b;   da = g,   db = -g
const OpDef sub_op{
    .name = "sub",
    .arity = 2,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a - b; }); },
    .vjp = [](const Vjp& d, int which) { return which == 0 ? d.g : -d.g; },
};
Var operator-(Var x, Var y) { return record(sub_op, {x, y}); }

// y = a b;   da = g b,   db = g a
const OpDef mul_op{
    .name = "mul",
    .arity = 2,
    .elementwise = true,
    .commutative = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a * b; }); },
    .vjp = [](const Vjp& d, int which) { return d.g * (which == 0 ? d.b : d.a); },
};
Var operator*(Var x, Var y) { return record(mul_op, {x, y}); }

// y = a / b;   da = g / b,   db = -g y / b
const OpDef div_op{
    .name = "div",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return a / b; }); },
    .vjp = [](const Vjp& d, int which) { return which == 0 ? d.g / d.b : -(d.g * d.y / d.b); },
};
Var operator/(Var x, Var y) { return record(div_op, {x, y}); }

// ---------------------------------------------------------------- entry by entry, with a number

// y = -a;   da = -g
const OpDef neg_op{
    .name = "neg",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [](Scalar a) { return -a; }); },
    .vjp = [](const Vjp& d, int) { return -d.g; },
};
Var operator-(Var x) { return record(neg_op, {x}); }

// y = c a;   da = c g
const OpDef scale_op{
    .name = "scale",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [c = number_of(k)](Scalar a) { return c * a; }); },
    .vjp = [](const Vjp& d, int) { return scale(d.g, d.attributes.c); },
};
Var scale(Var x, double c) { return record(scale_op, {x}, {.c = c}); }

// y = a + c;   da = g
const OpDef shift_op{
    .name = "shift",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [c = number_of(k)](Scalar a) { return a + c; }); },
    .vjp = [](const Vjp& d, int) { return d.g; },
};
Var shift(Var x, double c) { return record(shift_op, {x}, {.c = c}); }

// y = a / c;   da = g / c
const OpDef divide_by_op{
    .name = "divide_by",
    .arity = 1,
    .elementwise = true,
    .linear = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [c = number_of(k)](Scalar a) { return a / c; }); },
    .vjp = [](const Vjp& d, int) { return d.g / d.attributes.c; },
};
Var operator/(Var x, double c) { return record(divide_by_op, {x}, {.c = c}); }

// y = c / a;   da = -g y / a
const OpDef divide_into_op{
    .name = "divide_into",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { map(k, [c = number_of(k)](Scalar a) { return c / a; }); },
    .vjp = [](const Vjp& d, int) { return -(d.g * d.y / d.a); },
};
Var operator/(double c, Var x) { return record(divide_into_op, {x}, {.c = c}); }

// y = a^p;   da = g p a^(p-1), and exactly zero for p = 0, so that 0^2 has a third derivative
const OpDef pow_op{
    .name = "pow",
    .arity = 1,
    .elementwise = true,
    .shape = same_shape,
    .forward =
        [](const Kernel& k) {
          const Scalar p = number_of(k);
          if (p == 2)
            map(k, [](Scalar a) { return a * a; });
          else if (p == -1)
            map(k, [](Scalar a) { return 1 / a; });
          else
            map(k, [p](Scalar a) { return std::pow(a, p); });
        },
    .vjp =
        [](const Vjp& d, int) {
          const double p = d.attributes.c;
          return p == 0 ? Var() : d.g * scale(pow(d.a, p - 1), p);
        },
};
Var pow(Var x, double p) { return record(pow_op, {x}, {.c = p}); }

// y = a^b;   da = g b a^(b-1),   db = g y log a
//
// Two limits are taken: 0^0, whose exponent stays 1 in da, so that da = 0; and y log a at a = 0,
// which is 0 for b >= 0.
const OpDef power_op{
    .name = "power",
    .arity = 2,
    .elementwise = true,
    .shape = same_shape,
    .forward = [](const Kernel& k) { zip(k, [](Scalar a, Scalar b) { return std::pow(a, b); }); },
    .vjp =
        [](const Vjp& d, int which) {
          const Var a_is_zero = equal(d.a, 0);
          if (which == 1) return d.g * (d.y * log(d.a + a_is_zero));
          return d.g * (d.b * pow(d.a, d.b - 1 + 2 * (a_is_zero * equal(d.b, 0))));
        },
};
Var pow(Var x, Var y) { return record(power_op, {x, y}); }

}  // namespace autodiff
