// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/text/extract.hpp>
#include <dag/text/extract_phrase.hpp>

namespace dag {

/// Reads an answer from a text: `Extractor`, or a function of your own. Called from several threads
/// at once if the caller has them; it must not throw for a text that holds no answer.
template <class E>
concept AnswerExtractor = requires(const E& extract, std::string_view text) {
  { extract(text) } -> std::same_as<Extraction>;
};

/// How many texts ended how.
struct ExtractionReport {
  std::array<std::size_t, 5> outcomes{};  ///< by ExtractOutcome

  void add(ExtractOutcome outcome) noexcept { ++outcomes[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::size_t count(ExtractOutcome outcome) const noexcept {
    return outcomes[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] std::size_t texts() const noexcept {
    std::size_t sum = 0;
    for (const std::size_t count : outcomes) {
      sum += count;
    }
    return sum;
  }
  [[nodiscard]] std::size_t unparseable() const noexcept {
    return texts() - count(ExtractOutcome::found);
  }
  friend bool operator==(const ExtractionReport&, const ExtractionReport&) = default;
};

/// A regular expression (ECMAScript) matched line by line: the last match of the last line that has
/// one, its first group if it has groups, else the whole match. A pattern cannot span lines.
/// Matching is by simulation (linear in the line, no recursion over its characters) where the
/// standard library offers it (libstdc++); lines beyond 64 KiB are passed over.
class RegexExtractor {
 public:
  /// Errors: parse, for a pattern that is no regular expression or uses back-references.
  explicit RegexExtractor(std::string_view pattern) {
    auto flags = std::regex::ECMAScript | std::regex::optimize;
#if defined(__GLIBCXX__)
    flags |= std::regex_constants::__polynomial;
#endif
    try {
      regex_ = std::make_shared<const std::regex>(pattern.begin(), pattern.end(), flags);
    } catch (const std::regex_error& error) {
      fail(Errc::parse, "RegexExtractor: '", pattern,
           "' is no regular expression that can be used: ", std::string_view(error.what()));
    }
  }

  [[nodiscard]] Extraction operator()(std::string_view text) const {
    if (detail::blank(text)) {
      return {ExtractOutcome::no_text, {}};
    }
    for (std::size_t end = text.size();;) {
      const std::size_t newline = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
      const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
      const std::string_view line = text.substr(begin, end - begin);
      if (line.size() <= (std::size_t{1} << 16)) {
        const std::string_view answer = last_match(line);
        if (answer.data() != nullptr) {
          return detail::blank(answer)
                     ? Extraction{ExtractOutcome::empty, {}}
                     : Extraction{ExtractOutcome::found, std::string(detail::trimmed(answer))};
        }
      }
      if (newline == std::string_view::npos) {
        return {ExtractOutcome::no_marker, {}};
      }
      end = newline;
    }
  }

 private:
  [[nodiscard]] std::string_view last_match(std::string_view line) const {
    std::string_view found;
    std::match_results<std::string_view::const_iterator> match;
    for (auto from = line.begin();
         std::regex_search(from, line.end(), match, *regex_,
                           from == line.begin() ? std::regex_constants::match_default
                                                : std::regex_constants::match_prev_avail);) {
      const auto& group = match.size() > 1 ? match[1] : match[0];
      if (group.matched) {
        found = std::string_view(line.data() + (group.first - line.begin()),
                                 static_cast<std::size_t>(group.length()));
      }
      if (match[0].second == line.end()) {
        break;
      }
      from = match[0].length() > 0 ? match[0].second : match[0].second + 1;
    }
    return found;
  }

  std::shared_ptr<const std::regex> regex_;  // const: shared by threads
};

/// The ways to find an answer by name, tried in order until one finds it.
class Extractor {
 public:
  /// `spec`: names separated by commas: boxed, hash, answer-is, number, each of the first three
  /// possibly with ">number" behind it (the first number of what it finds: "12 apples" is 12), and
  /// at the end possibly regex:PATTERN, which runs to the end of the text (it may hold commas).
  /// Errors: invalid_argument (a name), parse (a pattern).
  explicit Extractor(std::string_view spec) {
    for (bool more = true; more;) {
      if (spec.substr(0, 6) == "regex:") {
        const auto regex = RegexExtractor(spec.substr(6));
        steps_.push_back({nullptr, std::make_shared<const RegexExtractor>(regex), false});
        return;
      }
      const std::size_t comma = spec.find(',');
      std::string_view name = spec.substr(0, comma);
      Step step{};
      constexpr std::string_view to_number = ">number";
      if (name.size() > to_number.size() &&
          name.substr(name.size() - to_number.size()) == to_number) {
        name.remove_suffix(to_number.size());
        step.number = true;
      }
      for (const auto& [known, function] : functions) {
        step.function = name == known ? function : step.function;
      }
      require(step.function != nullptr, Errc::invalid_argument, "Extractor: '", name,
              "' is no way to find an answer; there are boxed, hash, answer-is (each possibly with "
              ">number), number and regex:PATTERN");
      steps_.push_back(std::move(step));
      more = comma != std::string_view::npos;
      spec = more ? spec.substr(comma + 1) : std::string_view();
    }
  }

  /// The first way that finds an answer; if none does, the reason of the first.
  [[nodiscard]] Extraction operator()(std::string_view text) const {
    Extraction first;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Extraction found =
          steps_[i].function != nullptr ? steps_[i].function(text) : (*steps_[i].regex)(text);
      if (found.found() && steps_[i].number) {
        found = detail::scan_number(found.answer, true);
      }
      if (found.found()) {
        return found;
      }
      first = i == 0 ? std::move(found) : std::move(first);
    }
    return first;
  }

 private:
  using Function = Extraction (*)(std::string_view);
  struct Step {
    Function function = nullptr;
    std::shared_ptr<const RegexExtractor> regex;
    bool number = false;
  };
  static constexpr std::array<std::pair<std::string_view, Function>, 4> functions{
      {{"boxed", extract_boxed},
       {"hash", extract_hash},
       {"answer-is", extract_answer_is},
       {"number", extract_number}}};

  std::vector<Step> steps_;
};

}  // namespace dag
