// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/answers/answer_universe.hpp>
#include <dag/answers/value_reward.hpp>
#include <dag/core/error.hpp>
#include <dag/io/detail/question_lines.hpp>
#include <dag/text/answer_key.hpp>

namespace dag {

/// Numbers of answers from a file: what reward models give, or features. One object a line,
///   {"question_id": str, "values": {answer: number or [numbers], ...},
///    "default": the same, "context_id": str},
/// the last two optional: `default` is for answers that the line does not name, a line with a
/// context counts for that context in place of the line without one. Answers go through `key`;
/// every entry has as many numbers as the first of the file. Questions and contexts that the groups
/// do not have are passed over.
/// Errors: those of JsonlReader; parse, naming the line (fields, widths, two lines for the same
/// question and context, two values for one answer); invalid_argument when an answer is looked up
/// that has no number.
template <class Key = AnswerKey>
class AnswerValues {
 public:
  AnswerValues(std::string path, const AnswerGroups& groups, const Key& key = {},
               const JsonlOptions& options = {})
      : path_(std::move(path)), groups_(groups) {
    std::string name;
    detail::read_question_lines(
        path_, groups, "values", nlohmann::json::value_t::object, options,
        [&](const JsonlReader& reader, std::int32_t q, const nlohmann::json& line) {
          std::int32_t context = everywhere;
          if (line.contains("context_id")) {
            if (!line["context_id"].is_string()) {
              reader.fail_here("context_id must be a string, got ", line["context_id"].dump());
            }
            context = groups.contexts.find(line["context_id"].template get<std::string>());
            q = context < 0 ? -1 : q;
          }
          Line read;
          if (line.contains("default")) {
            append(reader, "default", line["default"], read.numbers);
            read.has_default = true;
          }
          for (const auto& [answer, value] : line["values"].items()) {
            key(answer, name);
            const std::size_t at = read.numbers.size();
            append(reader, answer, value, read.numbers);
            const auto [known, fresh] = read.at.emplace(name, at);
            if (!fresh) {
              reader.fail_here("answer '", answer, "' has two values");
            }
          }
          if (q >= 0 && !lines_.emplace(std::pair(q, context), std::move(read)).second) {
            reader.fail_here("question '", groups.questions[q], "' has two lines",
                             context < 0 ? "" : " for this context");
          }
        });
    require(width_ > 0, Errc::parse, path_, ": there is not one value");
  }

  /// Numbers an answer.
  [[nodiscard]] std::size_t width() const noexcept { return width_; }

  /// The numbers of answer `text` (canonical) in group g.
  [[nodiscard]] std::span<const double> of(std::size_t g, const std::string& text) const {
    const std::int32_t q = groups_.question[g];
    auto line = lines_.find({q, groups_.context[g]});
    if (line == lines_.end()) {
      line = lines_.find({q, everywhere});
    }
    const bool known = line != lines_.end();
    const auto at = known ? line->second.at.find(text) : decltype(line->second.at.end()){};
    const bool named = known && at != line->second.at.end();
    if (!named && !(known && line->second.has_default)) {
      fail(Errc::invalid_argument, path_, ": no value for answer '", text, "' of question '",
           groups_.questions[q], "', and no default");
    }
    return std::span(line->second.numbers).subspan(named ? at->second : 0, width_);
  }

  /// Those of every sample.
  [[nodiscard]] SampleValues by_sample() const {
    SampleValues out{width_, std::vector<double>(groups_.samples() * width_,
                                                 std::numeric_limits<double>::quiet_NaN())};
    for (std::size_t g = 0; g < groups_.groups(); ++g) {
      const auto q = static_cast<std::size_t>(groups_.question[g]);
      for (auto i = static_cast<std::size_t>(groups_.begin[g]);
           i < static_cast<std::size_t>(groups_.begin[g + 1]); ++i) {
        if (groups_.answer[i] >= 0) {
          const auto row = of(g, std::string(groups_.answer_text(q, groups_.answer[i])));
          std::copy(row.begin(), row.end(),
                    out.values.begin() + static_cast<std::ptrdiff_t>(i * width_));
        }
      }
    }
    return out;
  }

  /// Makes the answers that the file names members of the universe.
  void join(AnswerUniverse& universe) const {
    for (const auto& [where, line] : lines_) {
      std::map<std::string_view, std::size_t> in_order(line.at.begin(), line.at.end());
      for (const auto& [answer, at] : in_order) {
        universe.add(static_cast<std::size_t>(where.first), std::string(answer));
      }
    }
  }

 private:
  static constexpr std::int32_t everywhere = -1;
  struct Line {
    std::unordered_map<std::string, std::size_t> at;  ///< canonical answer: place in `numbers`
    std::vector<double> numbers;                      ///< the default's first
    bool has_default = false;
  };

  void append(const JsonlReader& reader, const std::string& answer, const nlohmann::json& value,
              std::vector<double>& numbers) {
    const std::size_t before = numbers.size();
    const std::string what = "the value of '" + answer + "'";
    if (value.is_array()) {
      for (const auto& number : value) {
        numbers.push_back(detail::finite_number(reader, number, what));
      }
    } else {
      numbers.push_back(detail::finite_number(reader, value, what));
    }
    const std::size_t width = numbers.size() - before;
    width_ = width_ == 0 ? width : width_;
    if (width == 0 || width != width_) {
      reader.fail_here(what, " has ", width, " numbers, the first of the file has ", width_);
    }
  }

  std::string path_;
  const AnswerGroups& groups_;
  std::size_t width_ = 0;
  std::map<std::pair<std::int32_t, std::int32_t>, Line> lines_;
};

}  // namespace dag
