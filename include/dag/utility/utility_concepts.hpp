// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>
#include <dag/detail/config.hpp>
#include <dag/numeric/probability.hpp>

namespace dag {

/// The answer distributions nu_x of X contexts (one block each, `nu.dual` = log nu) and the
/// contexts' weights w_x. Non-owning.
template <Scalar Real>
struct AnswersView {
  const Blocks& blocks;
  std::span<const Real> weights;
  StateView<const Real> nu;

  [[nodiscard]] Probability<Real> at(std::size_t i) const { return {nu.point[i], nu.dual[i]}; }
};

/// In place of a utility's data (a target distribution, rewards, correct answers) where its formula
/// alone is wanted: `u.formula()` is what a device takes, the data lie in its memory.
struct NoData {};

// A utility F is written once, as a formula in the probability of one answer, and serves three
// uses: the exact game (value and gradient), sampled groups (reward), and the fast solvers (slope).
// Four families; a type belongs to the first that it satisfies.

namespace detail {

/// u.member(nu, u.datum(i)) where the utility keeps a datum an answer, else u.member(nu).
template <class U, class Real>
[[nodiscard]] auto term_at(const U& u, std::size_t i, Probability<Real> nu) {
  if constexpr (requires { u.datum(i); }) {
    return u.term(nu, u.datum(i));
  } else {
    return u.term(nu);
  }
}
template <class U, class Real>
[[nodiscard]] auto reward_at(const U& u, std::size_t i, Probability<Real> nu) {
  if constexpr (requires { u.datum(i); }) {
    return u.reward(nu, u.datum(i));
  } else {
    return u.reward(nu);
  }
}
template <class U, class Real>
[[nodiscard]] auto slope_at(const U& u, std::size_t i, Probability<Real> nu) {
  if constexpr (requires { u.datum(i); }) {
    return u.slope(nu, u.datum(i));
  } else {
    return u.slope(nu);
  }
}

}  // namespace detail

template <class U>
concept HasScalar = Scalar<typename U::scalar_type>;
template <class U>
concept HasTerm = requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.term(nu) } -> std::same_as<typename U::scalar_type>;
}
|| requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.term(nu, u.datum(std::size_t{})) } -> std::same_as<typename U::scalar_type>;
};
template <class U>
concept HasReward = requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.reward(nu) } -> std::same_as<typename U::scalar_type>;
}
|| requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.reward(nu, u.datum(std::size_t{})) } -> std::same_as<typename U::scalar_type>;
};
template <class U>
concept HasSlope = requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.slope(nu) } -> std::same_as<typename U::scalar_type>;
}
|| requires(const U& u, Probability<typename U::scalar_type> nu) {
  { u.slope(nu, u.datum(std::size_t{})) } -> std::same_as<typename U::scalar_type>;
};

/// F(nu) = sum_x w_x sum_z f_z(nu_x(z)), f_z concave. `term` is f, `reward` its derivative in nu up
/// to a constant a context, `slope` = d reward / d log nu <= 0. Each takes the Probability of the
/// answer, and the utility's `datum(i)` (i counts through the stacked answers) if it keeps one.
template <class U>
concept PointwiseUtility = HasScalar<U> && HasTerm<U> && HasReward<U> && HasSlope<U>;

template <class U>
concept HasEvent = requires(const U& u, Probability<typename U::scalar_type> p) {
  { u.correct(std::size_t{}) } -> std::same_as<bool>;  // is answer i of the stacked ones in C_x?
  { u.event_term(p) } -> std::same_as<typename U::scalar_type>;
  { u.event_reward(p) } -> std::same_as<typename U::scalar_type>;
  { u.event_slope(p) } -> std::same_as<typename U::scalar_type>;
};

/// F(nu) = sum_x w_x h(nu_x(C_x)), h concave: `event_term` is h, `event_reward` = h' is the reward
/// of every answer in C (others get 0), `event_slope` = d h' / d log p <= 0.
template <class U>
concept EventUtility = HasScalar<U> && HasEvent<U>;

template <class U>
concept HasPair = requires(const U& u, Probability<typename U::scalar_type> p) {
  { u.pair_term(p, p) } -> std::same_as<typename U::scalar_type>;
  { u.pair_reward(p, p) } -> std::same_as<typename U::scalar_type>;
  { u.own_slope(p, p) } -> std::same_as<typename U::scalar_type>;
  { u.other_slope(p, p) } -> std::same_as<typename U::scalar_type>;
};
template <class U>
concept HasPool = requires(const U& u, AnswersView<typename U::scalar_type> answers) {
  { u.log_pool(answers, std::size_t{}) } -> std::same_as<typename U::scalar_type>;
  { U::pool_is_mean } -> std::convertible_to<bool>;
};

/// Contexts of one question against their consensus q: F(nu) = max_q sum_x w_x sum_z f(nu_x(z),
/// q(z)), f jointly concave. The best q is the pool: exp(`log_pool`(nu, z)), normalised
/// (`pool_is_mean`: it already is). `pair_term` is f(own, q), `pair_reward` its derivative in own
/// up to a constant a context, `own_slope` and `other_slope` its derivatives in log own and log q.
template <class U>
concept CoherenceUtility = HasScalar<U> && HasPair<U> && HasPool<U>;

/// F(nu) = sum_x,x' w_x w_x' sum_z f(nu_x(z), nu_x'(z)), jointly concave: the same members, where
/// `pair_reward`(nu_x(z), nu_x'(z)), summed over x' with weight w_x', is the reward of context x.
template <class U>
concept PairwiseUtility = HasScalar<U> && HasPair<U> && !HasPool<U>;

/// The Target's own strategies in an adversarial utility: stacked segments.
enum class TargetKind {
  mixture,      ///< a distribution
  nonnegative,  ///< multipliers of <=
  free,         ///< multipliers of =
};

template <class U>
concept HasTarget = requires(const U& u, std::size_t k) {
  { u.target_size() } -> std::convertible_to<std::size_t>;
  { u.target_kind(k) } -> std::same_as<TargetKind>;
  { u.target_row(k) } -> std::convertible_to<std::span<const typename U::scalar_type>>;
  { u.target_offset(k) } -> std::convertible_to<typename U::scalar_type>;
  { U::context_weighted } -> std::convertible_to<bool>;
};

/// F(nu) = min over q of sum_k q_k (<a_k, nu> + b_k): a Target who mixes (one distribution) or
/// holds multipliers. Rows a_k run over the stacked answers; <a_k, nu> is weighted by w_x where
/// `context_weighted`.
template <class U>
concept AdversarialUtility = HasScalar<U> && HasTarget<U>;

template <class U>
concept HasValue = requires(const U& u, AnswersView<typename U::scalar_type> answers) {
  { u.value(answers) } -> std::convertible_to<typename U::scalar_type>;
};
template <class U>
concept HasGradient = requires(const U& u, AnswersView<typename U::scalar_type> answers,
                               std::span<typename U::scalar_type> out) {
  u.gradient(answers, out);  // out = dF/dnu_x(z), with the context's weight in it
};

/// Any concave function by value and gradient: a user's own, played as the Bregman game
/// F(nu) = min_q F(q) + <grad F(q), nu - q>, whose Target answers q = nu. One that is not concave
/// says `static constexpr bool concave = false`: its equilibria are stationary policies.
template <class U>
concept DirectUtility = HasScalar<U> && HasValue<U> && HasGradient<U>;

/// One payoff functional of answer distributions, concave, to be maximised.
template <class U>
concept SingleUtility = PointwiseUtility<U> || EventUtility<U> || CoherenceUtility<U> ||
    PairwiseUtility<U> || AdversarialUtility<U> || DirectUtility<U>;

namespace detail {
/// Takes anything: a named type, since nvcc's front end finds no lambda in a concept.
struct AnyVisitor {
  template <class Part>
  constexpr void operator()(const Part&) const {}
};
}  // namespace detail
template <class U>
concept HasParts = requires(const U& u) {
  u.each(detail::AnyVisitor{});  // visits each part in order
};

/// A single utility or a sum of them.
template <class U>
concept Utility = SingleUtility<U> ||(HasScalar<U>&& HasParts<U>);

}  // namespace dag
