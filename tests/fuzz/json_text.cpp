// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// JSON texts and printable text: refused, or written again without a control character.
#include "fuzz.hpp"

#include <dag/io/json_text.hpp>
#include <dag/io/printable.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  const std::string_view text = fuzz::text(data, size);
  const std::string shown = dag::printable(text);
  fuzz::must(dag::detail::is_utf8(shown), "printable text is UTF-8");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const unsigned byte = static_cast<unsigned char>(shown[i]);
    const bool c1 = byte == 0xC2 && static_cast<unsigned char>(shown[i + 1]) < 0xA0;
    fuzz::must(byte >= 0x20 && byte != 0x7F && !c1, "printable text has no control character");
  }
  fuzz::must(dag::printable(shown) == shown, "printable text stays as it is");
  return fuzz::refusals_allowed([&] {
    const auto json = dag::parse_json(text, "fuzz");
    fuzz::must(dag::parse_json(json.dump(), "again") == json, "JSON writes and reads back");
  });
}
