// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/train/answer_objective.hpp>

namespace dag {

/// What one step did. NaN: not measured.
struct TrainRecord {
  std::int64_t step = 0;      ///< steps completed, this one included
  double objective = 0;       ///< mean |signal| of the objective
  double kl = 0;              ///< mean log pi - log reference of the samples, nats a trace
  double answer_entropy = 0;  ///< plug-in, mean over groups, nats
  double distinct = 0;        ///< mean distinct answers a group
  double majority = 0;        ///< mean share of the most frequent answer
  // Of every question's majority over all its contexts, means over the step's questions:
  double flip_rate = std::numeric_limits<double>::quiet_NaN();  ///< not that of its last use
  double margin = std::numeric_limits<double>::quiet_NaN();     ///< share less that of the next
  double agreement = std::numeric_limits<double>::quiet_NaN();  ///< share, where it did not flip
  double label_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< of judged samples
  /// Total variation of a group's sampled answers to the predicted equilibrium; sampling alone
  /// keeps it above 0.
  double equilibrium_distance = std::numeric_limits<double>::quiet_NaN();
  bool collapse = false;   ///< by the rule of `CollapseOptions`
  double beta = 0;         ///< of this step
  double missing = 0;      ///< share of samples without an answer
  double dead_groups = 0;  ///< share of groups whose signals are all equal
  /// Of the sampled game, mean over groups, with a = signal - beta (log pi - log reference): what
  /// the best response to the sampled rewards gains, beta log mean exp(a / beta) - mean a >= 0. It
  /// has a floor of about Var(a) / (2 beta) from sampling, so it is read against its own past.
  double gap = std::numeric_limits<double>::quiet_NaN();
  /// max over answers |sampled nu - nu of that best response|, mean over groups.
  double residual = std::numeric_limits<double>::quiet_NaN();
  double gradient_norm = 0;  ///< before clipping; of the first epoch
  /// Of the batch's gradient, from its two halves (`noise_every`): 4 <g1, g2>, which estimates the
  /// square of its mean (and may be < 0), and |g1 - g2|^2, its variance. Averages over steps are
  /// unbiased, so divide averages.
  double gradient_signal = std::numeric_limits<double>::quiet_NaN();
  double gradient_variance = std::numeric_limits<double>::quiet_NaN();
  double effective_samples = 1;  ///< (sum w)^2 / (n sum w^2), w = pi / pi_old at the last epoch
  double clipped = 0;            ///< share of samples that the last epoch's clip left out
  double learning_rate = 0;
  double seconds = 0;                                 ///< since `train` began
  TargetReport target;                                ///< multipliers and mixtures; empty without
  std::vector<std::pair<std::string, double>> extra;  ///< what `evaluate` added
};

namespace detail {

inline void append_json(std::string& out, std::string_view key, double value,
                        const char* format = "%.17g") {
  out += ",\"";
  for (const char c : key) {
    out += c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  }
  out += "\":";
  char text[40];
  std::snprintf(text, sizeof text, std::isfinite(value) ? format : "null", value);
  out += text;
}

inline void append_json(std::string& out, std::string_view key, const std::vector<double>& values) {
  out.append(",\"").append(key).append("\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    char text[40];
    std::snprintf(text, sizeof text, std::isfinite(values[i]) ? "%.17g" : "null", values[i]);
    out.append(i > 0 ? "," : "").append(text);
  }
  out += ']';
}

}  // namespace detail

/// One line of JSON without its end; numbers round-trip, what is not measured is null or left out.
[[nodiscard]] inline std::string to_json(const TrainRecord& r) {
  using detail::append_json;
  std::string text = "{\"step\":" + std::to_string(r.step);
  append_json(text, "objective", r.objective);
  append_json(text, "kl", r.kl);
  append_json(text, "answer_entropy", r.answer_entropy);
  append_json(text, "distinct", r.distinct);
  append_json(text, "majority", r.majority);
  append_json(text, "flip_rate", r.flip_rate);
  append_json(text, "margin", r.margin);
  append_json(text, "agreement", r.agreement);
  append_json(text, "label_accuracy", r.label_accuracy);
  append_json(text, "equilibrium_distance", r.equilibrium_distance);
  append_json(text, "collapse", r.collapse ? 1.0 : 0.0);
  append_json(text, "beta", r.beta);
  append_json(text, "missing", r.missing);
  append_json(text, "dead_groups", r.dead_groups);
  append_json(text, "gap", r.gap);
  append_json(text, "residual", r.residual);
  append_json(text, "gradient_norm", r.gradient_norm);
  if (!std::isnan(r.gradient_variance)) {
    append_json(text, "gradient_signal", r.gradient_signal);
    append_json(text, "gradient_variance", r.gradient_variance);
    append_json(text, "signal_to_noise", r.gradient_signal / r.gradient_variance);
  }
  append_json(text, "effective_samples", r.effective_samples);
  append_json(text, "clipped", r.clipped);
  append_json(text, "learning_rate", r.learning_rate);
  if (!r.target.strategy.empty()) {
    append_json(text, "target", r.target.strategy);
    append_json(text, "slack", r.target.slack);
    append_json(text, "violation", r.target.violation);
  }
  for (const auto& [key, value] : r.extra) {
    append_json(text, key, value);
  }
  append_json(text, "seconds", r.seconds, "%.6g");
  return text + '}';
}

}  // namespace dag
