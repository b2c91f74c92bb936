// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/alignment/contexts.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/state.hpp>
#include <dag/detail/config.hpp>
#include <dag/detail/limits.hpp>
#include <dag/geometry/euclidean.hpp>
#include <dag/geometry/product.hpp>
#include <dag/geometry/simplices.hpp>
#include <dag/numeric/xlogx.hpp>
#include <dag/utility/evaluate.hpp>
#include <dag/utility/utility_concepts.hpp>

namespace dag {

/// The adversarial Targets' set: mixtures and multipliers side by side. Its support is finite only
/// where every multiplier's constraint holds.
template <Scalar Real>
class TargetSet {
 public:
  using scalar_type = Real;
  /// `size` entries of one kind, side by side.
  struct Segment {
    TargetKind kind;
    std::size_t size;
  };

  explicit TargetSet(std::vector<Segment> segments) : segments_(std::move(segments)) {
    for (const Segment& segment : segments_) {
      size_ += segment.size;
    }
  }

  [[nodiscard]] std::span<const Segment> segments() const noexcept { return segments_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  template <class Backend>
  void center(const Backend& backend, std::span<Real> out) const {
    each([&](const Segment& s, std::size_t at) {
      backend.fill(out.subspan(at, s.size),
                   s.kind == TargetKind::mixture ? Real{1} / static_cast<Real>(s.size) : Real{0});
    });
  }
  template <class Backend>
  void project(const Backend& backend, std::span<Real> point) const {
    each([&](const Segment& s, std::size_t at) {
      if (s.kind == TargetKind::mixture) {
        backend.project_simplex(point.subspan(at, s.size));
      } else if (s.kind == TargetKind::nonnegative) {
        backend.raise_to_zero(point.subspan(at, s.size));
      }
    });
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    Real total = 0;
    each([&](const Segment& s, std::size_t at) {
      const auto g = gradient.subspan(at, s.size);
      if (s.kind == TargetKind::mixture) {
        total += backend.max(g);
      } else if (backend.max(g) > 0 || (s.kind == TargetKind::free && backend.min(g) < 0)) {
        total = infinity;
      }
    });
    return total;
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     std::span<Real> out) const {
    require(support(backend, gradient) < std::numeric_limits<Real>::infinity(), Errc::unsupported,
            "TargetSet: multipliers have no best response where a constraint is violated");
    each([&](const Segment& s, std::size_t at) {
      backend.fill(out.subspan(at, s.size), Real{0});
      if (s.kind == TargetKind::mixture) {
        backend.fill(out.subspan(at + backend.argmax(gradient.subspan(at, s.size)), 1), Real{1});
      }
    });
  }

 private:
  template <class Visitor>
  void each(Visitor&& visit) const {
    std::size_t at = 0;
    for (const Segment& segment : segments_) {
      visit(segment, at);
      at += segment.size;
    }
  }

  std::vector<Segment> segments_;
  std::size_t size_ = 0;
};

/// The Policy's simplices, pulled to the reference, beside the Target's set, which no magnet pulls.
/// Blocks: the contexts, then one block of the Target's variables.
template <Scalar Real>
using AlignmentPlayers = Product<Simplices<Real>, Euclidean<TargetSet<Real>>>;

}  // namespace dag

namespace dag {

inline namespace DAG_BINARY_NAMESPACE {
struct eigen;  // the CPU backend, the default below; defined in backend/eigen_backend.hpp
}

/// For games that only `equilibrium` will solve: it needs no backend.
struct no_backend {};

namespace detail {

template <class U>
struct IsAdversarial : std::bool_constant<AdversarialUtility<U>> {};
template <class... Parts>
struct IsAdversarial<Sum<Parts...>> : std::bool_constant<(IsAdversarial<Parts>::value || ...)> {};

/// Sets log_reference to -inf where F = -inf unless nu is 0, and refuses a reference that makes
/// every policy's F = -inf.
template <Utility U, Scalar Real>
void restrict_support(const U& u, const Blocks& blocks, std::span<Real> log_reference) {
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  const auto each_answer = [&](auto&& visit) {
    for (std::size_t x = 0; x < blocks.count(); ++x) {
      for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
        visit(x, i);
      }
    }
  };
  for_each_part(u, [&](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    each_answer([&](std::size_t, std::size_t i) {
      if constexpr (requires { part.excludes(i); }) {
        if (part.excludes(i)) {
          log_reference[i] = -infinity;
        }
      }
      if constexpr (requires { Part::needs_common_support; }) {
        if (!(log_reference[i] > -infinity)) {
          for (std::size_t x = 0; x < blocks.count(); ++x) {
            log_reference[x * blocks.size(0) + i % blocks.size(0)] = -infinity;
          }
        }
      }
    });
  });
  for_each_part(u, [&](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (requires { part.needs(std::size_t{}); }) {
      each_answer([&](std::size_t x, std::size_t i) {
        require(!part.needs(i) || log_reference[i] > -infinity, Errc::invalid_argument,
                "AlignmentGame: the target gives answer ", i - blocks.offset(x), " of context ", x,
                " a positive probability, which the reference rules out (F = -inf): take it out of "
                "the target or give the reference some mass there");
      });
    }
    if constexpr (requires { Part::needs_event; }) {
      for (std::size_t x = 0; x < blocks.count(); ++x) {
        bool possible = false;
        for (std::size_t i = blocks.offset(x); i < blocks.offset(x) + blocks.size(x); ++i) {
          possible = possible || (part.correct(i) && log_reference[i] > -infinity);
        }
        require(
            possible, Errc::invalid_argument, "AlignmentGame: no correct answer of context ", x,
            " has a positive probability under the reference (F = -inf): leave the context out");
      }
    }
  });
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    bool alive = false;
    for (const Real log : blocks.of(log_reference, x)) {
      alive = alive || log > -infinity;
    }
    require(alive, Errc::invalid_argument,
            "AlignmentGame: the utility allows no answer of context ", x,
            " that the reference can give (F = -inf for every policy)");
  }
}

/// The contexts' simplices, each of weight w_x; beside an adversarial Target's set where there is
/// one.
template <Utility U, Scalar Real>
[[nodiscard]] auto alignment_players(const U& u, const Contexts<Real>& contexts) {
  Simplices<Real> policy(contexts.blocks(),
                         std::vector<Real>(contexts.weights().begin(), contexts.weights().end()));
  if constexpr (IsAdversarial<U>::value) {
    std::vector<typename TargetSet<Real>::Segment> segments;
    for_each_part(u, [&](const auto& part) {
      if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
        for (std::size_t k = 0; k < part.target_size(); ++k) {
          const TargetKind kind = part.target_kind(k);
          if (k > 0 && segments.back().kind == kind) {
            ++segments.back().size;
          } else {
            segments.push_back({kind, 1});
          }
        }
      }
    });
    return AlignmentPlayers<Real>(std::move(policy),
                                  Euclidean(TargetSet<Real>(std::move(segments))));
  } else {
    return policy;
  }
}

/// The utility, once it and beta are checked.
template <Utility U, Scalar Real>
[[nodiscard]] U checked_alignment(U utility, const Contexts<Real>& contexts, Real beta) {
  require(beta > 0 && std::isfinite(beta), Errc::invalid_argument,
          "AlignmentGame: beta must be > 0 and finite, got ", beta);
  check_utility(utility, contexts.blocks());
  return utility;
}
/// A derivative as a field has it: 0 at an answer that is ruled out (log reference -inf), NaN as it
/// is, else clamped to +-1e150 (float: 1e18). Host and device.
template <Scalar Real>
[[nodiscard]] DAG_HOST_DEVICE Real field_entry(Real derivative, Real log_reference) {
  constexpr Real bound = sizeof(Real) == sizeof(float) ? Real(1e18) : Real(1e150);
  return !(log_reference > -Limits<Real>::infinity) ? Real{0}
         : derivative > bound                       ? bound
         : derivative < -bound                      ? -bound
                                                    : derivative;
}

/// What alignment games of every backend keep and say: utility, contexts, beta, players, and the
/// reference in host memory.
template <Utility U, class Backend>
class AlignmentParts {
 public:
  using scalar_type = typename U::scalar_type;
  using backend_type = Backend;
  using utility_type = U;
  using Real = scalar_type;
  static constexpr bool adversarial = IsAdversarial<U>::value;
  using Players = std::conditional_t<adversarial, AlignmentPlayers<Real>, Simplices<Real>>;

  AlignmentParts(U utility, Contexts<Real> contexts, Real beta, Backend backend)
      : utility_(checked_alignment(std::move(utility), contexts, beta)),
        contexts_(std::move(contexts)),
        beta_(beta),
        backend_(std::move(backend)),
        players_(alignment_players(utility_, contexts_)),
        log_reference_(contexts_.log_reference().begin(), contexts_.log_reference().end()) {
    restrict_support(utility_, contexts_.blocks(), std::span<Real>(log_reference_));
    for (const Real log : log_reference_) {
      reference_.push_back(std::exp(log));
    }
    for (const Real w : contexts_.weights()) {
      magnet_weights_.push_back(beta_ * w);
    }
  }

  [[nodiscard]] const U& utility() const noexcept { return utility_; }
  [[nodiscard]] const Contexts<Real>& contexts() const noexcept { return contexts_; }
  [[nodiscard]] Real beta() const noexcept { return beta_; }
  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const Players& players() const noexcept { return players_; }
  /// log nu0, -inf where the utility rules an answer out (not renormalised).
  [[nodiscard]] std::span<const Real> log_reference() const noexcept { return log_reference_; }
  /// Entries of the Policy's part of a stacked point.
  [[nodiscard]] std::size_t policy_size() const noexcept { return contexts_.blocks().total(); }

 protected:
  U utility_;
  Contexts<Real> contexts_;
  Real beta_;
  Backend backend_;
  Players players_;
  std::vector<Real> log_reference_;
  std::vector<Real> reference_;       ///< exp log_reference
  std::vector<Real> magnet_weights_;  ///< beta w_x
};

}  // namespace detail

/// The alignment game over X contexts: the Policy picks answer distributions nu_x and maximises
///   J(nu, q) = Phi(nu, q) - beta sum_x w_x KL(nu_x || nu0_x),
/// against (or with) the utility's Target q. Players: the contexts' simplices, each of weight w_x,
/// with the magnet beta w_x at log nu0_x; then, where the utility is adversarial, one block of the
/// Target's mixtures and multipliers. Cooperative and tangent-form Targets answer inside the field.
/// At equilibrium nu_x ∝ nu0_x exp(r_x / beta), r_x = (1/w_x) dPhi/dnu_x. A zero of the reference
/// stays zero, and so does an answer that the utility rules out. Field entries are clamped to
/// +-1e150. Host memory. Source: arXiv:2604.27166.
/// Errors: invalid_argument (beta, a reference on which F = -inf), and those of the utility's
/// `check`.
template <Utility U, class Backend = eigen>
class AlignmentGame : public detail::AlignmentParts<U, Backend> {
  using Parts = detail::AlignmentParts<U, Backend>;

 public:
  using Parts::policy_size;
  using typename Parts::Real;

  AlignmentGame(U utility, Contexts<Real> contexts, Real beta, Backend backend = {})
      : Parts(std::move(utility), std::move(contexts), beta, std::move(backend)) {}

  /// beta w_x, and log nu0_x.
  [[nodiscard]] MagnetView<Real> magnet() const noexcept {
    return {magnet_weights_, {reference_, log_reference_}};
  }
  [[nodiscard]] AnswersView<Real> answers(StateView<const Real> z) const {
    return {contexts_.blocks(), contexts_.weights(), z.segment(0, policy_size())};
  }

  /// The Policy's w_x r_x, and minus the payoff's derivative for an adversarial Target. Allocates
  /// only for a user's own utility (one vector).
  void field(StateView<const Real> z, std::span<Real> out) const {
    const AnswersView<Real> nu = answers(z);
    const std::span<const Real> target = z.point.subspan(policy_size());
    const std::span<Real> policy_out = out.first(policy_size());
    std::vector<Real> scratch(has_direct_part() ? policy_size() : 0);
    gradient_of(utility_, nu, target, policy_out, std::span<Real>(scratch));
    for (std::size_t i = 0; i < policy_size(); ++i) {
      out[i] = detail::field_entry(out[i], log_reference_[i]);
      require(out[i] == out[i], Errc::not_finite,
              "AlignmentGame: the utility's gradient is NaN at answer ", i);
    }
    std::size_t k = policy_size();
    for_each_part(utility_, [&](const auto& part) {
      if constexpr (AdversarialUtility<std::remove_cvref_t<decltype(part)>>) {
        for (std::size_t j = 0; j < part.target_size(); ++j, ++k) {
          out[k] = -detail::target_payoff(part, nu, j);
        }
      }
    });
  }

  /// J(nu, q).
  [[nodiscard]] Real value(StateView<const Real> z) const {
    const AnswersView<Real> nu = answers(z);
    return value_of(utility_, nu, z.point.subspan(policy_size())) - beta_ * divergence(nu.nu);
  }
  /// sum_x w_x KL(nu_x || nu0_x), nats; +inf off the reference's support.
  [[nodiscard]] Real divergence(StateView<const Real> nu) const {
    Real total = 0;
    for (std::size_t x = 0; x < contexts_.blocks().count(); ++x) {
      Real sum = 0;
      const std::size_t first = contexts_.blocks().offset(x);
      for (std::size_t i = first; i < first + contexts_.blocks().size(x); ++i) {
        sum += kl_term_from_log(nu.point[i], nu.dual[i], log_reference_[i]);
      }
      total += contexts_.weights()[x] * sum;
    }
    return total;
  }

 private:
  [[nodiscard]] bool has_direct_part() const {
    bool found = false;
    for_each_part(utility_, [&](const auto& part) {
      using Part = std::remove_cvref_t<decltype(part)>;
      found = found || !(PointwiseUtility<Part> || EventUtility<Part> || CoherenceUtility<Part> ||
                         PairwiseUtility<Part> || AdversarialUtility<Part>);
    });
    return found;
  }

  using Parts::contexts_, Parts::beta_, Parts::utility_;
  using Parts::log_reference_, Parts::reference_, Parts::magnet_weights_;
};

}  // namespace dag
