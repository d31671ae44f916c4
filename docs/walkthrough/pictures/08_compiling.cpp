// Nodes left after each pass, as bars, for a training step of two networks.
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "nn/learning/loss.h"
#include "nn/learning/training_step.h"
#include "nn/models/lagrangian_network.h"
#include "nn/models/plain_network.h"

namespace {

struct Count {
  std::string pass;
  int nodes;
};

/// The report of a step's program, line by line: "simplify   412 -> 287 nodes".
std::vector<Count> counts_of(const nn::Model& model) {
  const nn::TrainingStep step(model, nn::l1_loss, {.samples = 4, .shard_width = 4});
  std::istringstream report(step.program().report());
  std::vector<Count> counts;
  for (std::string line; std::getline(report, line);) {
    char pass[16];
    int before = 0, after = 0;
    if (std::sscanf(line.c_str(), "%15s %d %*[^0-9] %d", pass, &before, &after) != 3) continue;
    if (counts.empty()) counts.push_back({"recorded", before});
    counts.push_back({pass, after});
  }
  return counts;
}

void put(double x, double y, const std::string& words, const char* style) {
  static int nodes = 0;
  std::printf("  n%d [pos=\"%g,%g!\", label=\"%s\", %s];\n", nodes++, x, y, words.c_str(), style);
}

/// A bar from x = 0 on, as long as the number says, which stands behind it.
void bar(double y, int nodes, const char* colour) {
  const double length = nodes / 150.;
  char style[128];
  std::snprintf(style, sizeof style,
                "shape=box, fixedsize=true, style=filled, width=%g, height=0.16, color=\"%s\", "
                "fillcolor=\"%s\"",
                length, colour, colour);
  put(length / 2, y, "", style);
  put(length + 0.25, y, std::to_string(nodes), "shape=none, fontsize=11");
}

}  // namespace

int main() {
  const nn::NetworkOptions options{.hidden = {16, 16, 16}};
  const auto lagrangian = counts_of(nn::LagrangianNetwork(options)),
             plain = counts_of(nn::PlainNetwork(options));
  const char *first = "#0072b1", *second = "#d55e01";
  std::printf("digraph tape {\n  layout=neato;\n  node [fontname=\"sans-serif\"];\n");
  double y = 0;
  for (std::size_t k = 0; k < lagrangian.size(); ++k, y -= 0.46) {
    put(-0.6, y, lagrangian[k].pass, "shape=none, fontsize=13");
    bar(y + 0.09, lagrangian[k].nodes, first);
    bar(y - 0.09, plain[k].nodes, second);
  }
  put(4.4, -2.9, "a Lagrangian network", "shape=none, fontsize=13, fontcolor=\"#0072b1\"");
  put(4.4, -3.2, "a plain network", "shape=none, fontsize=13, fontcolor=\"#d55e01\"");
  std::printf("}\n");
}
