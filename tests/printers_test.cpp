// What a failing check prints.
#include "tests/printers.h"

#include "autodiff/ops.h"

TEST_CASE("printers: a failing check names operations, handles and shapes") {
  autodiff::Tape tape;
  const autodiff::Var x = tape.input(2, 3, "x");
  const autodiff::Var y = sin(x);
  const autodiff::OpDef* op = tape.node(y.id()).op;
  CHECK(doctest::toString(op) == "sin");
  CHECK(doctest::toString(&autodiff::input_op) == "input");
  CHECK(doctest::toString(y) == "%1 = sin (2x3)");
  CHECK(doctest::toString(autodiff::Var()) == "an empty handle");
  CHECK(doctest::toString(y.shape()) == "(2x3)");
  CHECK(doctest::toString(op->name) == "sin");  // text, and not where it lies
}
