#include "tools/data_file.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numbers>
#include <sstream>

#include "autodiff/decompositions.h"
#include "nn/crc64.h"
#include "tools/run_folder.h"
#include "tools/text.h"

namespace tools {
namespace {

using autodiff::Index;

constexpr Index neighbours = 3;  // on each side
constexpr Index degree = 4;

/// A cell without blanks and quotes around it.
std::string trimmed(const std::string& cell) {
  const char* unwanted = " \t\r\"";
  const std::size_t begin = cell.find_first_not_of(unwanted);
  return begin == std::string::npos
             ? ""
             : cell.substr(begin, cell.find_last_not_of(unwanted) - begin + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line);
  for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(trimmed(cell));
  if (!line.empty() && line.back() == ',') cells.emplace_back();
  return cells;
}

[[noreturn]] void refuse(const std::string& what) { throw IoError(what); }

/// Where each quantity stands: indices of columns, -1 for none.
struct Columns {
  std::vector<std::string> names;
  std::vector<bool> angles;
  Index time = -1;
  std::vector<Index> q, v, a;

  explicit Columns(const std::vector<std::string>& header) {
    std::map<std::string, Index> column;
    for (std::size_t k = 0; k < header.size(); ++k) {
      const std::string suffix = ":angle";
      std::string name = header[k];
      const bool angle = name.ends_with(suffix);
      if (angle) name.resize(name.size() - suffix.size());
      if (name.empty()) refuse("column " + std::to_string(k + 1) + " has no name");
      if (!column.emplace(name, static_cast<Index>(k)).second)
        refuse("the column '" + name + "' is there twice");
      if (name != "t" && name.back() != '\'') {
        names.push_back(name);
        angles.push_back(angle);
      } else if (angle) {
        refuse("'" + header[k] + "': of a coordinate and its rates only the coordinate is marked");
      }
    }
    const auto find = [&](const std::string& name) {
      const auto found = column.find(name);
      return found == column.end() ? Index(-1) : found->second;
    };
    time = find("t");
    for (const std::string& name : names) {
      q.push_back(find(name));
      v.push_back(find(name + "'"));
      a.push_back(find(name + "''"));
    }
    if (names.empty()) refuse("its first line names no coordinate, as in: t,theta:angle,theta'");
    require_all_or_none(v, "'");
    require_all_or_none(a, "''");
    for (const auto& [name, index] : column)
      if (name.back() == '\'' && find(name.substr(0, name.find('\''))) < 0)
        refuse("the column " + name + " belongs to no coordinate");
    if (static_cast<std::size_t>((time >= 0) + names.size() * (1 + has(v) + has(a))) !=
        header.size())
      refuse("a column is neither a coordinate nor one of its first two rates");
    if (has(a) && !has(v)) refuse("accelerations without velocities; the latter are needed too");
    if (!has(a) && time < 0)
      refuse("there are neither accelerations (as " + names[0] +
             "'') nor times (t) to estimate them from");
  }

  static bool has(const std::vector<Index>& columns) { return columns[0] >= 0; }

  void require_all_or_none(const std::vector<Index>& columns, const std::string& primes) const {
    for (std::size_t i = 0; i < names.size(); ++i)
      if ((columns[i] >= 0) != has(columns)) {
        const bool missing = columns[i] < 0;
        refuse("there is a column " + names[missing ? 0 : i] + primes + ", but no " +
               names[missing ? i : 0] + primes);
      }
  }
};

/// All rows of the file below its header, a row a column.
struct Table {
  std::vector<std::string> header;
  Eigen::MatrixXd rows;

  explicit Table(const std::string& text) {
    std::istringstream stream(text);
    std::vector<double> values;
    std::string line;
    for (long number = 1; std::getline(stream, line); ++number) {
      const std::string content = trimmed(line);
      if (content.empty() || content[0] == '#') continue;
      const std::vector<std::string> cells = cells_of(line);
      if (header.empty())
        header = cells;
      else
        add(cells, "line " + std::to_string(number) + ": ", values);
    }
    if (header.empty()) refuse("it is empty");
    if (values.empty()) refuse("it has a first line and no rows");
    const auto width = static_cast<Index>(header.size());
    rows = Eigen::Map<Eigen::MatrixXd>(values.data(), width,
                                       static_cast<Index>(values.size()) / width);
  }

  void add(const std::vector<std::string>& cells, const std::string& where,
           std::vector<double>& values) const {
    if (cells.size() != header.size())
      refuse(where + std::to_string(cells.size()) + " values, the first line names " +
             std::to_string(header.size()) + " columns");
    for (std::size_t k = 0; k < cells.size(); ++k) {
      char* end = nullptr;
      const double value = std::strtod(cells[k].c_str(), &end);
      if (cells[k].empty() || *end != '\0' || !std::isfinite(value))
        refuse(where + "'" + cells[k] + "' in the column " + header[k] + " is no finite number");
      values.push_back(value);
    }
  }
};

/// Rows [begin, end) of the columns, a coordinate a column.
Eigen::MatrixXd block(const Table& table, const std::vector<Index>& columns, Index begin,
                      Index end) {
  Eigen::MatrixXd values(end - begin, columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    values.col(static_cast<Index>(i)) =
        table.rows.row(columns[i]).segment(begin, end - begin).transpose();
  return values;
}

/// The angle goes on where it passed from π to -π.
void unwrap(Eigen::Ref<Eigen::VectorXd> angle) {
  constexpr double circle = 2 * std::numbers::pi;
  for (Index k = 1; k < angle.size(); ++k)
    angle[k] -= circle * std::round((angle[k] - angle[k - 1]) / circle);
}

/// The samples of one trajectory, rows [begin, end), are appended: q, v and a of each.
void estimate(const Table& table, const Columns& columns, Index begin, Index end,
              std::vector<Eigen::VectorXd>& samples) {
  const auto n = static_cast<Index>(columns.names.size());
  const bool velocities = Columns::has(columns.v);
  const Eigen::VectorXd t = table.rows.row(columns.time).segment(begin, end - begin).transpose();
  Eigen::MatrixXd q = block(table, columns.q, begin, end);
  for (Index i = 0; i < n; ++i)
    if (columns.angles[static_cast<std::size_t>(i)]) unwrap(q.col(i));
  const Eigen::MatrixXd v = velocities ? block(table, columns.v, begin, end) : q;
  constexpr Index window = 2 * neighbours + 1;
  for (Index k = neighbours; k + neighbours < end - begin; ++k) {
    const Index first = k - neighbours;
    const Eigen::MatrixXd derivatives =
        local_derivatives(t.segment(first, window).array() - t[k], v.middleRows(first, window));
    Eigen::VectorXd sample(3 * n);
    if (velocities)
      sample << q.row(k).transpose(), v.row(k).transpose(), derivatives.row(1).transpose();
    else
      sample << derivatives.row(0).transpose(), derivatives.row(1).transpose(),
          derivatives.row(2).transpose();
    samples.push_back(std::move(sample));
  }
}

OwnData parse(const std::string& text) {
  const Table table(text);
  const Columns columns(table.header);
  const auto n = static_cast<Index>(columns.names.size());
  const Index rows = table.rows.cols();
  OwnData data{columns.names, columns.angles, {}, 0, !Columns::has(columns.a), {}};

  std::vector<Index> ends;  // of trajectories
  if (columns.time >= 0)
    for (Index k = 1; k <= rows; ++k)
      if (k == rows || !(table.rows(columns.time, k) > table.rows(columns.time, k - 1)))
        ends.push_back(k);
  data.trajectories = ends.size();

  if (!data.estimated) {
    data.samples.states.resize(2 * n, rows);
    data.samples.states << block(table, columns.q, 0, rows).transpose().cast<autodiff::Scalar>(),
        block(table, columns.v, 0, rows).transpose().cast<autodiff::Scalar>();
    data.samples.accelerations =
        block(table, columns.a, 0, rows).transpose().cast<autodiff::Scalar>();
    return data;
  }
  std::vector<Eigen::VectorXd> samples;
  Index begin = 0;
  for (const Index end : ends) {
    estimate(table, columns, begin, end, samples);
    begin = end;
  }
  if (samples.empty())
    refuse("none of its " + std::to_string(ends.size()) + " trajectories has " +
           std::to_string(2 * neighbours + 1) +
           " rows, which it takes to estimate accelerations (a trajectory ends where t does not "
           "grow)");
  const auto count = static_cast<Index>(samples.size());
  data.samples.states.resize(2 * n, count);
  data.samples.accelerations.resize(n, count);
  for (Index k = 0; k < count; ++k) {
    const auto& sample = samples[static_cast<std::size_t>(k)];
    data.samples.states.col(k) = sample.head(2 * n).cast<autodiff::Scalar>();
    data.samples.accelerations.col(k) = sample.tail(n).cast<autodiff::Scalar>();
  }
  return data;
}

}  // namespace

Eigen::MatrixXd local_derivatives(const Eigen::VectorXd& times, const Eigen::MatrixXd& y) {
  // In units of the longest time, for the powers to be of like size.
  const double unit = times.cwiseAbs().maxCoeff();
  Eigen::MatrixXd powers(times.size(), degree + 1);
  powers.col(0).setOnes();
  for (Index k = 1; k <= degree; ++k) powers.col(k) = powers.col(k - 1).cwiseProduct(times / unit);
  Eigen::MatrixXd derivatives = autodiff::least_squares(powers, y).topRows(3);
  derivatives.row(1) /= unit;
  derivatives.row(2) *= 2 / (unit * unit);
  return derivatives;
}

std::string fingerprint(const std::string& content) {
  return format("%016llx", static_cast<unsigned long long>(nn::crc64(content)));
}

OwnData parse_data(const std::string& text, const std::string& name) {
  try {
    OwnData data = parse(text);
    data.fingerprint = fingerprint(text);
    return data;
  } catch (const IoError& error) {
    throw IoError("the data in '" + name + "': " + error.what());
  }
}

OwnData read_data(const std::filesystem::path& path) {
  return parse_data(read_file(path), path.string());
}

}  // namespace tools
