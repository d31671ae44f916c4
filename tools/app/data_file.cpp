#include "tools/app/data_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <set>

#include "nn/files/crc64.h"
#include "tools/app/columns.h"
#include "tools/app/csv.h"
#include "tools/app/run_folder.h"
#include "tools/app/text.h"

namespace tools {
namespace {

using autodiff::Index;

constexpr double circle = 2 * std::numbers::pi;
/// A gap: so many times the trajectory's typical time step without a row.
constexpr double gap_steps = 5;
/// A jump: so many times farther than the motion around it explains.
constexpr double jump_ratio = 3;

[[noreturn]] void refuse(const std::string& what) { throw IoError(what); }

// ---------------------------------------------------------------- the rows

/// All rows below the header, a row a column; those of one `trajectory` stand together.
struct Table {
  Eigen::MatrixXd rows;
  std::vector<long> lines;
  std::vector<Index> trajectory;  // of each row; 0 where the file does not tell
  Index told = 0;                 // how many trajectories the file tells of

  Table(CsvReader& reader, const Columns& columns) {
    const std::vector<double> units = columns.units();
    const std::size_t width = units.size();
    std::vector<double> values;
    std::map<std::string, Index> seen;
    for (std::vector<std::string> cells; reader.next(cells);) {
      lines.push_back(reader.line());
      trajectory.push_back(0);
      for (std::size_t k = 0; k < width; ++k)
        if (static_cast<Index>(k) != columns.trajectory) {
          values.push_back(units[k] * reader.number(cells[k], columns.header[k]));
        } else {
          if (cells[k].empty()) reader.refuse("the column trajectory is empty");
          trajectory.back() = seen.emplace(cells[k], static_cast<Index>(seen.size())).first->second;
          values.push_back(0);
        }
    }
    if (lines.empty()) refuse("it has a first line and no rows");
    told = static_cast<Index>(seen.size());
    rows = Eigen::Map<Eigen::MatrixXd>(values.data(), static_cast<Index>(width), size());
    if (!std::is_sorted(trajectory.begin(), trajectory.end())) gather();
  }

  Index size() const { return static_cast<Index>(lines.size()); }

  /// Sorts by trajectory and keeps the order in each.
  void gather() {
    std::vector<Index> order(lines.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
      return trajectory[static_cast<std::size_t>(a)] < trajectory[static_cast<std::size_t>(b)];
    });
    const Table before = *this;
    for (Index k = 0; k < size(); ++k) {
      const auto from = static_cast<std::size_t>(order[static_cast<std::size_t>(k)]);
      rows.col(k) = before.rows.col(static_cast<Index>(from));
      lines[static_cast<std::size_t>(k)] = before.lines[from];
      trajectory[static_cast<std::size_t>(k)] = before.trajectory[from];
    }
  }

  /// Rows [begin, end) of the columns, a coordinate a column.
  Eigen::MatrixXd block(const std::vector<Index>& columns, Index begin, Index end) const {
    Eigen::MatrixXd values(end - begin, columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i)
      values.col(static_cast<Index>(i)) =
          rows.row(columns[i]).segment(begin, end - begin).transpose();
    return values;
  }
};

/// The angle goes on where it passed from π to -π.
void unwrap(Eigen::Ref<Eigen::RowVectorXd, 0, Eigen::InnerStride<>> angle) {
  for (Index k = 1; k < angle.size(); ++k)
    angle[k] -= circle * std::round((angle[k] - angle[k - 1]) / circle);
}

// ---------------------------------------------------------------- trajectories

/// The entry of rank part · size of the sorted values; 0 of none.
double ranked(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// Cuts each piece before the rows for which `behind(k)` says so, k in (begin, end).
template <class Behind>
std::vector<Rows> cut(const std::vector<Rows>& pieces, const Behind& behind) {
  std::vector<Rows> parts;
  for (const Rows& piece : pieces) {
    parts.push_back(piece);
    for (Index k = piece.begin + 1; k < piece.end; ++k)
      if (behind(k)) {
        parts.back().end = k;
        parts.push_back({k, piece.end});
      }
  }
  return parts;
}

std::vector<double> time_steps(const Eigen::MatrixXd::ConstRowXpr& t, const Rows& piece) {
  std::vector<double> steps;
  for (Index k = piece.begin + 1; k < piece.end; ++k) steps.push_back(t[k] - t[k - 1]);
  return steps;
}

/// How fast one quantity changes between rows k - 1 and k, beside the six nearest rates of the same
/// piece. The largest and the smallest of these do not count, for one may be a jump itself.
struct Change {
  Index row;       ///< k
  double step;     ///< of time
  double around;   ///< width of the range of the others
  double outside;  ///< how far from that range this one lies
};

std::vector<Change> changes(const Eigen::VectorXd& y, const Eigen::VectorXd& t, Index begin) {
  std::vector<Change> found;
  const Index count = y.size() - 1;
  constexpr double largest = 1e300;  // so that differences stay finite, however short a time step
  const Eigen::VectorXd rates = (y.tail(count) - y.head(count))
                                    .cwiseQuotient(t.tail(count) - t.head(count))
                                    .cwiseMax(-largest)
                                    .cwiseMin(largest);
  std::vector<double> others;
  for (Index k = 0; k < count; ++k) {
    others.clear();
    for (Index j = std::max<Index>(0, k - 3); j <= std::min(k + 3, count - 1); ++j)
      if (j != k) others.push_back(rates[j]);
    if (others.size() < 3) continue;  // too few to tell
    std::sort(others.begin(), others.end());
    const std::size_t spared = others.size() < 5 ? 0 : 1;
    const double low = others[spared], high = others[others.size() - 1 - spared];
    found.push_back({begin + k + 1, t[k + 1] - t[k], high - low,
                     std::max({0.0, low - rates[k], rates[k] - high})});
  }
  return found;
}

/// The rows before which one quantity jumps, and by how much more than the motion around it tells.
/// A jump lies outside all rates around it by more than these differ, there and in most of the
/// file, and by more than the steps in which it is measured.
std::map<Index, double> jumps(const Table& table, const std::vector<Rows>& pieces, Index column,
                              Index time, bool angle) {
  std::vector<Change> all;
  double resolution = std::numeric_limits<double>::infinity();
  for (const Rows& piece : pieces) {
    if (piece.end - piece.begin < 5) continue;
    const Eigen::VectorXd t = table.block({time}, piece.begin, piece.end);
    Eigen::VectorXd y = table.block({column}, piece.begin, piece.end);
    if (angle) unwrap(y.transpose());
    for (Index k = 1; k < y.size(); ++k)
      if (y[k] != y[k - 1]) resolution = std::min(resolution, std::abs(y[k] - y[k - 1]));
    const std::vector<Change> here = changes(y, t, piece.begin);
    all.insert(all.end(), here.begin(), here.end());
  }
  std::vector<double> widths;
  for (const Change& change : all) widths.push_back(change.around);
  const double typical = ranked(std::move(widths), 0.9);
  std::map<Index, double> found;
  for (const Change& change : all)
    if (change.outside > jump_ratio * std::max(change.around, typical) &&
        change.outside * change.step > jump_ratio * resolution)
      found[change.row] = change.outside * change.step;
  return found;
}

/// Refuses rows out of order: t goes back often, and no time is there twice, as it would be in
/// trials one after the other.
void require_order(const Table& table, Index time, const DataFound& found) {
  if (10 * std::ssize(found.turns) < table.size()) return;
  std::set<std::pair<Index, double>> moments;
  for (Index k = 0; k < table.size(); ++k)
    if (!moments.emplace(table.trajectory[static_cast<std::size_t>(k)], table.rows(time, k)).second)
      return;
  refuse(
      format("t goes back %zu times, at line %ld first (%s), and no time is there twice: these "
             "are no trials one after the other, but rows out of order. Sort them by t; what "
             "tells trials apart is a column trajectory",
             found.turns.size(), found.turns[0].line, found.turns[0].what.c_str()));
}

/// The trajectories of a file with times; what cut them goes to `found`.
std::vector<Rows> trajectories_of(const Table& table, const Columns& columns, DataFound& found) {
  const auto t = table.rows.row(columns.time);
  const auto line = [&](Index k) { return table.lines[static_cast<std::size_t>(k)]; };
  const std::vector<Rows> pieces = cut({{0, table.size()}}, [&](Index k) {
    if (table.trajectory[static_cast<std::size_t>(k)] !=
        table.trajectory[static_cast<std::size_t>(k - 1)])
      return true;
    if (t[k] > t[k - 1]) return false;
    found.turns.push_back({line(k), format("t = %.6g behind %.6g", t[k], t[k - 1])});
    return true;
  });

  require_order(table, columns.time, found);

  std::vector<Rows> parts;
  for (const Rows& piece : pieces) {
    const double typical = ranked(time_steps(t, piece), 0.5);
    const auto between = cut({piece}, [&](Index k) {
      const double step = t[k] - t[k - 1];
      if (!(step > gap_steps * typical)) return false;
      found.gaps.push_back({line(k), format("%.4g s without a row", step)});
      return true;
    });
    parts.insert(parts.end(), between.begin(), between.end());
  }

  std::map<Index, std::string> jumped;
  for (const std::vector<Index>* quantities : {&columns.q, &columns.v})
    for (std::size_t i = 0; i < quantities->size() && Columns::has(*quantities); ++i) {
      const Index column = (*quantities)[i];
      const bool angle = quantities == &columns.q && columns.angles[i];
      for (const auto& [row, by] : jumps(table, parts, column, columns.time, angle))
        jumped.emplace(row, columns.header[static_cast<std::size_t>(column)] +
                                format(" by %.3g more than around it", by));
    }
  for (const auto& [row, what] : jumped) found.jumps.push_back({line(row), what});
  parts = cut(parts, [&](Index k) { return jumped.contains(k); });

  std::vector<double> steps;
  for (const Rows& piece : parts) {
    const std::vector<double> here = time_steps(t, piece);
    steps.insert(steps.end(), here.begin(), here.end());
  }
  found.time_step = ranked(std::move(steps), 0.5);
  return parts;
}

// ---------------------------------------------------------------- samples

/// The trajectory as it was measured.
physics::Recording recording_of(const Table& table, const Columns& columns, const Rows& piece) {
  const auto rows = [&](const std::vector<Index>& of) -> Eigen::MatrixXd {
    return table.block(of, piece.begin, piece.end).transpose();
  };
  physics::Recording recording{table.block({columns.time}, piece.begin, piece.end),
                               rows(columns.q)};
  if (Columns::has(columns.v)) recording.v = rows(columns.v);
  recording.controls = rows(columns.u);
  for (std::size_t i = 0; i < columns.angles.size(); ++i)
    if (columns.angles[i]) unwrap(recording.q.row(static_cast<Index>(i)));
  return recording;
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return format("%zu %s", count, count == 1 ? one : many);
}

/// Makes samples of all recordings.
void estimate_samples(OwnData& data, const Table& table, const std::vector<Rows>& pieces) {
  std::vector<physics::Estimate> estimates;
  std::vector<Rows> inner;
  Index count = 0;
  const Index shortest = data.recordings.front().v.size() > 0 ? 2 : 2 * data.fit.neighbours + 1;
  for (const physics::Recording& recording : data.recordings) {
    const Rows& piece = pieces[inner.size()];
    estimates.push_back(physics::estimate(recording, data.fit));
    inner.push_back(inner_rows(recording, data.fit));
    const Index samples = inner.back().end - inner.back().begin;
    if (samples == 0)
      data.found.left_out.push_back({table.lines[static_cast<std::size_t>(piece.begin)],
                                     format("%td of %td rows", piece.end - piece.begin, shortest)});
    count += samples;
  }
  if (count == 0)
    refuse(
        "of its " + counted(data.recordings.size(), "trajectory", "trajectories") +
        " none has the " + std::to_string(shortest) +
        " rows that it takes to estimate accelerations (a trajectory ends where t does not "
        "grow" +
        (data.found.turns.empty() ? "" : format(" (at line %ld first)", data.found.turns[0].line)) +
        ", at a gap in time, and at a jump)");
  const auto n = static_cast<Index>(data.names.size());
  physics::DataSet& all = data.samples;
  all.states.resize(2 * n, count);
  all.accelerations.resize(n, count);
  all.controls.resize(data.controls.size(), count);
  Index sample = 0;
  for (std::size_t p = 0; p < inner.size(); ++p)
    for (Index k = inner[p].begin; k < inner[p].end; ++k, ++sample) {
      all.states.col(sample) = estimates[p].states.col(k).cast<autodiff::Scalar>();
      all.accelerations.col(sample) = estimates[p].accelerations.col(k).cast<autodiff::Scalar>();
      if (all.controls.size() > 0)
        all.controls.col(sample) = data.recordings[p].controls.col(k).cast<autodiff::Scalar>();
      if (!all.states.col(sample).allFinite() || !all.accelerations.col(sample).allFinite())
        refuse("line " +
               std::to_string(table.lines[static_cast<std::size_t>(pieces[p].begin + k)]) +
               ": the rates estimated there are too large for a number; the unit of t is the "
               "second");
      data.moments.push_back({data.recordings[p].t[k], p});
    }
}

OwnData parse(const std::string& text) {
  CsvReader reader(text);
  std::vector<std::string> header;
  if (!reader.next(header)) refuse("it is empty");
  const Columns columns = [&] {
    try {
      return Columns(header, reader.comment_before());
    } catch (const IoError& error) {
      reader.refuse(error.what());
    }
  }();
  const Table table(reader, columns);
  const auto n = static_cast<Index>(columns.names.size());
  OwnData data{.names = columns.names,
               .angles = columns.angles,
               .controls = columns.control_names,
               .samples = {},
               .moments = {},
               .recordings = {},
               .fit = {},
               .found = {},
               .fingerprint = {}};
  data.found.rows = table.lines.size();
  data.found.estimated = !Columns::has(columns.a);
  data.found.comments = reader.comments();
  std::vector<Rows> trajectories;
  if (columns.time >= 0) trajectories = trajectories_of(table, columns, data.found);
  for (const Rows& piece : trajectories)
    data.recordings.push_back(recording_of(table, columns, piece));
  data.found.trajectories =
      columns.time >= 0 ? trajectories.size() : static_cast<std::size_t>(table.told);

  if (!data.found.estimated) {
    const auto all = [&](const std::vector<Index>& of) -> autodiff::Matrix {
      return table.block(of, 0, table.size()).transpose().cast<autodiff::Scalar>();
    };
    data.samples.states.resize(2 * n, table.size());
    data.samples.states << all(columns.q), all(columns.v);
    data.samples.accelerations = all(columns.a);
    data.samples.controls = all(columns.u);
    if (columns.time >= 0)
      for (std::size_t p = 0; p < trajectories.size(); ++p)
        for (Index k = trajectories[p].begin; k < trajectories[p].end; ++k)
          data.moments.push_back({table.block({columns.time}, k, k + 1)(0), p});
  } else {
    data.fit = physics::best_fit(data.recordings);
    estimate_samples(data, table, trajectories);
  }
  for (Index i = 0; i < n; ++i)
    if (data.samples.accelerations.row(i).isZero(0))
      data.found.doubts.push_back(data.names[static_cast<std::size_t>(i)] +
                                  " has no acceleration anywhere: nothing can be learnt of it");
  data.found.used = static_cast<std::size_t>(data.samples.size());
  return data;
}

/// "            cut at 3 gaps in time: at line 7 (2.5 s without a row), ..."
std::string to_text(const std::string& what, const std::vector<Finding>& places) {
  if (places.empty()) return {};
  constexpr std::size_t told = 3;
  std::string text = "            " + what + ":";
  for (std::size_t k = 0; k < std::min(places.size(), told); ++k)
    text += format("%s at line %ld (%s)", k > 0 ? "," : "", places[k].line, places[k].what.c_str());
  return text + (places.size() > told ? " and so on\n" : "\n");
}

}  // namespace

Rows inner_rows(const physics::Recording& recording, const physics::LocalFit& fit) {
  const Index size = recording.size(), m = fit.neighbours;
  if (size > 2 * m) return {m, size - m};
  return {0, recording.v.size() > 0 && size > 1 ? size : 0};
}

std::vector<Measured> measured_trajectories(const OwnData& data, Index first) {
  std::vector<Measured> all;
  const auto count = static_cast<Index>(data.moments.size());
  const Eigen::MatrixXd states = data.samples.states.cast<double>();
  for (Index begin = first, end; begin < count; begin = end) {
    const auto moment = [&](Index k) { return data.moments[static_cast<std::size_t>(k)]; };
    for (end = begin + 1; end < count && moment(end).trajectory == moment(begin).trajectory;) ++end;
    if (end - begin < 2) continue;
    physics::Solution one;
    one.t.resize(end - begin);
    for (Index k = begin; k < end; ++k) one.t[k - begin] = moment(k).t;
    one.y = states.middleCols(begin, end - begin);
    for (std::size_t i = 0; i < data.angles.size(); ++i)
      if (data.angles[i]) unwrap(one.y.row(static_cast<Index>(i)));
    one.t_end = one.t.tail(1)(0);
    one.y_end = one.y.rightCols(1);
    all.push_back(
        {std::move(one), data.samples.controls.middleCols(begin, end - begin).cast<double>()});
  }
  return all;
}

std::vector<physics::Recording> recordings_of(const OwnData& data, Index first, Index last) {
  std::vector<physics::Recording> parts;
  const auto moment = [&](Index k) { return data.moments[static_cast<std::size_t>(k)]; };
  const auto of_same = [&](Index k, Index other) {
    return other >= 0 && other < static_cast<Index>(data.moments.size()) &&
           moment(k).trajectory == moment(other).trajectory;
  };
  for (Index begin = first, end; begin < last; begin = end) {
    for (end = begin + 1; end < last && of_same(begin, end);) ++end;
    const physics::Recording& whole = data.recordings[moment(begin).trajectory];
    const auto row_at = [&](double t) {
      return std::lower_bound(whole.t.begin(), whole.t.end(), t) - whole.t.begin();
    };
    const Index from = of_same(begin, begin - 1) ? row_at(moment(begin).t) : 0,
                to = of_same(begin, end) ? row_at(moment(end - 1).t) + 1 : whole.size();
    const auto cut = [&](const Eigen::MatrixXd& rows) -> Eigen::MatrixXd {
      return rows.size() > 0 ? rows.middleCols(from, to - from) : Eigen::MatrixXd();
    };
    parts.push_back(
        {whole.t.segment(from, to - from), cut(whole.q), cut(whole.v), cut(whole.controls)});
  }
  return parts;
}

std::string fingerprint(const std::string& content) {
  return format("%016llx", static_cast<unsigned long long>(nn::crc64(content)));
}

std::string to_text(const OwnData& data) {
  const DataFound& found = data.found;
  std::string text = format("  data      %zu rows, %zu used", found.rows, found.used);
  if (found.used < found.rows) text += " (the ends of a trajectory are neighbours only)";
  if (found.trajectories > 0)
    text += "; " + counted(found.trajectories, "trajectory", "trajectories") +
            format(", a row every %.4g s", found.time_step);
  text += "; coordinates";
  for (std::size_t i = 0; i < data.names.size(); ++i)
    text += (i > 0 ? ", " : " ") + data.names[i] + (data.angles[i] ? " (an angle)" : "");
  for (std::size_t i = 0; i < data.controls.size(); ++i)
    text += (i > 0 ? ", " : "; controls ") + data.controls[i];
  if (found.comments > 0)
    text +=
        "; " + counted(found.comments, "line that begins", "lines that begin") + " with # skipped";
  for (const std::string& doubt : found.doubts) text += "\n            " + doubt;
  return text + '\n' +
         to_text(
             "cut at " + counted(found.turns.size(), "place", "places") + " where t does not grow",
             found.turns) +
         to_text("cut at " + counted(found.gaps.size(), "gap in time", "gaps in time"),
                 found.gaps) +
         to_text("cut at " + counted(found.jumps.size(), "jump", "jumps"), found.jumps) +
         to_text(counted(found.left_out.size(), "trajectory is", "trajectories are") +
                     " left out, too short for an estimate",
                 found.left_out);
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
  std::error_code none;
  if (std::filesystem::is_directory(path, none))
    throw IoError("the data in '" + path.string() + "': it is a folder; name a file in it");
  return parse_data(read_file(path), path.string());
}

}  // namespace tools
