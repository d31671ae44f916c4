// A tape in print, letter by letter.
#include "autodiff/check/print.h"

#include <doctest/doctest.h>

#include <sstream>

#include "autodiff/ops.h"

using namespace autodiff;

namespace {

void record_everything_printed(Tape& tape) {
  const Var x = tape.input(4, 32, "x"), w = tape.parameter(16, 4, "w \"1\"");
  const Var y = slice_rows(tanh(matmul(w, x)), 0, 1);
  const Var half = scale(y, 0.5);  // on its own: C++ leaves open which operand comes first
  half* broadcast_cols(tape.constant(2.5), 32);
  tape.constant(Matrix::Ones(2, 2));
}

}  // namespace

TEST_CASE("a listing reads like the recording") {
  Tape tape;
  CHECK(listing(tape).empty());
  record_everything_printed(tape);
  CHECK(listing(tape) ==
        " %0 = input x                      4x32\n"
        " %1 = parameter w \"1\"              16x4\n"
        " %2 = matmul %1 %0                 16x32\n"
        " %3 = tanh %2                      16x32\n"
        " %4 = slice_rows 0 1 %3            1x32\n"
        " %5 = scale 0.5 %4                 1x32\n"
        " %6 = constant 2.5                 1x1\n"
        " %7 = broadcast_cols 32 %6         1x32\n"
        " %8 = mul %5 %7                    1x32\n"
        " %9 = constant                     2x2\n");
}

TEST_CASE("a handle prints as its line of the listing") {
  Tape tape;
  const Var x = tape.input(4, 32, "x"), y = slice_rows(tanh(x), 0, 1);
  std::ostringstream out;
  out << x << '\n' << y << '\n' << Var();
  CHECK(out.str() == "%0 = input x (4x32)\n%2 = slice_rows 0 1 %1 (1x32)\nan empty Var");
}

TEST_CASE(
    "Graphviz gets a box a node, an arrow an operand, and quotes that do not end its labels") {
  Tape tape;
  record_everything_printed(tape);
  const std::string expected =
      "digraph tape {\n"
      "  node [shape=box, fontname=monospace];\n"
      "  n0 [label=\"%0 input x\\n4x32\", style=rounded];\n"
      "  n1 [label=\"%1 parameter w \\\"1\\\"\\n16x4\", style=rounded];\n"
      "  n2 [label=\"%2 matmul\\n16x32\"];\n"
      "  n1 -> n2;\n"
      "  n0 -> n2;\n"
      "  n3 [label=\"%3 tanh\\n16x32\"];\n"
      "  n2 -> n3;\n";
  CHECK(graphviz(tape).substr(0, expected.size()) == expected);
  const std::string ending = "  n9 [label=\"%9 constant\\n2x2\", style=rounded];\n}\n";
  CHECK(graphviz(tape).ends_with(ending));
}
