// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Payoff matrices and lists of profiles: refused, or a table whose payoffs are all finite, with as
// many numbers as it has profiles.
#include "fuzz.hpp"

#include <cmath>

#include <dag/io/csv.hpp>
#include <dag/io/profile_csv.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Watch watch;
  const std::string_view text = fuzz::text(data, size);
  return fuzz::refusals_allowed([&] {
    const dag::GameTable game = dag::is_profile_csv(text) ? dag::parse_profile_csv(text, "fuzz")
                                                          : dag::parse_csv(text, "fuzz");
    std::size_t profiles = 1;
    for (const std::size_t n : game.sizes) {
      profiles *= n;
    }
    for (const auto& payoffs : game.payoffs) {
      fuzz::must(payoffs.size() == profiles, "a payoff a profile");
      for (const double payoff : payoffs) {
        fuzz::must(std::isfinite(payoff), "payoffs are finite");
      }
    }
    if (game.player_count() == 2 && dag::is_zero_sum(game)) {
      std::string written;
      try {
        written = dag::format_csv(game);
      } catch (const dag::Error&) {  // a name that cannot be quoted
        return;
      }
      const dag::GameTable again = dag::parse_csv(written, "again");
      fuzz::must(again.payoffs == game.payoffs, "a matrix that was read writes and reads back");
    }
  });
}
