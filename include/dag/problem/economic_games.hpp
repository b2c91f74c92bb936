// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/game/player_names.hpp>
#include <dag/problem/known_game.hpp>
#include <dag/problem/random_games.hpp>

namespace dag {

// Classes of games that economics gave names to, after the list of GAMUT (Nudelman, Wortman, Shoham
// and Leyton-Brown, 2004, AAMAS): each with the property that defines it.

namespace detail {

/// Strategies named by numbers from `first` on, one list a player.
[[nodiscard]] inline std::vector<std::vector<std::string>> counted_labels(
    const std::vector<std::size_t>& sizes, std::size_t first) {
  std::vector<std::vector<std::string>> labels(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    for (std::size_t s = 0; s < sizes[i]; ++s) {
      labels[i].push_back(std::to_string(first + s));
    }
  }
  return labels;
}

/// A table filled profile by profile: pay(profile, payoffs) sets one payoff a player.
template <class Pay>
[[nodiscard]] GameTable filled_table(std::string title, std::vector<std::size_t> sizes, Pay&& pay) {
  constexpr std::size_t most = std::size_t{1} << 24;
  const std::size_t players = sizes.size();
  const std::size_t profiles = bounded_product(sizes, most);
  require(players >= 1 && profiles <= most / players, Errc::invalid_argument, title, ": ", players,
          " players of these numbers of strategies have more than 2^24 payoffs (128 MiB)");
  GameTable game;
  game.title = std::move(title);
  game.players = numbered_players(players);
  game.payoffs.assign(players, std::vector<double>(profiles));
  std::vector<std::size_t> profile(players, 0);
  std::vector<double> payoffs(players);
  for (std::size_t at = 0; at < profiles; ++at) {
    pay(profile, payoffs);
    for (std::size_t i = 0; i < players; ++i) {
      game.payoffs[i][at] = payoffs[i] + 0.0;
    }
    next_profile(sizes, profile);
  }
  game.sizes = std::move(sizes);
  validate(game);
  return game;
}

}  // namespace detail

/// The payoffs of each profile are jointly normal: variance 1, correlation `rho` between any two
/// players, -1/(players - 1) <= rho <= 1; profiles are independent. -1 with two players is
/// zero-sum, 1 is common interest. Rinott and Scarsini (2000), doi:10.1006/game.2000.0775. With z
/// standard normal and m its mean, u = sqrt(1 - rho) (z - m) + sqrt(1 + (players - 1) rho) m.
[[nodiscard]] inline KnownGame covariant_game(std::vector<std::size_t> sizes, double rho,
                                              std::uint64_t seed) {
  const auto players = static_cast<double>(sizes.size());
  require(sizes.size() >= 2 && rho <= 1 && 1 + (players - 1) * rho >= 0, Errc::invalid_argument,
          "covariant_game: needs two players or more and -1/(players - 1) <= rho <= 1, got ",
          sizes.size(), " players and rho ", rho);
  RandomStream random(seed, detail::covariant_family);
  const double own = std::sqrt(1 - rho);
  const double common = std::sqrt(1 + (players - 1) * rho);
  KnownGame game;
  game.table = detail::filled_table("Covariant game", std::move(sizes),
                                    [&](const auto&, std::vector<double>& payoffs) {
                                      double mean = 0;
                                      for (double& z : payoffs) {
                                        z = random.normal();
                                        mean += z / players;
                                      }
                                      for (double& z : payoffs) {
                                        z = own * (z - mean) + common * mean;
                                      }
                                    });
  return game;
}

/// Each player uses a nonempty set of facilities; each facility gives each of its users the same,
/// which falls with their number: strategies are the 2^facilities - 1 sets. An exact potential game
/// (Rosenthal, 1973, doi:10.1007/BF01737559): sum over facilities of the sum over k <= users of
/// gain(k). Gains are uniform on [0, 1) and sorted, with one cost uniform on [0, 1/2) a facility.
[[nodiscard]] inline KnownGame congestion_game(std::size_t players, std::size_t facilities,
                                               std::uint64_t seed) {
  require(players >= 1 && players <= 24 && facilities >= 1 && facilities <= 10,
          Errc::invalid_argument,
          "congestion_game: needs 1 to 24 players and 1 to 10 facilities, got ", players, " and ",
          facilities);
  RandomStream random(seed, detail::congestion_family);
  std::vector<std::vector<double>> gain(facilities);  // gain[f][users - 1]
  for (auto& own : gain) {
    const double cost = random.uniform() / 2;
    double level = 1;
    for (std::size_t k = 0; k < players; ++k) {
      level *= random.uniform();
      own.push_back(level - cost);
    }
  }
  std::vector<std::size_t> users(facilities);
  KnownGame game;
  game.table = detail::filled_table(
      "Congestion game", std::vector<std::size_t>(players, (std::size_t{1} << facilities) - 1),
      [&](const std::vector<std::size_t>& profile, std::vector<double>& payoffs) {
        for (std::size_t f = 0; f < facilities; ++f) {
          users[f] = 0;
          for (const std::size_t set : profile) {
            users[f] += (set + 1) >> f & 1U;
          }
        }
        for (std::size_t i = 0; i < players; ++i) {
          payoffs[i] = 0;
          for (std::size_t f = 0; f < facilities; ++f) {
            payoffs[i] += ((profile[i] + 1) >> f & 1U) != 0 ? gain[f][users[f] - 1] : 0.0;
          }
        }
      });
  game.table.labels.resize(players);
  for (auto& labels : game.table.labels) {
    for (std::size_t set = 1; set < std::size_t{1} << facilities; ++set) {
      std::string label;
      for (std::size_t f = 0; f < facilities; ++f) {
        if ((set >> f & 1U) != 0) {
          label += (label.empty() ? "" : "+") + std::to_string(f + 1);
        }
      }
      labels.push_back(std::move(label));
    }
  }
  return game;
}

/// Two travellers claim low ... high; both receive the lower claim, the honest one `reward` more,
/// the other `reward` less. For reward > 1 the only equilibrium, mixed ones included, is that both
/// claim low. Basu (1994), jstor.org/stable/2117865.
[[nodiscard]] inline KnownGame travellers_dilemma(std::size_t low, std::size_t high,
                                                  double reward) {
  require(low >= 1 && high > low && high - low < 4096 && reward > 1 && reward <= 1e6,
          Errc::invalid_argument,
          "travellers_dilemma: needs 1 <= low < high < low + 4096 and 1 < reward <= 1e6, got ", low,
          ", ", high, " and ", reward);
  const std::size_t claims = high - low + 1;
  KnownGame game;
  game.table = detail::filled_table(
      "Travellers' dilemma", {claims, claims},
      [&](const std::vector<std::size_t>& claim, std::vector<double>& payoffs) {
        const double lower = static_cast<double>(low + (claim[0] < claim[1] ? claim[0] : claim[1]));
        const double sign = claim[0] < claim[1] ? 1 : claim[0] > claim[1] ? -1 : 0;
        payoffs[0] = lower + sign * reward;
        payoffs[1] = lower - sign * reward;
      });
  game.table.labels = detail::counted_labels(game.table.sizes, low);
  game.equilibria = {pure_profile(game.table.sizes, {0, 0})};
  game.complete = true;
  game.value = static_cast<double>(low);
  return game;
}

/// Sellers set prices 1 ... prices; the cheapest share the demand prices + 1 - price equally and
/// pay `cost` for each unit. All at cost, and all at cost + 1, are equilibria. Bertrand (1883).
[[nodiscard]] inline KnownGame bertrand(std::size_t players, std::size_t prices, std::size_t cost) {
  require(players >= 2 && players <= 24 && cost >= 1 && cost < prices && prices <= 4096,
          Errc::invalid_argument,
          "bertrand: needs 2 to 24 players and 1 <= cost < prices <= 4096, got ", players,
          " players, cost ", cost, " and ", prices, " prices");
  KnownGame game;
  game.table = detail::filled_table(
      "Bertrand oligopoly", std::vector<std::size_t>(players, prices),
      [&](const std::vector<std::size_t>& price, std::vector<double>& payoffs) {
        std::size_t least = prices;
        double sellers = 0;
        for (const std::size_t p : price) {
          sellers = p < least ? 1 : sellers + (p == least ? 1 : 0);
          least = p < least ? p : least;
        }
        const double margin = static_cast<double>(least + 1) - static_cast<double>(cost);
        for (std::size_t i = 0; i < players; ++i) {
          payoffs[i] =
              price[i] == least ? margin * static_cast<double>(prices - least) / sellers : 0;
        }
      });
  game.table.labels = detail::counted_labels(game.table.sizes, 1);
  for (const std::size_t p : {cost - 1, cost}) {
    game.equilibria.push_back(pure_profile(game.table.sizes, std::vector<std::size_t>(players, p)));
  }
  return game;
}

/// Two players wait 0 ... times - 1; who waits longer wins what it values, both pay for the time
/// until the other gives up, at a tie the prize is shared. Values are uniform on [1, times - 1).
/// One gives up at once while the other would wait to the end: two pure equilibria, and mixed ones.
/// Maynard Smith (1974), doi:10.1016/0022-5193(74)90110-6.
[[nodiscard]] inline KnownGame war_of_attrition(std::size_t times, std::uint64_t seed) {
  require(times >= 3 && times <= 4096, Errc::invalid_argument,
          "war_of_attrition: needs 3 to 4096 times, got ", times);
  RandomStream random(seed, detail::attrition_family);
  double value[2];
  for (double& v : value) {
    v = 1 + random.uniform() * (static_cast<double>(times) - 2);
  }
  KnownGame game;
  game.table = detail::filled_table(
      "War of attrition", {times, times},
      [&](const std::vector<std::size_t>& wait, std::vector<double>& payoffs) {
        const std::size_t end = wait[0] < wait[1] ? wait[0] : wait[1];
        for (std::size_t i = 0; i < 2; ++i) {
          const double share = wait[i] > wait[1 - i] ? 1 : wait[i] < wait[1 - i] ? 0 : 0.5;
          payoffs[i] = share * value[i] - static_cast<double>(end);
        }
      });
  game.table.labels = detail::counted_labels(game.table.sizes, 0);
  game.equilibria = {pure_profile(game.table.sizes, {0, times - 1}),
                     pure_profile(game.table.sizes, {times - 1, 0})};
  return game;
}

/// Each player receives minus the number of players on its action. The pure equilibria are exactly
/// the profiles spread as evenly as can be: counts that differ by at most one. Grenager, Powers and
/// Shoham (2002), AAAI.
[[nodiscard]] inline KnownGame dispersion_game(std::size_t players, std::size_t actions) {
  require(players >= 1 && players <= 24 && actions >= 1 && actions <= 4096, Errc::invalid_argument,
          "dispersion_game: needs 1 to 24 players and 1 to 4096 actions, got ", players, " and ",
          actions);
  std::vector<double> users(actions);
  KnownGame game;
  game.table = detail::filled_table(
      "Dispersion game", std::vector<std::size_t>(players, actions),
      [&](const std::vector<std::size_t>& action, std::vector<double>& payoffs) {
        users.assign(actions, 0);
        for (const std::size_t a : action) {
          users[a] += 1;
        }
        for (std::size_t i = 0; i < players; ++i) {
          payoffs[i] = -users[action[i]];
        }
      });
  std::vector<std::size_t> spread;
  for (std::size_t i = 0; i < players; ++i) {
    spread.push_back(i % actions);
  }
  game.equilibria = {pure_profile(game.table.sizes, spread)};
  return game;
}

/// Each player receives benefit * (the least effort of all) - cost * (its own), 0 < cost < benefit,
/// efforts 1 ... efforts. The pure equilibria are exactly those of equal effort. Van Huyck,
/// Battalio and Beil (1990), jstor.org/stable/2006745.
[[nodiscard]] inline KnownGame minimum_effort(std::size_t players, std::size_t efforts,
                                              double benefit, double cost) {
  require(players >= 1 && players <= 24 && efforts >= 1 && efforts <= 4096 && cost > 0 &&
              cost < benefit && benefit <= 1e6,
          Errc::invalid_argument,
          "minimum_effort: needs 1 to 24 players, 1 to 4096 efforts and 0 < cost < benefit <= 1e6, "
          "got ",
          players, ", ", efforts, ", cost ", cost, " and benefit ", benefit);
  KnownGame game;
  game.table = detail::filled_table(
      "Minimum effort game", std::vector<std::size_t>(players, efforts),
      [&](const std::vector<std::size_t>& effort, std::vector<double>& payoffs) {
        std::size_t least = efforts;
        for (const std::size_t e : effort) {
          least = e < least ? e : least;
        }
        for (std::size_t i = 0; i < players; ++i) {
          payoffs[i] =
              benefit * static_cast<double>(least + 1) - cost * static_cast<double>(effort[i] + 1);
        }
      });
  game.table.labels = detail::counted_labels(game.table.sizes, 1);
  for (std::size_t e = 0; e < efforts && e < 16; ++e) {
    game.equilibria.push_back(pure_profile(game.table.sizes, std::vector<std::size_t>(players, e)));
  }
  return game;
}

/// Each pair of players plays a game of payoffs uniform on [-1, 1), each player one strategy
/// against all: payoffs are sums over the others. Janovskaja (1968).
[[nodiscard]] inline KnownGame polymatrix_table(std::size_t players, std::size_t actions,
                                                std::uint64_t seed) {
  require(players >= 2 && players <= 24 && actions >= 1 && actions <= 4096, Errc::invalid_argument,
          "polymatrix_table: needs 2 to 24 players and 1 to 4096 actions, got ", players, " and ",
          actions);
  RandomStream random(seed, detail::polymatrix_family);
  std::vector<std::vector<double>> edge;
  for (std::size_t k = 0; k < players * players; ++k) {
    edge.push_back(k / players == k % players ? std::vector<double>()
                                              : detail::drawn(actions * actions, [&] {
                                                  return 2 * random.uniform() - 1;
                                                }));
  }
  KnownGame game;
  game.table = detail::filled_table(
      "Polymatrix game", std::vector<std::size_t>(players, actions),
      [&](const std::vector<std::size_t>& action, std::vector<double>& payoffs) {
        for (std::size_t i = 0; i < players; ++i) {
          payoffs[i] = 0;
          for (std::size_t j = 0; j < players; ++j) {
            payoffs[i] += i == j ? 0.0 : edge[i * players + j][action[i] * actions + action[j]];
          }
        }
      });
  return game;
}

/// Two shops at distances a and b from the ends of a street of length l set prices 1 ... prices;
/// customers pay `cost` a unit of way and buy where it is cheaper in all. Hotelling (1929),
/// doi:10.2307/2224214: prices cost (l + (a - b)/3) and cost (l - (a - b)/3) are the equilibrium if
/// there is one, which is where (l + (a - b)/3)^2 >= 4/3 l (a + 2 b) and the same with a and b
/// exchanged (d'Aspremont, Gabszewicz and Thisse, 1979, doi:10.2307/1911955). Stored where both are
/// on the list of prices; where none is (the prices between them were the better answers), none.
[[nodiscard]] inline KnownGame location_game(std::size_t prices, double a, double b, double length,
                                             double cost) {
  require(prices >= 1 && prices <= 4096 && a >= 0 && b >= 0 && length > a + b && length <= 1e4 &&
              cost > 0 && cost <= 1e4,
          Errc::invalid_argument,
          "location_game: needs 1 to 4096 prices, a, b >= 0, a + b < length <= 1e4 and 0 < cost <= "
          "1e4, got ",
          prices, ", ", a, ", ", b, ", ", length, ", ", cost);
  const double between = cost * (length - a - b);
  KnownGame game;
  game.table = detail::filled_table(
      "Location game", {prices, prices},
      [&](const std::vector<std::size_t>& price, std::vector<double>& payoffs) {
        for (std::size_t i = 0; i < 2; ++i) {
          const double own = static_cast<double>(price[i] + 1);
          const double other = static_cast<double>(price[1 - i] + 1);
          const double lead = i == 0 ? a - b : b - a;
          const double buyers = (length + lead) / 2 + (other - own) / (2 * cost);
          payoffs[i] = own > other + between   ? 0
                       : other > own + between ? length * own
                                               : own * buyers;
        }
      });
  game.table.labels = detail::counted_labels(game.table.sizes, 1);
  const double first = length + (a - b) / 3;
  const double second = length - (a - b) / 3;
  const bool stable = first * first >= 4 * length * (a + 2 * b) / 3 &&
                      second * second >= 4 * length * (b + 2 * a) / 3;
  const auto listed = [&](double price) {
    return price == std::floor(price) && price >= 1 && price <= static_cast<double>(prices);
  };
  if (stable && listed(cost * first) && listed(cost * second)) {
    game.equilibria = {pure_profile(
        game.table.sizes,
        {static_cast<std::size_t>(cost * first) - 1, static_cast<std::size_t>(cost * second) - 1})};
  }
  return game;
}

}  // namespace dag
