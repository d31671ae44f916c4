// The shapes of y = W x + b and of the adjoints, as boxes of so many rows and columns.
#include <cstdio>

int main() {
  const char *output = "#0072b1", *weight = "#d55e01", *data = "#009e72", *ink = "#222223";
  std::printf("digraph tape {\n  layout=neato; splines=none; margin=0;\n");
  int nodes = 0;
  const auto put = [&](double x, double y, const char* label, const char* style) {
    std::printf("  n%d [pos=\"%g,%g!\", label=\"%s\", %s];\n", nodes++, x, y, label, style);
  };
  const auto words = [&](double x, double y, const char* label) {
    put(x, y, label, "shape=none, fontname=\"sans-serif\", fontsize=14");
  };
  // A box whose left edge is at x.
  const auto box = [&](double x, double y, int rows, int cols, const char* name,
                       const char* colour) {
    const double unit = 0.3;
    char label[64], style[256];
    std::snprintf(label, sizeof label, "%s\\n%d x %d", name, rows, cols);
    std::snprintf(style, sizeof style,
                  "shape=box, fixedsize=true, width=%g, height=%g, color=\"%s\", penwidth=1.8, "
                  "fontname=\"sans-serif\", fontcolor=\"%s\"",
                  unit * cols, unit * rows, colour, ink);
    put(x + unit * cols / 2, y, label, style);
  };
  box(0, 3.4, 2, 4, "y", output), words(1.45, 3.4, "=");
  box(1.7, 3.4, 2, 3, "W", weight), box(2.7, 3.4, 3, 4, "x", data), words(4.15, 3.4, "+");
  box(4.4, 3.4, 2, 4, "b b b b", ink);
  (void)nodes;
  std::printf("}\n");
}
