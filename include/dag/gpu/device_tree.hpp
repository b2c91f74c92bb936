// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#include <dag/core/concepts.hpp>
#include <dag/core/error.hpp>
#include <dag/detail/config.hpp>
#include <dag/game/sequence_form.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/ragged.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/repeated_work.hpp>
#include <dag/gpu/runtime.hpp>
#include <dag/gpu/warp.hpp>
#include <dag/solver/tree/regret_step.hpp>

namespace dag {
namespace device {

/// values[s] = sum over the entries of sequence s of payoff times the others' plans, one warp a
/// sequence. (cub::DeviceSegmentedReduce gives a block of 256 threads to a segment; those here have
/// about 10 entries.)
template <class Real>
struct SequenceValues {
  const std::uint32_t* others;
  const Real* payoff;
  std::size_t other_players;
  const Real* x;
  Real* values;

  template <class Warp>
  DAG_HOST_DEVICE void operator()(Warp& warp, std::size_t s, std::size_t begin,
                                  std::size_t size) const {
    const Real total = reduce(
        warp, size, Real{0},
        [&](std::size_t e) {
          Real product = payoff[begin + e];
          for (std::size_t j = 0; j < other_players; ++j) {
            product *= x[others[(begin + e) * other_players + j]];
          }
          return product;
        },
        Add{});
    warp.each(1, [&](std::size_t) { values[s] = total; });
  }
};

/// The share of an instantaneous regret that play expects again.
template <class Real>
struct FixedHope {
  Real share;
  DAG_HOST_DEVICE Real operator()(const Real*, Real) const { return share; }
};

/// A player's sets by level, top level first: position j has the sequences first[j], ..., first[j]
/// + size[j] - 1 and follows parent[j]; below sequence s are the positions below[below_begin[s]],
/// ..., below[below_begin[s + 1] - 1]. Sequences are counted from the player's first.
struct LevelOrder {
  const std::uint32_t* first;
  const std::uint32_t* size;
  const std::uint32_t* parent;
  const std::uint32_t* below_begin;
  const std::uint32_t* below;
};

/// The set at position from + i: its actions' values gain what the sets below are worth, then
/// regrets and behaviour (detail::RegretStep). One thread a set: two or three actions are less
/// than a segment of CUB's is worth, and the sum, the maximum and the map are one pass.
template <class Real, RegretRule rule>
struct LevelUp {
  LevelOrder order;
  std::size_t from;
  detail::RegretStep<Real, rule, false> step;
  FixedHope<Real> hope;
  Real* values;
  Real* worth;
  Real* regrets;
  Real* behavior;

  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    const std::size_t j = from + i;
    const std::uint32_t begin = order.first[j];
    const std::uint32_t size = order.size[j];
    for (std::uint32_t s = begin; s < begin + size; ++s) {
      Real value = values[s];
      for (std::uint32_t c = order.below_begin[s]; c < order.below_begin[s + 1]; ++c) {
        value += worth[order.below[c]];
      }
      values[s] = value;
    }
    worth[j] = step(size, values + begin, nullptr, regrets + begin, behavior + begin, hope);
  }
};

/// The plan of the set at position from + i from that of its parent.
template <class Real>
struct LevelDown {
  LevelOrder order;
  std::size_t from;
  const Real* behavior;
  Real* plan;

  DAG_HOST_DEVICE void operator()(std::size_t i) const {
    const std::uint32_t begin = order.first[from + i];
    const Real reach = plan[order.parent[from + i]];
    for (std::uint32_t s = begin; s < begin + order.size[from + i]; ++s) {
      plan[s] = reach * behavior[s];
    }
  }
};

}  // namespace device

/// Counterfactual regret minimisation of a game tree in device memory: the rounds of `cfr`,
/// `cfr_plus` and `predictive_cfr_plus` (alternating turns, their own means) by levels of the
/// players' treeplexes: a launch for the values of all sequences, one a level bottom-up, one a
/// level top-down, a player; captured as one CUDA graph. The step of a set is the host's
/// (RegretStep).
///
/// Any number of players. Memory: the form's rows, five numbers a sequence, 16 bytes a set and
/// sequence. Pays for trees whose levels have many thousand sets: a launch takes microseconds, a
/// round of Leduc on one core of a CPU fewer than four. Deterministic; to rounding that of the
/// host. Errors: unsupported (another rule), device.
template <Scalar Real>
class DeviceCfr {
 public:
  explicit DeviceCfr(const device::Context& gpu, const SequenceForm& form,
                     RegretRule rule = RegretRule::plus)
      : gpu_(gpu), rule_(rule), total_(form.shape.blocks.total()), round_(gpu) {
    require(rule == RegretRule::plain || rule == RegretRule::plus || rule == RegretRule::predictive,
            Errc::unsupported, "DeviceCfr: rules are plain, plus and predictive");
    const TreeplexShape& shape = form.shape;
    for (std::size_t i = 0; i < form.player_count(); ++i) {
      players_.push_back(by_levels(shape, (*form.rows)[i], i));
    }
    std::vector<Real> behavior(total_, Real{1});
    std::vector<Real> plan(total_, Real{1});
    for (std::size_t k = 0; k < shape.set_count(); ++k) {
      for (std::uint32_t s = shape.first[k]; s < shape.first[k] + shape.size[k]; ++s) {
        behavior[s] = 1 / static_cast<Real>(shape.size[k]);
        plan[s] = plan[shape.parent[k]] * behavior[s];
      }
    }
    behavior_ = put(behavior);
    plan_ = put(plan);
    mean_ = gpu_.allocate<Real>(total_);
    values_ = gpu_.allocate<Real>(total_);
    regrets_ = gpu_.allocate<Real>(total_);
    work_.emplace(gpu_.stream(), OneRound{this});
  }
  DeviceCfr(const DeviceCfr&) = delete;
  DeviceCfr& operator=(const DeviceCfr&) = delete;

  /// Queues so many more rounds. Errors: invalid_argument, device.
  void run(std::int64_t rounds) {
    require(rounds >= 0, Errc::invalid_argument, "DeviceCfr: rounds must be >= 0, got ", rounds);
    work_->run(rounds);
  }
  /// The mean of the plans so far, in the order of the form's sequences; zeros before the first
  /// round. Waits. Errors: device.
  [[nodiscard]] std::vector<Real> mean() const { return device::to_host(mean_); }

 private:
  template <class T>
  using Array = device::Array<T>;

  struct OneRound {
    DeviceCfr* self;
    void operator()() const { self->one_round(); }
  };
  struct Player {
    std::size_t offset = 0;
    std::size_t sequences = 0;
    std::size_t others = 0;
    std::vector<std::size_t> levels;  ///< positions of level l: [levels[l], levels[l + 1])
    Array<std::uint32_t> first, size, parent, below_begin, below, row_begin, row_others;
    Array<Real> payoff, worth;

    [[nodiscard]] device::LevelOrder order() const {
      return {first.data(), size.data(), parent.data(), below_begin.data(), below.data()};
    }
  };

  template <class T>
  [[nodiscard]] Array<T> put(const std::vector<T>& host) const {
    return device::to_device(std::span<const T>(host), gpu_.stream());
  }

  [[nodiscard]] Player by_levels(const TreeplexShape& shape, const PayoffRows<double>& rows,
                                 std::size_t i) const {
    Player out;
    out.offset = shape.blocks.offset(i);
    out.sequences = shape.blocks.size(i);
    out.others = shape.blocks.count() - 1;
    const auto offset = static_cast<std::uint32_t>(out.offset);
    std::vector<std::vector<std::uint32_t>> levels;
    std::vector<std::uint32_t> level_of(out.sequences, 0);  // of the sets below a sequence
    std::vector<std::uint32_t> below_begin(out.sequences + 1, 0);
    for (std::uint32_t k = shape.begin[i]; k < shape.begin[i + 1]; ++k) {
      const std::uint32_t level = level_of[shape.parent[k] - offset];
      levels.resize(std::max<std::size_t>(levels.size(), level + 1));
      levels[level].push_back(k);
      std::fill_n(level_of.begin() + (shape.first[k] - offset), shape.size[k], level + 1);
      ++below_begin[shape.parent[k] - offset + 1];
    }
    std::vector<std::uint32_t> position(shape.begin[i + 1] - shape.begin[i]);
    std::vector<std::uint32_t> first, size, parent;
    out.levels.push_back(0);
    for (const auto& level : levels) {
      for (const std::uint32_t k : level) {
        position[k - shape.begin[i]] = static_cast<std::uint32_t>(first.size());
        first.push_back(shape.first[k] - offset);
        size.push_back(shape.size[k]);
        parent.push_back(shape.parent[k] - offset);
      }
      out.levels.push_back(first.size());
    }
    std::partial_sum(below_begin.begin(), below_begin.end(), below_begin.begin());
    std::vector<std::uint32_t> below(position.size());
    std::vector<std::uint32_t> filled(below_begin.begin(), below_begin.end() - 1);
    for (std::uint32_t k = shape.begin[i + 1]; k-- > shape.begin[i];) {  // the host's order
      below[filled[shape.parent[k] - offset]++] = position[k - shape.begin[i]];
    }
    std::vector<std::uint32_t> row_begin(out.sequences + 1, 0);
    for (std::size_t r = 0; r < rows.sequence.size(); ++r) {
      row_begin[rows.sequence[r] - offset + 1] = rows.offsets[r + 1] - rows.offsets[r];
    }
    std::partial_sum(row_begin.begin(), row_begin.end(), row_begin.begin());
    out.first = put(first);
    out.size = put(size);
    out.parent = put(parent);
    out.below_begin = put(below_begin);
    out.below = put(below);
    out.row_begin = put(row_begin);
    out.row_others = put(rows.others);
    out.payoff = put(std::vector<Real>(rows.payoff.begin(), rows.payoff.end()));
    out.worth = gpu_.allocate<Real>(position.size());
    return out;
  }

  /// The last player's move stands at the end: it belongs to the next round's plans.
  void one_round() {
    for (std::size_t i = 0; i + 1 < players_.size(); ++i) {
      move(players_[i]);
    }
    const int power = rule_ == RegretRule::plain ? 0 : rule_ == RegretRule::plus ? 1 : 2;
    round_.add(power, std::span<const Real>(gpu_.view(plan_)), gpu_.view(mean_));
    move(players_.back());
  }
  void move(Player& player) {
    device::launch_warp_segments(
        gpu_.stream(), player.row_begin.data(), player.sequences,
        device::SequenceValues<Real>{player.row_others.data(), player.payoff.data(), player.others,
                                     plan_.data(), values_.data() + player.offset});
    switch (rule_) {
      case RegretRule::plain: up<RegretRule::plain>(player); break;
      case RegretRule::plus: up<RegretRule::plus>(player); break;
      default: up<RegretRule::predictive>(player); break;
    }
    for (std::size_t l = 0; l + 1 < player.levels.size(); ++l) {
      device::launch_each(
          gpu_.stream(), player.levels[l + 1] - player.levels[l],
          device::LevelDown<Real>{player.order(), player.levels[l],
                                  behavior_.data() + player.offset, plan_.data() + player.offset});
    }
  }
  template <RegretRule rule>
  void up(Player& player) {
    for (std::size_t l = player.levels.size() - 1; l-- > 0;) {
      device::launch_each(gpu_.stream(), player.levels[l + 1] - player.levels[l],
                          device::LevelUp<Real, rule>{player.order(),
                                                      player.levels[l],
                                                      {},
                                                      {Real{1}},
                                                      values_.data() + player.offset,
                                                      player.worth.data(),
                                                      regrets_.data() + player.offset,
                                                      behavior_.data() + player.offset});
    }
  }

  device::Context gpu_;
  RegretRule rule_;
  std::size_t total_;
  std::vector<Player> players_;
  Array<Real> behavior_, plan_, mean_, values_, regrets_;
  device::RoundMean round_;
  std::optional<device::RepeatedWork<OneRound>> work_;
};

}  // namespace dag
