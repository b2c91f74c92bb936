// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A utility of your own: the mean of numeric answers is to be near 2.
//! [own_utility]
#include <dag/alignment/alignment.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/eigen.hpp>

#include <cstdio>

struct NearTwo {  // F(nu) = -(mean - 2)^2, concave
  using scalar_type = double;
  double off(dag::AnswersView<double> answers) const {
    double mean = 0;
    for (std::size_t z = 0; z < answers.nu.point.size(); ++z) {
      mean += answers.nu.point[z] * static_cast<double>(z);
    }
    return mean - 2;
  }
  double value(dag::AnswersView<double> a) const { return -off(a) * off(a); }
  void gradient(dag::AnswersView<double> a, std::span<double> out) const {
    for (std::size_t z = 0; z < out.size(); ++z) {
      out[z] = -2 * off(a) * static_cast<double>(z);
    }
  }
};

int main() {
  const std::vector<double> reference{0.5, 0.3, 0.1, 0.05, 0.05};
  const auto found = dag::equilibrium(dag::AlignmentGame(NearTwo{}, dag::Contexts(reference), 0.1));
  double mean = 0;
  for (std::size_t z = 0; z < found.nu.size(); ++z) {
    mean += found.nu[z] * static_cast<double>(z);
  }
  std::printf("mean answer %.3f, from 0.85\n", mean);
  return found.status == dag::Status::converged && mean > 1.8 && mean < 2 ? 0 : 1;
}
//! [own_utility]
