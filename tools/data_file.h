// Data of one's own: measured or simulated motion of any system, from a CSV file.
//
// The first line names the columns. A coordinate has a name, with ":angle" behind it where q and
// q + 2π are the same place; its velocity has the name and one prime, its acceleration two:
//
//     theta:angle,x,theta',x',theta'',x''         a state and its accelerations in each row
//     t,theta:angle,x,theta',x'                   states over time [s]
//     t,theta:angle,x                             coordinates over time
//
// Columns may stand in any order. Where accelerations (or velocities too) are missing they are
// estimated from what is there over time: a polynomial of degree 4 is fitted by least squares to a
// row and the three before and behind it, and differentiated there. The three first and last rows
// of a trajectory serve as neighbours only. A trajectory ends where t does not grow.
//
// Empty lines and those that begin with # are skipped.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "physics/data_set.h"
#include "tools/program.h"

namespace tools {

struct OwnData {
  std::vector<std::string> names;  ///< of the n coordinates, in the order of the file
  std::vector<bool> angles;
  physics::DataSet samples;
  std::size_t trajectories = 0;  ///< 0 where the rows are states without time
  bool estimated = false;        ///< accelerations were not in the file
  std::string fingerprint;       ///< of the file's bytes
};

/// A short text that another content does not have: its CRC-64.
std::string fingerprint(const std::string& content);

/// Throws IoError that names the file, and the line where one is wrong, and says what is expected.
OwnData read_data(const std::filesystem::path& path);
/// The same of the file's text; `name` is for messages.
OwnData parse_data(const std::string& text, const std::string& name);

/// Value and first two derivatives at t = 0 of the polynomial of degree 4 that fits y(times) best:
/// 3 x columns of y. `times` are at least 5, different from each other; y has a row for each.
Eigen::MatrixXd local_derivatives(const Eigen::VectorXd& times, const Eigen::MatrixXd& y);

}  // namespace tools
