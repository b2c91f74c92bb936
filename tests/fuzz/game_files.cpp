// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Action graphs, documents of graphical programs, outputs of GAMUT, JSON and whatever begins like
// them: refused, or a game that JSON writes and reads back. A text that begins with a digit is
// taken for a .gam file.
#include "fuzz.hpp"

#include <dag/io/any_game.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  const std::string_view text = fuzz::text(data, size);
  return fuzz::refusals_allowed([&] {
    const bool gam = !text.empty() && text[0] >= '0' && text[0] <= '9';
    dag::GameDocument document;
    if (gam) {
      document.table = dag::parse_gam(text, "fuzz");
    } else {
      document = dag::parse_any_game(text, "fuzz");
    }
    if (document.tree) {
      dag::validate(*document.tree);
      const dag::ExtensiveGame again = dag::parse_efg(dag::format_efg(*document.tree), "again");
      fuzz::must(again.nodes == document.tree->nodes, "a tree that was read writes and reads back");
      return;
    }
    const std::string written = dag::format_game_json(*document.table);
    fuzz::must(dag::parse_game_json(written, "again") == *document.table,
               "a game that was read writes and reads back");
  });
}
