// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include <dag/core/error.hpp>
#include <dag/text/detail/regex_search.hpp>
#include <dag/text/detail/sentence.hpp>
#include <dag/text/extraction.hpp>

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
