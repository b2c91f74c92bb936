// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dag/io/json_line.hpp>

namespace dag::detail {

/// The shortest decimal that reads back as the same double; null for NaN (JSON has none).
inline void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

/// A JSON string; bytes that are no UTF-8 become the replacement character.
inline void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto c = decode_utf8(text);
    if (!c.valid) {
      out += "\xEF\xBF\xBD";
    } else if (c.value == '"' || c.value == '\\') {
      out += '\\';
      out += text[0];
    } else if (c.value < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      const char* names = "btn_fr";
      if (c.value >= 8 && c.value <= 13 && c.value != 11) {
        out += '\\';
        out += names[c.value - 8];
      } else {
        out += "\\u00";
        out += digits[c.value >> 4U];
        out += digits[c.value & 15U];
      }
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  out += '"';
}

/// What a sample is given.
struct SampleEdit {
  double reward;
  double advantage;
  std::optional<std::string> answer;
};

/// An optional answer in a record, and back.
inline void put_answer(std::string& record, const std::optional<std::string>& answer) {
  const std::uint64_t size = answer ? answer->size() + 1 : 0;
  record.append(reinterpret_cast<const char*>(&size), sizeof size);
  record += answer.value_or("");
}
[[nodiscard]] inline std::optional<std::string> take_answer(std::string_view& record) {
  std::uint64_t size = 0;
  std::memcpy(&size, record.data(), sizeof size);
  record.remove_prefix(sizeof size);
  if (size == 0) {
    return std::nullopt;
  }
  std::string answer(record.substr(0, size - 1));
  record.remove_prefix(size - 1);
  return answer;
}

/// Copies `line`, whose values are `json` and whose samples stand at `places` (in their order),
/// byte for byte, except for "reward", "advantage" and a given "answer" of each: replaced where
/// they are, else added at the end of the sample. Samples that are bare strings: lists at the end
/// of the line.
inline void splice_samples(const JsonLine& json, std::string_view line,
                           const std::vector<JsonLine::Index>& places,
                           const std::vector<SampleEdit>& edits, bool keep_own, std::string& out) {
  std::size_t copied = 0;
  const auto copy_to = [&](std::size_t end) {
    out += line.substr(copied, end - copied);
    copied = end;
  };
  const auto add = [&](bool& comma, std::string_view key) {
    out += comma ? ", \"" : "\"";
    out += key;
    out += "\": ";
    comma = true;
  };
  const auto inside = [&](JsonLine::Index object) {  // just before the closing brace
    copy_to(json.end(object) - 1);
    return json.first(object) != JsonLine::none;
  };
  bool bare = false;
  for (std::size_t s = 0; s < places.size(); ++s) {
    const JsonLine::Index sample = places[s];
    if (json.kind(sample) != JsonKind::object) {
      bare = true;
      continue;
    }
    bool has_reward = false;
    bool has_advantage = false;
    bool has_answer = false;
    bool has_own = false;
    std::string own;
    for (auto k = json.first(sample); k != JsonLine::none; k = json.after(k + 1, sample)) {
      const std::string key = json.text(k);
      const bool is_reward = key == "reward";
      has_own = has_own || key == "own_reward";
      const bool is_answer = key == "answer" && edits[s].answer.has_value();
      if (!is_reward && key != "advantage" && !is_answer) {
        continue;
      }
      own = is_reward ? std::string(json.raw(k + 1)) : own;
      copy_to(json.begin(k + 1));
      copied = json.end(k + 1);
      (is_answer ? has_answer : is_reward ? has_reward : has_advantage) = true;
      if (is_answer) {
        append_json_text(out, *edits[s].answer);
      } else {
        append_json_number(out, is_reward ? edits[s].reward : edits[s].advantage);
      }
    }
    bool comma = inside(sample);
    if (edits[s].answer && !has_answer) {
      add(comma, "answer");
      append_json_text(out, *edits[s].answer);
    }
    if (keep_own && !has_own && !own.empty()) {
      add(comma, "own_reward");
      out += own;
    }
    if (!has_reward) {
      add(comma, "reward");
      append_json_number(out, edits[s].reward);
    }
    if (!has_advantage) {
      add(comma, "advantage");
      append_json_number(out, edits[s].advantage);
    }
  }
  if (bare) {
    bool comma = inside(JsonLine::root());
    for (const bool reward : {true, false}) {
      add(comma, reward ? "reward" : "advantage");
      out += '[';
      for (std::size_t s = 0; s < edits.size(); ++s) {
        out += s > 0 ? ", " : "";
        append_json_number(out, reward ? edits[s].reward : edits[s].advantage);
      }
      out += ']';
    }
  }
  copy_to(line.size());
}

}  // namespace dag::detail
