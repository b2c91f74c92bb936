// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A solver of your own: optimistic ascent, in the frame that certifies the library's solvers.
//! [own_solver]
#include <dag/eigen.hpp>
#include <dag/game/matrix_rows.hpp>
#include <dag/solver/own_method.hpp>

#include <cstdio>

template <class Game>
struct Optimistic {  // z = prox(z, eta (2 g_t - g_(t-1)))
  Optimistic(const Game& of, const dag::SolverOptions<double>& options)
      : game(of), z(of.backend(), of.players().blocks().total()), next(z), g(z.point), old(g) {
    dag::start_point(game, options, "optimistic", z.view());
  }
  bool round(std::int64_t t) {
    game.field(last(), {g.data(), sample().size()});
    const Eigen::VectorXd ahead = t == 1 ? g : Eigen::VectorXd(2 * g - old);
    game.players().prox(game.backend(), last(), step(), {ahead.data(), sample().size()},
                        next.view());
    std::swap(z, next);
    std::swap(g, old);
    fields = t;
    return true;
  }
  dag::StateView<const double> last() const { return z.view(); }
  std::span<const double> sample() const { return last().point; }
  double step() const { return 0.5 / game.lipschitz(); }
  std::int64_t products() const { return fields; }

  const Game& game;
  dag::State<dag::eigen, double> z, next;
  Eigen::VectorXd g, old;
  std::int64_t fields = 0;
};

int main() {
  const auto game = dag::matrix_game<dag::eigen>({{3, -1}, {-2, 1}});
  const auto found = dag::solve_with<Optimistic>(game, {.tolerance = 1e-6});
  std::printf("%lld rounds, gap %.1e\n", static_cast<long long>(found.iterations), found.gap);
  return found.status == dag::Status::converged && found.gap <= 5e-6 ? 0 : 1;
}
//! [own_solver]
