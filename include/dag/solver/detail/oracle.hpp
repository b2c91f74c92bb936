// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/random.hpp>
#include <dag/core/state.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/options.hpp>

namespace dag::detail {

/// Players who draw pure strategies themselves, such as treeplexes.
template <class Players, class Backend, class Real>
concept HasDraw = requires(const Players& players, const Backend& backend, StateView<const Real> z,
                           RandomStream& random, StateView<Real> out) {
  players.draw(backend, z, random, out);
};

/// The field as a method sees it: in full, at a sampled pure profile, or with noise. Draws come
/// from one counter-based stream in the order of the entries: deterministic.
template <MonotoneGame Game>
class FieldOracle {
 public:
  using Real = scalar_t<Game>;
  using Backend = backend_t<Game>;
  using Kind = typename Feedback<Real>::Kind;

  FieldOracle(const Game& game, const Feedback<Real>& feedback)
      : game_(game), feedback_(feedback), random_(feedback.seed, 0x6665656462616b) {
    if (feedback.kind == Kind::full) {
      return;
    }
    const std::size_t size = game.players().blocks().total();
    host_.resize(size);
    profile_ = State<Backend, Real>(game.backend(), size);
    sigma_ = feedback.sigma * payoff_range(game);
  }

  [[nodiscard]] bool full() const noexcept { return feedback_.kind == Kind::full; }

  void operator()(StateView<const Real> z, std::span<Real> out) {
    if (feedback_.kind == Kind::sampled) {
      if constexpr (HasDraw<players_t<Game>, Backend, Real>) {
        game_.players().draw(game_.backend(), z, random_, profile_.view());
      } else {
        sample(z);
      }
      game_.field(std::as_const(profile_).view(), out);
      return;
    }
    game_.field(z, out);
    if (feedback_.kind == Kind::noisy) {
      for (Real& entry : host_) {
        entry = sigma_ * static_cast<Real>(random_.normal());
      }
      game_.backend().upload(std::span<const Real>(host_), profile_.view().point);
      game_.backend().axpy(Real{1}, std::as_const(profile_).view().point, out);
    }
  }

 private:
  /// profile = one pure strategy a block, by inversion of the cumulative probabilities.
  void sample(StateView<const Real> z) {
    const auto& backend = game_.backend();
    const auto& blocks = game_.players().blocks();
    backend.download(z.point, std::span<Real>(host_));
    for (std::size_t b = 0; b < blocks.count(); ++b) {
      const auto p = blocks.of(std::span<Real>(host_), b);
      Real left = static_cast<Real>(random_.uniform());
      std::size_t chosen = p.size();
      std::size_t possible = 0;  // the last entry with mass, should rounding leave some over
      for (std::size_t i = 0; i < p.size(); ++i) {
        possible = p[i] > 0 ? i : possible;
        left -= p[i];
        if (left < 0 && chosen == p.size()) {
          chosen = i;
        }
        p[i] = 0;
      }
      p[chosen < p.size() ? chosen : possible] = 1;
    }
    backend.upload(std::span<const Real>(host_), profile_.view().point);
    game_.players().enter(backend, profile_.view());
  }

  const Game& game_;
  Feedback<Real> feedback_;
  RandomStream random_;
  std::vector<Real> host_;
  State<Backend, Real> profile_;
  Real sigma_ = 0;
};

}  // namespace dag::detail
