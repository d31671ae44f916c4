// Data of one's own: measured or simulated motion of any system, from a CSV file in any dialect
// (tools/app/csv.h).
//
// The first line names the columns. A coordinate has a name, with ":angle" behind it where q and
// q + 2π are the same place, or ":degrees" for such an angle in degrees; its velocity has the name
// and one prime, its acceleration two; a control (a motor's torque, say) has ":control" behind it
// or "u:" before:
//
//     theta:angle,x,theta',x',theta'',x''         a state and its accelerations in each row
//     t,theta:angle,x,theta',x'                   states over time [s]
//     t,theta:degrees,x                           coordinates over time
//     t,x,x',force:control                        states over time, and what drives them
//
// Columns may stand in any order. Where accelerations (or velocities too) are missing they are
// estimated from what is there over time: a polynomial of degree 4 is fitted by least squares to a
// row and some before and behind it, more where there is more noise, and differentiated there
// (physics/observe/recording.h). The first and last rows of a trajectory serve as neighbours only.
//
// A trajectory ends where t does not grow, where there is a gap in time, and where a coordinate or
// velocity jumps as no motion does between two rows. A column "trajectory" holds a number or name
// of the trajectory that a row belongs to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "physics/data_set.h"
#include "physics/integrate/rk45.h"
#include "physics/observe/recording.h"
#include "tools/app/program.h"

namespace tools {

/// Something that readers of a file have to know.
struct Finding {
  long line;         ///< where
  std::string what;  ///< as "2.5 s without a row"
};

/// What was found in a file.
struct DataFound {
  std::size_t rows = 0, used = 0;
  std::size_t trajectories = 0;  ///< 0 where the rows are states without time
  /// Where a trajectory was cut in two, the first rows behind: in time, and of what is measured.
  std::vector<Finding> gaps, jumps;
  std::vector<Finding> turns;     ///< the same where t does not grow
  std::vector<Finding> left_out;  ///< trajectories too short for an estimate, their first rows
  double time_step = 0;           ///< the median [s]; 0 without time
  bool estimated = false;         ///< accelerations were not in the file
  std::size_t comments = 0;       ///< lines below the first that begin with #
  std::vector<std::string> doubts = {};  ///< about columns, each in a sentence
};

/// Where a sample stands in time.
struct Moment {
  double t;                ///< [s]
  std::size_t trajectory;  ///< counted from 0
};

struct OwnData {
  std::vector<std::string> names;  ///< of the n coordinates, in the order of the file
  std::vector<bool> angles;
  std::vector<std::string> controls;  ///< names of what drives the motion
  physics::DataSet samples;  ///< in the order of the file, trajectory by trajectory; angles [rad]
  std::vector<Moment> moments;  ///< of every sample; none where the rows are states without time
  std::vector<physics::Recording> recordings;  ///< every trajectory as measured; none without time
  physics::LocalFit fit;                       ///< by which rates were estimated
  DataFound found;
  std::string fingerprint;  ///< of the file's bytes
};

/// A short text that another content does not have: its CRC-64.
std::string fingerprint(const std::string& content);

/// Throws IoError that names the file, and the line where one is wrong, and says what is expected.
OwnData read_data(const std::filesystem::path& path);
/// The same of the file's text; `name` is for messages.
OwnData parse_data(const std::string& text, const std::string& name);

/// A trajectory as it was measured.
struct Measured {
  physics::Solution motion;  ///< states 2n x times, at least two; angles go on over whole turns
  Eigen::MatrixXd controls;  ///< k x times
};
/// The trajectories of sample number `first` and those behind it.
std::vector<Measured> measured_trajectories(const OwnData& data, autodiff::Index first);

/// Rows [begin, end).
struct Rows {
  autodiff::Index begin, end;
};
/// Which of a recording's rows are samples, where accelerations were estimated: those with all
/// neighbours on both sides. Of a short one whose velocities were measured, all.
Rows inner_rows(const physics::Recording& recording, const physics::LocalFit& fit);

/// What was recorded of the samples [first, last): whole trajectories, with the rows at their ends
/// that are neighbours only; parts of those that the range cuts.
std::vector<physics::Recording> recordings_of(const OwnData& data, autodiff::Index first,
                                              autodiff::Index last);

/// What was found, in a few lines for people.
std::string to_text(const OwnData& data);

}  // namespace tools
