// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace dag {

/// How reading an answer from a text ended. All but `found` are a missing answer, counted by its
/// reason.
enum class ExtractOutcome {
  found,
  no_text,     ///< there is no text, or it is blank
  no_marker,   ///< no box, no ####, no "answer is", no number, no match
  unclosed,    ///< the last box or tag does not close: the text was cut off inside its answer
  empty,       ///< the marker is there, and nothing after it
  unfinished,  ///< a thought (<think>) has no end: nothing was answered yet
  fragment     ///< the number is a piece of something else: 6\sqrt3, 1:30, 10-15, 2024-05-17
};

inline constexpr std::array<std::string_view, 7> extract_outcome_names{
    "found", "no_text", "no_marker", "unclosed", "empty", "unfinished", "fragment"};

/// An answer read from a text, as it is written there (LaTeX is left to the reader of answers), or
/// why there is none. A value, never an exception or a signal.
struct Extraction {
  ExtractOutcome outcome = ExtractOutcome::no_marker;
  std::string answer;

  [[nodiscard]] bool found() const noexcept { return outcome == ExtractOutcome::found; }
  friend bool operator==(const Extraction&, const Extraction&) = default;
};

/// Reads an answer from a text: `Extractor`, or a function of your own. Called from several threads
/// at once if the caller has them; it must not throw for a text that holds no answer.
template <class E>
concept AnswerExtractor = requires(const E& extract, std::string_view text) {
  { extract(text) } -> std::same_as<Extraction>;
};

/// How many texts ended how.
struct ExtractionReport {
  std::array<std::size_t, extract_outcome_names.size()> outcomes{};  ///< by ExtractOutcome

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

}  // namespace dag
