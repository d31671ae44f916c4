// What the protocols came to, kept in a file as it becomes known, and shown beside what was
// published.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/protocols/protocol.h"

namespace protocols {

/// One job that is done.
struct Result {
  std::string protocol, model;
  std::uint64_t seed;
  double seconds;
  Outcome outcome;
};

/// Results in a CSV file, a line each: protocol, model, seed, seconds, values, floors.
class Results {
 public:
  /// Reads what is there; a last line that was not written to its end does not count. Throws
  /// tools::IoError for a file of another kind.
  explicit Results(std::string path);

  /// The last of these, where there is one.
  std::optional<Result> find(const Protocol& protocol, const OurModel& model,
                             std::uint64_t seed) const;
  /// All of a protocol's model, by their seeds.
  std::vector<Result> of(const Protocol& protocol, const OurModel& model) const;
  /// Makes the file ready to be written to, before anything is computed that could be lost. Throws
  /// tools::IoError where that is impossible.
  void prepare();
  /// Writes it at once, behind the others.
  void add(const Result& result);

 private:
  std::string path_;
  std::vector<Result> all_;
};

/// Ours beside theirs, for a terminal.
std::string report(const Protocol& protocol, const Results& results);
/// All that there are results of, as a table in Markdown: a row for each metric.
std::string table(const std::vector<Protocol>& protocols, const Results& results);

}  // namespace protocols
