// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// `solve_zero_sum` beside the best linear-programming codes on random games with payoffs uniform on
// [-1, 1), to a relative gap of 1e-6, one thread, processor time of the solving thread, all on the
// same game of the same run. The peers get the form that suits them best: with B = A + 2, min 1'u
// subject to B'u >= 1, u >= 0, by their dual simplex method; building and loading are not counted.
// Every gap is computed here, from the strategies that came back. CLP and GLPK take part where
// CMake finds them; scripts/zero_sum_peers.py runs this program and HiGHS and QuantEcon in turn.
//
// Usage: benchmark_zero_sum_peers [--seed K] [--skip NAME,...] [SIZE...]
// (default: seeds 1 to 3, sizes 10 100 500 1000; from 2000 up CLP and GLPK take a minute and more)
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <dag/eigen.hpp>
#include <dag/solver/matrix/zero_sum.hpp>

#if defined(DAG_HAVE_CLP)
#include <coin/Clp_C_Interface.h>
#endif
#if defined(DAG_HAVE_GLPK)
#include <glpk.h>
#endif

namespace {

using Matrix = dag::eigen::matrix<double>;
using Vector = dag::eigen::vector<double>;

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The data of every contestant, here and in the script: row by row from the bits of mt19937_64.
Matrix uniform_payoff(Eigen::Index n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Matrix a(n, n);
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    a.data()[i] = 2 * (static_cast<double>(random() >> 11) * 0x1p-53) - 1;
  }
  return a;
}

struct Timed {
  double seconds = 0;
  double gap = 0;  ///< relative
};

double relative_gap(const Matrix& a, Vector x, Vector y) {
  x = x.cwiseMax(0.0);
  y = y.cwiseMax(0.0);
  x /= x.sum();
  y /= y.sum();
  return ((a * y).maxCoeff() - (a.transpose() * x).minCoeff()) / (a.maxCoeff() - a.minCoeff());
}

Timed solve_with_dag(const Matrix& a) {
  const double start = cpu_seconds();
  const dag::MatrixGame<double, dag::eigen> game(a);
  const auto found = dag::solve_zero_sum(game, {.tolerance = 1e-6});
  const double seconds = cpu_seconds() - start;
  return {seconds, relative_gap(a, found.strategy(0), found.strategy(1))};
}

#if defined(DAG_HAVE_CLP)
Timed solve_with_clp(const Matrix& a) {
  const int n = static_cast<int>(a.rows());
  std::vector<CoinBigIndex> starts;
  std::vector<int> index;
  std::vector<double> values;
  for (int i = 0; i < n; ++i) {  // variable u_i: its column is row i of B
    starts.push_back(i * n);
    for (int j = 0; j < n; ++j) {
      index.push_back(j);
      values.push_back(a(i, j) + 2);
    }
  }
  starts.push_back(n * n);
  const std::vector<double> zero(a.rows(), 0.0), one(a.rows(), 1.0), top(a.rows(), 1e30);
  Clp_Simplex* model = Clp_newModel();
  Clp_setLogLevel(model, 0);
  Clp_loadProblem(model, n, n, starts.data(), index.data(), values.data(), zero.data(), top.data(),
                  one.data(), one.data(), top.data());
  const double start = cpu_seconds();
  Clp_dual(model, 0);
  const double seconds = cpu_seconds() - start;
  const Vector x = Eigen::Map<const Vector>(Clp_primalColumnSolution(model), n);
  const Vector y = Eigen::Map<const Vector>(Clp_dualRowSolution(model), n);
  Clp_deleteModel(model);
  return {seconds, relative_gap(a, x, y)};
}
#endif

#if defined(DAG_HAVE_GLPK)
Timed solve_with_glpk(const Matrix& a) {
  const int n = static_cast<int>(a.rows());
  glp_prob* model = glp_create_prob();
  glp_set_obj_dir(model, GLP_MIN);
  glp_add_rows(model, n);
  glp_add_cols(model, n);
  std::vector<int> index(a.rows() + 1);
  std::vector<double> values(a.rows() + 1);
  for (int i = 0; i < n; ++i) {
    glp_set_row_bnds(model, i + 1, GLP_LO, 1.0, 0.0);
    glp_set_col_bnds(model, i + 1, GLP_LO, 0.0, 0.0);
    glp_set_obj_coef(model, i + 1, 1.0);
    for (int j = 0; j < n; ++j) {
      index[static_cast<std::size_t>(j) + 1] = j + 1;
      values[static_cast<std::size_t>(j) + 1] = a(i, j) + 2;
    }
    glp_set_mat_col(model, i + 1, n, index.data(), values.data());
  }
  glp_smcp options;
  glp_init_smcp(&options);
  options.msg_lev = GLP_MSG_OFF;
  options.meth = GLP_DUAL;
  const double start = cpu_seconds();
  glp_simplex(model, &options);
  const double seconds = cpu_seconds() - start;
  Vector x(n), y(n);
  for (int i = 0; i < n; ++i) {
    x(i) = glp_get_col_prim(model, i + 1);
    y(i) = glp_get_row_dual(model, i + 1);
  }
  glp_delete_prob(model);
  return {seconds, relative_gap(a, x, y)};
}
#endif

struct Contestant {
  const char* name;
  Timed (*solve)(const Matrix&);
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes;
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::string skipped;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    if (word == "--seed" && k + 1 < argc) {
      seeds = {std::strtoull(argv[++k], nullptr, 10)};
    } else if (word == "--skip" && k + 1 < argc) {
      skipped = "," + std::string(argv[++k]) + ",";
    } else {
      sizes.push_back(std::atoi(argv[k]));
    }
  }
  if (sizes.empty()) {
    sizes = {10, 100, 500, 1000};
  }
  const std::vector<Contestant> contestants = {
    {"dag", solve_with_dag},
#if defined(DAG_HAVE_CLP)
    {"clp", solve_with_clp},
#endif
#if defined(DAG_HAVE_GLPK)
    {"glpk", solve_with_glpk},
#endif
  };
  std::printf("solver n seed milliseconds relative_gap ratio(dag/peer)\n");
  for (const int n : sizes) {
    const int repetitions = n <= 100 ? 30 : n <= 500 ? 3 : 1;
    for (const std::uint64_t seed : seeds) {
      const Matrix a = uniform_payoff(n, seed);
      double ours = 0;
      for (const Contestant& contestant : contestants) {
        if (skipped.find("," + std::string(contestant.name) + ",") != std::string::npos) {
          continue;
        }
        Timed best{1e300, 0};
        for (int k = 0; k < repetitions; ++k) {
          const Timed timed = contestant.solve(a);
          best = timed.seconds < best.seconds ? timed : best;
        }
        ours = contestant.solve == solve_with_dag ? best.seconds : ours;
        std::printf("%s %d %d %.5g %.2g %.4g\n", contestant.name, n, static_cast<int>(seed),
                    1e3 * best.seconds, best.gap, ours / best.seconds);
        std::fflush(stdout);
      }
    }
  }
  return 0;
}
