// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A hook that returns a bare string is refused: it cannot say why there is no answer.
// concept: AnswerExtractor
// expect: AnswerExtractor
// expect: Extraction
#include <dag/text/extractor.hpp>

struct FirstWord {
#if defined(DAG_EXPECT_SUCCESS)
  dag::Extraction operator()(std::string_view text) const;
#else
  std::string operator()(std::string_view text) const;
#endif
};

template <dag::AnswerExtractor E>
void use(const E& extract);

FirstWord first_word;
using Used = decltype(use(first_word));

int main() {}
