// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

#include <dag/core/blocks.hpp>
#include <dag/core/concepts.hpp>
#include <dag/core/state.hpp>

namespace dag {

/// A product of players of different kinds, stacked in order: their sets side by side, divergences
/// and supports added. A product of players is itself a player, so products nest. A magnet may be
/// shorter than the product: it pulls the players whose blocks it covers, and no other.
template <class... Players>
class Product {
 public:
  using scalar_type = typename std::tuple_element_t<0, std::tuple<Players...>>::scalar_type;
  using Real = scalar_type;

  explicit Product(Players... players) : players_(std::move(players)...) {
    std::apply(
        [&](const auto&... player) {
          const auto append = [&](const Blocks& part) {
            for (std::size_t b = 0; b < part.count(); ++b) {
              blocks_.push_back(part.size(b));
            }
          };
          (append(player.blocks()), ...);
        },
        players_);
  }

  [[nodiscard]] const Blocks& blocks() const noexcept { return blocks_; }
  /// The I-th player of the product.
  template <std::size_t I>
  [[nodiscard]] const auto& player() const noexcept {
    return std::get<I>(players_);
  }

  template <class Backend>
  void start(const Backend& backend, StateView<Real> out) const {
    each([&](const auto& player, auto slice) { player.start(backend, slice(out)); });
  }
  template <class Backend>
  void enter(const Backend& backend, StateView<Real> state) const {
    each([&](const auto& player, auto slice) { player.enter(backend, slice(state)); });
  }
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, StateView<Real> out) const {
    each([&](const auto& player, auto slice) {
      player.prox(backend, slice(center), eta, slice(gradient), slice(out));
    });
  }
  template <class Backend>
  void prox(const Backend& backend, StateView<const Real> center, Real eta,
            std::span<const Real> gradient, MagnetView<Real> magnet, StateView<Real> out) const {
    each([&](const auto& player, auto slice) {
      if (slice.pulled(magnet)) {
        player.prox(backend, slice(center), eta, slice(gradient), slice(magnet), slice(out));
      } else {
        player.prox(backend, slice(center), eta, slice(gradient), slice(out));
      }
    });
  }
  template <class Backend>
  [[nodiscard]] Real support(const Backend& backend, std::span<const Real> gradient) const {
    Real total = 0;
    each(
        [&](const auto& player, auto slice) { total += player.support(backend, slice(gradient)); });
    return total;
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     StateView<Real> out) const {
    each([&](const auto& player, auto slice) {
      player.best_response(backend, slice(gradient), slice(out));
    });
  }
  template <class Backend>
  void best_response(const Backend& backend, std::span<const Real> gradient,
                     MagnetView<Real> magnet, StateView<Real> out) const {
    each([&](const auto& player, auto slice) {
      if (slice.pulled(magnet)) {
        player.best_response(backend, slice(gradient), slice(magnet), slice(out));
      } else {
        player.best_response(backend, slice(gradient), slice(out));
      }
    });
  }
  /// The gap at z, +inf where a player who is not pulled can gain without bound; and what the
  /// natural residual compares z with: the regularised best response of those who are pulled, a
  /// unit proximal step of the others, whose set may have no best response.
  template <class Backend>
  [[nodiscard]] Real gap(const Backend& backend, StateView<const Real> z,
                         std::span<const Real> gradient, MagnetView<Real> magnet,
                         StateView<Real> response) const {
    Real best = 0;
    each([&](const auto& player, auto slice) {
      if (slice.pulled(magnet)) {
        player.best_response(backend, slice(gradient), slice(magnet), slice(response));
        const StateView<const Real> to = slice(response);
        best += backend.dot(slice(gradient), to.point) -
                player.magnet_value(backend, to, slice(magnet));
      } else {
        player.prox(backend, slice(z), Real{1}, slice(gradient), slice(response));
        best += player.support(backend, slice(gradient));
      }
    });
    return best - (backend.dot(gradient, z.point) - magnet_value(backend, z, magnet));
  }
  template <class Backend>
  [[nodiscard]] Real divergence(const Backend& backend, StateView<const Real> to,
                                StateView<const Real> from) const {
    Real total = 0;
    each([&](const auto& player, auto slice) {
      total += player.divergence(backend, slice(to), slice(from));
    });
    return total;
  }
  template <class Backend>
  [[nodiscard]] Real distance(const Backend& backend, std::span<const Real> x,
                              std::span<const Real> y) const {
    Real total = 0;
    each([&](const auto& player, auto slice) {
      const Real part = player.distance(backend, slice(x), slice(y));
      total += part * part;
    });
    return std::sqrt(total);
  }
  template <class Backend>
  [[nodiscard]] Real dual_distance(const Backend& backend, std::span<const Real> g,
                                   std::span<const Real> h) const {
    Real total = 0;
    each([&](const auto& player, auto slice) {
      const Real part = player.dual_distance(backend, slice(g), slice(h));
      total += part * part;
    });
    return std::sqrt(total);
  }
  template <class Backend>
  [[nodiscard]] Real magnet_value(const Backend& backend, StateView<const Real> z,
                                  MagnetView<Real> magnet) const {
    Real total = 0;
    each([&](const auto& player, auto slice) {
      total +=
          slice.pulled(magnet) ? player.magnet_value(backend, slice(z), slice(magnet)) : Real{0};
    });
    return total;
  }

 private:
  /// Cuts one player's part out of anything stacked.
  struct Slice {
    std::size_t offset, size, first_block, block_count;
    template <class T>
    [[nodiscard]] std::span<T> operator()(std::span<T> v) const {
      return v.subspan(offset, size);
    }
    template <class T>
    [[nodiscard]] StateView<T> operator()(StateView<T> state) const {
      return state.segment(offset, size);
    }
    [[nodiscard]] bool pulled(MagnetView<Real> magnet) const {
      return first_block + block_count <= magnet.weights.size();
    }
    [[nodiscard]] MagnetView<Real> operator()(MagnetView<Real> magnet) const {
      return magnet.segment(first_block, block_count, offset, size);
    }
  };

  template <class Visitor>
  void each(Visitor&& visit) const {
    std::apply(
        [&](const auto&... player) {
          Slice slice{0, 0, 0, 0};
          const auto step = [&](const auto& one) {
            slice.size = one.blocks().total();
            slice.block_count = one.blocks().count();
            visit(one, slice);
            slice.offset += slice.size;
            slice.first_block += slice.block_count;
          };
          (step(player), ...);
        },
        players_);
  }

  std::tuple<Players...> players_;
  Blocks blocks_;
};

}  // namespace dag
