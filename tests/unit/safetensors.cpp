// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/io/safetensors.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

/// A file by hand: the header's length, the header, the data.
std::string file_of(const std::string& header, const std::string& data) {
  std::string bytes;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes += static_cast<char>(header.size() >> (8 * i) & 0xFFU);
  }
  return bytes + header + data;
}
std::string entry(const std::string& name, const std::string& rest) {
  return "\"" + name + "\":" + rest;
}
const std::string two =  // F32 [2] at 0, U8 [3] at 8
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
    R"("b":{"dtype":"U8","shape":[3,1],"data_offsets":[8,11]}})";

std::string temporary() {
  return (std::filesystem::temp_directory_path() /
          ("dag_safetensors_" + std::to_string(::getpid())))
      .string();
}
std::string text_of(const std::string& path) { return dag::read_text_file(path); }

void refused(const std::string& bytes, const char* why) {
  CAPTURE(why);
  try {
    const dag::SafeTensors file(bytes, "weights");
    FAIL_CHECK("accepted: ", why);
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::parse);
    CHECK(std::string(error.what()).find("weights: ") != std::string::npos);
    CHECK_MESSAGE(std::string(error.what()).find(why) != std::string::npos, error.what());
  }
}

}  // namespace

TEST_CASE("a file by hand is read: names, types, shapes, bytes, metadata") {
  const std::string header = R"({"__metadata__":{"format":"pt"},)" + two.substr(1) + "     ";
  const dag::SafeTensors file(file_of(header, "01234567xyz"), "weights");
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
  REQUIRE(file.tensors().size() == 2);
  const dag::SafeTensors copy = file;  // NOLINT: copies share the bytes
  const dag::SafeTensor* b = copy.find("b");
  REQUIRE(b != nullptr);
  CHECK(b->type == "U8");
  CHECK(b->shape == std::vector<std::size_t>{3, 1});
  CHECK(b->bytes == "xyz");
  CHECK(copy.find("a")->bytes == "01234567");
  CHECK(copy.find("c") == nullptr);
  CHECK(dag::SafeTensors(file_of("{}", ""), "weights").tensors().empty());
  // No numbers, and one number without a shape.
  const std::string small =
      "{" + entry("e", R"({"dtype":"F64","shape":[0,9],"data_offsets":[0,0]})") + "," +
      entry("s", R"({"dtype":"I8","shape":[],"data_offsets":[0,1]})") + "}";
  CHECK(dag::SafeTensors(file_of(small, "7"), "weights").find("s")->bytes == "7");
}

TEST_CASE("every fault of a file is refused, and named") {
  const std::string data = "01234567xyz";
  CHECK_NOTHROW(dag::SafeTensors(file_of(two, data), "weights"));
  refused("", "at least 8 bytes");
  refused("1234567", "at least 8 bytes");
  refused(std::string(8, '\xff'), "said to have 18446744073709551615 bytes");
  refused(file_of(two, data).substr(0, 40), "said to have");
  refused(file_of("", ""), "begin with '{'");
  refused(file_of(" {}", ""), "begin with '{'");
  refused(file_of("[]", ""), "begin with '{'");
  refused(file_of("{\"a\":", ""), "no JSON");
  refused(file_of("{} x", ""), "no JSON");
  refused(file_of("{\"\xff\":1}", ""), "no JSON");
  refused(file_of("{\"a\":[[[[[1]]]]]}", ""), "nested too deep");
  refused(file_of("{" + two.substr(1, two.size() - 2) + "," + two.substr(1), data), "'a' twice");
  refused(file_of(R"({"__metadata__":[]})", ""), "object of strings");
  refused(file_of(R"({"__metadata__":{"a":1}})", ""), "must be a string");
  const auto one = [&](const std::string& rest, const char* why, const std::string& bytes) {
    refused(file_of("{" + entry("a", rest) + "}", bytes), why);
  };
  one("[]", "and nothing else", "");
  one(R"({"dtype":"U8","shape":[1]})", "and nothing else", "x");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":1})", "and nothing else", "x");
  one(R"({"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]})", "twice", "x");
  one(R"({"dtype":8,"shape":[1],"data_offsets":[0,1]})", "string as dtype", "x");
  one(R"({"dtype":"F4","shape":[2],"data_offsets":[0,1]})", "not known", "x");
  one(R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})", "array as shape", "x");
  one(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", "whole numbers in its shape", "x");
  one(R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", "whole numbers in its shape", "x");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[0]})", "data_offsets", "x");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[-1,0]})", "data_offsets", "x");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1.5]})", "data_offsets", "x");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,0]})", "said to be at bytes 1 to 0", "x");
  one(R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})", "which has 1", "x");
  one(R"({"dtype":"U8","shape":[2],"data_offsets":[0,1]})", "ask for 2", "x");
  one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,1]})", "ask for 4", "x");
  one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", "64 bits", "");
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})", "begins at byte 1", "xy");  // a hole
  one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})", "the file 2", "xy");  // and left over
  refused(file_of("{" + entry("a", R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})") + "," +
                      entry("b", R"({"dtype":"U8","shape":[2],"data_offsets":[1,3]})") + "}",
                  "xyz"),
          "begins at byte 1 of the data, the one before it ends at 2");  // an overlap
  // Every cut and every changed byte of a file is read as something or refused, nothing else.
  const std::string whole = file_of(two, data);
  dag::RandomStream random(1, 0);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CHECK_THROWS_AS(dag::SafeTensors(whole.substr(0, cut), "weights"), dag::Error);
    std::string other = whole;
    other[cut] = static_cast<char>(random.below(256));
    try {
      const dag::SafeTensors file(other, "weights");
    } catch (const dag::Error& error) {
      CHECK(error.code() == dag::Errc::parse);
    }
  }
}

TEST_CASE("what is written is read again, aligned, the same bytes for the same tensors") {
  const std::string path = temporary();
  const std::vector<dag::SafeTensor> tensors{{"odd", "U8", {3}, "abc"},
                                             {"layer.\"weight\"", "BF16", {2, 1}, "wxyz"},
                                             {"b", "F64", {}, "12345678"},
                                             {"a", "F64", {1, 1}, "87654321"},
                                             {"none", "F32", {0}, ""}};
  dag::write_safetensors(path, tensors, {{"by", "a test"}});
  const dag::SafeTensors file(path);
  CHECK(file.metadata().at("by") == "a test");
  CHECK(file.tensors().size() == tensors.size());
  for (const dag::SafeTensor& tensor : tensors) {
    const dag::SafeTensor* found = file.find(tensor.name);
    REQUIRE(found != nullptr);
    CHECK(found->type == tensor.type);
    CHECK(found->shape == tensor.shape);
    CHECK(found->bytes == tensor.bytes);
  }
  const std::string bytes = text_of(path);
  CHECK((bytes.size() - 8 - (3 + 4 + 8 + 8)) % 8 == 0);  // the data begin at a multiple of 8
  CHECK(bytes.find("87654321") < bytes.find("12345678"));
  const std::vector<dag::SafeTensor> turned(tensors.rbegin(), tensors.rend());
  dag::write_safetensors(path, turned, {{"by", "a test"}});
  CHECK(text_of(path) == bytes);
  // What cannot be written leaves the file as it was.
  const auto refuses = [&](const std::vector<dag::SafeTensor>& bad) {
    CHECK_THROWS_AS(dag::write_safetensors(path, bad), dag::Error);
    CHECK(text_of(path) == bytes);
  };
  refuses({{"a", "F32", {1}, "abc"}});
  refuses({{"a", "F4", {2}, "a"}});
  refuses({{"a", "U8", {1}, "a"}, {"a", "U8", {1}, "b"}});
  refuses({{"__metadata__", "U8", {1}, "a"}});
  refuses({{"\xff", "U8", {1}, "a"}});
  std::filesystem::remove(path);
}

// The package of the format's authors (PyPI safetensors) in DAG_SAFETENSORS_PYTHON, or in python3.
TEST_CASE("beside the package safetensors: each reads what the other wrote, and refuses the same") {
  const char* chosen = std::getenv("DAG_SAFETENSORS_PYTHON");  // NOLINT: one thread
  const std::string python = chosen != nullptr ? chosen : "python3";
  const auto script =
      std::filesystem::path(__FILE__).parent_path() / "../support/safetensors_package.py";
  const auto run = [&](const std::string& files) {
    const std::string call = python + " '" + script.string() + "' " + files + " >/dev/null 2>&1";
    return std::system(call.c_str()) == 0;  // NOLINT
  };
  if (!run("")) {
    MESSAGE("skipped: ", python, " has no package safetensors");
    return;
  }
  const std::string ours = temporary(), theirs = ours + ".theirs";
  const std::vector<dag::SafeTensor> tensors{{"odd", "U8", {3}, "abc"},
                                             {"layer.weight", "BF16", {2, 1}, "wxyz"},
                                             {"one", "F64", {}, "12345678"},
                                             {"none", "F32", {0, 2}, ""}};
  dag::write_safetensors(ours, tensors, {{"by", "a test"}});
  REQUIRE(run(ours + " " + theirs));
  const dag::SafeTensors back(theirs);
  CHECK(back.metadata().at("by") == "it");
  CHECK(back.tensors().size() == tensors.size());
  for (const dag::SafeTensor& tensor : tensors) {
    const dag::SafeTensor* found = back.find(tensor.name);
    REQUIRE(found != nullptr);
    CHECK(found->type == tensor.type);
    CHECK(found->shape == tensor.shape);
    CHECK(found->bytes == tensor.bytes);
  }
  const auto reads = [&](const std::string& bytes) {
    std::ofstream(ours, std::ios::binary) << bytes;
    return run(ours);
  };
  const std::string data = "01234567xyz";
  CHECK(reads(file_of(two, data)));
  CHECK(!reads(file_of(two, data + "x")));
  CHECK(!reads(file_of(two, data.substr(1))));
  CHECK(!reads(file_of(two.substr(1), data)));
  CHECK(!reads(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "xy")));
  CHECK(!reads(file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})", "x")));
  std::filesystem::remove(ours);
  std::filesystem::remove(theirs);
}
