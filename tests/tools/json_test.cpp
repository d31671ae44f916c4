// JSON as the programs write it.
#include "tools/app/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

using tools::Json;

TEST_CASE("values of every kind are written as JSON has them") {
  CHECK(Json().text() == "null\n");
  CHECK(Json(true).text() == "true\n");
  CHECK(Json(-3).text() == "-3\n");
  CHECK(Json(std::numeric_limits<std::uint64_t>::max()).text() == "18446744073709551615\n");
  CHECK(Json(0.1).text() == "0.1\n");
  CHECK(Json(std::nan("")).text() == "null\n");
  CHECK(Json("a \"b\"\n").text() == "\"a \\\"b\\\"\\n\"\n");
  CHECK(Json(std::optional<double>()).text() == "null\n");
  CHECK(Json(std::optional(1.5)).text() == "1.5\n");
  CHECK(Json(Eigen::VectorXd(Eigen::Vector2d(1, 2))).text() == "[\n  1.0,\n  2.0\n]\n");
  CHECK(Json(std::vector<std::string>{}).text() == "[]\n");
}

TEST_CASE("an object keeps the order of its entries, and a name has one value") {
  Json json{{"z", 1}, {"a", 2}};
  json["m"]["deep"] = "x";
  json["a"] = 3;
  json["b"] = std::vector{true, false};
  CHECK(json.text() ==
        "{\n  \"z\": 1,\n  \"a\": 3,\n  \"m\": {\n    \"deep\": \"x\"\n  },\n"
        "  \"b\": [\n    true,\n    false\n  ]\n}\n");
  CHECK(nlohmann::json::parse(json.text())["m"]["deep"] == "x");
}
