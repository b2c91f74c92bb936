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
