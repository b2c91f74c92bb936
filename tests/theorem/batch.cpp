// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Many small games in one call: every claim re-checked by plain loops, values against
// `solve_zero_sum`, branches against `logit_equilibrium`, the same bits for any number of threads.
// Classic slips seen to break these tests: the dual read with its sign, a lane's row of the table
// left out of an update, the logit's system without t^2, no look at the determinant's sign.
#include <dag/alignment/align_batch.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/solver/matrix/batch.hpp>
#include <dag/solver/matrix/shared_batch.hpp>
#include <dag/solver/table/logit_batch.hpp>
#include <dag/utility/expected_reward.hpp>
#include <dag/utility/gini.hpp>
#include <dag/utility/goal_divergence.hpp>
#include <dag/utility/shannon_entropy.hpp>
#include <dag/utility/sum.hpp>

#include <doctest/doctest.h>

#include <support/refused.hpp>
#include <support/thread_ranks.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::uint64_t seed = 20261128;

struct Shape {
  std::size_t rows;
  std::size_t columns;
};

std::vector<double> random_payoffs(std::size_t count, dag::RandomStream& random) {
  std::vector<double> payoffs(count);
  for (double& a : payoffs) {
    a = 2 * random.uniform() - 1;
  }
  return payoffs;
}

/// The duality gap by plain loops in long double, of the strategies over their sums.
long double plain_gap(std::span<const double> a, std::span<const double> x,
                      std::span<const double> y) {
  long double best = -std::numeric_limits<long double>::infinity();
  long double worst = std::numeric_limits<long double>::infinity();
  for (std::size_t i = 0; i < x.size(); ++i) {
    long double earned = 0;
    for (std::size_t j = 0; j < y.size(); ++j) {
      earned += static_cast<long double>(a[i * y.size() + j]) * y[j];
    }
    best = earned > best ? earned : best;
  }
  for (std::size_t j = 0; j < y.size(); ++j) {
    long double against = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      against += static_cast<long double>(a[i * y.size() + j]) * x[i];
    }
    worst = against < worst ? against : worst;
  }
  long double x_sum = 0;
  long double y_sum = 0;
  for (const double p : x) {
    x_sum += p;
  }
  for (const double p : y) {
    y_sum += p;
  }
  return best / y_sum - worst / x_sum;
}

/// max |p - softmax(g / tau)| over one player.
double response_error(std::span<const double> p, const std::vector<double>& earned, double tau) {
  double top = earned[0];
  for (const double e : earned) {
    top = e > top ? e : top;
  }
  double sum = 0;
  for (const double e : earned) {
    sum += std::exp((e - top) / tau);
  }
  double worst = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    worst = std::fmax(worst, std::abs(p[i] - std::exp((earned[i] - top) / tau) / sum));
  }
  return worst;
}

struct Bimatrix {
  Shape shape;
  std::vector<double> a;
  std::vector<double> b;
};
double logit_error(const Bimatrix& game, std::span<const double> x, std::span<const double> y,
                   double tau) {
  std::vector<double> rows(x.size());
  std::vector<double> columns(y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      rows[i] += game.a[i * y.size() + j] * y[j];
      columns[j] += game.b[i * y.size() + j] * x[i];
    }
  }
  return std::fmax(response_error(x, rows, tau), response_error(y, columns, tau));
}

dag::GameTable table(const Bimatrix& game) {
  const auto [rows, columns] = game.shape;
  dag::GameTable out;
  out.players = {"row", "column"};
  out.sizes = {rows, columns};
  for (const std::vector<double>* given : {&game.a, &game.b}) {
    std::vector<double>& payoffs = out.payoffs.emplace_back(given->size());
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        payoffs[i + rows * j] = (*given)[i * columns + j];
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("zero-sum: every game of a ragged batch, by its own certificate and by plain loops") {
  dag::RandomStream random(seed, 1);
  dag::BatchedMatrixGames<double> games;
  std::vector<std::vector<double>> payoffs;
  for (int round = 0; round < 40; ++round) {
    for (const Shape shape :
         {Shape{1, 1}, Shape{1, 5}, Shape{4, 1}, Shape{2, 2}, Shape{3, 3}, Shape{8, 8},
          Shape{5, 12}, Shape{16, 7}, Shape{32, 33}, Shape{64, 3}, Shape{2, 64}, Shape{64, 64}}) {
      if (shape.rows == 64 && shape.columns == 64 && round >= 4) {
        continue;  // four of the largest are enough
      }
      payoffs.push_back(random_payoffs(shape.rows * shape.columns, random));
      games.add(shape.rows, shape.columns, payoffs.back());
    }
  }
  const auto found = dag::solve_batch(games, {.tolerance = 1e-9});
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    const auto x = found.strategy(g, 0);
    const auto y = found.strategy(g, 1);
    CHECK(found.status[g] == dag::Status::converged);
    CHECK(found.alone[g] == (x.size() * y.size() == 1 ? 1 : 0));
    const long double gap = plain_gap(payoffs[g], x, y);
    CHECK(gap <= found.gap[g] + 1e-18L);  // long double rounds as well
    CHECK(found.gap[g] <= 2e-9);
    // The value lies between what each player can be sure of.
    using Matrix = dag::MatrixGame<double, dag::eigen>::Matrix;
    const auto rows = static_cast<Eigen::Index>(x.size());
    const auto columns = static_cast<Eigen::Index>(y.size());
    const Matrix matrix = Eigen::Map<const Matrix>(payoffs[g].data(), rows, columns);
    const auto alone = dag::solve_zero_sum(dag::MatrixGame<double, dag::eigen>(matrix));
    CHECK(std::abs(found.value[g] - alone.value) <= found.gap[g] + 1e-6 * 2);
  }
}

TEST_CASE(
    "zero-sum: the certificate bounds the gap of any strategies, by little more than rounding") {
  dag::RandomStream random(seed, 6);
  const auto distribution = [&](std::size_t size) {
    std::vector<double> p(size);
    double sum = 0;
    for (double& entry : p) {
      entry = random.uniform() < 0.3 ? 0 : random.uniform();
      sum += entry;
    }
    for (double& entry : p) {
      entry = sum > 0 ? entry / sum : 1 / static_cast<double>(size);
    }
    return p;
  };
  for (std::size_t rows : {1U, 2U, 7U, 8U, 9U, 33U, 64U}) {
    for (std::size_t columns : {1U, 2U, 3U, 4U, 5U, 8U, 12U, 17U, 64U}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const std::vector<double> a = random_payoffs(rows * columns, random);
      const std::vector<double> x = distribution(rows);
      const std::vector<double> y = distribution(columns);
      std::vector<double> room(rows * dag::detail::lane_step);
      const auto end = dag::detail::rounded_gap(a, 0.25, 2, 1, x, y, room);
      const long double gap = plain_gap(a, x, y);
      CHECK(gap <= end.gap + 1e-18L);
      CHECK(end.gap <= gap + 2e-13L);
    }
  }
}

TEST_CASE("zero-sum: the row best against the uniform strategy enters first, which saves pivots") {
  CAPTURE(seed);
  constexpr std::size_t count = 1000;
  // Where that row and its worst column are a saddle point, one pivot ends a game.
  const std::vector<double> saddle{1, 2, 3, 5, 4, 6, 0, 1, 7};
  // Random ones: 5.4 pivots a game; from the first row 6.8.
  dag::RandomStream random(seed, 5);
  dag::BatchedMatrixGames<double> games;
  games.add(3, 3, saddle);
  for (std::size_t g = 0; g < count; ++g) {
    games.add(8, 8, random_payoffs(64, random));
  }
  const auto found = dag::solve_batch(games);
  CHECK(found.rounds[0] == 1);
  CHECK(found.value[0] == doctest::Approx(4).epsilon(1e-15));
  const double pivots = std::accumulate(found.rounds.begin() + 1, found.rounds.end(), 0.0);
  CHECK(pivots < 5.7 * count);
}

TEST_CASE("zero-sum: ties, constants, offsets and scales") {
  dag::BatchedMatrixGames<double> games;
  std::vector<std::vector<double>> payoffs;
  const auto add = [&](std::size_t rows, std::size_t columns, std::vector<double> a) {
    payoffs.push_back(a);
    games.add(rows, columns, a);
  };
  add(3, 3, {0, -1, 1, 1, 0, -1, -1, 1, 0});
  add(2, 2, {5, 5, 5, 5});
  add(2, 2, {1e9 + 2, 1e9, 1e9, 1e9 + 1});
  add(2, 2, {2e-300, 0, 0, 1e-300});
  add(2, 2, {2e200, 0, 0, 1e200});
  add(4, 4, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  add(3, 4, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  const auto found = dag::solve_batch(games, {.tolerance = 1e-6});
  const std::vector<double> values = {0, 5, 1e9 + 2.0 / 3, 2e-300 / 3, 2e200 / 3, 0.25, 0};
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    CHECK(found.status[g] == dag::Status::converged);
    double size = 0;
    for (const double a : payoffs[g]) {
      size = std::fmax(size, std::abs(a));
    }
    CHECK(std::abs(found.value[g] - values[g]) <= 1e-6 * size);
  }
  CHECK(found.strategy(2, 0)[0] == doctest::Approx(1.0 / 3).epsilon(1e-6));
}

TEST_CASE("logit: every game is a fixed point, on the branch that logit_equilibrium follows") {
  dag::RandomStream random(seed, 2);
  for (const double tau : {1.0, 0.1, 0.03}) {
    dag::BatchedBimatrixGames<double> games;
    std::vector<Bimatrix> plain;
    for (int round = 0; round < 60; ++round) {
      for (const Shape shape :
           {Shape{1, 3}, Shape{2, 2}, Shape{3, 2}, Shape{3, 3}, Shape{2, 5}, Shape{4, 4}}) {
        const std::size_t count = shape.rows * shape.columns;
        plain.push_back({shape, random_payoffs(count, random), random_payoffs(count, random)});
        games.add(shape.rows, shape.columns, plain.back().a, plain.back().b);
      }
    }
    const auto found = dag::logit_batch(games, {.tau = tau});
    long rounds = 0;
    for (std::size_t g = 0; g < games.size(); ++g) {
      CAPTURE(g);
      CAPTURE(tau);
      const auto x = found.strategy(g, 0);
      const auto y = found.strategy(g, 1);
      REQUIRE(found.status[g] == dag::Status::converged);
      CHECK(logit_error(plain[g], x, y, tau) <= 1e-12);
      const double entropies = std::log(static_cast<double>(plain[g].shape.rows)) +
                               std::log(static_cast<double>(plain[g].shape.columns));
      CHECK(found.nash_gap[g] <= tau * entropies);
      CHECK(found.gap[g] <= 1e-12);
      CHECK(found.alone[g] == 0);
      rounds += found.rounds[g];
      const dag::LogitBranch path = dag::logit_equilibrium(table(plain[g]), tau);
      const dag::MixedProfile& wanted = path.points.back().profile;
      for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(std::abs(x[i] - wanted[0][i]) <= 1e-8);
      }
    }
    // Newton's method, not one that creeps: 6, 37 and 48 a game were seen.
    CHECK(rounds <= 70 * static_cast<long>(games.size()));
    MESSAGE("tau ", tau, ": ", rounds / static_cast<long>(games.size()), " rounds a game");
  }
}

TEST_CASE("logit: a branch that nearly meets another is kept by the determinant's sign") {
  // In this game steps of either method without that look end at the mixed equilibrium.
  dag::RandomStream random(seed, 3);
  int several = 0;
  dag::BatchedBimatrixGames<double> games;
  std::vector<Bimatrix> plain;
  for (int g = 0; g < 600; ++g) {
    // Coordination with a small bias: an imperfect pitchfork.
    const double bias = 0.02 * (2 * random.uniform() - 1);
    const double other = 0.02 * (2 * random.uniform() - 1);
    plain.push_back({{2, 2}, {1 + bias, 0, 0, 1}, {1 + other, 0, 0, 1}});
    games.add(2, 2, plain.back().a, plain.back().b);
  }
  const auto found = dag::logit_batch(games, {.tau = 0.1});
  for (std::size_t g = 0; g < games.size(); ++g) {
    CAPTURE(g);
    // The branch leaves towards the side that earns more at uniform play; where both players agree,
    // it stays there.
    const double bias = plain[g].a[0] - 1;
    const double other = plain[g].b[0] - 1;
    if (bias * other > 0) {
      ++several;
      CHECK((found.strategy(g, 0)[0] > 0.9) == (bias > 0));
      CHECK((found.strategy(g, 0)[1] > 0.9) == (bias < 0));
    }
  }
  CHECK(several > 200);
}

TEST_CASE("batches: the same bits for any number of threads and any company") {
  dag::RandomStream random(seed, 4);
  dag::BatchedMatrixGames<double> games;
  dag::BatchedBimatrixGames<double> pairs;
  std::vector<std::vector<double>> payoffs;
  for (std::size_t g = 0; g < 1500; ++g) {
    const std::size_t rows = 2 + g % 4;
    payoffs.push_back(random_payoffs(rows * 3, random));
    games.add(rows, 3, payoffs.back());
    pairs.add(rows, 3, payoffs.back(), random_payoffs(rows * 3, random));
  }
  const auto one = dag::solve_batch(games);
  const auto logit = dag::logit_batch(pairs, {.tau = 0.2});
  for (const int threads : {2, 3, 7}) {
    const auto many = dag::solve_batch(games, {.threads = threads});
    CHECK(many.strategies == one.strategies);
    CHECK(many.gap == one.gap);
    CHECK(many.rounds == one.rounds);
    CHECK(dag::logit_batch(pairs, {.tau = 0.2, .threads = threads}).strategies == logit.strategies);
  }
  dag::BatchedMatrixGames<double> alone;
  alone.add(2 + 777 % 4, 3, payoffs[777]);
  const auto single = dag::solve_batch(alone);
  for (std::size_t i = 0; i < single.strategies.size(); ++i) {
    CHECK(single.strategies[i] ==
          one.strategies[static_cast<std::size_t>(one.strategy_begin[777]) + i]);
  }
}

TEST_CASE("zero-sum: the same bits over 1, 2, 4 and 7 ranks; a fault of one is told by all") {
  dag::RandomStream random(5, 0);
  dag::BatchedMatrixGames<double> games, other;
  for (int g = 0; g < 61; ++g) {
    const std::size_t rows = 1 + random.below(9), columns = 1 + random.below(9);
    std::vector<double> payoffs(rows * columns);
    for (double& payoff : payoffs) {
      payoff = random.uniform();
    }
    games.add(rows, columns, payoffs);
    payoffs[0] = g == 40 ? std::nan("") : payoffs[0];
    other.add(rows, columns, payoffs);
  }
  const auto whole = dag::solve_batch(games, {.tolerance = 1e-9});
  for (const std::size_t ranks : {1U, 2U, 4U, 7U}) {
    support::Mail mail(ranks);
    std::vector<dag::BatchSolution<double>> found(ranks);
    std::vector<std::string> told(ranks), uneven(ranks);
    std::vector<std::thread> threads;
    for (std::size_t r = 0; r < ranks; ++r) {
      threads.emplace_back([&, r] {
        const support::ThreadRanks self{mail, r};
        found[r] = dag::solve_batch(self, games, {.tolerance = 1e-9});
        try {
          (void)dag::solve_batch(self, other);
        } catch (const dag::Error& error) {
          told[r] = error.what();
        }
        try {
          (void)dag::solve_batch(self, r == 0 ? dag::BatchedMatrixGames<double>() : games);
        } catch (const dag::Error& error) {
          uneven[r] = error.what();
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (std::size_t r = 0; r < ranks; ++r) {
      CHECK(found[r].strategies == whole.strategies);
      CHECK(found[r].strategy_begin == whole.strategy_begin);
      CHECK(found[r].value == whole.value);
      CHECK(found[r].gap == whole.gap);
      CHECK(found[r].status == whole.status);
      CHECK(found[r].rounds == whole.rounds);
      CHECK(found[r].alone == whole.alone);
      CHECK(found[r].rows == whole.rows);
      CHECK(told[r].find("has a NaN or an infinity") != std::string::npos);
      CHECK((ranks == 1 || uneven[r].find("games, rank") != std::string::npos));
    }
  }
}

TEST_CASE("batches: faults name the game and the rule") {
  dag::BatchedMatrixGames<double> games;
  games.add(2, 2, std::vector<double>{1, 0, 0, 1});
  games.add(2, 2, std::vector<double>{1, 0, std::nan(""), 1});
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games), doctest::Contains("game 1"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games, {.threads = 0}), doctest::Contains("threads"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::solve_batch(games, {.tolerance = -1}), doctest::Contains("-1"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(games.add(0, 2, std::vector<double>{}), doctest::Contains("0x2"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(games.add(65, 1, std::vector<double>(65)), doctest::Contains("65x1"),
                       dag::Error);
  dag::BatchedBimatrixGames<double> pairs;
  pairs.add(1, 2, std::vector<double>{1, 2}, std::vector<double>{1, 1e308});
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.tau = 1e-3}), doctest::Contains("game 0"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.tau = 0}), doctest::Contains("tau"),
                       dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::logit_batch(pairs, {.taus = std::vector<double>{1, 2}}),
                       doctest::Contains("2 taus for 1 games"), dag::Error);
}

namespace {

/// Questions of one to three contexts, 1 to 9 answers, some of them ruled out.
struct Asked {
  std::vector<std::vector<std::vector<double>>> nu0;  // question, context, answer
  std::vector<double> data;                           // one a stacked answer, a distribution a row
  dag::BatchedQuestions<double> questions;
};
std::vector<double> random_row(std::size_t answers, bool zeros, dag::RandomStream& random) {
  std::vector<double> row(answers);
  double total = 0;
  for (std::size_t z = 0; z < answers; ++z) {
    const double u = random.uniform();
    row[z] = zeros && z > 0 && u < 0.2 ? 0 : -std::log(1 - u) + 1e-6;
    total += row[z];
  }
  for (double& p : row) {
    p /= total;
  }
  return row;
}
Asked ask(std::size_t count, std::uint64_t stream) {
  dag::RandomStream random(seed, stream);
  Asked out;
  for (std::size_t g = 0; g < count; ++g) {
    const std::size_t contexts = 1 + g % 3, answers = 1 + g % 9;
    std::vector<double> stacked;
    auto& rows = out.nu0.emplace_back();
    for (std::size_t x = 0; x < contexts; ++x) {
      rows.push_back(random_row(answers, true, random));
      stacked.insert(stacked.end(), rows.back().begin(), rows.back().end());
      std::vector<double> row = random_row(answers, false, random);
      double total = 0;  // forward KL: what the reference rules out, the goal has to
      for (std::size_t z = 0; z < answers; ++z) {
        row[z] = rows.back()[z] > 0 ? row[z] : 0;
        total += row[z];
      }
      for (double& p : row) {
        p /= total;
      }
      out.data.insert(out.data.end(), row.begin(), row.end());
    }
    out.questions.add(stacked, contexts);
  }
  return out;
}

/// Every question of the batch beside `equilibrium` of its own game.
template <class Make>
void same_as_alone(const Asked& asked, double beta, const Make& make) {
  const auto found = dag::align_batch(make(asked.data), asked.questions, {.beta = beta});
  const dag::Blocks& blocks = asked.questions.blocks();
  std::size_t context = 0;
  for (std::size_t g = 0; g < asked.nu0.size(); ++g) {
    CAPTURE(g);
    CAPTURE(beta);
    const std::size_t first = blocks.offset(context);
    context += asked.nu0[g].size();
    const std::size_t end = blocks.offset(context - 1) + blocks.size(context - 1);
    const std::vector<double> data(asked.data.begin() + static_cast<std::ptrdiff_t>(first),
                                   asked.data.begin() + static_cast<std::ptrdiff_t>(end));
    const auto alone =
        dag::equilibrium(dag::AlignmentGame(make(data), dag::Contexts<double>(asked.nu0[g]), beta));
    REQUIRE(found.status[g] == dag::Status::converged);
    REQUIRE(found.residual[g] <= 1e-10);
    REQUIRE(std::abs(found.value[g] - alone.value) <= 1e-11 * (1 + std::abs(alone.value)));
    REQUIRE(std::abs(found.gap[g]) <= 1e-11 * (1 + std::abs(alone.value)));
    REQUIRE(found.alone[g] == 0);
    for (std::size_t i = first; i < end; ++i) {
      REQUIRE(std::abs(found.nu[i] - alone.nu[i - first]) <= 1e-12);
      const double log = alone.log_nu[i - first];
      REQUIRE((found.log_nu[i] == log || std::abs(found.log_nu[i] - log) <= 1e-9));
    }
  }
}

}  // namespace

TEST_CASE("answers: every question of a ragged batch is the equilibrium of its own game") {
  const Asked asked = ask(300, 5);
  for (const double beta : {1.0, 0.05}) {
    same_as_alone(asked, beta, [](const std::vector<double>&) { return dag::Gini<double>{0.7}; });
    same_as_alone(asked, beta, [](const std::vector<double>& data) {
      return dag::ForwardKl<double>(dag::Goal<double>(data), 0.5);
    });
    same_as_alone(asked, beta, [](const std::vector<double>& data) {
      return dag::Sum(dag::ExpectedReward<double>{data}, dag::ShannonEntropy<double>{0.3},
                      dag::Gini<double>{0.2});
    });
  }
  // The closed form, by itself: nu ~ (nu0 e^(R / beta))^(beta / (beta + tau)).
  const auto found = dag::align_batch(
      dag::Sum(dag::ExpectedReward<double>{asked.data}, dag::ShannonEntropy<double>{0.3}),
      asked.questions, {.beta = 0.2});
  const dag::Blocks& blocks = asked.questions.blocks();
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    double sum = 0;
    const auto power = [&](std::size_t i) {
      return std::exp((0.2 * asked.questions.log_reference()[i] + asked.data[i]) / 0.5);
    };
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      sum += power(i);
    }
    for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
      CHECK(std::abs(found.nu[i] - power(i) / sum) <= 1e-14);
    }
  }
}

TEST_CASE("answers: the same bits for any number of threads and any company; betas of their own") {
  const Asked asked = ask(3000, 6);
  std::vector<double> betas(3000);
  for (std::size_t g = 0; g < betas.size(); ++g) {
    betas[g] = 0.05 * static_cast<double>(1 + g % 7);
  }
  const dag::ForwardKl<double> pull(dag::Goal<double>(asked.data), 0.5);
  const auto one = dag::align_batch(pull, asked.questions, {.betas = betas});
  for (const int threads : {2, 3, 7}) {
    const auto many = dag::align_batch(pull, asked.questions, {.betas = betas, .threads = threads});
    CHECK(many.nu == one.nu);
    CHECK(many.log_nu == one.log_nu);
    CHECK(many.value == one.value);
    CHECK(many.gap == one.gap);
    CHECK(many.residual == one.residual);
    CHECK(many.rounds == one.rounds);
  }
  const std::size_t g = 1234, context = asked.questions.context_begin()[g];
  dag::BatchedQuestions<double> single;
  std::vector<double> stacked;
  for (const std::vector<double>& row : asked.nu0[g]) {
    stacked.insert(stacked.end(), row.begin(), row.end());
  }
  single.add(stacked, asked.nu0[g].size());
  const std::size_t first = asked.questions.blocks().offset(context);
  const auto at = asked.data.begin() + static_cast<std::ptrdiff_t>(first);
  const std::vector<double> data(at, at + static_cast<std::ptrdiff_t>(single.blocks().total()));
  const auto apart = dag::align_batch(dag::ForwardKl<double>(dag::Goal<double>(data), 0.5), single,
                                      {.beta = betas[g]});
  for (std::size_t i = 0; i < apart.nu.size(); ++i) {
    CHECK(apart.nu[i] == one.nu[first + i]);
  }
}

TEST_CASE("answers: far ends are met or given to the solver of single contexts, and faults named") {
  dag::BatchedQuestions<double> far;
  far.add(std::vector<double>{1 - 1e-9, 1e-9, 1e-300});
  far.add(std::vector<double>{0.5, 0.5});
  far.add(std::vector<double>{1});
  for (const double beta : {1e-3, 1e3}) {
    const auto found = dag::align_batch(dag::Gini<double>{5.0}, far, {.beta = beta});
    for (std::size_t g = 0; g < far.size(); ++g) {
      CAPTURE(g);
      CAPTURE(beta);
      CHECK(found.status[g] == dag::Status::converged);
    }
  }
  // A reward of 800 anchors' worth: further than `longest_step` times the limit of rounds.
  dag::BatchedQuestions<double> one;
  one.add(std::vector<double>{0.5, 0.5});
  const auto found = dag::align_batch(
      dag::Sum(dag::ExpectedReward<double>{{800, 0}}, dag::Gini<double>{1600.0}), one);
  CHECK(found.status[0] == dag::Status::converged);

  const auto run = [](const dag::BatchedQuestions<double>& questions,
                      const dag::AlignBatchOptions& options) {
    return dag::align_batch(dag::Gini<double>{1.0}, questions, options);
  };
  CHECK_THROWS_WITH_AS(far.add(std::vector<double>{0.5, 0.6}), doctest::Contains("question 3"),
                       dag::Error);
  CHECK_THROWS_WITH_AS(far.add(std::vector<double>{0.5, 0.5}, 3), doctest::Contains("3 contexts"),
                       dag::Error);
  CHECK(far.size() == 3);
  CHECK_THROWS_WITH_AS((void)run(far, {.beta = 0}), doctest::Contains("question 0"), dag::Error);
  CHECK_THROWS_WITH_AS((void)run(far, {.betas = std::vector<double>{1, 2}}),
                       doctest::Contains("2 betas for 3 questions"), dag::Error);
  CHECK_THROWS_WITH_AS((void)run(far, {.threads = 0}), doctest::Contains("threads"), dag::Error);
  CHECK_THROWS_WITH_AS((void)dag::align_batch(dag::ExpectedReward<double>{{1, 2}}, far),
                       doctest::Contains("2 rewards for 6 answers"), dag::Error);
  CHECK_THROWS_WITH_AS(
      (void)dag::align_batch(dag::ReverseKl<double>(dag::Goal<double>(std::vector<double>{0, 1})),
                             [] {
                               dag::BatchedQuestions<double> q;
                               q.add(std::vector<double>{1, 0});
                               return q;
                             }()),
      doctest::Contains("context 0"), dag::Error);
  CHECK(dag::align_batch(dag::Gini<double>{1.0}, dag::BatchedQuestions<double>{}).status.empty());
}

TEST_CASE(
    "zero-sum: a payoff that is no number and a range beyond doubles are refused by the game") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto told = [](std::size_t rows, std::size_t columns, const std::vector<double>& a) {
    dag::BatchedMatrixGames<double> games;
    games.add(1, 2, std::vector<double>{1, 2});
    games.add(rows, columns, a);
    try {
      (void)dag::solve_batch(games);
    } catch (const dag::Error& error) {
      CHECK(error.code() == dag::Errc::not_finite);
      return std::string(error.what());
    }
    return std::string();
  };
  for (const double bad : {std::nan(""), infinity, -infinity}) {
    for (std::size_t at = 0; at < 21; ++at) {
      std::vector<double> a(21, 0.5);
      a[at] = bad;
      CHECK(told(3, 7, a).find("game 1 has a NaN or an infinity") != std::string::npos);
    }
  }
  CHECK(told(2, 2, {1e308, -1e308, 0, 1}).find("range of game 1 overflows: -1e+308 to 1e+308") !=
        std::string::npos);
}

TEST_CASE("options of batches: refused by name") {
  dag::BatchedMatrixGames<double> games;
  games.add(1, 2, std::vector<double>{1, 2});
  dag::BatchedBimatrixGames<double> pairs;
  pairs.add(1, 2, std::vector<double>{1, 2}, std::vector<double>{1, 2});
  dag::BatchedQuestions<double> questions;
  questions.add(std::vector<double>{0.5, 0.5});
  {
    const auto call = [&](const dag::MatrixBatchOptions& o) { (void)dag::solve_batch(games, o); };
    REFUSED("solve_batch", dag::MatrixBatchOptions{}, test::not_negative, tolerance);
    REFUSED("solve_batch", dag::MatrixBatchOptions{}, test::count, threads);
  }
  {
    const auto call = [&](const dag::LogitBatchOptions& o) { (void)dag::logit_batch(pairs, o); };
    REFUSED("logit_batch", dag::LogitBatchOptions{}, test::positive, tau);
    REFUSED("logit_batch", dag::LogitBatchOptions{}, test::positive, tolerance);
    REFUSED("logit_batch", dag::LogitBatchOptions{}, test::count, threads);
  }
  const auto call = [&](const dag::AlignBatchOptions& o) {
    (void)dag::align_batch(dag::Gini<double>{1.0}, questions, o);
  };
  REFUSED("align_batch", dag::AlignBatchOptions{}, test::positive, beta);
  REFUSED("align_batch", dag::AlignBatchOptions{}, test::not_negative, tolerance);
  REFUSED("align_batch", dag::AlignBatchOptions{}, test::count, threads);
}
