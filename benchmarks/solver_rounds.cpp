// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// One round of every simultaneous first-order solver, its running mean included, against the fused
// dual products that it makes (A y and A' x in one sweep of A): processor time, contestants
// interleaved, the smallest of many repetitions. Target: at most 1.15 a product where A exceeds the
// second-level cache.
//
// Usage: benchmark_solver_rounds [SIZE...]   (default 500 1000 2000)
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <dag/eigen.hpp>
#include <dag/solver/first_order/anchored_extragradient.hpp>
#include <dag/solver/first_order/extragradient.hpp>
#include <dag/solver/first_order/magnetic_mirror_descent.hpp>
#include <dag/solver/first_order/mirror_descent.hpp>
#include <dag/solver/first_order/optimistic_mirror_descent.hpp>
#include <dag/solver/first_order/primal_dual_hybrid_gradient.hpp>
#include <dag/solver/response/frank_wolfe.hpp>
#include <dag/solver/response/hedge.hpp>
#include <dag/solver/response/regret_matching.hpp>

namespace {

using Game = dag::MatrixGame<double, dag::eigen>;
using Options = dag::SolverOptions<double>;
using Step = dag::Step<double>;

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

dag::eigen::matrix<double> uniform_matrix(Eigen::Index n) {
  dag::eigen::matrix<double> a(n, n);
  dag::RandomStream random(1, static_cast<std::uint64_t>(n));
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a.data()[i] = 2 * random.uniform() - 1;
  }
  return a;
}

struct Contestant {
  std::string name;
  int products;  ///< fused products a round
  std::function<void()> round;
  double best = 1e300;
};

/// A method with its running mean, kept alive by the closure.
template <class Rounds, class G>
Contestant contestant(std::string name, int products, const G& game, std::shared_ptr<Rounds> rounds,
                      dag::Average average = dag::Average::uniform) {
  auto mean = std::make_shared<dag::detail::RunningMean<G>>(game, average);
  auto t = std::make_shared<std::int64_t>(0);
  return {std::move(name), products, [=] {
            ++*t;
            rounds->round(*t);
            mean->add(*t, rounds->step(), rounds->sample());
          }};
}

void measure(Eigen::Index n) {
  const Game game(uniform_matrix(n));
  const auto flat = dag::euclidean(game);
  using Flat = std::remove_const_t<decltype(flat)>;
  const Options options;
  namespace d = dag::detail;
  std::vector<Contestant> all;

  dag::eigen::vector<double> x(n), y(n), a_y(n), at_x(n);
  x.setConstant(1.0 / static_cast<double>(n));
  y = x;
  all.push_back({"fused dual product", 1, [&] {
                   dag::eigen{}.dual_product<double>(game.payoff(),
                                                     dag::eigen::view(std::as_const(x)),
                                                     dag::eigen::view(std::as_const(y)), 1.0, -1.0,
                                                     dag::eigen::view(a_y), dag::eigen::view(at_x));
                 }});
  const auto descent = [&](const char* name, const auto& on, Step step) {
    using G = std::remove_cvref_t<decltype(on)>;
    all.push_back(contestant(name, 1, on,
                             std::make_shared<d::MirrorDescentRounds<G>>(
                                 on, options, dag::MirrorDescentOptions{}, name, step)));
  };
  descent("gradient_descent_ascent", flat, Step::lipschitz());
  descent("mirror_descent", game, Step::decaying());
  all.push_back(
      contestant("hedge", 1, game, std::make_shared<d::HedgeRounds<Game>>(game, options, "hedge")));
  for (const bool past : {true, false}) {
    const dag::OptimisticOptions own{past ? dag::Optimism::past : dag::Optimism::reflected};
    all.push_back(contestant(
        past ? "optimistic_mirror_descent, past" : "optimistic_mirror_descent, reflected", 1, game,
        std::make_shared<d::OptimisticRounds<Game>>(game, options, own, "o")));
  }
  all.push_back(contestant("magnetic_mirror_descent", 1, game,
                           std::make_shared<d::MagneticRounds<Game>>(
                               game, options, dag::MagneticOptions<double>{}, "m")));
  const auto regret = [&](const char* name, bool plus, bool predictive) {
    all.push_back(contestant(name, 1, game,
                             std::make_shared<d::RegretRounds<Game>>(
                                 game, options, dag::Turns::simultaneous, plus, predictive, name)));
  };
  regret("regret_matching", false, false);
  regret("regret_matching_plus", true, false);
  regret("predictive_regret_matching_plus", true, true);
  const auto respond = [&](const char* name, d::ResponseRounds<Game>::Settings settings) {
    all.push_back(contestant(
        name, 1, game, std::make_shared<d::ResponseRounds<Game>>(game, options, settings, name)));
  };
  respond("frank_wolfe", {.belief = dag::Average::linear});
  respond("smooth_fictitious_play", {.temperature = 0.1, .cooling = 0.5});
  all.push_back(contestant("mirror_prox", 2, game,
                           std::make_shared<d::MirrorProxRounds<Game>>(game, options, "mp")));
  all.push_back(contestant("extragradient", 2, flat,
                           std::make_shared<d::MirrorProxRounds<Flat>>(flat, options, "eg")));
  all.push_back(contestant("anchored_extragradient", 2, flat,
                           std::make_shared<d::AnchoredRounds<Flat>>(flat, options, "aeg")));
  all.push_back(contestant("primal_dual_hybrid_gradient (in turn)", 1, game,
                           std::make_shared<d::PrimalDualRounds<Game>>(
                               game, options, dag::PrimalDualOptions{}, "pdhg")));

  const int repetitions = static_cast<int>(std::max<Eigen::Index>(12, 20'000'000 / (n * n)));
  for (int k = 0; k < 30; ++k) {
    for (Contestant& one : all) {
      // Two games share the last-level cache: as many rounds again bring its own back as far as it
      // fits.
      for (int r = 0; r < repetitions; ++r) {
        one.round();
      }
      const double start = cpu_seconds();
      for (int r = 0; r < repetitions; ++r) {
        one.round();
      }
      one.best = std::min(one.best, (cpu_seconds() - start) / repetitions);
    }
  }
  for (const Contestant& one : all) {
    std::printf("%5d  %-38s %8.1f us  %.3f\n", static_cast<int>(n), one.name.c_str(),
                1e6 * one.best, one.best / (one.products * all.front().best));
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("    n  solver, one round                           time  over its products\n");
  for (int k = 1; k < argc; ++k) {
    measure(std::atoi(argv[k]));
  }
  if (argc == 1) {
    for (const Eigen::Index n : {500, 1000, 2000}) {
      measure(n);
    }
  }
  return 0;
}
