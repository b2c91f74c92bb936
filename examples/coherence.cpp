// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Five phrasings of one question answer differently; no labels. The coherence game makes them
// agree, and as the anchor beta weakens their consensus tends to the normalised geometric mean,
// where errors that are not shared cancel.
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/eigen.hpp>
#include <dag/utility/coherence.hpp>

#include <cmath>
#include <cstdio>

int main() {
  // Answer 0 is right; each phrasing has a favourite mistake of its own.
  //! [coherence]
  const std::vector<std::vector<double>> phrasings{{0.83, 0.05, 0.04, 0.04, 0.04},
                                                   {0.55, 0.05, 0.30, 0.05, 0.05},
                                                   {0.56, 0.04, 0.05, 0.30, 0.05},
                                                   {0.36, 0.50, 0.05, 0.05, 0.04},
                                                   {0.64, 0.05, 0.05, 0.06, 0.20}};
  const auto solve = [&](double beta) {
    return dag::equilibrium(
        dag::AlignmentGame(dag::ArithmeticCoherence<double>{}, dag::Contexts(phrasings), beta));
  };
  //! [coherence]
  std::vector<double> geometric(5, 0), mean(5, 0);
  for (const auto& row : phrasings) {
    for (std::size_t z = 0; z < 5; ++z) {
      geometric[z] += std::log(row[z]) / 5;
      mean[z] += row[z] / 5;
    }
  }
  dag::softmax(geometric);
  std::printf("   beta   P(right)  to geometric mean  rounds  residual\n");
  std::printf("reference %8.4f\n", mean[0]);
  bool holds = true;
  double before = mean[0];
  for (const double beta : {1.0, 0.5, 0.2, 0.1, 0.05, 0.01, 0.001}) {
    const auto found = solve(beta);
    double apart = 0;
    for (std::size_t z = 0; z < 5; ++z) {
      apart += std::abs(found.consensus[z] - geometric[z]) / 2;
    }
    std::printf("%7.3f   %8.4f   %.6f           %4lld    %.1e\n", beta, found.consensus[0], apart,
                static_cast<long long>(found.iterations), found.residual);
    holds = holds && found.status == dag::Status::converged && found.consensus[0] > before &&
            apart < beta && found.iterations < 15;
    before = found.consensus[0];
  }
  std::printf("geometric %8.4f\nagreement sharpens: %s\n", geometric[0], holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
