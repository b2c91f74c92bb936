// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Answers, two of them apart by a line's end: every text is read, a key reads as itself, equality
// is reflexive and symmetric, and the options change none of this.
#include "fuzz.hpp"

#include <dag/text/answer_key.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  if (size == 0) {
    return 0;
  }
  const std::string_view text = fuzz::text(data + 1, size - 1);
  dag::ReadOptions options;
  options.decimal_mark = static_cast<dag::DecimalMark>(data[0] % 3);
  options.letter_case = static_cast<dag::LetterCase>(data[0] / 3 % 3);
  const std::size_t end = text.find('\n');
  const auto a = dag::read_answer(text.substr(0, end), options);
  const auto b =
      dag::read_answer(end == std::string_view::npos ? text : text.substr(end + 1), options);
  fuzz::must(dag::equal_answers(a, a).equal, "an answer is equal to itself");
  fuzz::must(dag::equal_answers(a, b).equal == dag::equal_answers(b, a).equal,
             "equality is symmetric");
  if (data[0] == 0) {
    fuzz::must(dag::answer_key(a.key) == a.key, "a key reads as itself");
  }
  return 0;
}
