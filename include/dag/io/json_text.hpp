// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <dag/core/error.hpp>
#include <dag/io/printable.hpp>
#include <dag/io/text_file.hpp>

namespace dag {

/// Arrays and objects inside each other that a JSON text may have: what reads and walks a value
/// calls itself once a level, and a stack has an end.
inline constexpr std::size_t most_json_levels = 64;

namespace detail {

/// Where the text opens a level too many, or npos. Looks at brackets outside strings only.
[[nodiscard]] inline std::size_t too_deep_at(std::string_view text, std::size_t levels) noexcept {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      i += c == '\\' ? 1U : 0U;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > levels) {
        return i;
      }
    } else if (c == ']' || c == '}') {
      depth -= depth > 0 ? 1U : 0U;
    }
  }
  return std::string_view::npos;
}

/// What the JSON parser complained of, without its own numbering.
[[nodiscard]] inline std::string json_complaint(const nlohmann::json::exception& error) {
  std::string_view reason = error.what();
  for (const std::string_view cut : {"] ", "column ", ": "}) {
    const auto place = reason.find(cut);
    if (place != std::string_view::npos) {
      reason.remove_prefix(place + cut.size());
    }
  }
  return printable(reason.substr(0, 200));
}

}  // namespace detail

/// A whole JSON text (RFC 8259), nested at most `most_json_levels` deep. Every JSON text that is
/// not a line of JsonlReader enters here. Errors: parse, "NAME:LINE: fault".
template <class Json = nlohmann::json>
[[nodiscard]] Json parse_json(std::string_view text, std::string_view name) {
  const std::size_t deep = detail::too_deep_at(text, most_json_levels);
  require(deep == std::string_view::npos, Errc::parse, name, ":", detail::line_of(text, deep),
          ": more than ", most_json_levels, " arrays or objects inside each other");
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::exception& error) {
    const auto* parse = dynamic_cast<const nlohmann::json::parse_error*>(&error);
    fail(Errc::parse, name, ":",
         detail::line_of(text, parse == nullptr || parse->byte == 0 ? 0 : parse->byte - 1), ": ",
         detail::json_complaint(error));
  }
}

/// `parse_json` of a file. Errors: io, parse.
template <class Json = nlohmann::json>
[[nodiscard]] Json read_json(const std::string& path) {
  return parse_json<Json>(read_text_file(path), path);
}

}  // namespace dag
