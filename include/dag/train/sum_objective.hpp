// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/train/answer_objective.hpp>

namespace dag {

/// Owns any objective; the type is chosen at run time. Satisfies AdaptiveObjective: for an
/// objective that is not adaptive the steps do nothing and the state is empty. Copies are refused:
/// they would share multipliers.
class AnyObjective {
 public:
  template <AnswerObjective O>
  requires(!std::same_as<std::remove_cvref_t<O>, AnyObjective>)
      AnyObjective(O objective) {  // NOLINT(google-explicit-constructor)
    auto owned = std::make_shared<O>(std::move(objective));
    call_ = [owned](const QuestionSample& sample, std::span<double> signal) {
      (*owned)(sample, signal);
    };
    if constexpr (AdaptiveObjective<O>) {
      begin_ = [owned](std::int64_t index) { owned->begin_step(index); };
      end_ = [owned](double rate, TargetReport& report) { owned->end_step(rate, report); };
      state_ = [owned]() -> std::vector<double> { return std::as_const(*owned).state(); };
      restore_ = [owned](std::span<const double> state) { owned->restore(state); };
    }
  }
  AnyObjective(AnyObjective&&) = default;
  AnyObjective& operator=(AnyObjective&&) = default;
  AnyObjective(const AnyObjective&) = delete;
  AnyObjective& operator=(const AnyObjective&) = delete;

  void operator()(const QuestionSample& sample, std::span<double> signal) { call_(sample, signal); }
  void begin_step(std::int64_t index) {
    if (begin_) {
      begin_(index);
    }
  }
  void end_step(double rate, TargetReport& report) {
    if (end_) {
      end_(rate, report);
    }
  }
  [[nodiscard]] std::vector<double> state() const {
    return state_ ? state_() : std::vector<double>{};
  }
  void restore(std::span<const double> state) {
    if (restore_) {
      restore_(state);
    } else {
      require(state.empty(), Errc::dimension_mismatch,
              "AnyObjective: this objective has no state, got ", state.size(), " numbers");
    }
  }

 private:
  std::function<void(const QuestionSample&, std::span<double>)> call_;
  std::function<void(std::int64_t)> begin_;
  std::function<void(double, TargetReport&)> end_;
  std::function<std::vector<double>()> state_;
  std::function<void(std::span<const double>)> restore_;
};

/// A weight by step: `from` until step `begin`, then linear to `to` at step `end`, `to` after it.
struct WeightSchedule {
  double from = 1;
  double to = 1;
  std::int64_t begin = 0;
  std::int64_t end = 0;

  [[nodiscard]] double at(std::int64_t step) const {
    if (step >= end) {
      return to;
    }
    if (step <= begin) {
      return from;
    }
    return from +
           (to - from) * static_cast<double>(step - begin) / static_cast<double>(end - begin);
  }
};

/// sum_i weight_i(step) objective_i: utilities add, and the Target plays the product of their
/// targets. The state is that of the parts, one after the other, each with its length before it.
class SumObjective {
 public:
  SumObjective() = default;
  /// Adds a part; returns *this for chaining. Errors: invalid_argument for a weight that is not
  /// finite or a schedule that runs backwards.
  SumObjective& add(AnyObjective part, WeightSchedule weight = {}) {
    require(std::isfinite(weight.from) && std::isfinite(weight.to) && weight.begin >= 0 &&
                weight.end >= weight.begin,
            Errc::invalid_argument,
            "SumObjective: weights must be finite and 0 <= begin <= end, got ", weight.from, ", ",
            weight.to, ", ", weight.begin, " and ", weight.end);
    parts_.push_back({std::move(part), weight, weight.at(0)});
    return *this;
  }
  SumObjective& add(AnyObjective part, double weight) {
    return add(std::move(part), WeightSchedule{.from = weight, .to = weight});
  }

  void operator()(const QuestionSample& sample, std::span<double> signal) {
    for (double& value : signal) {
      value = 0;
    }
    own_.resize(signal.size());
    for (Part& part : parts_) {
      part.objective(sample, own_);
      for (std::size_t i = 0; i < signal.size(); ++i) {
        signal[i] += part.now * own_[i];
      }
    }
  }
  void begin_step(std::int64_t index) {
    for (Part& part : parts_) {
      part.now = part.weight.at(index);
      part.objective.begin_step(index);
    }
  }
  void end_step(double rate, TargetReport& report) {
    for (Part& part : parts_) {
      part.objective.end_step(rate, report);
    }
  }
  [[nodiscard]] std::vector<double> state() const {
    std::vector<double> all;
    for (const Part& part : parts_) {
      const std::vector<double> own = part.objective.state();
      all.push_back(static_cast<double>(own.size()));
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }
  void restore(std::span<const double> state) {
    for (Part& part : parts_) {
      require(!state.empty() && state[0] >= 0 && state[0] <= static_cast<double>(state.size() - 1),
              Errc::dimension_mismatch, "SumObjective: the state is of another sum");
      const auto size = static_cast<std::size_t>(state[0]);
      part.objective.restore(state.subspan(1, size));
      state = state.subspan(1 + size);
    }
    require(state.empty(), Errc::dimension_mismatch, "SumObjective: the state is of a longer sum");
  }

 private:
  struct Part {
    AnyObjective objective;
    WeightSchedule weight;
    double now = 1;
  };
  std::vector<Part> parts_;
  std::vector<double> own_;
};

}  // namespace dag
