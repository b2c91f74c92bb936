// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Strategic-form files: refused, or a table that writes and reads back as itself.
#include "fuzz.hpp"

#include <dag/io/nfg.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  return fuzz::refusals_allowed([&] {
    const dag::GameTable game = dag::parse_nfg(fuzz::text(data, size), "fuzz");
    const dag::GameTable again = dag::parse_nfg(dag::format_nfg(game), "again");
    fuzz::must(again.payoffs == game.payoffs, "a game that was read writes and reads back");
    fuzz::must(again.sizes == game.sizes, "sizes come back");
  });
}
