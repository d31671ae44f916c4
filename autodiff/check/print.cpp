#include "autodiff/check/print.h"

#include <iomanip>
#include <sstream>

#include "autodiff/op.h"

namespace autodiff {
namespace {

std::string shape_text(Shape shape) {
  return std::to_string(shape.rows) + 'x' + std::to_string(shape.cols);
}

/// The label and what the node reads: "matmul %1 %0".
std::string call(const Tape& tape, const Node& node) {
  std::string text = label(tape, node);
  for (const int input : node.inputs)
    if (input >= 0) text += " %" + std::to_string(input);
  return text;
}

std::string escape_quotes(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string label(const Tape& tape, const Node& node) {
  std::ostringstream out;
  out << node.op->name;
  if (node.op == &input_op || node.op == &parameter_op) {
    out << ' ' << tape.leaf_name(node);
  } else if (node.op == &constant_op) {
    const Matrix& value = tape.constant_value(node);
    if (value.size() == 1) out << ' ' << value(0, 0);
  } else {
    const auto [i, j, c] = node.attributes;
    if (i != 0 || j != 0) out << ' ' << i;
    if (j != 0) out << ' ' << j;
    if (c != 0) out << ' ' << c;
  }
  return out.str();
}

std::string listing(const Tape& tape) {
  std::ostringstream out;
  const auto width = static_cast<int>(std::to_string(tape.size()).size() + 1);
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    out << std::setw(width) << '%' + std::to_string(id) << " = " << std::left << std::setw(28)
        << call(tape, node) << std::right << ' ' << shape_text(node.shape) << '\n';
  }
  return out.str();
}

std::ostream& operator<<(std::ostream& out, Var v) {
  if (!v) return out << "an empty Var";
  return out << '%' << v.id() << " = " << call(v.tape(), v.tape().node(v.id())) << ' '
             << to_string(v.shape());
}

std::string graphviz(const Tape& tape) {
  std::ostringstream out;
  out << "digraph tape {\n  node [shape=box, fontname=monospace];\n";
  for (int id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    out << "  n" << id << " [label=\"%" << id << ' ' << escape_quotes(label(tape, node)) << "\\n"
        << shape_text(node.shape) << '"' << (node.op->arity == 0 ? ", style=rounded" : "")
        << "];\n";
    for (const int input : node.inputs)
      if (input >= 0) out << "  n" << input << " -> n" << id << ";\n";
  }
  out << "}\n";
  return out.str();
}

}  // namespace autodiff
