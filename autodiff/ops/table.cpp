// The table of all operations, and what programs add to it.
#include "autodiff/ops/blocks.h"

namespace autodiff {

const OpDef copy_op{
    .name = "copy",
    .arity = 1,
    .shape = same_shape,
    .forward = [](const Kernel& k) { std::copy_n(k.a, k.y_shape.size(), k.y); },
};

// Rows i, i + 1, ... of y = a; the other rows stay. So a stack of many parts is put together in
// place.
const OpDef put_rows_op{
    .name = "put_rows",
    .arity = 1,
    .forward =
        [](const Kernel& k) {
          const Index rows = k.a_shape.rows;
          copy_columns(rows, k.a_shape.cols, k.a, rows, k.y + k.attributes.i, k.y_shape.rows);
        },
};

std::span<const OpDef* const> all_ops() {
  static constexpr std::array table{
      &add_op,
      &sub_op,
      &mul_op,
      &div_op,
      &neg_op,
      &scale_op,
      &shift_op,
      &divide_by_op,
      &divide_into_op,
      &pow_op,
      &power_op,
      &exp_op,
      &log_op,
      &expm1_op,
      &log1p_op,
      &sqrt_op,
      &hypot_op,
      &erf_op,
      &sin_op,
      &cos_op,
      &asin_op,
      &acos_op,
      &atan_op,
      &atan2_op,
      &sinh_op,
      &cosh_op,
      &tanh_op,
      &softplus_op,
      &sigmoid_op,
      &sigmoid_slope_op,
      &compare_op,
      &sign_op,
      &abs_op,
      &max_op,
      &at_least_op,
      &select_op,
      &stop_gradient_op,
      &matmul_op,
      &transpose_op,
      &reshape_op,
      &sum_rows_op,
      &sum_cols_op,
      &broadcast_rows_op,
      &broadcast_cols_op,
      &cumsum_rows_op,
      &max_rows_op,
      &slice_rows_op,
      &pad_rows_op,
      &stack_rows_op,
      &slice_cols_op,
      &pad_cols_op,
      &stack_cols_op,
      &gather_rows_op,
      &scatter_rows_op,
      &gather_cols_op,
      &scatter_cols_op,
      &sample_matmul_op,
      &sample_transpose_op,
      &sample_solve_op,
      &sample_logdet_op,
      &sample_cholesky_op,
  };
  return table;
}

}  // namespace autodiff
