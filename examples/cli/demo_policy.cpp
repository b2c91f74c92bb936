// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/core/random.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/model/tilt.hpp>
#include <dag/utility/log_likelihood.hpp>
#include <dag/utility/moment_constraints.hpp>
#include <dag/utility/pass_at_k.hpp>
#include <dag/utility/shannon_entropy.hpp>

#include "demo.hpp"
#include "output.hpp"

namespace cli {
namespace {

constexpr std::size_t steps = 20;
constexpr std::size_t states = 8;
constexpr std::size_t answers = 12;
constexpr std::size_t samples = 100'000;
constexpr double beta = 0.5;

struct Interval {
  double low;
  double high;
};

/// Wilson's interval of a proportion, `z` standard deviations to each side.
Interval wilson(std::size_t hits, std::size_t count, double z) {
  const double n = static_cast<double>(count);
  const double p = static_cast<double>(hits) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {centre - half, centre + half};
}

struct Worst {
  double residual = 0;
  double distribution = 0;  ///< of the lifted policy, from nu*
  double chain = 0;         ///< KL of traces less KL of answers
  double ratio = 0;         ///< log pi(y) / pi0(y) less log nu*(z) / nu0(z), over sampled traces
  std::size_t outside = 0;  ///< sampled frequencies outside their simultaneous interval
  std::size_t outside_95 = 0;
  std::size_t checked = 0;
};

class PolicyDemo {
 public:
  PolicyDemo(Section& section, std::uint64_t seed)
      : section_(section),
        seed_(seed),
        reference_(dag::random_layered_model<double>(steps, states, answers, seed, 2.0, 1.2)),
        log_nu0_(dag::answer_log_probs(reference_)) {
    for (const double log : log_nu0_) {
      nu0_.push_back(std::exp(log));
    }
    std::vector<std::size_t> order(answers);
    for (std::size_t i = 0; i < answers; ++i) {
      order[i] = i;
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return nu0_[a] < nu0_[b]; });
    rare_ = order[2];
    frequent_ = order[answers - 1];
  }

  template <class Utility>
  void align(const std::string& name, const std::string& file, const std::string& what,
             Utility utility, std::uint64_t stream) {
    const dag::Contexts<double> contexts(nu0_);
    const dag::AlignmentGame<Utility, dag::no_backend> game(std::move(utility), contexts, beta);
    const auto found = dag::equilibrium(game);
    const auto policy = dag::lift(reference_, std::span<const double>(found.log_nu));

    const auto log_policy = dag::answer_log_probs(policy);
    double kl = 0;
    double distance = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      distance = std::max(distance, std::abs(std::exp(log_policy[z]) - found.nu[z]));
      kl += found.nu[z] > 0 ? found.nu[z] * (found.log_nu[z] - log_nu0_[z]) : 0.0;
    }
    const double trace_kl = dag::trace_kl(policy, reference_);

    std::vector<std::size_t> counts(answers);
    dag::RandomStream random(seed_, stream);
    double ratio = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      const auto trace = policy.sample({}, random);
      const std::size_t z = policy.answer({}, trace);
      ++counts[z];
      if (i < 1000) {
        ratio =
            std::max(ratio, std::abs(policy.log_prob({}, trace) - reference_.log_prob({}, trace) -
                                     (found.log_nu[z] - log_nu0_[z])));
      }
    }
    // 6.2 standard deviations: one false alarm in 10^7 over all 48 intervals of the demo.
    PlotSeries sampled{"sampled, 95 % interval", {}, {}, PlotSeries::Style::error_bars};
    std::size_t outside = 0;
    std::size_t outside_95 = 0;
    for (std::size_t z = 0; z < answers; ++z) {
      const Interval wide = wilson(counts[z], samples, 6.2);
      const Interval usual = wilson(counts[z], samples, 1.96);
      outside += found.nu[z] < wide.low || found.nu[z] > wide.high ? 1U : 0U;
      outside_95 += found.nu[z] < usual.low || found.nu[z] > usual.high ? 1U : 0U;
      sampled.x.push_back(static_cast<double>(z));
      sampled.y.push_back(static_cast<double>(counts[z]) / static_cast<double>(samples));
      sampled.low.push_back(usual.low);
      sampled.high.push_back(usual.high);
    }

    worst.residual = std::max(worst.residual, found.residual);
    worst.distribution = std::max(worst.distribution, distance);
    worst.chain = std::max(worst.chain, std::abs(trace_kl - kl));
    worst.ratio = std::max(worst.ratio, ratio);
    worst.outside += outside;
    worst.outside_95 += outside_95;
    worst.checked += answers;
    table.add({name, std::string(dag::to_string(found.method)), fmt::format("{:.8f}", found.value),
               fmt::format("{:.1e}", found.residual), fmt::format("{:.6f}", trace_kl),
               fmt::format("{:.1e}", distance),
               fmt::format("{} of {}", answers - outside_95, answers)});

    Plot plot;
    plot.title = name;
    plot.x_label = "answer";
    plot.y_label = "probability";
    plot.legend_below = true;
    plot.height = 360;
    PlotSeries before{"reference", {}, {}, PlotSeries::Style::bars};
    PlotSeries after{"aligned, exact", {}, {}, PlotSeries::Style::bars};
    before.color = 5;
    after.color = 0;
    sampled.color = 1;
    for (std::size_t z = 0; z < answers; ++z) {
      const double x = static_cast<double>(z);
      before.x.push_back(x - 0.2);
      before.y.push_back(nu0_[z]);
      after.x.push_back(x + 0.2);
      after.y.push_back(found.nu[z]);
      sampled.x[z] = x + 0.2;
      plot.x_names.push_back(std::to_string(z));
    }
    plot.box_width = 0.36;
    plot.series = {std::move(before), std::move(after), std::move(sampled)};
    section_.figures.push_back({file, std::move(plot), what});
  }

  [[nodiscard]] std::vector<bool> only(std::size_t answer) const {
    std::vector<bool> set(answers);
    set[answer] = true;
    return set;
  }
  [[nodiscard]] std::size_t rare() const { return rare_; }
  [[nodiscard]] std::size_t frequent() const { return frequent_; }
  [[nodiscard]] double nu0(std::size_t z) const { return nu0_[z]; }

  Worst worst;
  Table table{{"utility", "solved by", "value", "residual", "KL(policy || reference)",
               "policy - nu*", "in 95 % interval"}};

 private:
  Section& section_;
  std::uint64_t seed_;
  dag::LayeredModel<double> reference_;
  std::vector<double> log_nu0_;
  std::vector<double> nu0_;
  std::size_t rare_ = 0;
  std::size_t frequent_ = 0;
};

}  // namespace

Section demo_policy(std::uint64_t seed, const Tell& tell) {
  Section section;
  section.title = "2. A policy over 8^20 traces, aligned exactly";
  const double traces = std::pow(static_cast<double>(states), static_cast<double>(steps));
  section.paragraphs = {
      fmt::format(
          "The policy writes a trace of {} tokens over an alphabet of {}; the answer is what the "
          "tokens add up to modulo {}. There are {:.2g} traces and {} answers. The utility looks "
          "at answers only, so the game over traces has the equilibrium of the game over answers: "
          "solve that, then multiply every trace's probability by the change of its answer.",
          steps, states, answers, traces, answers),
      fmt::format("All four utilities are anchored to the reference by {} KL (nats).", beta)};
  tell(0, "exact answer distribution of the reference");
  PolicyDemo demo(section, seed);
  const std::size_t rare = demo.rare();
  const std::size_t frequent = demo.frequent();

  tell(0.05, "Shannon entropy");
  demo.align("Shannon entropy: diverse answers", "policy_entropy",
             "Entropy with weight 1: the answers become more even, nu* ∝ nu0^(1/3).",
             dag::ShannonEntropy<double>{1.0}, 1);
  tell(0.3, "answer log-likelihood");
  demo.align("Log-likelihood of one answer", "policy_log_likelihood",
             fmt::format("log nu({0}): the rare answer {0} grows from {1:.4f}; the others keep "
                         "their proportions.",
                         rare, demo.nu0(rare)),
             dag::AnswerLogLikelihood<double>{demo.only(rare)}, 2);
  tell(0.55, "pass@8");
  demo.align("pass@8", "policy_pass_at_8",
             fmt::format("The chance that one of eight answers is {}: enough for eight tries, no "
                         "more.",
                         rare),
             dag::PassAtK<double>{demo.only(rare), 8.0}, 3);
  tell(0.8, "a hard constraint");
  std::vector<double> feature(answers, 0.0);
  feature[frequent] = 1;
  dag::MomentConstraints<double> constraint;
  constraint.at_most(feature, demo.nu0(frequent) / 4);
  demo.align("A hard constraint", "policy_constraint",
             fmt::format("Answer {} at most a quarter as often as before, {:.4f}; the others keep "
                         "their proportions.",
                         frequent, demo.nu0(frequent) / 4),
             std::move(constraint), 4);

  section.tables.push_back(
      {fmt::format("Exact equilibria, and {} traces sampled from each aligned policy", samples),
       demo.table});
  const Worst& worst = demo.worst;
  section.claims = {
      {"Every equilibrium has a natural residual below 1e-10",
       fmt::format("largest {:.1e}", worst.residual), worst.residual < 1e-10},
      {"The policy over traces has exactly the answer distribution of the game over answers",
       fmt::format("largest difference {:.1e}", worst.distribution), worst.distribution < 1e-12},
      {"Nothing else about the traces changes: KL over traces equals KL over answers",
       fmt::format("largest difference {:.1e} nats", worst.chain), worst.chain < 1e-10},
      {"Every sampled trace's log pi / pi0 is that of its answer",
       fmt::format("largest difference {:.1e} nats", worst.ratio), worst.ratio < 1e-10},
      {"Sampled answer frequencies agree with the exact distribution",
       fmt::format("{} of {} inside their 95 % intervals, {} outside 6.2 standard deviations",
                   worst.checked - worst.outside_95, worst.checked, worst.outside),
       worst.outside == 0}};
  return section;
}

}  // namespace cli
