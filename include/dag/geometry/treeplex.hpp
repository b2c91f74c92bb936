// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/parallel.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/geometry/dilated_maps.hpp>
#include <dag/geometry/subtrees.hpp>
#include <dag/geometry/treeplex_shape.hpp>

namespace dag {

/// Players who own treeplexes (strategies in sequence form), one block a player, under a dilated
/// mirror map: D(u, v) = sum over information sets I of w_I u[parent(I)] d(u_I / u[parent(I)],
/// v_I / v[parent(I)]), d being KL (`DilatedEntropy`) or half the squared distance
/// (`DilatedEuclidean`). Over a game of one information set a player that is `Simplices`.
///
/// Source: Hoda, Gilpin, Pena, Sandholm (2010), doi:10.1287/moor.1100.0452; the entropy with
/// weights one: Fan, Kroer, Farina (2024), arXiv:2410.23398. State: `point` is the plan x, 1 at the
/// empty sequence; `dual` the behaviour, its logarithm under the entropy (-inf is legal): known
/// below unreached sets too. One prox is one pass bottom-up and one top-down over flat arrays.
///
/// Norms, derived here: with |x|_Q = the smallest t for which t times a plan covers |x|, and its
/// dual |g|_Q* = max over plans u of <|g|, u>, each one pass bottom-up, D(u, v) >= |u - v|_Q^2 / (2
/// depth) under the entropy with weights of at least one: a difference of payoffs is sum_I
/// u[parent] <u_I - v_I, values of v>, values are at most B_I = max of |g| below I, Pinsker bounds
/// each set, Cauchy and Schwarz the sum, and a level of the tree has sum u[parent] B_I^2 <= 1.
/// (Euclidean: the number of actions at a set enters too.) So distance = |x - y|_Q / sqrt(depth),
/// and gradients are measured by sqrt(depth) |g - h|_Q*. Memory: the shape and a weight a set. By
/// `use_threads` the passes run on several threads, subtree by subtree, where a player has many
/// sequences; sums over all sets (divergences) on one. Backends in host memory only.
template <Scalar Real, class Map = DilatedEntropy>
class Treeplexes {
 public:
  using scalar_type = Real;
  using map_type = Map;

  explicit Treeplexes(TreeplexShape shape) : Treeplexes(std::move(shape), std::vector<Real>()) {}
  /// One weight >= 1 an information set (empty: all one).
  /// Errors: dimension_mismatch, invalid_argument.
  Treeplexes(TreeplexShape shape, std::vector<Real> weights)
      : shape_(std::move(shape)), weights_(std::move(weights)) {
    validate(shape_);
    if (weights_.empty()) {
      weights_.assign(shape_.set_count(), Real{1});
    }
    require(weights_.size() == shape_.set_count(), Errc::dimension_mismatch,
            "Treeplexes: ", weights_.size(), " weights for ", shape_.set_count(),
            " information sets");
    for (const Real weight : weights_) {
      require(weight >= 1 && std::isfinite(weight), Errc::invalid_argument,
              "Treeplexes: weights must be >= 1 and finite, got ", weight);
    }
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const Real modulus = Map::template modulus<Real>(shape_, i);
      roots_.push_back(std::sqrt(modulus > 0 ? modulus : Real{1}));
    }
    use_threads(1);
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return shape_.blocks; }
  [[nodiscard]] const TreeplexShape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::span<const Real> weights() const noexcept { return weights_; }

  /// At most so many threads a pass (link dag::openmp, else one does all), all with the same bits.
  /// Errors: invalid_argument.
  void use_threads(int threads) {
    require(threads >= 1, Errc::invalid_argument, "Treeplexes: threads must be at least 1, got ",
            threads);
    threads_ = threads;
    passes_.clear();
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const std::uint32_t begin = shape_.begin[i];
      const std::uint32_t end = shape_.begin[i + 1];
      passes_.push_back(threads > 1 ? detail::Subtrees(shape_, begin, end)
                                    : detail::Subtrees(begin, end));
    }
  }
  /// Bottom-up over player i's sets: q[parent(k)] += value(k), after all sets below k.
  template <class Value>
  void up(std::size_t i, std::span<Real> q, const Value& value) const {
    passes_[i].up(shape_, threads_, q, value);
  }
  /// Top-down over player i's sets: each(k), after the set above k.
  template <class Each>
  void down(std::size_t i, const Each& each) const {
    passes_[i].down(threads_, each);
  }

  /// The uniform behaviour at every information set.
  template <class Backend>
  requires HasHostMemory<Backend>
  void start(const Backend&, StateView<Real> out) const {
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      const Real share = Real{1} / static_cast<Real>(shape_.size[k]);
      for (std::uint32_t s = shape_.first[k]; s < shape_.first[k] + shape_.size[k]; ++s) {
        out.dual[s] = Map::to_dual(share);
      }
    }
    descend(out);
  }
  /// Checks that `state.point` is a plan (entries >= 0, 1 at the empty sequence, actions adding up
  /// to their parent, within sqrt(epsilon)) and sets `state.dual`; where play never comes, to the
  /// uniform behaviour. Errors: not_a_distribution.
  template <class Backend>
  void enter(const Backend&, StateView<Real> state) const {
    const Real tolerance = std::sqrt(std::numeric_limits<Real>::epsilon());
    const auto x = state.point;
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const std::size_t root = shape_.blocks.offset(i);
      require(std::abs(x[root] - 1) <= tolerance, Errc::not_a_distribution,
              "strategy: the empty sequence of player ", i + 1, " must have 1, got ", x[root]);
      state.dual[root] = Map::to_dual(Real{1});
    }
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      const std::uint32_t begin = shape_.first[k];
      const std::uint32_t end = begin + shape_.size[k];
      Real sum = 0;
      for (std::uint32_t s = begin; s < end; ++s) {
        require(x[s] >= -tolerance && std::isfinite(x[s]), Errc::not_a_distribution,
                "strategy: sequence ", s, " has ", x[s]);
        sum += x[s] > 0 ? x[s] : Real{0};
      }
      require(std::abs(sum - x[shape_.parent[k]]) <= tolerance, Errc::not_a_distribution,
              "strategy: the actions of information set ", k, " must add up to ",
              x[shape_.parent[k]], ", got ", sum);
      for (std::uint32_t s = begin; s < end; ++s) {
        const Real own = x[s] > 0 ? x[s] : Real{0};
        state.dual[s] =
            Map::to_dual(sum > 0 ? own / sum : Real{1} / static_cast<Real>(shape_.size[k]));
      }
    }
  }
  /// Makes the plan of an entered state anew from its behaviour: what rounding did to a mean.
  template <class Backend>
  void rescale(const Backend&, StateView<Real> state) const {
    descend(state);
  }
  /// out = argmax eta <gradient, u> - D(u, center). `out` may be `center`.
  template <class Backend>
  void prox(const Backend&, StateView<const Real> center, Real eta, std::span<const Real> gradient,
            StateView<Real> out) const {
    ascend(eta, gradient, out.point, [&](std::size_t k, std::uint32_t s, Real* q) {
      return Map::respond(weights_[k], shape_.size[k], q, center.dual.data() + s,
                          static_cast<const Real*>(nullptr), Real{0}, out.dual.data() + s);
    });
    descend(out);
  }
  /// The same with eta * (-magnet_i D(u_i, reference_i)) added to the objective.
  template <class Backend>
  void prox(const Backend&, StateView<const Real> center, Real eta, std::span<const Real> gradient,
            MagnetView<Real> magnet, StateView<Real> out) const {
    ascend(eta, gradient, out.point, [&](std::size_t k, std::uint32_t s, Real* q) {
      const Real pull = eta * magnet.weights[shape_.owner[k]];
      return Map::respond(weights_[k], shape_.size[k], q, center.dual.data() + s,
                          magnet.reference.dual.data() + s, pull, out.dual.data() + s);
    });
    descend(out);
  }
  /// sum over players of max_u <gradient, u>.
  template <class Backend>
  [[nodiscard]] Real support(const Backend&, std::span<const Real> gradient) const {
    Real total = 0;
    supports(gradient, [&](std::size_t, Real best_payoff) { total += best_payoff; });
    return total;
  }
  /// each(i, max_u <gradient, u>) of every player i: the parts of `support`, in one pass.
  template <class Each>
  void supports(std::span<const Real> gradient, Each&& each) const {
    const std::span<Real> q = scratch();
    ascend(Real{1}, gradient, q, [&](std::size_t k, std::uint32_t, Real* values) {
      return values[best(values, shape_.size[k])];
    });
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      each(i, q[shape_.blocks.offset(i)]);
    }
  }
  /// The first pure best response at every information set, reached or not.
  template <class Backend>
  void best_response(const Backend&, std::span<const Real> gradient, StateView<Real> out) const {
    ascend(Real{1}, gradient, out.point, [&](std::size_t k, std::uint32_t s, Real* values) {
      const std::uint32_t choice = best(values, shape_.size[k]);
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        out.dual[s + a] = Map::to_dual(a == choice ? Real{1} : Real{0});
      }
      return values[choice];
    });
    descend(out);
  }
  /// argmax <gradient, u> - magnet_i D(u_i, reference_i).
  template <class Backend>
  void best_response(const Backend&, std::span<const Real> gradient, MagnetView<Real> magnet,
                     StateView<Real> out) const {
    ascend(Real{1}, gradient, out.point, [&](std::size_t k, std::uint32_t s, Real* q) {
      return Map::respond(weights_[k] * magnet.weights[shape_.owner[k]], shape_.size[k], q,
                          magnet.reference.dual.data() + s, static_cast<const Real*>(nullptr),
                          Real{0}, out.dual.data() + s);
    });
    descend(out);
  }
  /// D(to, from).
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend&, StateView<const Real> to,
                                StateView<const Real> from) const {
    Real total = 0;
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      total += weights_[k] * part(k, to, from);
    }
    return total;
  }
  /// |x - y|_Q / sqrt(depth), the players' squares added.
  template <class Backend>
  [[nodiscard]] Real distance(const Backend&, std::span<const Real> x,
                              std::span<const Real> y) const {
    const std::span<Real> need = scratch();
    for (std::size_t s = 0; s < need.size(); ++s) {
      need[s] = std::abs(x[s] - y[s]);
    }
    for (std::size_t k = shape_.set_count(); k-- > 0;) {
      Real sum = 0;
      for (std::uint32_t s = shape_.first[k]; s < shape_.first[k] + shape_.size[k]; ++s) {
        sum += need[s];
      }
      Real& above = need[shape_.parent[k]];
      above = sum > above ? sum : above;
    }
    Real total = 0;
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const Real size = need[shape_.blocks.offset(i)] / roots_[i];
      total += size * size;
    }
    return std::sqrt(total);
  }
  /// Its dual on gradients, sqrt(depth) |g - h|_Q*: an upper bound, for it does not take out what a
  /// plan cannot change.
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend&, std::span<const Real> g,
                                   std::span<const Real> h) const {
    const std::span<Real> q = scratch();
    for (std::size_t s = 0; s < q.size(); ++s) {
      q[s] = std::abs(g[s] - h[s]);
    }
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      q[shape_.blocks.offset(i)] = 0;  // one number for all plans
    }
    climb(q, [&](std::size_t k, std::uint32_t, Real* values) {
      return values[best(values, shape_.size[k])];
    });
    Real total = 0;
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const Real size = q[shape_.blocks.offset(i)] * roots_[i];
      total += size * size;
    }
    return std::sqrt(total);
  }
  /// sum_i magnet_i D(z_i, reference_i).
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend&, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    Real total = 0;
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      total += magnet.weights[shape_.owner[k]] * weights_[k] * part(k, z, magnet.reference);
    }
    return total;
  }
  /// out = a pure plan drawn from the behaviour of z: its mean is z. One draw a set.
  template <class Backend>
  void draw(const Backend&, StateView<const Real> z, RandomStream& random,
            StateView<Real> out) const {
    for (std::size_t k = 0; k < shape_.set_count(); ++k) {
      const std::uint32_t begin = shape_.first[k];
      Real left = static_cast<Real>(random.uniform());
      std::uint32_t chosen = shape_.size[k];
      std::uint32_t possible = 0;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        const Real p = Map::from_dual(z.dual[begin + a]);
        possible = p > 0 ? a : possible;
        left -= p;
        chosen = left < 0 && chosen == shape_.size[k] ? a : chosen;
      }
      chosen = chosen < shape_.size[k] ? chosen : possible;
      for (std::uint32_t a = 0; a < shape_.size[k]; ++a) {
        out.dual[begin + a] = Map::to_dual(a == chosen ? Real{1} : Real{0});
      }
    }
    descend(out);
  }

  /// sup_u D(u, uniform) for the entropy: the constant of the averaged rates. One pass.
  [[nodiscard]] Real radius() const {
    std::vector<Real> q(shape_.blocks.total(), Real{0});
    climb(std::span<Real>(q), [&](std::size_t k, std::uint32_t, Real* values) {
      return values[best(values, shape_.size[k])] +
             weights_[k] * Map::template radius<Real>(shape_.size[k]);
    });
    return sum_of_roots(q);
  }
  /// sqrt of the factor by which player i's norm is scaled; see above.
  [[nodiscard]] Real scale(std::size_t i) const noexcept { return roots_[i]; }

 private:
  [[nodiscard]] std::span<Real> scratch() const {
    thread_local std::vector<Real> memory;
    if (memory.size() < shape_.blocks.total()) {
      memory.resize(shape_.blocks.total());
    }
    return std::span<Real>(memory).first(shape_.blocks.total());
  }
  [[nodiscard]] static std::uint32_t best(const Real* values, std::uint32_t size) noexcept {
    std::uint32_t choice = 0;
    for (std::uint32_t a = 1; a < size; ++a) {
      choice = values[a] > values[choice] ? a : choice;
    }
    return choice;
  }
  [[nodiscard]] Real sum_of_roots(std::span<const Real> q) const {
    Real total = 0;
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      total += q[shape_.blocks.offset(i)];
    }
    return total;
  }
  /// Bottom-up: `value(k, first, q)` of every set, with what lies below in q, is added above.
  template <class Value>
  void climb(std::span<Real> q, Value&& value) const {
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      up(i, q, [&](std::uint32_t k) {
        const std::uint32_t s = shape_.first[k];
        return value(k, s, q.data() + s);
      });
    }
  }
  template <class Value>
  void ascend(Real eta, std::span<const Real> gradient, std::span<Real> q, Value&& value) const {
    detail::for_each_vector_chunk(q.size(), threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t s = begin; s < end; ++s) {
        q[s] = eta * gradient[s];
      }
    });
    climb(q, value);
  }
  /// Top-down: the plan of the behaviour in `out.dual`.
  void descend(StateView<Real> out) const {
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      const std::size_t root = shape_.blocks.offset(i);
      out.point[root] = 1;
      out.dual[root] = Map::to_dual(Real{1});
    }
    for (std::size_t i = 0; i < shape_.blocks.count(); ++i) {
      down(i, [&](std::uint32_t k) {
        const Real reach = out.point[shape_.parent[k]];
        for (std::uint32_t s = shape_.first[k]; s < shape_.first[k] + shape_.size[k]; ++s) {
          out.point[s] = reach * Map::from_dual(out.dual[s]);
        }
      });
    }
  }
  [[nodiscard]] Real part(std::size_t k, StateView<const Real> to,
                          StateView<const Real> from) const {
    const std::uint32_t s = shape_.first[k];
    const Real reach = to.point[shape_.parent[k]];
    return reach > 0
               ? reach * Map::divergence(shape_.size[k], to.dual.data() + s, from.dual.data() + s)
               : Real{0};
  }

  TreeplexShape shape_;
  std::vector<Real> weights_;
  std::vector<Real> roots_;
  std::vector<detail::Subtrees> passes_;  ///< one a player
  int threads_ = 1;
};

}  // namespace dag
