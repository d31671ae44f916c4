#include "tools/app/columns.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numbers>
#include <set>
#include <string_view>

#include "nn/files/utf8.h"
#include "tools/app/csv.h"

namespace tools {
namespace {

using autodiff::Index;
using std::string_view;

[[noreturn]] void wrong(const std::string& what) { throw IoError(what); }

const std::string known_suffixes =
    ":angle (in radians; q and q + 2π are the same place), :degrees (the same in degrees) and "
    ":control (what drives the motion)";

/// The name with plain primes for typographic ones.
std::string with_plain_primes(std::string name) {
  const std::pair<const char*, const char*> typographic[]{
      {"\u2032", "'"},  {"\u2019", "'"},  {"\u2018", "'"},  {"\u00B4", "'"},  {"\u02B9", "'"},
      {"\u02BC", "'"},  {"\uFF07", "'"},  {"`", "'"},       {"\"", "''"},     {"\u2033", "''"},
      {"\u201D", "''"}, {"\u201C", "''"}, {"\u02BA", "''"}, {"\uFF02", "''"}, {"\u2034", "'''"}};
  for (const auto& [prime, plain] : typographic)
    for (std::size_t at = 0; (at = name.find(prime, at)) != name.npos;)
      name.replace(at, string_view(prime).size(), plain);
  return name;
}

/// Does it have characters that are not seen, but steer a terminal or turn text around? Of C1
/// controls, marks of width 0 and of direction, and the byte order mark.
bool has_unseen(const std::string& text) {
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    const string_view rest = string_view(text).substr(at);
    const auto second = static_cast<unsigned char>(rest[1]);
    if (rest[0] == '\xC2' && second < 0xA0) return true;
    for (const string_view mark :
         {"\u200B", "\u200C", "\u200D", "\u200E", "\u200F", "\u061C", "\u2028", "\u2029", "\u202A",
          "\u202B", "\u202C", "\u202D", "\u202E", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069",
          "\uFEFF"})
      if (rest.starts_with(mark)) return true;
  }
  return false;
}

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// In lower case, without what stands between words: "t_ms", "tMs" and "T-ms" are alike.
std::string bare(const std::string& name) {
  std::string text = lower_case(name);
  std::erase_if(text, [](char c) { return c == '_' || c == '-' || c == '.' || c == ' '; });
  return text;
}

/// A word that counts rows or trials: frame, trial_id, sampleNo.
bool looks_like_count(const std::string& name) {
  static const std::set<std::string> counted{
      "trajectory", "trajectories", "traj",  "trial", "run", "episode", "sequence", "experiment",
      "index",      "idx",          "frame", "row",   "id",  "sample",  "samples",  "counter"};
  const std::string word = bare(name);
  for (const string_view ending : {"", "id", "no", "nr", "num", "number", "index"})
    if (word.ends_with(ending) && counted.contains(word.substr(0, word.size() - ending.size())))
      return true;
  return false;
}

/// The time, with a unit or without: time, t_ms. ("th" may be an angle.)
bool looks_like_time(const std::string& name) {
  static const std::set<std::string> times{"t",    "time",     "times",   "timestamp", "sec",
                                           "date", "datetime", "seconds", "clock",     "elapsed"},
      units{"s", "sec", "seconds", "ms", "us", "ns", "min", "h"};
  const std::size_t last = name.find_last_of("_-. ");
  const bool unit = last != name.npos && units.contains(lower_case(name.substr(last + 1)));
  return times.contains(bare(name.substr(0, unit ? last : name.npos)));
}

/// A cell of the header, taken apart.
struct Name {
  std::string coordinate;  // or t, or trajectory
  std::string suffix;
  int primes = 0;

  explicit Name(const std::string& cell) {
    const std::size_t colon = cell.find(':');
    coordinate = with_plain_primes(cell.substr(0, colon));
    if (colon != cell.npos) suffix = cell.substr(colon);
    for (; coordinate.ends_with('\''); coordinate.pop_back()) ++primes;
    // The other way to write a control: u:torque is torque:control. A coordinate may be called u:
    // what marks one, or looks like its unit, keeps its meaning.
    static const std::set<std::string> marks{"",        ":",    ":angle",   ":degrees", ":control",
                                             ":degree", ":deg", ":radians", ":radian",  ":rad"};
    if (coordinate == "u" && primes == 0 && !marks.contains(suffix)) {
      coordinate = with_plain_primes(suffix.substr(1));
      suffix = ":control";
    }
  }

  std::string text() const {
    return coordinate + std::string(static_cast<std::size_t>(primes), '\'');
  }
  bool special() const { return coordinate == "t" || coordinate == "trajectory"; }

  /// Refuses what cannot be a column. `cell` and `place` are for messages.
  void require_sense(const std::string& cell, std::size_t place) const {
    const std::string column = "the column " + shown(cell);
    if (coordinate.empty())
      wrong("column " + std::to_string(place) +
            " has no name; one that only counts rows has to go");
    if (!nn::is_utf8(coordinate) || has_unseen(coordinate))
      wrong("column " + std::to_string(place) +
            " has a name with characters that cannot be seen, or are not UTF-8");
    const bool plain = std::all_of(coordinate.begin(), coordinate.end(), [](unsigned char c) {
      return c >= 0x80 || std::isalnum(c) != 0 || c == '_' || c == ' ' || c == '-' || c == '.';
    });
    if (!plain || coordinate.find("°") != coordinate.npos)
      wrong(column +
            ": a name has letters, digits, _, - and blanks, in UTF-8, then primes if it is "
            "a rate, then " +
            known_suffixes + "; units are not written");
    if (coordinate.front() == ' ' || coordinate.back() == ' ')
      wrong(column + ": between a name and what stands behind it there is no blank");
    if (suffix != "" && suffix != ":angle" && suffix != ":degrees" && suffix != ":control")
      wrong(column + ": " + shown(suffix) + " is not known; known are " + known_suffixes);
    if (suffix != "" && (primes > 0 || special()))
      wrong(column + ": of a coordinate and its rates only the coordinate is marked");
    if (special() && primes > 0)
      wrong(column + ": " + coordinate + " has no rates, it is no coordinate");
    if (primes > 2) wrong(column + " is neither a coordinate nor one of its first two rates");
    if (!special() && looks_like_time(coordinate))
      wrong(column + " looks like the time, which is called t, in seconds; any other has to go");
    if (!special() && looks_like_count(coordinate))
      wrong(column +
            " looks like a count; what tells trajectories apart is called trajectory, any "
            "other has to go");
  }
};

/// The coordinates of a file by their bare names.
std::map<std::string, std::string> by_bare_name(const std::vector<std::string>& coordinates) {
  std::map<std::string, std::string> all;
  for (const std::string& name : coordinates) all.emplace(bare(name), name);
  return all;
}

/// The rate that the name looks like: "x''" for ax, a_x, ddx, xDdot; "" if it looks like none. A
/// word for rates as such stands for that of the first of several coordinates.
std::string rate_called(const std::string& name, const std::string& first,
                        const std::map<std::string, std::string>& coordinates) {
  struct Form {
    string_view before, behind;
    const char* primes;
    string_view of = "";  // the beginning of the coordinate's name
  };
  static constexpr Form forms[]{{"d2", "dt2", "''"},
                                {"d", "dt", "'"},
                                {"", "dotdot", "''"},
                                {"", "ddot", "''"},
                                {"", "dot", "'"},
                                {"", "vel", "'"},
                                {"", "velocity", "'"},
                                {"", "speed", "'"},
                                {"", "rate", "'"},
                                {"", "acc", "''"},
                                {"", "accel", "''"},
                                {"", "acceleration", "''"},
                                {"velocity", "", "'"},
                                {"vel", "", "'"},
                                {"acceleration", "", "''"},
                                {"accel", "", "''"},
                                {"acc", "", "''"},
                                {"dd", "", "''"},
                                {"d", "", "'"},
                                {"v", "", "'"},
                                {"a", "", "''"},
                                {"omega", "", "'", "theta"},
                                {"ω", "", "'", "θ"}};
  const std::string word = bare(name);
  for (const Form& form : forms) {
    if (word.size() < form.before.size() + form.behind.size() || !word.starts_with(form.before) ||
        !word.ends_with(form.behind))
      continue;
    const std::string rest =
        word.substr(form.before.size(), word.size() - form.before.size() - form.behind.size());
    const auto found = coordinates.find(std::string(form.of) + rest);
    if (found != coordinates.end() && found->second != name) return found->second + form.primes;
  }
  for (const string_view ending : {"ddot", "dotdot", "dot"})
    if (word.ends_with(ending) && word.size() > ending.size())
      return word.substr(0, word.size() - ending.size()) + (ending == "dot" ? "'" : "''");
  static const std::set<std::string> velocities{"vel",   "velocity", "velocities",
                                                "speed", "omega",    "angularvelocity"},
      accelerations{"acc", "accel", "acceleration", "accelerations", "angularacceleration"};
  const bool v = word == "v" && !coordinates.contains("u") && !coordinates.contains("w");
  if (name != first && (v || velocities.contains(word))) return first + "'";
  if (name != first && accelerations.contains(word)) return first + "''";
  return {};
}

void require_no_number(const std::string& cell, bool comment_before) {
  const std::string starts = "+-.,0123456789";
  if (cell.empty() || starts.find(cell[0]) == starts.npos ||
      cell.find_first_not_of(starts + "eE") != cell.npos)
    return;
  wrong(shown(cell) + " is no name: the first line names the columns, as in t,theta:angle,theta'" +
        (comment_before ? " (without the # of a line before, if that one does)" : ""));
}

void require_all_or_none(const std::vector<std::string>& names, const std::vector<Index>& columns,
                         const std::string& primes) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if ((columns[i] >= 0) != Columns::has(columns)) {
      const bool missing = columns[i] < 0;
      wrong("there is a column " + names[missing ? 0 : i] + primes + ", but no " +
            names[missing ? i : 0] + primes);
    }
}

}  // namespace

Columns::Columns(const std::vector<std::string>& cells, bool comment_before) {
  std::map<std::string, Index> column;
  for (std::size_t k = 0; k < cells.size(); ++k) {
    require_no_number(cells[k], comment_before);
    const Name name(cells[k]);
    name.require_sense(cells[k], k + 1);
    header.push_back(name.text());
    if (!column.emplace(name.text(), static_cast<Index>(k)).second)
      wrong("the column " + shown(name.text()) + " is there twice");
    if (name.suffix == ":control") {
      control_names.push_back(name.coordinate);
      u.push_back(static_cast<Index>(k));
    }
    if (name.special() || name.primes > 0 || name.suffix == ":control") continue;
    names.push_back(name.coordinate);
    angles.push_back(!name.suffix.empty());
    degrees.push_back(name.suffix == ":degrees");
  }
  const auto find = [&](const std::string& name) {
    const auto found = column.find(name);
    return found == column.end() ? Index(-1) : found->second;
  };
  time = find("t");
  trajectory = find("trajectory");
  for (const std::string& name : names) {
    q.push_back(find(name));
    v.push_back(find(name + "'"));
    a.push_back(find(name + "''"));
  }
  const std::set<std::string> known(names.begin(), names.end());
  for (const std::string& name : header)
    if (name.ends_with('\'') && !known.contains(name.substr(0, name.find('\''))))
      wrong("the column " + name + " belongs to no coordinate: there is no column " +
            name.substr(0, name.find('\'')));
  if (names.empty()) wrong("its first line names no coordinate, as in: t,theta:angle,theta'");
  const std::map<std::string, std::string> coordinates = by_bare_name(names);
  for (const std::string& name : names)
    if (const std::string rate = rate_called(name, names[0], coordinates); !rate.empty())
      wrong("the column " + shown(name) + " looks like a rate, which is called " + rate);
  require_all_or_none(names, v, "'");
  require_all_or_none(names, a, "''");
  if (has(a) && !has(v)) wrong("accelerations without velocities; the latter are needed too");
  if (!has(a) && time < 0)
    wrong("there are neither accelerations (as " + names[0] +
          "'') nor times (t) to estimate them from");
}

std::vector<double> Columns::units() const {
  std::vector<double> units(header.size(), 1);
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const Index column : {q[i], v[i], a[i]})
      if (degrees[i] && column >= 0)
        units[static_cast<std::size_t>(column)] = std::numbers::pi / 180;
  return units;
}

}  // namespace tools
