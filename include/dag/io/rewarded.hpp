// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/io/rollouts.hpp>

namespace dag {

namespace detail {

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

/// A string; bytes that are no UTF-8 become the replacement character.
inline void append_json_text(std::string& out, const std::string& text) {
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Copies a line of the rollout schema that was already checked, byte for byte, except for "reward"
/// and "advantage" of each sample, and an "answer" that was read from its text: replaced where they
/// are, else added at the end of the sample.
class RewardSplicer {
 public:
  RewardSplicer(std::string_view line, std::string& out) : line_(line), out_(out) {}

  /// `answers`: nullptr, or one a sample, written where there is one.
  void run(std::span<const double> reward, std::span<const double> advantage,
           const std::vector<std::optional<std::string>>* answers) {
    members([&](std::string_view key) {
      if (key != "samples") {
        value();
        return;
      }
      std::size_t next = 0;
      copy_through('[');
      for (bool more = true; more;) {
        static const std::optional<std::string> none;
        sample(reward[next], advantage[next], answers == nullptr ? none : (*answers)[next]);
        ++next;
        more = copy_separator(']');
      }
    });
    out_ += line_.substr(place_);
  }

 private:
  void sample(double reward, double advantage, const std::optional<std::string>& answer) {
    bool has_reward = false;
    bool has_advantage = false;
    bool has_answer = false;
    members(
        [&](std::string_view key) {
          const bool is_reward = key == "reward";
          if (answer && key == "answer") {
            has_answer = true;
            replace([&] { append_json_text(out_, *answer); });
            return;
          }
          if (!is_reward && key != "advantage") {
            value();
            return;
          }
          (is_reward ? has_reward : has_advantage) = true;
          replace([&] { append_json_number(out_, is_reward ? reward : advantage); });
        },
        [&] {
          if (answer && !has_answer) {
            out_ += ", \"answer\": ";
            append_json_text(out_, *answer);
          }
          if (!has_reward) {
            out_ += ", \"reward\": ";
            append_json_number(out_, reward);
          }
          if (!has_advantage) {
            out_ += ", \"advantage\": ";
            append_json_number(out_, advantage);
          }
        });
  }

  /// Passes over a value and writes another in its place.
  template <class Write>
  void replace(Write&& write) {
    copy_space();
    const std::size_t size = out_.size();
    value();
    out_.resize(size);
    write();
  }

  /// Copies an object, calling on_value(key) where a value begins (it copies the value) and at_end
  /// just before the closing brace.
  template <class OnValue, class AtEnd = void (*)()>
  void members(
      OnValue&& on_value, AtEnd&& at_end = [] {}) {
    copy_through('{');
    for (bool more = true; more;) {
      copy_space();
      const std::size_t begin = place_;
      string();
      const std::string_view raw = line_.substr(begin, place_ - begin);
      const std::string key = nlohmann::json::parse(raw).get<std::string>();
      copy_through(':');
      on_value(std::string_view(key));
      copy_space();
      if (line_[place_] == '}') {
        at_end();
      }
      more = copy_separator('}');
    }
  }

  void copy() { out_ += line_[place_++]; }
  void copy_space() {
    while (line_[place_] == ' ' || line_[place_] == '\t' || line_[place_] == '\r') {
      copy();
    }
  }
  void copy_through(char mark) {
    while (line_[place_] != mark) {
      copy();
    }
    copy();
  }
  /// Copies a comma (true) or the closing mark (false).
  bool copy_separator(char close) {
    copy_space();
    const bool more = line_[place_] != close;
    copy();
    return more;
  }
  void string() {
    copy();
    while (line_[place_] != '"') {
      if (line_[place_] == '\\') {
        copy();
      }
      copy();
    }
    copy();
  }
  void value() {
    copy_space();
    std::size_t depth = 0;
    do {
      const char c = line_[place_];
      if (c == '"') {
        string();
      } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
        return;
      } else {
        depth += c == '[' || c == '{' ? 1 : 0;
        depth -= c == ']' || c == '}' ? 1 : 0;
        copy();
      }
    } while (place_ < line_.size());
  }

  std::string_view line_;
  std::string& out_;
  std::size_t place_ = 0;
};

/// answers_of(group, answers): appends one optional answer a sample, or nothing at all.
template <class AnswersOf>
void write_rewarded(const std::string& from, const std::string& to, const AnswerGroups& groups,
                    std::span<const double> reward, std::span<const double> advantage,
                    const JsonlOptions& options, AnswerField field, AnswersOf&& answers_of) {
  require(reward.size() == groups.samples() && advantage.size() == groups.samples(),
          Errc::dimension_mismatch, "write_rewarded: ", groups.samples(), " samples but ",
          reward.size(), " rewards and ", advantage.size(), " advantages");
  JsonlReader reader(from, options);
  AtomicFile file(to);
  RolloutGroup group;
  std::string line;
  std::vector<std::optional<std::string>> answers;
  std::size_t g = 0;
  for (; read_group(reader, group, field); ++g) {
    require(g < groups.groups() && group.samples.size() == groups.group(g).size(), Errc::io,
            "write_rewarded: '", from, "' changed while it was in use (line ", g + 1, ")");
    const auto first = static_cast<std::size_t>(groups.begin[g]);
    answers.clear();
    answers_of(group, answers);
    line.clear();
    RewardSplicer(reader.line(), line)
        .run(reward.subspan(first, group.samples.size()),
             advantage.subspan(first, group.samples.size()), answers.empty() ? nullptr : &answers);
    line += '\n';
    file.write(line);
  }
  require(g == groups.groups(), Errc::io, "write_rewarded: '", from,
          "' changed while it was in use: ", g, " groups, not ", groups.groups());
  file.commit();
}

}  // namespace detail

/// Copies the rollout file `from` to `to` with "reward" and "advantage" added to every sample (or
/// replaced, where a sample has them); all other bytes, among them fields that the schema does not
/// know, stay as they are, in their order. NaN (no reward) is written as null, numbers round-trip
/// doubles. `groups` are those read from `from`; one reward and advantage a sample. `to` appears
/// complete or not at all (AtomicFile), and may be `from`. Memory: one line.
///
/// Errors: those of read_group and AtomicFile; Errc::dimension_mismatch where the arrays do not fit
/// `groups`; Errc::io where the file is no longer the one that `groups` came from.
inline void write_rewarded(const std::string& from, const std::string& to,
                           const AnswerGroups& groups, std::span<const double> reward,
                           std::span<const double> advantage, const JsonlOptions& options = {}) {
  detail::write_rewarded(from, to, groups, reward, advantage, options, AnswerField::required,
                         [](RolloutGroup&, auto&) {});
}

/// The same for a file whose missing answers were read from the texts: they are written as
/// "answer".
template <AnswerExtractor Extract>
void write_rewarded(const std::string& from, const std::string& to, const AnswerGroups& groups,
                    std::span<const double> reward, std::span<const double> advantage,
                    const Extract& extract, const JsonlOptions& options = {}) {
  ExtractionReport ignored;
  detail::write_rewarded(from, to, groups, reward, advantage, options, AnswerField::optional,
                         [&](RolloutGroup& group, auto& answers) {
                           for (auto& sample : group.samples) {
                             const bool had = sample.answer.has_value();
                             fill_answer(sample, extract, ignored);
                             answers.push_back(had ? std::nullopt : sample.answer);
                           }
                         });
}

}  // namespace dag
