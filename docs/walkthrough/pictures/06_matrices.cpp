// The shapes of y = W x + b and of its adjoints: boxes of so many rows and columns.
#include <cstdio>

namespace {

constexpr const char *result = "#0072b1", *weight = "#d55e01", *data = "#009e72";
constexpr double unit = 0.3;  // of an entry [inches]

void put(double x, double y, const char* words, const char* style = "shape=none") {
  static int nodes = 0;
  std::printf("  n%d [pos=\"%g,%g!\", label=\"%s\", %s];\n", nodes++, x, y, words, style);
}

/// A matrix whose left edge is at x. Returns where its right edge is.
double box(double x, double y, int rows, int cols, const char* name, const char* colour) {
  char words[64], style[128];
  std::snprintf(words, sizeof words, cols > 1 ? "%s\\n%d x %d" : "%s", name, rows, cols);
  std::snprintf(style, sizeof style,
                "shape=box, fixedsize=true, width=%g, height=%g, color=\"%s\", penwidth=2",
                unit * cols, unit * rows, colour);
  put(x + unit * cols / 2, y, words, style);
  return x + unit * cols;
}

/// A sign between two boxes, the left of which ends at x. Returns where the right one begins.
double sign(double x, double y, const char* words) {
  put(x + 0.18, y, words);
  return x + 0.36;
}

}  // namespace

int main() {
  std::printf("digraph tape {\n  layout=neato;\n  node [fontname=\"sans-serif\"];\n");
  const double gap = 0.12, remarks = 5.6;

  double y = 4.4, x = sign(box(0, y, 2, 4, "y", result), y, "=");
  x = box(x, y, 2, 3, "W", weight) + gap;
  x = sign(box(x, y, 3, 4, "x", data), y, "+");
  box(x, y, 2, 1, "b", weight);
  put(remarks, y, "b, 2 x 1, in every column");

  y = 3.1;
  x = sign(box(0, y, 2, 3, "W\xCC\x84", weight), y, "=");
  x = box(x, y, 2, 4, "y\xCC\x84", result) + gap;
  box(x, y, 4, 3, "xᵀ", data);
  put(remarks, y, "adds over the 4 samples");

  y = 1.8;
  x = sign(box(0, y, 3, 4, "x\xCC\x84", data), y, "=");
  x = box(x, y, 3, 2, "Wᵀ", weight) + gap;
  box(x, y, 2, 4, "y\xCC\x84", result);
  put(remarks, y, "adds over the 2 rows of y");

  y = 0.8;
  x = sign(box(0, y, 2, 1, "b\xCC\x84", weight), y, "=");
  box(x, y, 2, 4, "y\xCC\x84", result);
  put(remarks, y, "the columns added up");
  std::printf("}\n");
}
