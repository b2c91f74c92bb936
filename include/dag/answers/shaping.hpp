// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>
#include <dag/numeric/number.hpp>

namespace dag {

/// Published ways to favour rare right answers that shape rewards or advantages of a group instead
/// of following the gradient of a utility. n_z: how many samples of the group gave answer z, n_C:
/// how many gave a right one, D: how many different right answers the group gave.
enum class Shaping {
  uniqueness,  ///< advantage times n_z^-alpha (arXiv:2601.08763)
  dra,         ///< reward over the sum of similarities to all samples (arXiv:2505.09655)
  gapo,        ///< reward 1 - (n_z / n_C - 1/L) for a right sample, -1 for a wrong one
               ///< (arXiv:2511.12596); L: different right answers of the question
  ucpo,        ///< advantage of a right sample times 1 - tau + tau n_C / (D n_z) (arXiv:2605.00365)
  differential_smoothing,  ///< reward - s log nu(z) for a right sample, + s log nu(z) for a wrong
                           ///< one (arXiv:2511.19942), n_z over the group's answers for nu(z)
};

inline constexpr std::array<std::pair<std::string_view, Shaping>, 5> shaping_names{
    {{"uniqueness", Shaping::uniqueness},
     {"dra", Shaping::dra},
     {"gapo", Shaping::gapo},
     {"ucpo", Shaping::ucpo},
     {"differential_smoothing", Shaping::differential_smoothing}}};

/// A shaping and its number: alpha >= 0 (uniqueness), tau from 0 to 1 (ucpo), s >= 0 (differential
/// smoothing); the others have none.
struct ShapingChoice {
  Shaping kind = Shaping::uniqueness;  ///< which
  double strength = 1;                 ///< its number

  /// Whether it changes advantages; the others change rewards, before any baseline.
  [[nodiscard]] bool of_advantages() const noexcept {
    return kind == Shaping::uniqueness || kind == Shaping::ucpo;
  }
  [[nodiscard]] bool has_strength() const noexcept {
    return of_advantages() || kind == Shaping::differential_smoothing;
  }
  void check() const {
    require(std::isfinite(strength) && strength >= 0 && (kind != Shaping::ucpo || strength <= 1),
            Errc::invalid_argument, "shaping: ",
            kind == Shaping::ucpo         ? "tau must be from 0 to 1"
            : kind == Shaping::uniqueness ? "alpha must be >= 0 and finite"
                                          : "s must be >= 0 and finite",
            ", got ", strength);
  }
};

namespace detail {

/// Samples of every answer of one group and which answers are right.
class GroupShares {
 public:
  void load(const AnswerGroups& groups, std::size_t g) {
    const auto answers = groups.group(g);
    const auto right = groups.group_right(g);
    const std::size_t distinct = groups.answers_of(static_cast<std::size_t>(groups.question[g]));
    count_.assign(distinct, 0);
    right_.assign(distinct, false);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] >= 0) {
        ++count_[static_cast<std::size_t>(answers[i])];
        right_[static_cast<std::size_t>(answers[i])] =
            right_[static_cast<std::size_t>(answers[i])] || right[i] > 0;
      }
    }
    right_samples_ = right_answers_ = answered_ = 0;
    for (std::size_t z = 0; z < distinct; ++z) {
      answered_ += static_cast<double>(count_[z]);
      right_samples_ += right_[z] ? static_cast<double>(count_[z]) : 0.0;
      right_answers_ += right_[z] ? 1 : 0;
    }
  }
  /// n_z of a sample's answer; a missing answer is like no other.
  [[nodiscard]] double count(std::int32_t answer) const {
    return answer >= 0 ? static_cast<double>(count_[static_cast<std::size_t>(answer)]) : 1.0;
  }
  [[nodiscard]] bool right(std::int32_t answer) const {
    return answer >= 0 && right_[static_cast<std::size_t>(answer)];
  }
  [[nodiscard]] double answered() const noexcept { return answered_; }
  [[nodiscard]] double right_samples() const noexcept { return right_samples_; }
  [[nodiscard]] double right_answers() const noexcept { return right_answers_; }

 private:
  std::vector<std::size_t> count_;
  std::vector<bool> right_;
  double right_samples_ = 0, right_answers_ = 0, answered_ = 0;
};

}  // namespace detail

/// Factors of the advantages, one a sample: of uniqueness and ucpo. Errors: dimension_mismatch,
/// invalid_argument (a shaping of rewards, its number).
inline void shaping_weights(const AnswerGroups& groups, const ShapingChoice& shaping,
                            std::span<double> out) {
  shaping.check();
  require(shaping.of_advantages(), Errc::invalid_argument,
          "shaping_weights: dra, gapo and differential_smoothing shape rewards, not advantages");
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "shaping_weights: ", groups.samples(), " samples but room for ", out.size(), " weights");
  detail::GroupShares shares;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    shares.load(groups, g);
    const auto answers = groups.group(g);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      double& weight = out[static_cast<std::size_t>(groups.begin[g]) + i];
      const double n = shares.count(answers[i]);
      if (shaping.kind == Shaping::uniqueness) {
        weight = std::pow(n, -shaping.strength);
      } else {
        weight = !shares.right(answers[i])
                     ? 1.0
                     : 1 - shaping.strength +
                           shaping.strength * shares.right_samples() / (shares.right_answers() * n);
      }
    }
  }
}

/// Divides every sample's reward by sum_j s(z_i, z_j) over the samples j of its group with an
/// answer, itself among them: DRA-GRPO's graph cut, 1 + the similarity to the others.
/// similarity(g, a, b) >= 0 between the answers a and b of group g's question, 1 for a = b; without
/// it 1 for the same answer and 0 else, so that the reward is divided by n_z. A missing answer is
/// like no other. Errors: dimension_mismatch, invalid_argument (a similarity below 0 or not
/// finite).
template <class Similarity>
void dra_rewards(const AnswerGroups& groups, Similarity&& similarity, std::span<double> reward) {
  require(reward.size() == groups.samples(), Errc::dimension_mismatch,
          "dra_rewards: ", groups.samples(), " samples but ", reward.size(), " rewards");
  detail::GroupShares shares;
  std::vector<double> density;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    shares.load(groups, g);
    const std::size_t distinct = groups.answers_of(static_cast<std::size_t>(groups.question[g]));
    density.assign(distinct, 0.0);
    for (std::size_t a = 0; a < distinct; ++a) {
      for (std::size_t b = 0; shares.count(static_cast<std::int32_t>(a)) > 0 && b < distinct; ++b) {
        const double s = a == b ? 1.0 : static_cast<double>(similarity(g, a, b));
        require(s >= 0 && std::isfinite(s), Errc::invalid_argument,
                "dra_rewards: similarities must be >= 0 and finite, got ", s);
        density[a] += s * shares.count(static_cast<std::int32_t>(b));
      }
    }
    const auto answers = groups.group(g);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      reward[static_cast<std::size_t>(groups.begin[g]) + i] /=
          answers[i] >= 0 ? density[static_cast<std::size_t>(answers[i])] : 1.0;
    }
  }
}
inline void dra_rewards(const AnswerGroups& groups, std::span<double> reward) {
  const ShapingChoice share{Shaping::uniqueness, 1};  // 1 / n_z
  std::vector<double> weight(groups.samples());
  shaping_weights(groups, share, weight);
  require(reward.size() == weight.size(), Errc::dimension_mismatch, "dra_rewards: ", weight.size(),
          " samples but ", reward.size(), " rewards");
  for (std::size_t i = 0; i < reward.size(); ++i) {
    reward[i] *= weight[i];
  }
}

/// GAPO's rewards toward even answers; NaN for a sample that is neither right nor wrong. Errors:
/// dimension_mismatch.
inline void gapo_rewards(const AnswerGroups& groups, std::span<double> out) {
  require(out.size() == groups.samples(), Errc::dimension_mismatch,
          "gapo_rewards: ", groups.samples(), " samples but room for ", out.size(), " rewards");
  std::vector<std::vector<bool>> known(groups.questions.size());
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    auto& right = known[static_cast<std::size_t>(groups.question[g])];
    right.resize(groups.answers_of(static_cast<std::size_t>(groups.question[g])));
    for (std::size_t i = 0; i < groups.group(g).size(); ++i) {
      if (groups.group(g)[i] >= 0 && groups.group_right(g)[i] > 0) {
        right[static_cast<std::size_t>(groups.group(g)[i])] = true;
      }
    }
  }
  detail::GroupShares shares;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    shares.load(groups, g);
    double different = 0;
    for (const bool right : known[static_cast<std::size_t>(groups.question[g])]) {
      different += right ? 1 : 0;
    }
    const auto answers = groups.group(g);
    const auto right = groups.group_right(g);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      out[static_cast<std::size_t>(groups.begin[g]) + i] =
          right[i] < 0 ? std::numeric_limits<double>::quiet_NaN()
          : !shares.right(answers[i])
              ? -1.0
              : 1 + 1 / different - shares.count(answers[i]) / shares.right_samples();
    }
  }
}

/// Differential Smoothing: takes s log(n_z / n) from the reward of a right sample and adds it to
/// that of a wrong one, n the samples of the group with an answer. The paper has the logarithm of
/// the probability of the whole trace, of which rollouts of answers know the answer's part alone.
/// Samples without an answer or a verdict keep their reward. With an anchor beta and large groups
/// the fixed point is nu ∝ nu0^(beta / (beta + s)) among the right answers, nu0^(beta / (beta - s))
/// among the wrong ones, the only one while s < beta. Errors: invalid_argument, dimension_mismatch.
inline void differential_smoothing_rewards(const AnswerGroups& groups, double strength,
                                           std::span<double> reward) {
  ShapingChoice{Shaping::differential_smoothing, strength}.check();
  require(reward.size() == groups.samples(), Errc::dimension_mismatch,
          "differential_smoothing_rewards: ", groups.samples(), " samples but ", reward.size(),
          " rewards");
  detail::GroupShares shares;
  for (std::size_t g = 0; g < groups.groups(); ++g) {
    shares.load(groups, g);
    const auto answers = groups.group(g);
    const auto right = groups.group_right(g);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (answers[i] >= 0 && right[i] >= 0) {
        const double smoothed = strength * std::log(shares.count(answers[i]) / shares.answered());
        reward[static_cast<std::size_t>(groups.begin[g]) + i] -=
            shares.right(answers[i]) ? smoothed : -smoothed;
      }
    }
  }
}

/// The reverse of NAME or NAME:NUMBER: uniqueness (alpha, 1 if none is given), dra, gapo, ucpo
/// (tau, 0.2), differential_smoothing (s, 0.1). Errors: invalid_argument.
[[nodiscard]] inline ShapingChoice shaping_choice(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  ShapingChoice out;
  bool known = false;
  for (const auto& [word, kind] : shaping_names) {
    if (word == name) {
      out = {kind, kind == Shaping::ucpo                     ? 0.2
                   : kind == Shaping::differential_smoothing ? 0.1
                                                             : 1.0};
      known = true;
    }
  }
  require(known, Errc::invalid_argument, "shaping: must be uniqueness[:ALPHA], dra, gapo, ",
          "ucpo[:TAU] or differential_smoothing[:S], got '", text, "'");
  if (colon != std::string_view::npos) {
    require(out.has_strength(), Errc::invalid_argument, "shaping: ", name, " has no number, got '",
            text, "'");
    require(detail::number_value(text.substr(colon + 1), out.strength) == nullptr,
            Errc::invalid_argument, "shaping: '", text.substr(colon + 1), "' of '", text,
            "' is no number");
  }
  out.check();
  return out;
}

}  // namespace dag
