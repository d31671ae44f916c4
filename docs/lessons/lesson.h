// What every lesson needs beside its subject: doctest, a check that says what is wrong in words,
// and one for predictions.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>

inline std::string in_digits(double number, int digits) {
  std::ostringstream text;
  text.precision(digits);
  text << number + 0.;  // not -0
  return text.str();
}

/// Holds what the learner's code gives against what is right. `note` helps where they differ.
inline void check_equal(const std::string& what, double yours, double right,
                        const std::string& note = "", double within = 1e-12) {
  int digits = 6;  // more where six do not show the difference
  while (digits < 17 && in_digits(yours, digits) == in_digits(right, digits)) ++digits;
  CHECK_MESSAGE(std::abs(yours - right) <= within * std::max(1., std::abs(right)),
                what << " should be " << in_digits(right, digits) << "; yours is "
                     << in_digits(yours, digits) << ". " << note);
}

/// Stands in a lesson where a prediction has not been made yet.
inline constexpr double not_yet = std::numeric_limits<double>::quiet_NaN();

/// Holds a prediction against what the program computes. They may differ by the part `within`.
inline void check_prediction(double predicted, double computed, double within = 1e-9) {
  if (std::isnan(predicted))
    FAIL_CHECK("Predict first, on paper. Write your number in place of not_yet, then run.");
  else
    CHECK_MESSAGE(std::abs(predicted - computed) <= within * std::abs(computed),
                  "You predicted " << predicted << ". The program computes " << computed
                                   << ". Find out why before you correct the number.");
}
