// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// Coherence improves (arXiv:2511.08440): with q the Bregman projection of nu0 on the coherent
// policies, D(p, nu0) >= D(p, q) + D(q, nu0) for every coherent p, the right one among them,
// whatever nu0 is. Equal where the set is affine.
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <dag/core/random.hpp>
#include <dag/divergence/bregman.hpp>
#include <dag/divergence/potentials.hpp>

namespace {

using Rows = std::vector<std::vector<double>>;
constexpr std::uint64_t seed = 2511;

std::vector<double> draw(dag::RandomStream& random, std::size_t n) {
  std::vector<double> p(n);
  double sum = 0;
  for (double& entry : p) {
    sum += entry = -std::log(1 - random.uniform()) + 1e-3;
  }
  for (double& entry : p) {
    entry /= sum;
  }
  return p;
}

/// Mean over contexts of D(p_x, nu_x); p the same in every context.
template <class Potential>
double apart(const std::vector<double>& p, const Rows& nu) {
  const dag::Bregman<Potential> divergence;
  double sum = 0;
  for (const auto& row : nu) {
    sum += divergence.value(p, row) / static_cast<double>(nu.size());
  }
  return sum;
}
template <class Potential>
double between(const std::vector<double>& p, const std::vector<double>& q) {
  return dag::Bregman<Potential>{}.value(p, q);
}

/// The coherent policy nearest to the rows in KL, of those with <f, q> >= least: the geometric
/// mean, tilted by f where it has to be.
std::vector<double> nearest(const Rows& nu, const std::vector<double>& f, double least) {
  const std::size_t n = nu[0].size();
  std::vector<double> mean(n);
  for (const auto& row : nu) {
    for (std::size_t z = 0; z < n; ++z) {
      mean[z] += std::log(row[z]) / static_cast<double>(nu.size());
    }
  }
  const auto tilted = [&](double lambda) {
    std::vector<double> q(n);
    double sum = 0;
    for (std::size_t z = 0; z < n; ++z) {
      sum += q[z] = std::exp(mean[z] + lambda * f[z]);
    }
    for (double& entry : q) {
      entry /= sum;
    }
    return q;
  };
  const auto has = [&](double lambda) {
    double sum = 0;
    const std::vector<double> q = tilted(lambda);
    for (std::size_t z = 0; z < n; ++z) {
      sum += f[z] * q[z];
    }
    return sum >= least;
  };
  if (has(0)) {
    return tilted(0);
  }
  double low = 0, high = 1;
  while (!has(high)) {
    high *= 2;
  }
  for (int round = 0; round < 100; ++round) {
    const double middle = (low + high) / 2;
    (has(middle) ? high : low) = middle;
  }
  return tilted(high);
}

}  // namespace

TEST_CASE("the coherent policies: an identity, for KL and for the squared distance") {
  dag::RandomStream random(seed, 0);
  for (int game = 0; game < 200; ++game) {
    const std::size_t n = 2 + random.below(6), contexts = 2 + random.below(4);
    Rows nu;
    for (std::size_t x = 0; x < contexts; ++x) {
      nu.push_back(draw(random, n));
    }
    const std::vector<double> p = draw(random, n);
    const std::vector<double> q = nearest(nu, std::vector<double>(n), 0);
    using Kl = dag::NegativeEntropy;
    CHECK(apart<Kl>(p, nu) == doctest::Approx(between<Kl>(p, q) + apart<Kl>(q, nu)).epsilon(1e-12));
    std::vector<double> mean(n);
    for (const auto& row : nu) {
      for (std::size_t z = 0; z < n; ++z) {
        mean[z] += row[z] / static_cast<double>(contexts);
      }
    }
    using Half = dag::HalfSquaredNorm;
    CHECK(apart<Half>(p, nu) ==
          doctest::Approx(between<Half>(p, mean) + apart<Half>(mean, nu)).epsilon(1e-12));
  }
}

TEST_CASE("a convex part of them: an inequality, which another point of the set breaks") {
  dag::RandomStream random(seed, 1);
  int strict = 0, broken = 0, games = 0;
  for (int game = 0; game < 400; ++game) {
    const std::size_t n = 3 + random.below(4), contexts = 2 + random.below(3);
    Rows nu;
    for (std::size_t x = 0; x < contexts; ++x) {
      nu.push_back(draw(random, n));
    }
    std::vector<double> f(n);
    for (double& entry : f) {
      entry = random.uniform();
    }
    const std::vector<double> p = draw(random, n);
    double value = 0;
    for (std::size_t z = 0; z < n; ++z) {
      value += f[z] * p[z];
    }
    const double least = value - 0.02;  // p lies inside
    using Kl = dag::NegativeEntropy;
    const std::vector<double> q = nearest(nu, f, least);
    const double left = apart<Kl>(p, nu), right = between<Kl>(p, q) + apart<Kl>(q, nu);
    CHECK(left >= right - 1e-12);
    CHECK(between<Kl>(p, q) <= left - apart<Kl>(q, nu) + 1e-12);
    strict += left > right + 1e-6 ? 1 : 0;
    // The law tells the projection: half way to another policy of the set it fails.
    const std::vector<double> far = nearest({draw(random, n)}, f, least);
    std::vector<double> other(n);
    for (std::size_t z = 0; z < n; ++z) {
      other[z] = (q[z] + far[z]) / 2;
    }
    ++games;
    broken += left < between<Kl>(p, other) + apart<Kl>(other, nu) - 1e-6 ? 1 : 0;
  }
  MESSAGE("strict in ", strict, ", broken by another point in ", broken, " of ", games);
  CHECK(strict > games / 5);
  CHECK(broken > games / 4);
}

TEST_CASE("finite samples: nearer to the right policy, with its interval, and more so with more") {
  dag::RandomStream random(seed, 2);
  const std::size_t n = 4, contexts = 3;
  Rows nu;
  for (std::size_t x = 0; x < contexts; ++x) {
    nu.push_back(draw(random, n));
  }
  const std::vector<double> p =
      nearest(nu, {1, 0, 0, 0}, 0.6);  // coherent, mostly the first answer
  using Kl = dag::NegativeEntropy;
  const double exact = apart<Kl>(p, nu) - between<Kl>(p, nearest(nu, std::vector<double>(n), 0));
  double before = -1e300;
  for (const std::size_t samples : {4U, 16U, 64U, 1024U}) {
    double mean = 0, squares = 0;
    const int runs = 400;
    for (int run = 0; run < runs; ++run) {
      Rows counted;  // half a sample added to every answer
      for (const auto& row : nu) {
        std::vector<double> shares(n, 0.5);
        for (std::size_t i = 0; i < samples; ++i) {
          double left = random.uniform();
          std::size_t z = 0;
          while (z + 1 < n && left >= row[z]) {
            left -= row[z++];
          }
          shares[z] += 1;
        }
        for (double& share : shares) {
          share /= static_cast<double>(samples) + static_cast<double>(n) / 2;
        }
        counted.push_back(shares);
      }
      const std::vector<double> q = nearest(counted, std::vector<double>(n), 0);
      // On its own counts the law holds in every run ...
      CHECK(apart<Kl>(p, counted) >= between<Kl>(p, q) + apart<Kl>(q, counted) - 1e-12);
      // ... and beside the true nu0 on average.
      const double gained = apart<Kl>(p, nu) - between<Kl>(p, q), old = mean;
      mean += (gained - mean) / (run + 1);
      squares += (gained - old) * (gained - mean);
    }
    const double half = 1.97 * std::sqrt(squares / (runs - 1) / runs);
    MESSAGE(samples, " samples: ", mean, " +- ", half, " of ", exact, " nats");
    CHECK(mean - half > 0);
    CHECK(mean + half > before);
    before = mean;
  }
  CHECK(before == doctest::Approx(exact).epsilon(0.02));
}
