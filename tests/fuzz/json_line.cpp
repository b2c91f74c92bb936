// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// JsonLine against nlohmann's parser: what it reads is JSON, and what is JSON (of UTF-8 without
// lone surrogates, numbers within double, no nesting beyond the limit) it reads, with the same
// strings.
#include "fuzz.hpp"

#include <nlohmann/json.hpp>

#include <dag/io/json_line.hpp>

namespace {

void compare(const dag::JsonLine& json, dag::JsonLine::Index i, const nlohmann::json& value) {
  using dag::JsonKind;
  if (value.is_string()) {
    fuzz::must(json.is(i, JsonKind::string) && json.text(i) == value.get<std::string>(), "strings");
  } else if (value.is_array()) {
    auto at = json.first(i);
    for (const auto& one : value) {
      fuzz::must(at != dag::JsonLine::none, "an array is as long");
      compare(json, at, one);
      at = json.after(at, i);
    }
    fuzz::must(at == dag::JsonLine::none, "an array is no longer");
  } else if (value.is_number()) {
    double number = 0;
    fuzz::must(json.is(i, JsonKind::number), "numbers");
    fuzz::must(
        !json.number(i, number) || number == value.get<double>() || value.is_number_integer(),
        "a number has the same value");
  } else {
    fuzz::must(!value.is_null() || json.is(i, JsonKind::null), "null");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  const std::string_view text = fuzz::text(data, size);
  dag::JsonLine json;
  bool read = true;
  try {
    json.parse(text);
  } catch (const dag::JsonLine::Fault&) {
    read = false;
  }
  // What nlohmann passes over: a byte order mark, and all from a zero byte on.
  const bool mark =
      text.substr(0, 3) == "\xEF\xBB\xBF" || text.find('\0') != std::string_view::npos;
  const auto value = nlohmann::json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    // nlohmann refuses lone surrogates and numbers beyond double, which are read here.
    return 0;
  }
  if (read) {
    compare(json, dag::JsonLine::root(), value);
  } else {
    std::size_t depth = 0;
    for (const char c : text) {
      depth += c == '[' || c == '{' ? 1 : 0;
    }
    fuzz::must(mark || depth > 64, "JSON is read");
  }
  return 0;
}
