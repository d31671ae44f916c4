#include "tools/protocols/results.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "tools/app/flags.h"
#include "tools/app/program.h"
#include "tools/app/text.h"

namespace protocols {
namespace {

constexpr const char* header = "protocol,model,seed,seconds,values,floors";

std::string joined(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : " ") + tools::shortest(value);
  return text;
}

std::vector<double> split(const std::string& text) {
  std::istringstream words(text);
  std::vector<double> values;
  for (std::string word; words >> word;) values.push_back(std::stod(word));
  return values;
}

/// Median, and from where to where.
struct Spread {
  double median, least, most;

  explicit Spread(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t size = values.size();
    median = (values[(size - 1) / 2] + values[size / 2]) / 2;
    least = values.front();
    most = values.back();
  }
};

Spread spread_of(const std::vector<Result>& results, std::size_t metric) {
  std::vector<double> values;
  for (const Result& r : results) values.push_back(r.outcome.values.at(metric));
  return Spread(values);
}

/// The best published column among those that are told no more; none: null.
const Published* best_of(const Protocol& protocol, std::size_t metric, bool told) {
  const Published* best = nullptr;
  for (const Published& p : protocol.published)
    if ((told || !p.told) && !std::isnan(p.values.at(metric)) &&
        (best == nullptr || p.values[metric] < best->values[metric]))
      best = &p;
  return best;
}

std::string number(double value) { return tools::format("%.2g", value); }

std::string with_spread(const Spread& s, std::size_t count) {
  if (count == 1) return number(s.median);
  return number(s.median) + " (" + number(s.least) + " to " + number(s.most) + ")";
}

}  // namespace

Results::Results(std::string path) : path_(std::move(path)) {
  std::ifstream file(path_);
  std::string line;
  if (!std::getline(file, line)) return;
  const auto bad = [&](const std::string& why) {
    return tools::IoError("'" + path_ + "' has no results of tools/published: " + why);
  };
  if (line != header) throw bad("it begins with " + tools::in_quotes(line));
  while (std::getline(file, line) && !file.eof()) {
    std::istringstream cells(line + ",");
    std::vector<std::string> cell;
    for (std::string one; std::getline(cells, one, ',');) cell.push_back(one);
    try {
      if (cell.size() != 6) throw std::invalid_argument("");
      all_.push_back({cell[0],
                      cell[1],
                      std::stoull(cell[2]),
                      std::stod(cell[3]),
                      {split(cell[4]), split(cell[5])}});
    } catch (const std::exception&) {
      throw bad("a line is " + tools::in_quotes(line));
    }
  }
}

void Results::prepare() {
  namespace fs = std::filesystem;
  std::error_code none;
  if (fs::is_directory(path_, none)) throw tools::IoError("'" + path_ + "' is a folder");
  fs::create_directories(fs::path(path_).parent_path(), none);
  if (std::ifstream file(path_); file) {  // what was not written to its end goes
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (const std::size_t whole = text.rfind('\n') + 1; whole < text.size())
      fs::resize_file(path_, whole, none);
  }
  const bool begins = !fs::exists(path_, none) || fs::file_size(path_, none) == 0;
  std::ofstream file(path_, std::ios::app);
  if (begins) file << header << '\n';
  if (!(file << std::flush)) throw tools::IoError("cannot write '" + path_ + "'");
}

std::optional<Result> Results::find(const Protocol& protocol, const OurModel& model,
                                    std::uint64_t seed) const {
  for (const Result& r : of(protocol, model))
    if (r.seed == seed) return r;
  return std::nullopt;
}

std::vector<Result> Results::of(const Protocol& protocol, const OurModel& model) const {
  std::map<std::uint64_t, Result> by_seed;  // the last line of each counts
  for (const Result& r : all_)
    if (r.protocol == protocol.name && r.model == model.name &&
        r.outcome.values.size() == protocol.metrics.size())
      by_seed.insert_or_assign(r.seed, r);
  std::vector<Result> found;
  for (const auto& [seed, r] : by_seed) found.push_back(r);
  return found;
}

void Results::add(const Result& r) {
  std::ofstream file(path_, std::ios::app);
  file << r.protocol << ',' << r.model << ',' << r.seed << ',' << tools::shortest(r.seconds) << ','
       << joined(r.outcome.values) << ',' << joined(r.outcome.floor) << '\n'
       << std::flush;
  if (!file) throw tools::IoError("cannot write '" + path_ + "'");
  all_.push_back(r);
}

std::string report(const Protocol& p, const Results& results) {
  std::string text = p.name + ": " + p.what + "\n  " + p.source + "\n";
  if (!p.data.empty()) text += "  Needs --data: " + p.data + "\n";
  if (!p.chosen.empty()) text += "  Chosen: " + p.chosen + "\n";
  for (std::size_t metric = 0; metric < p.metrics.size(); ++metric) {
    text += "  " + p.metrics[metric] + "\n";
    for (const Published& published : p.published)
      if (!std::isnan(published.values[metric]))
        text += tools::format("    %-24s %-28s published%s\n", published.who.c_str(),
                              number(published.values[metric]).c_str(),
                              published.told ? ", told the kinematics" : "");
    for (const OurModel& model : p.models) {
      const std::vector<Result> ours = results.of(p, model);
      if (ours.empty()) continue;
      const Spread spread = spread_of(ours, metric);
      double seconds = 0;
      for (const Result& r : ours) seconds += r.seconds / static_cast<double>(ours.size());
      std::string note = tools::format("ours, %zu seed%s, %.0f s each", ours.size(),
                                       ours.size() == 1 ? "" : "s", seconds);
      if (const Published* best = best_of(p, metric, model.told))
        note +=
            ", " + number(best->values[metric] / spread.median) + " times better than " + best->who;
      text +=
          tools::format("    %-24s %-28s %s\n", (model.name + (model.told ? ", told" : "")).c_str(),
                        with_spread(spread, ours.size()).c_str(), note.c_str());
      if (metric < ours.front().outcome.floor.size() && &model == &p.models.back())
        text +=
            tools::format("    %-24s %-28s %s\n", "floor",
                          number(ours.front().outcome.floor[metric]).c_str(), p.floor_is.c_str());
    }
  }
  return text;
}

std::string table(const std::vector<Protocol>& protocols, const Results& results) {
  std::string text =
      "| experiment, error | published, told | ours, told | ratio | published | ours | ratio | "
      "floor |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const Protocol& p : protocols)
    for (std::size_t metric = 0; metric < p.metrics.size(); ++metric) {
      std::string row, floor = "-";
      bool any = false;
      for (const bool told : {true, false}) {
        const Published* best = best_of(p, metric, told);
        std::string ours, ratio = "-";
        double least = std::numeric_limits<double>::infinity();
        for (const OurModel& model : p.models) {
          const std::vector<Result> found =
              model.told == told ? results.of(p, model) : std::vector<Result>{};
          if (found.empty()) continue;
          any = true;
          const Spread spread = spread_of(found, metric);
          ours += (ours.empty() ? "" : "; ") + with_spread(spread, found.size()) + ' ' + model.name;
          if (best && spread.median < least)
            ratio = number(best->values[metric] / (least = spread.median));
          if (const std::vector<double>& own = found.front().outcome.floor; metric < own.size())
            floor = number(own[metric]);
        }
        const bool shown = best && !ours.empty();
        row += (shown ? number(best->values[metric]) + ' ' + best->who : "-") + " | " +
               (ours.empty() ? "-" : ours) + " | " + ratio + " | ";
      }
      if (any) text += "| `" + p.name + "` " + p.metrics[metric] + " | " + row + floor + " |\n";
    }
  return text;
}

}  // namespace protocols
