// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Games on graphs and games known by their products alone.
#include <dag/eigen.hpp>
#include <dag/game/implicit_operator.hpp>
#include <dag/game/operator.hpp>
#include <dag/game/polymatrix.hpp>

#include <cstddef>
#include <cstdio>
#include <span>
#include <vector>

int main() {
  bool right = true;
  {
    //! [polymatrix]
    // Three players in a ring; each wants to match the next, who wants not to.
    const std::vector<double> match{1, -1, -1, 1};
    const std::vector<double> differ{-1, 1, 1, -1};
    const std::vector<std::size_t> sizes{2, 2, 2};
    const dag::PolymatrixGame<double, dag::eigen> ring(sizes, {{0, 1, match},
                                                               {1, 0, differ},
                                                               {1, 2, match},
                                                               {2, 1, differ},
                                                               {2, 0, match},
                                                               {0, 2, differ}});
    const std::vector<double> start{0.9, 0.1, 0.6, 0.4, 0.2, 0.8};
    const auto found = dag::mirror_prox(ring, {.tolerance = 1e-6, .start = start});
    std::printf("ring: NashConv %.1e after %lld rounds\n", found.gap,
                static_cast<long long>(found.iterations));
    //! [polymatrix]
    right = right && found.status == dag::Status::converged;
  }
  {
    //! [operators]
    // "The larger of two numbers wins, unless it is larger by three or more", never written out.
    const std::size_t n = 1000;
    const auto product = [](std::span<const double> y, std::span<double> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = 0;
        for (std::size_t d = 1; d < 3; ++d) {
          out[i] += i >= d ? y[i - d] : 0;
          out[i] -= i + d < y.size() ? y[i + d] : 0;
        }
      }
    };
    const auto transposed = [&](std::span<const double> x, std::span<double> out) {
      product(x, out);
      for (double& entry : out) {
        entry = -entry;
      }
    };
    dag::ImplicitOperator payoff(n, n, 2.0, product, transposed);  // range: from -1 to 1
    const dag::OperatorGame<decltype(payoff), dag::eigen> game(payoff);
    const auto found = dag::mirror_prox(game, {.tolerance = 1e-3});
    //! [operators]
    std::printf("operator: gap %.1e\n", found.gap);
    right = right && found.status == dag::Status::converged;
  }
  return right ? 0 : 1;
}
