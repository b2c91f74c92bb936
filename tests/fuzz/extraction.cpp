// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Extraction: any text by any way; what is found is not blank and comes from the text's length, and
// no text of 64 KiB takes long (of this process; generous under sanitizers).
#include "fuzz.hpp"

#include <array>
#include <ctime>

#include <dag/text/extractor.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
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
  const std::clock_t start = std::clock();
  const dag::Extraction found = extract(text);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  fuzz::must(found.found() != found.answer.empty(), "an answer is found exactly if there is one");
  fuzz::must(found.answer.size() <= 2 * text.size() + 64, "an answer is no longer than its text");
  fuzz::must(extract(text) == found, "the same text has the same answer");
  fuzz::must(seconds < 0.5, "a text takes time linear in its length");
  (void)extract.worked(text);
  return 0;
}
