// The file of weights: taken apart byte by byte as a reader of the format would; read again; and
// what is damaged, hostile or of other programs.
#include "nn/files/safetensors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "nn/files/crc64.h"
#include "nn/layers/mlp.h"

using autodiff::Index;
using autodiff::Scalar;

namespace {

struct File {
  std::uint64_t header_length = 0;
  std::string header, data;
  nlohmann::ordered_json json;  // of the tensors
  nlohmann::ordered_json metadata;
};

File parse(const std::string& bytes) {
  File file;
  REQUIRE(bytes.size() >= 8);
  for (int k = 7; k >= 0; --k)  // little-endian
    file.header_length = file.header_length << 8 | static_cast<unsigned char>(bytes[k]);
  REQUIRE(bytes.size() >= 8 + file.header_length);
  file.header = bytes.substr(8, file.header_length);
  file.data = bytes.substr(8 + file.header_length);
  file.json = nlohmann::ordered_json::parse(file.header);
  file.metadata = file.json["__metadata__"];
  file.json.erase("__metadata__");
  return file;
}

/// Values that tell every place from every other, and are hard to write down in decimal.
nn::Parameters awkward_parameters() {
  nn::Parameters parameters;
  const nn::Mlp mlp(parameters, "net", {3, 5, 2});
  Scalar value = Scalar(1) / 3;
  for (Scalar& p : parameters.values()) p = value *= Scalar(-1.7);
  parameters.values()[0] = std::numeric_limits<Scalar>::denorm_min();
  parameters.values()[1] = -Scalar(0);
  parameters.values()[2] = std::numeric_limits<Scalar>::max();
  return parameters;
}

nn::Parameters two_matrices() {
  nn::Parameters parameters;
  parameters.add("a.weight", 2, 3);
  parameters.add("a.bias", 2, 1);
  for (std::size_t k = 0; k < parameters.values().size(); ++k)
    parameters.values()[k] = static_cast<Scalar>(0.1 * static_cast<double>(k) - 0.3);
  return parameters;
}

/// What is said of a file of two_matrices; empty if it is taken. A refused one changes nothing.
std::string complaint(const std::string& file) {
  nn::Parameters parameters = two_matrices();
  try {
    nn::Safetensors(file).fill(parameters.named());
  } catch (const nn::FileError& error) {
    CHECK(std::ranges::equal(parameters.values(), two_matrices().values()));
    return error.what();
  }
  return {};
}

/// A file with this header over so many bytes of zeros.
std::string with_header(const std::string& header, std::size_t bytes) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(bytes, '\0');
}

}  // namespace

TEST_CASE("a file of weights has a header of the told length, and its numbers begin aligned to 8") {
  // Names of growing length put the header's end everywhere.
  for (std::size_t length = 1; length <= 16; ++length) {
    nn::Parameters parameters;
    parameters.add(std::string(length, 'x'), 2, 2);
    const std::string bytes = to_safetensors(parameters);
    const File file = parse(bytes);
    CHECK(file.header_length % 8 == 0);
    CHECK(file.header.front() == '{');
    CHECK(file.header.find_last_not_of(' ') == file.header.rfind('}'));  // padded with spaces
    CHECK(file.data.size() == 4 * sizeof(Scalar));
  }
}

TEST_CASE("tensors lie one after the other, without gaps, in the order of the parameters") {
  const nn::Parameters parameters = awkward_parameters();
  const File file = parse(to_safetensors(parameters));
  REQUIRE(file.json.size() == parameters.list().size());
  std::size_t end = 0, k = 0;
  for (const auto& [name, tensor] : file.json.items()) {
    const nn::Parameter& parameter = parameters.list()[k++];
    CHECK(name == parameter.name);
    CHECK(tensor.size() == 3);
    CHECK(tensor["dtype"] == (sizeof(Scalar) == 8 ? "F64" : "F32"));
    CHECK(tensor["shape"] == nlohmann::ordered_json{parameter.shape.rows, parameter.shape.cols});
    CHECK(tensor["data_offsets"][0] == end);
    end += static_cast<std::size_t>(parameter.shape.size()) * sizeof(Scalar);
    CHECK(tensor["data_offsets"][1] == end);
  }
  CHECK(file.data.size() == end);
}

TEST_CASE("values are stored row-major and to the last bit") {
  nn::Parameters parameters = awkward_parameters();
  const File file = parse(to_safetensors(parameters));
  for (const nn::Parameter& parameter : parameters.list()) {
    const auto matrix = parameters.matrix(parameter);
    const auto begin = file.json[parameter.name]["data_offsets"][0].get<std::size_t>();
    for (Index i = 0; i < matrix.rows(); ++i)
      for (Index j = 0; j < matrix.cols(); ++j) {
        const auto place = static_cast<std::size_t>(i * matrix.cols() + j);
        const Scalar expected = matrix(i, j);
        CAPTURE(parameter.name);
        CHECK(std::memcmp(file.data.data() + begin + place * sizeof(Scalar), &expected,
                          sizeof(Scalar)) == 0);
      }
  }
}

TEST_CASE("weights that are not finite are stored as they are") {
  nn::Parameters parameters;
  parameters.add("w", 1, 2);
  parameters.values()[0] = std::numeric_limits<Scalar>::quiet_NaN();
  parameters.values()[1] = -std::numeric_limits<Scalar>::infinity();
  const File file = parse(to_safetensors(parameters));
  CHECK(std::memcmp(file.data.data(), parameters.values().data(), 2 * sizeof(Scalar)) == 0);
}

TEST_CASE("no parameters make an empty and valid file") {
  const File file = parse(to_safetensors(nn::Parameters()));
  CHECK(file.json.empty());
  CHECK(file.data.empty());
  CHECK(nn::Safetensors(to_safetensors(nn::Parameters())).size() == 0);
}

TEST_CASE("metadata keep every byte, and the header is UTF-8 whatever they are") {
  nn::Metadata metadata{{"plain", "seed = 1"},
                        {"quotes", "\"a\\b\"\n\t\x01\x7f/"},
                        {std::string("zero\0key", 8), std::string("a\0b", 3)},
                        {"characters", "θ1' 中 😀 \xEF\xBF\xBD"},
                        {"latin1", "caf\xE9.csv"},
                        {"cut", "\xE4\xB8"},
                        {"overlong", "\xC0\xAF"},
                        {"surrogate", "\xED\xA0\x80"},
                        {"private", "\xEE\xBE\x80 \xEE\xBF\xBF \xEE\xBD\xBF"}};
  for (int c = 0; c < 256; ++c) metadata["all bytes"] += static_cast<char>(c);
  // The first and the last characters of each length, and those beside the surrogates.
  const std::string ends =
      "\x01\x7F \xC2\x80\xDF\xBF \xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF "
      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  metadata["ends"] = ends;
  // Beside them: longer than it has to be, a surrogate, one more than the last.
  metadata["none"] = "\xC1\xBF \xE0\x9F\xBF \xED\xBF\xBF \xF0\x8F\xBF\xBF \xF4\x90\x80\x80";
  const std::string bytes = to_safetensors(two_matrices(), metadata);
  const File file = parse(bytes);  // which takes UTF-8 only
  CHECK(file.metadata["characters"] == metadata["characters"]);
  CHECK(file.metadata["ends"] == ends);
  CHECK(file.metadata["quotes"] == metadata["quotes"]);
  CHECK(nn::Safetensors(bytes).metadata() == metadata);
}

TEST_CASE("the checksum is the CRC-64/XZ of the file with zeros in its place") {
  CHECK(nn::crc64("123456789") == 0x995DC9BBDF1939FAu);  // as the catalogue of CRCs has it
  std::string bytes = to_safetensors(two_matrices());
  const std::string told = parse(bytes).metadata["crc64"];
  REQUIRE(told.size() == 16);
  bytes.replace(bytes.find(told), 16, 16, '0');
  CHECK(std::stoull(told, nullptr, 16) == nn::crc64(bytes));
}

TEST_CASE("weights come back from their file bit for bit") {
  nn::Parameters written = awkward_parameters(), read = awkward_parameters();
  for (Scalar& p : read.values()) p = 7;
  nn::Safetensors(to_safetensors(written)).fill(read.named());
  CHECK(std::memcmp(written.values().data(), read.values().data(), written.values().size_bytes()) ==
        0);
}

TEST_CASE(
    "files of other programs: single precision, another order, blanks, escapes, no checksum") {
  const std::string header =
      " {\n\"a.bias\":{\"shape\":[2,1],\"data_offsets\":[0, 8],\"dtype\":\"F32\"} ,"
      R"("\u0061.\u0077eight":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},)"
      R"("__metadata__":{"format":"\ud83d\uDE00\/pt","ends":"\uffff\ud800\udc00",)"
      R"("one":"\u007f","two":"\u0080\u07ff","three":"\u0800\ud7ff\ue000","four":"\udbff\udfff",)"
      R"("letters":"\b\f\n\r\t\"\\"}} )";
  std::string file = with_header(header, 32);
  const float half = 0.5;
  std::memcpy(file.data() + 8 + header.size() + 8 + 4, &half, 4);  // row 0, column 1
  nn::Parameters parameters = two_matrices();
  const nn::Safetensors read(file);
  CHECK(read.metadata().at("format") == "😀/pt");
  CHECK(read.metadata().at("ends") == "\xEF\xBF\xBF\xF0\x90\x80\x80");  // 3 bytes, 4 bytes
  CHECK(read.metadata().at("one") == "\x7F");
  CHECK(read.metadata().at("two") == "\xC2\x80\xDF\xBF");
  CHECK(read.metadata().at("three") == "\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80");
  CHECK(read.metadata().at("four") == "\xF4\x8F\xBF\xBF");
  CHECK(read.metadata().at("letters") == "\b\f\n\r\t\"\\");
  CHECK(read.size() == 8);
  read.fill(parameters.named());
  CHECK(parameters.matrix(parameters.list()[0])(0, 1) == Scalar(0.5));
  CHECK(parameters.matrix(parameters.list()[0])(1, 0) == 0);
}

TEST_CASE("a bad file of weights is refused with the reason") {
  const auto header = [](const std::string& weight, const std::string& more = "") {
    return R"({"a.weight":)" + weight +
           R"(,"a.bias":{"dtype":"F64","shape":[2,1],"data_offsets":[48,64]})" + more + "}";
  };
  const std::string good = R"({"dtype":"F64","shape":[2,3],"data_offsets":[0,48]})";
  REQUIRE(complaint(with_header(header(good), 64)).empty());
  const auto tensor = [&](const std::string& shape, const std::string& offsets) {
    return with_header(
        header(R"({"dtype":"F64","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}"), 64);
  };
  std::string much = with_header("{}", 0);
  much.replace(0, 8, 8, '\xff');
  struct Case {
    std::string file, reason;
  };
  const std::vector<Case> cases{
      {"", "0 bytes"},
      {"short", "5 bytes"},
      {std::string(8, '\0'), "byte 0"},
      {"a text, and no weights at all", "truncated"},
      {much, "18446744073709551615 bytes long"},
      {with_header("", 64), "byte 0"},
      {with_header("no json", 64), "byte 0"},
      {with_header("[1]", 64), "byte 0"},
      {with_header("{}", 0), "a.weight"},
      {with_header("{}", 64), "64 bytes follow"},
      {with_header(header(good), 63), "truncated"},
      {with_header(header(good), 72), "8 bytes follow"},
      {with_header(header(good) + "}", 64), "more behind its end"},
      {with_header(header(good, R"(,"c":1)"), 64), "no {"},
      {with_header(header(good, R"(,"a.bias":)" + good), 64), "\"a.bias\" stands there twice"},
      {with_header(header(good, R"(,"\u0061.bias":)" + good), 64), "stands there twice"},
      {with_header(header(good, R"(,"__metadata__":{},"__metadata__":{})"), 64), "twice"},
      {with_header(header(good, R"(,"__metadata__":{"a":"b","a":"b"})"), 64), "twice"},
      {with_header(header(good, R"(,"__metadata__":{"a":1})"), 64), "no \""},
      {with_header(header(good, R"(,"__metadata__":[])"), 64), "no {"},
      {with_header(header(good, R"(,"e":{"dtype":"F64","shape":[0],"data_offsets":[64,64]})"), 64),
       "3 tensors"},
      {tensor("[3,2]", "[0,48]"), "its shape is [3,2], the model's is [2,3]"},
      {tensor("[6]", "[0,48]"), "its shape is [6]"},
      {tensor("[]", "[0,48]"), "expected [0,8]"},
      {tensor("[2,4]", "[0,48]"), "expected [0,64]"},
      {tensor("[2,3]", "[8,56]"), "[8,56]"},
      {tensor("[2,3]", "[0,56]"), "expected [0,48]"},
      {tensor("[2,3]", "[48,0]"), "expected"},
      {tensor("[2,3]", "[0,40]"), "expected [0,48]"},
      {tensor("[2,3]", "[0]"), "a begin and an end"},
      {tensor("[2,3.0]", "[0,48]"), "no ]"},
      {tensor("[2,03]", "[0,48]"), "whole number"},
      {tensor("[-2,3]", "[0,48]"), "whole number"},
      {tensor("[2,18446744073709551616]", "[0,48]"), "whole number"},
      {tensor("[4294967296,4294967296]", "[0,48]"), "expected"},
      {tensor("[2305843009213693952,8]", "[0,0]"), "expected"},
      {tensor("[9223372036854775807,3]", "[0,18446744073709551615]"), "truncated"},
      {with_header(header(R"({"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]})"), 64), "BF16"},
      {with_header(header(R"({"dtype":"F64","shape":[2,3]})"), 64), "data_offsets"},
      {with_header(header(R"({"dtype":"F64","shape":[2,3],"data":[0,48]})"), 64), "\"data\""},
      {with_header(header("7"), 64), "no {"},
      {with_header(R"({"a)", 64), "without an end"},
      {with_header("{\"a\n\"", 64), "control character"},
      {with_header(R"({"\q":)", 64), "escape"},
      {with_header(R"({"\u12")", 64), "hexadecimal"},
      {with_header(R"({"\u12)", 64), "hexadecimal"},
      {with_header(R"({"\u12":1})", 64), "hexadecimal"},
      {with_header(R"({"\ud800x":)", 64), "half a character"},
      {with_header(R"({"\ud800\ud800":)", 64), "half a character"},
      {with_header(R"({"\udbff\ue000":)", 64), "half a character"},
      {with_header(R"({"\udc00":)", 64), "half a character"},
      {with_header(R"({"\udc00\udc00":)", 64), "half a character"},
  };
  for (const Case& bad : cases) {
    CAPTURE(bad.file);
    CAPTURE(bad.reason);
    const std::string said = complaint(bad.file);
    CAPTURE(said);
    CHECK(said.find(bad.reason) != said.npos);
  }
  nn::Parameters broken = two_matrices();
  broken.values()[4] = std::numeric_limits<Scalar>::quiet_NaN();
  CHECK(complaint(to_safetensors(broken)).find("NaN") != std::string::npos);
}

TEST_CASE("a header that nests deeply is refused, wherever it does") {
  for (const std::string open : {"[", "{\"a\":"})
    for (const std::string before :
         {"", R"({"a":)", R"({"a":{"dtype":)", R"({"a":{"shape":)", R"({"a":{"shape":[1,)",
          R"({"__metadata__":)", R"({"__metadata__":{"a":)"}) {
      std::string deep = before;
      for (int k = 0; k < 1'000'000; ++k) deep += open;
      CHECK(complaint(with_header(deep, 8)).find("of its header") != std::string::npos);
    }
}

TEST_CASE("what a bad file says about itself does not reach the terminal") {
  const std::string name = "\x1b[2J" + std::string(10'000, 'x');
  std::string said = complaint(with_header(
      "{" + nn::to_json(name) + R"(:{"dtype":"F64","shape":[1],"data_offsets":[0,0]}})", 0));
  CHECK(said.find("[2J") != said.npos);
  CHECK(said.find('\x1b') == said.npos);
  CHECK(said.size() < 300);
}

TEST_CASE("a text from a file is printed up to sixty characters, without what steers a terminal") {
  const std::string sixty(60, 'x');
  CHECK(nn::fit_to_print(sixty) == sixty);
  CHECK(nn::fit_to_print(sixty + 'y') == sixty + "...");
  CHECK(nn::fit_to_print("a b~\x7F\x1F\tθ") == "a b~???θ");
}

TEST_CASE("tensors without entries may lie anywhere between the others") {
  nn::Parameters parameters = two_matrices();
  const std::string header = R"({"z":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},)"
                             R"("a.bias":{"dtype":"F64","shape":[2,1],"data_offsets":[0,16]},)"
                             R"("a.a":{"dtype":"F64","shape":[3,0],"data_offsets":[16,16]},)"
                             R"("a.weight":{"dtype":"F64","shape":[2,3],"data_offsets":[16,64]}})";
  const nn::Safetensors file(with_header(header, 64));
  CHECK(file.size() == 8);
  CHECK_THROWS_WITH_AS(file.fill(parameters.named()), "it holds 4 tensors, the model has 2",
                       nn::FileError);
}

TEST_CASE("a flipped bit anywhere in a file of weights is noticed") {
  std::string file = to_safetensors(two_matrices(), {{"hidden", "64,64"}});
  REQUIRE(complaint(file).empty());
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto flip = static_cast<char>(1 << bit % 8);
    file[bit / 8] ^= flip;
    const std::string said = complaint(file);
    file[bit / 8] ^= flip;
    CAPTURE(bit);
    CAPTURE(said);
    CHECK(said.find("damaged") != said.npos);
  }
}

TEST_CASE("other damage to a file of weights is noticed: what is cut, added, blanked or swapped") {
  const std::string file = to_safetensors(two_matrices());
  for (std::size_t length = 0; length < file.size(); ++length)
    CHECK(complaint(file.substr(0, length)).find("truncated") != std::string::npos);
  CHECK_FALSE(complaint(file + '\0').empty());
  for (const std::size_t block : {1, 8, 64})
    for (std::size_t a = 0; a + block <= file.size(); a += block) {
      std::string damaged = file;
      damaged.replace(a, block, block, '\0');
      CHECK((damaged == file || !complaint(damaged).empty()));
      for (std::size_t b = a + block; b + block <= file.size(); b += block) {
        damaged = file;
        std::swap_ranges(damaged.begin() + static_cast<long>(a),
                         damaged.begin() + static_cast<long>(a + block),
                         damaged.begin() + static_cast<long>(b));
        CHECK((damaged == file || !complaint(damaged).empty()));
      }
    }
}

TEST_CASE("every beginning of a header is refused, whatever lies behind it") {
  const std::string whole = R"({"__metadata__":{"\u0041":"\n\ud83d\ude00"},)"
                            R"("x":{"dtype":"F64","shape":[2,3],"data_offsets":[0,48]}})";
  REQUIRE(nn::parse_header(whole).metadata.at("A") == "\n\xF0\x9F\x98\x80");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_THROWS_AS(nn::parse_header(std::string_view(whole).substr(0, size)), nn::FileError);
  }
}
