// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

#include <dag/policy/policy_loss_fields.hpp>
#include <dag/train/train_options.hpp>

namespace dag {

/// Lines `name=value` for a checkpoint's fingerprint; numbers as their shortest decimals.
class FingerprintLines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(value).append("\n");
  }
  template <class Value>
  requires(std::is_arithmetic_v<Value> || std::is_enum_v<Value>) void add(std::string_view name,
                                                                          Value value) {
    char digits[32];
    char* end = digits;
    if constexpr (std::is_enum_v<Value> || std::is_same_v<Value, bool>) {
      end = std::to_chars(digits, digits + sizeof digits, static_cast<int>(value)).ptr;
    } else {
      end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    }
    add(name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  template <class Value>
  [[nodiscard]] static std::string line(std::string_view name, Value value) {
    FingerprintLines one;
    one.add(name, value);
    return one.text_;
  }

 private:
  std::string text_;
};

/// All options that change the numbers of a run, and what the caller adds. Where it is evaluated,
/// how often it is saved and when it is stopped are not among them.
[[nodiscard]] inline std::string fingerprint_of(const TrainOptions& o, std::size_t questions,
                                                std::size_t contexts) {
  FingerprintLines lines;
  lines.add("steps", o.steps);
  lines.add("questions", questions);
  lines.add("contexts", contexts);
  lines.add("questions_per_step", o.questions_per_step);
  lines.add("group_size", o.group_size);
  if (o.parts > 1) {
    lines.add("parts", o.parts);
  }
  lines.add("beta", o.beta);
  lines.add("anchor_in_reward", o.anchor_in_reward);
  lines.add("dead_group", o.dead_group);
  lines.add("advantage", o.advantage ? to_string(*o.advantage) : std::string_view("none"));
  lines.add("epochs", o.epochs);
  lines.add("loss_level", o.loss_level);
  lines.add("learning_rate", o.learning_rate.peak);
  lines.add("warm_up", o.learning_rate.warm_up);
  lines.add("learning_rate_total", o.learning_rate.total);
  lines.add("learning_rate_final_fraction", o.learning_rate.final_fraction);
  lines.add("clip_norm", o.clip_norm);
  lines.add("refresh_every", o.refresh_every);
  lines.add("refresh_mixup", o.refresh_mixup);
  if (o.collapse.rule) {
    lines.add("on_collapse", *o.collapse.rule);
    lines.add("collapse_accuracy_drop", o.collapse.accuracy_drop);
    lines.add("collapse_entropy_share", o.collapse.entropy_share);
    lines.add("collapse_first_steps", o.collapse.first_steps);
    lines.add("collapse_memory", o.collapse.memory);
    lines.add("collapse_raise", o.collapse.raise);
  }
  const PolicyLossOptions& p = o.policy_loss;
  lines.add("surrogate", p.surrogate);
  lines.add("ratio", p.ratio);
  lines.add("aggregation", p.aggregation);
  lines.add("epsilon_low", p.epsilon_low);
  lines.add("epsilon_high", p.epsilon_high);
  lines.add("delta", p.delta);
  lines.add("dual_clip", p.dual_clip);
  lines.add("policy_beta", p.beta);
  // Every other field of the loss where it is not what it was when it did not exist.
  std::map<std::string_view, std::string> usual;
  const PolicyLossOptions plain;
  each_field(plain, [&](std::string_view name, auto value, const auto&... names) {
    static_assert(sizeof...(names) <= 1);
    usual[name] = FingerprintLines::line(name, value);
  });
  for (const char* said : {"surrogate", "ratio", "aggregation", "epsilon_low", "epsilon_high",
                           "delta", "dual_clip", "beta"}) {
    usual.erase(said);
  }
  each_field(p, [&](std::string_view name, auto value, const auto&...) {
    const auto found = usual.find(name);
    if (found != usual.end() && found->second != FingerprintLines::line(name, value)) {
      lines.add(name, value);
    }
  });
  return lines.text() + o.fingerprint;
}

}  // namespace dag
