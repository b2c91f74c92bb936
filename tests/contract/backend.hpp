// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

/// What every backend has to do, against plain loops in long double. Vectors cross by upload and
/// download, so that the memory may be anywhere. Tolerances are multiples of the scalar's epsilon
/// times the number of terms: sums may be taken in any order.
namespace contract {

template <class Backend, class Real>
class BackendContract {
 public:
  using Vector = std::vector<Real>;
  static constexpr Real infinity = std::numeric_limits<Real>::infinity();
  static constexpr Real epsilon = std::numeric_limits<Real>::epsilon();

  void run() {
    static_assert(dag::Backend<Backend, Real>);
    elementwise();
    reductions();
    proxes();
    responses();
    entry();
    distances();
    products();
  }

 private:
  /// A vector of the backend's, filled from the host.
  struct Device {
    Device(const Backend& backend, const Vector& host)
        : owner(backend), data(backend.template allocate<Real>(host.size())) {
      owner.upload(std::span<const Real>(host), Backend::view(data));
    }
    [[nodiscard]] std::span<const Real> in() const { return Backend::view(data); }
    [[nodiscard]] std::span<Real> out() { return Backend::view(data); }
    [[nodiscard]] Vector host() const {
      Vector copy(in().size());
      owner.download(in(), std::span<Real>(copy));
      return copy;
    }
    const Backend& owner;
    typename Backend::template vector<Real> data;
  };

  [[nodiscard]] Vector random(std::size_t size) {
    Vector v(size);
    for (Real& entry : v) {
      entry = static_cast<Real>(2 * stream_.uniform() - 1);
    }
    return v;
  }
  static void near(Real got, long double expected, long double scale) {
    CHECK(std::abs(static_cast<long double>(got) - expected) <= scale * epsilon);
  }
  static void near(const Vector& got, const std::vector<long double>& expected, long double scale) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      near(got[i], expected[i], scale);
    }
  }

  void elementwise() {
    for (const std::size_t size : {1U, 5U, 33U, 1000U}) {
      const Vector x = random(size), y = random(size);
      const auto each = [&](auto call, auto formula) {
        Device a(backend_, x), b(backend_, y);
        call(a.in(), b.out());
        const Vector got = b.host();
        for (std::size_t i = 0; i < size; ++i) {
          near(got[i], formula(static_cast<long double>(x[i]), static_cast<long double>(y[i])), 8);
        }
      };
      each([&](auto in, auto out) { backend_.copy(in, out); }, [](auto a, auto) { return a; });
      each([&](auto, auto out) { backend_.fill(out, Real(0.25)); },
           [](auto, auto) { return 0.25L; });
      each([&](auto in, auto out) { backend_.axpy(Real(-3), in, out); },
           [](auto a, auto b) { return b - 3 * a; });
      each([&](auto in, auto out) { backend_.interpolate(Real(0.25), in, out); },
           [](auto a, auto b) { return b + 0.25L * (a - b); });
      each([&](auto in, auto out) { backend_.combine(Real(2), in, Real(-0.5), out); },
           [](auto a, auto b) { return 2 * a - 0.5L * b; });
      each([&](auto in, auto out) { backend_.exp(in, out); },
           [](auto a, auto) { return std::exp(a); });
      each([&](auto, auto out) { backend_.raise_to_zero(out); },
           [](auto, auto b) { return b > 0 ? b : 0.0L; });
    }
    Device zeros(backend_, {0, 1, 0}), logs(backend_, {9, 9, 9});
    backend_.log(zeros.in(), logs.out());
    CHECK(logs.host() == Vector{-infinity, 0, -infinity});
    backend_.exp(logs.in(), logs.out());
    CHECK(logs.host() == Vector{0, 1, 0});
  }

  void reductions() {
    for (const std::size_t size : {1U, 7U, 64U, 3000U}) {
      const Vector x = random(size), y = random(size);
      long double dot = 0, sum = 0, squared = 0, l_inf = 0, dot_size = 0, sum_size = 0;
      std::size_t best = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const long double difference = static_cast<long double>(x[i]) - y[i];
        dot += static_cast<long double>(x[i]) * y[i];
        sum += x[i];
        dot_size += std::abs(static_cast<long double>(x[i]) * y[i]);
        sum_size += std::abs(static_cast<long double>(x[i]));
        squared += difference * difference;
        l_inf = std::max(l_inf, std::abs(difference));
        best = x[i] > x[best] ? i : best;
      }
      const Device a(backend_, x), b(backend_, y);
      // In whatever order: at most (terms + 4) epsilon times the sum of sizes.
      const long double scale = static_cast<long double>(size) + 4;
      near(backend_.dot(a.in(), b.in()), dot, scale * dot_size);
      near(backend_.sum(a.in()), sum, scale * sum_size);
      near(backend_.squared_distance(a.in(), b.in()), squared, scale * squared);
      near(backend_.max_abs_difference(a.in(), b.in()), l_inf, 4);
      CHECK(backend_.argmax(a.in()) == best);
      CHECK(backend_.max(a.in()) == x[best]);
      CHECK(backend_.all_finite(a.in()));
      for (const Real bad : {infinity, -infinity, std::numeric_limits<Real>::quiet_NaN()}) {
        Vector spoiled = x;
        spoiled[size / 2] = bad;
        CHECK_FALSE(backend_.all_finite(Device(backend_, spoiled).in()));
      }
    }
    CHECK(backend_.argmax(Device(backend_, {1, 3, 3, 2}).in()) == 1);
  }

  /// log p and p of one block from logits, in long double; -inf stays.
  static void softmax(std::span<const long double> logits, std::vector<long double>& log_p,
                      std::vector<long double>& p) {
    long double top = -std::numeric_limits<long double>::infinity();
    for (const long double logit : logits) {
      top = std::max(top, logit);
    }
    long double total = 0;
    for (const long double logit : logits) {
      total += std::exp(logit - top);
    }
    for (const long double logit : logits) {
      log_p.push_back(logit - top - std::log(total));
      p.push_back(std::exp(log_p.back()));
    }
  }

  void proxes() {
    for (const auto& blocks : {dag::Blocks{1}, dag::Blocks{3, 2}, dag::Blocks{40, 1, 1030},
                               dag::Blocks::uniform(50, 9)}) {
      const std::size_t size = blocks.total();
      Vector center = random(size), gradient = random(size), reference = random(size);
      center[size / 2] = blocks.size(0) > 1 ? -infinity : center[size / 2];
      reference[0] = blocks.size(0) > 1 ? -infinity : reference[0];
      Vector weights(blocks.count()), magnet(blocks.count());
      for (std::size_t b = 0; b < blocks.count(); ++b) {
        weights[b] = static_cast<Real>(0.5 + stream_.uniform());
        magnet[b] = static_cast<Real>(0.5 + stream_.uniform());
      }
      const Real eta = Real(0.75);
      for (const bool magnetic : {false, true}) {
        std::vector<long double> log_p, p, logits;
        for (std::size_t b = 0; b < blocks.count(); ++b) {
          logits.clear();
          const long double step = static_cast<long double>(eta) / weights[b];
          for (std::size_t i = blocks.offset(b); i < blocks.offset(b) + blocks.size(b); ++i) {
            const long double plain = center[i] + step * gradient[i];
            logits.push_back(magnetic ? (plain + step * magnet[b] * reference[i]) /
                                            (1 + step * magnet[b])
                                      : plain);
          }
          softmax(logits, log_p, p);
        }
        const Device c(backend_, center), g(backend_, gradient), r(backend_, reference);
        Device out_log(backend_, Vector(size, std::numeric_limits<Real>::quiet_NaN())),
            out(backend_, Vector(size, 7));
        const std::span<const Real> w = weights, m = magnet;
        if (magnetic) {
          backend_.entropy_prox(blocks, w, c.in(), eta, g.in(), m, r.in(), out_log.out(),
                                out.out());
        } else {
          backend_.entropy_prox(blocks, w, c.in(), eta, g.in(), out_log.out(), out.out());
        }
        const Vector got_log = out_log.host(), got = out.host();
        for (std::size_t i = 0; i < size; ++i) {
          near(got[i], p[i], 40);
          if (std::isinf(log_p[i])) {
            CHECK(got_log[i] == -infinity);
            CHECK(got[i] == 0);
          } else {
            near(got_log[i], log_p[i], 64);
          }
        }
      }
    }
    // NaN, +inf and an empty simplex are refused, at the latest when the result is read.
    for (const Real bad : {infinity, std::numeric_limits<Real>::quiet_NaN(), -infinity}) {
      const dag::Blocks blocks{2, 3};
      const Vector center(5, bad), ones{1, 1};
      const auto attempt = [&] {
        const Device c(backend_, center), g(backend_, Vector(5, Real(1)));
        Device out_log(backend_, Vector(5)), out(backend_, Vector(5));
        backend_.entropy_prox(blocks, std::span<const Real>(ones), c.in(), Real(1), g.in(),
                              out_log.out(), out.out());
        (void)out.host();
      };
      CHECK_THROWS_AS(attempt(), dag::Error);
    }
  }

  void responses() {
    const dag::Blocks blocks{3, 1, 4};
    const Vector gradient{1, 5, 5, -2, 0.5, 0.25, 0.5, 0.5};
    const Device g(backend_, gradient);
    Device out_log(backend_, Vector(8, 3)), out(backend_, Vector(8, 3));
    backend_.pure_response(blocks, g.in(), out_log.out(), out.out());
    CHECK(out.host() == Vector{0, 1, 0, 1, 1, 0, 0, 0});
    CHECK(out_log.host() == Vector{-infinity, 0, -infinity, 0, 0, -infinity, -infinity, -infinity});
    near(backend_.sum_of_maxima(blocks, g.in()), 3.5L, 8);
    backend_.uniform(blocks, out_log.out(), out.out());
    const Vector uniform = out.host(), log_uniform = out_log.host();
    near(uniform[0], 1.0L / 3, 4);
    CHECK(uniform[3] == 1);
    near(log_uniform[7], -std::log(4.0L), 8);

    const Vector tau{0.5, 1, 2};
    const Device reference(backend_, log_uniform);
    backend_.entropy_response(blocks, g.in(), std::span<const Real>(tau), reference.in(),
                              out_log.out(), out.out());
    const long double a = std::exp(-8.0L);
    near(out.host(),
         {a / (2 + a), 1 / (2 + a), 1 / (2 + a), 1, 1 / (3 + std::exp(-0.125L)),
          std::exp(-0.125L) / (3 + std::exp(-0.125L)), 1 / (3 + std::exp(-0.125L)),
          1 / (3 + std::exp(-0.125L))},
         32);
  }

  void entry() {
    const dag::Blocks blocks{2, 2};
    Device log_p(backend_, Vector(4));
    backend_.enter_simplices(blocks, Real(1e-3), Device(backend_, {0.5, 0.5, 0, 1}).in(),
                             log_p.out());
    const Vector got = log_p.host();
    near(got[0], std::log(0.5L), 4);
    CHECK(got[2] == -infinity);
    for (const Vector& bad : {Vector{0.5, 0.625, 0, 1}, Vector{0.5, 0.5, -0.5, 1.5},
                              Vector{0.5, 0.5, std::numeric_limits<Real>::quiet_NaN(), 1}}) {
      CHECK_THROWS_AS(
          backend_.enter_simplices(blocks, Real(1e-3), Device(backend_, bad).in(), log_p.out()),
          dag::Error);
    }
  }

  void distances() {
    const dag::Blocks blocks{30, 1, 200};
    const Vector x = random(231), y = random(231), weights{0.5, 2, 1};
    Vector p(231), log_p(231), log_q(231);
    long double kl = 0, l1 = 0, spread = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      long double length = 0, top = -10, bottom = 10, total = 0, block_kl = 0;
      for (std::size_t i = blocks.offset(b); i < blocks.offset(b) + blocks.size(b); ++i) {
        p[i] = i % 5 == 3 ? Real(0) : Real(0.125) + std::abs(x[i]);
        total += p[i];
      }
      for (std::size_t i = blocks.offset(b); i < blocks.offset(b) + blocks.size(b); ++i) {
        const long double difference = static_cast<long double>(x[i]) - y[i];
        length += std::abs(difference);
        top = std::max(top, difference);
        bottom = std::min(bottom, difference);
        p[i] = static_cast<Real>(p[i] / total);
        log_p[i] = std::log(p[i]);
        log_q[i] = i % 5 == 3 ? -infinity : y[i];
        block_kl += p[i] > 0 ? p[i] * (static_cast<long double>(log_p[i]) - log_q[i]) : 0.0L;
      }
      kl += weights[b] * block_kl;
      l1 += weights[b] * length * length;
      spread += (top - bottom) * (top - bottom) / 4 / weights[b];
    }
    const std::span<const Real> w = weights;
    const Device dx(backend_, x), dy(backend_, y), dp(backend_, p), dlp(backend_, log_p);
    near(backend_.weighted_l1_squared(blocks, w, dx.in(), dy.in()), l1, 300 * l1);
    near(backend_.weighted_spread_squared(blocks, w, dx.in(), dy.in()), spread, 16 * spread);
    near(backend_.weighted_kl(blocks, w, dp.in(), dlp.in(), Device(backend_, log_q).in()), kl, 900);
    Vector no_mass = log_q;
    no_mass[0] = -infinity;
    CHECK(backend_.weighted_kl(blocks, w, dp.in(), dlp.in(), Device(backend_, no_mass).in()) ==
          infinity);
  }

  void products() {
    for (const std::size_t rows : {1U, 2U, 7U, 8U, 9U, 33U, 130U}) {
      for (const std::size_t columns : {1U, 3U, 8U, 17U, 64U, 65U, 257U}) {
        const Vector entries = random(rows * columns), x = random(rows), y = random(columns);
        std::vector<long double> a_y(rows), at_x(columns);
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t j = 0; j < columns; ++j) {
            a_y[i] += static_cast<long double>(entries[i * columns + j]) * y[j];
            at_x[j] += static_cast<long double>(entries[i * columns + j]) * x[i];
          }
        }
        const auto a = backend_.make_matrix(rows, columns, std::span<const Real>(entries));
        const Device dx(backend_, x), dy(backend_, y);
        // Outputs are poisoned: what is not written shows.
        Device out_rows(backend_, Vector(rows, std::numeric_limits<Real>::quiet_NaN())),
            out_columns(backend_, Vector(columns, std::numeric_limits<Real>::quiet_NaN()));
        const long double scale = static_cast<long double>(rows + columns) + 4;
        backend_.dual_product(a, dx.in(), dy.in(), Real(1), Real(1), out_rows.out(),
                              out_columns.out());
        near(out_rows.host(), a_y, scale);
        near(out_columns.host(), at_x, scale);
        backend_.multiply(a, dy.in(), out_rows.out());
        near(out_rows.host(), a_y, scale);
        backend_.multiply_transposed(a, dx.in(), out_columns.out());
        near(out_columns.host(), at_x, scale);
        backend_.dual_product(a, dx.in(), dy.in(), Real(2), Real(-3), out_rows.out(),
                              out_columns.out());
        for (long double& sum : a_y) {
          sum *= 2;
        }
        for (long double& sum : at_x) {
          sum *= -3;
        }
        near(out_rows.host(), a_y, 3 * scale);
        near(out_columns.host(), at_x, 3 * scale);
      }
    }
  }

  Backend backend_;
  dag::RandomStream stream_{20261123, 0};
};

}  // namespace contract
