// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include "contract/backend.hpp"

#include <dag/backend/eigen_backend.hpp>

TEST_CASE_TEMPLATE("the CPU backend keeps the contract of backends", Real, float, double) {
  contract::BackendContract<dag::eigen, Real>().run();
}

TEST_CASE("a refused distribution is named by its block and its numbers") {
  const dag::eigen backend;
  const std::vector<double> p{0.5, 0.5, 0.25, 0.25};
  std::vector<double> log_p(4);
  try {
    backend.enter_simplices<double>(dag::Blocks{2, 2}, 1e-8, p, log_p);
    FAIL("a sum of one half was accepted");
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::not_a_distribution);
    CHECK(std::string(error.what()).find("block 1") != std::string::npos);
    CHECK(std::string(error.what()).find("0.5") != std::string::npos);
  }
}

TEST_CASE("the projection on the simplex satisfies its optimality condition") {
  const dag::eigen backend;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    dag::RandomStream random(seed, 1);
    std::vector<double> v(1 + seed);
    for (double& entry : v) {
      entry = 2 * random.uniform() - 1;
    }
    std::vector<double> u = v;
    backend.project_simplex(std::span<double>(u));
    double total = 0, inner = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      CHECK(u[i] >= 0);
      total += u[i];
      inner += (v[i] - u[i]) * u[i];
    }
    CHECK(std::abs(total - 1) < 1e-13);
    for (std::size_t i = 0; i < u.size(); ++i) {  // <v - u, e_i - u> <= 0 for every vertex e_i
      CHECK(v[i] - u[i] - inner <= 1e-13);
    }
  }
  std::vector<double> bad{0.1, std::nan("")};
  CHECK_THROWS_AS(backend.project_simplex(std::span<double>(bad)), dag::Error);
}

TEST_CASE_TEMPLATE("no probability is a denormal number, and nothing hides a NaN", Real, float,
                   double) {
  const dag::eigen backend;
  const std::size_t size =
      3000;  // many alike at the top: the sum that divides the least ones is in the thousands
  const Real depth = sizeof(Real) == sizeof(double) ? Real(760) : Real(110);
  std::vector<Real> log_p(size), p(size);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size; ++i) {
    log_p[i] = i < 2000 ? Real{0} : -depth * static_cast<Real>(i - 2000) / Real(1000);
  }
  backend.normalize<Real>(dag::Blocks{size}, log_p, p);
  for (std::size_t i = 0; i < size; ++i) {
    CHECK((p[i] == 0 || std::isnormal(p[i])));
    CHECK(std::isfinite(log_p[i]));  // the logarithms go on below
    kept += p[i] > 0 ? 1 : 0;
    if (p[i] > 0) {
      CHECK(std::abs(std::log(p[i]) - log_p[i]) <=
            4 * std::numeric_limits<Real>::epsilon() * depth);
    }
  }
  CHECK(kept > 2600);
  CHECK(kept < size);
  for (const std::size_t at : {std::size_t{0}, std::size_t{5}, size - 1}) {
    std::vector<Real> bad(size, Real{0});
    bad[at] = std::numeric_limits<Real>::quiet_NaN();
    CHECK_THROWS_AS(backend.normalize<Real>(dag::Blocks{size}, bad, p), dag::Error);
  }
}

TEST_CASE_TEMPLATE("a softmax of any length, wherever it lies, is that of long double", Real, float,
                   double) {
  const dag::eigen backend;
  const Real epsilon = std::numeric_limits<Real>::epsilon();
  for (std::size_t size = 1; size <= 70; ++size) {
    CAPTURE(size);
    dag::RandomStream random(size, 2);
    std::vector<Real> log_p(size + 3), p(size + 3, Real(7));
    for (Real& entry : log_p) {
      entry = static_cast<Real>(20 * random.normal());
    }
    if (size > 2) {
      log_p[2] = -std::numeric_limits<Real>::infinity();
    }
    std::vector<long double> truth(size);
    long double total = 0;
    for (std::size_t i = 0; i < size; ++i) {
      truth[i] = std::exp(static_cast<long double>(log_p[i + 1]));
      total += truth[i];
    }
    backend.normalize<Real>(dag::Blocks{size}, std::span<Real>(log_p).subspan(1, size),
                            std::span<Real>(p).subspan(1, size));
    CHECK((p[0] == 7 && p[size + 1] == 7 && p[size + 2] == 7));
    for (std::size_t i = 0; i < size; ++i) {
      const auto share = static_cast<Real>(truth[i] / total);
      const Real slack = sizeof(Real) == sizeof(float) && share < Real(1e-30) ? Real(1e-30) : 0;
      CHECK(std::abs(p[i + 1] - share) <= 120 * epsilon * share + slack);
    }
  }
}
