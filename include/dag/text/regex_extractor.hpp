// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/text/detail/scan.hpp>
#include <dag/text/detail/sentence.hpp>
#include <dag/text/extraction.hpp>

#if defined(DAG_RE2)
#include <re2/re2.h>
#endif

namespace dag::detail {

#if defined(DAG_RE2)

/// The last match of a pattern; see RegexExtractor.
class RegexSearch {
 public:
  explicit RegexSearch(std::string_view pattern) {
    const bool lazy = pattern.find("*?") != nowhere || pattern.find("+?") != nowhere;
    lines_ = compile(pattern, "(?m)");
    over_lines_ = compile(pattern, lazy ? "(?ms)" : "(?msU)");
    whole_ = compile(pattern, "(?ms)");
    group_ = lines_->NumberOfCapturingGroups() > 0 ? 1 : 0;
  }

  /// What the last match found; a view without data where there is none.
  [[nodiscard]] std::string_view last(std::string_view text) const {
    std::string_view found = last_match(*lines_, text);
    for (const auto* wide : {&over_lines_, &whole_}) {
      if (found.data() != nullptr && !blank(found)) {
        break;
      }
      const std::string_view over = last_match(**wide, text);
      found = over.data() != nullptr ? over : found;
    }
    return found;
  }

 private:
  static std::unique_ptr<const re2::RE2> compile(std::string_view pattern, const char* flags) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{32} << 20);
    const std::string whole = flags + std::string(pattern);
    auto regex = std::make_unique<const re2::RE2>(whole, options);
    require(regex->ok(), Errc::parse, "RegexExtractor: '", pattern,
            "' is no regular expression that can be used: ", std::string_view(regex->error()));
    return regex;
  }

  struct Match {
    std::size_t begin = nowhere;
    std::size_t end = nowhere;
    std::string_view group;
  };

  [[nodiscard]] Match match(const re2::RE2& regex, std::string_view text, std::size_t from) const {
    re2::StringPiece parts[2];
    if (from > text.size() || !regex.Match(re2::StringPiece(text.data(), text.size()), from,
                                           text.size(), re2::RE2::UNANCHORED, parts, group_ + 1)) {
      return {};
    }
    const auto begin = static_cast<std::size_t>(parts[0].data() - text.data());
    const auto& group = parts[group_];
    return {begin, begin + parts[0].size(),
            group.data() == nullptr ? std::string_view()
                                    : std::string_view(group.data(), group.size())};
  }

  /// The last of the matches that follow one another. After 64 of them the rest of the text is
  /// halved until the last place is known where a match begins, and the walk goes on a little
  /// before it, so that the number of searches does not grow with the text.
  [[nodiscard]] std::string_view last_match(const re2::RE2& regex, std::string_view text) const {
    std::string_view found;
    std::size_t count = 0;
    for (Match at = match(regex, text, 0); at.begin != nowhere;) {
      if (at.group.data() != nullptr) {
        found = at.group;
      }
      std::size_t next = at.end > at.begin ? at.end : at.end + 1;
      if (++count == 64) {
        std::size_t low = at.begin;  // a match begins at or after it
        std::size_t high = text.size() + 1;
        while (high - low > 1) {
          const std::size_t middle = low + (high - low) / 2;
          const Match right = match(regex, text, middle);
          right.begin == nowhere ? high = middle : low = right.begin;
        }
        std::size_t restart = low > 64 ? low - 64 : 0;
        const std::size_t line = text.find('\n', restart);
        restart = line < low ? line + 1 : restart;
        next = std::max(next, restart);
      }
      at = match(regex, text, next);
    }
    return found;
  }

  std::unique_ptr<const re2::RE2> lines_;
  std::unique_ptr<const re2::RE2> over_lines_;
  std::unique_ptr<const re2::RE2> whole_;
  int group_ = 0;
};

#else

class RegexSearch {
 public:
  explicit RegexSearch(std::string_view pattern) {
    fail(Errc::unsupported, "RegexExtractor: '", pattern,
         "' needs RE2, without which this program was built (Debian: apt-get install libre2-dev, "
         "then configure again)");
  }
  [[nodiscard]] std::string_view last(std::string_view /*text*/) const { return {}; }
};

#endif

}  // namespace dag::detail

namespace dag {

/// A regular expression (RE2's syntax: no look-around, no back-references), matched in time linear
/// in the text: the last match, its first group if it has groups, else the whole match. ^ and $
/// match at lines. First a point matches no line end; where that finds nothing (or blanks), it
/// does, with repetitions taken as short as possible, then as long: <answer>(.*)</answer> finds
/// what stands between the last two tags, over lines too.
///
/// Needs RE2 (link dag::re2, which defines DAG_RE2; libre2-dev on Debian). Where it is not there,
/// every pattern is refused: Errc::unsupported.
class RegexExtractor {
 public:
  /// Errors: parse, for a pattern that RE2 does not read; unsupported, without RE2.
  explicit RegexExtractor(std::string_view pattern)
      : search_(std::make_shared<const detail::RegexSearch>(pattern)) {}

  [[nodiscard]] Extraction operator()(std::string_view text) const {
    if (detail::blank(text)) {
      return {ExtractOutcome::no_text, {}};
    }
    const std::string_view found = search_->last(text);
    if (found.data() == nullptr) {
      return {ExtractOutcome::no_marker, {}};
    }
    return detail::blank(found)
               ? Extraction{ExtractOutcome::empty, {}}
               : Extraction{ExtractOutcome::found, std::string(detail::trimmed(found))};
  }

 private:
  std::shared_ptr<const detail::RegexSearch> search_;  // const: shared by threads
};

}  // namespace dag
