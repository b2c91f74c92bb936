// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace reasoning {

using Json = nlohmann::ordered_json;

/// Sampled answers of every question in every form: answers[q][form] holds `samples` ids, -1 where
/// none could be read.
using SumAnswers = std::vector<std::vector<std::vector<std::int32_t>>>;
[[nodiscard]] SumAnswers sample_sums(const Policy& policy, std::span<const Sum> questions,
                                     std::size_t samples, std::uint64_t seed);

/// Accuracy (greedy, sampled, by form), agreement of the forms, accuracy of the pooled majority,
/// pass@8 within a form, Jensen-Shannon divergence of the forms and entropy of a form's answers
/// (plug-in, nats), entropy of the trace style, KL to the base (nats a trace).
[[nodiscard]] Json evaluate_sums(const Policy& policy, const Policy& base,
                                 std::span<const Sum> questions, std::size_t samples,
                                 std::uint64_t seed);

/// Accuracy, pass@8, different right answers in 8 samples, entropy, share of forbidden answers, KL.
[[nodiscard]] Json evaluate_pairs(const Policy& policy, const Policy& base,
                                  std::span<const Pair> questions, std::size_t samples,
                                  std::uint64_t seed);

}  // namespace reasoning
