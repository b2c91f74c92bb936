// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Extraction: any text by any way; what is found is not blank and no longer than the text.
#include "fuzz.hpp"

#include <array>

#include <dag/text/extractor.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  static const std::array extractors{dag::Extractor("boxed"),
                                     dag::Extractor("answer-is"),
                                     dag::Extractor("number"),
                                     dag::Extractor("hash"),
                                     dag::Extractor("tag:answer"),
                                     dag::Extractor("phrase:answer is"),
                                     dag::Extractor("after:</think>,boxed,answer-is,number"),
                                     dag::Extractor("boxed>number"),
                                     dag::Extractor("text>number")};
  if (size == 0) {
    return 0;
  }
  const std::string_view text = fuzz::text(data + 1, size - 1);
  const dag::Extractor& extract = extractors[data[0] % extractors.size()];
  const dag::Extraction found = extract(text);
  fuzz::must(found.found() != found.answer.empty(), "an answer is found exactly if there is one");
  fuzz::must(found.answer.size() <= 2 * text.size() + 64, "an answer is no longer than its text");
  fuzz::must(extract(text) == found, "the same text has the same answer");
  (void)extract.worked(text);
  return 0;
}
