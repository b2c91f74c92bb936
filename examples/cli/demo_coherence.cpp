// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dag/alignment/alignment.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/alignment/equilibrium.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/statistics.hpp>
#include <dag/core/random.hpp>
#include <dag/io/rollout_file.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/model/tilt.hpp>
#include <dag/utility/coherence.hpp>

#include "demo.hpp"

namespace cli {
namespace {

constexpr double smoothing = 0.1;

/// What coherence does to the questions of a file at one beta: means over judged questions.
struct Effect {
  double beta = 0;
  double accuracy = 0;   ///< of a sample
  double consensus = 0;  ///< of the most probable answer of q
  double agreement = 0;  ///< chance that two contexts give the same answer
  double entropy = 0;    ///< nats
  double residual = 0;
  double largest_loss = 0;  ///< by how much the utility fell anywhere (it must not)
};

/// The distributions of one question, smoothed so that no context rules an answer out.
struct Question {
  std::vector<std::vector<double>> nu0;
  std::vector<double> right;  ///< 1: a right answer
  bool judged = true;
};

Question read_question(const dag::AnswerGroups& groups, std::size_t q) {
  Question question;
  const std::size_t n = groups.answers_of(q);
  question.right.assign(n, 0.0);
  for (const auto index : groups.groups_of(q)) {
    const auto g = static_cast<std::size_t>(index);
    std::vector<double> nu(n, smoothing);
    double total = smoothing * static_cast<double>(n);
    const auto answers = groups.group(g);
    const auto verdicts = groups.group_right(g);
    bool answered = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      question.judged = question.judged && verdicts[i] >= 0;
      if (answers[i] >= 0) {
        const auto z = static_cast<std::size_t>(answers[i]);
        answered = true;
        nu[z] += 1;
        total += 1;
        question.right[z] = verdicts[i] > 0 ? 1.0 : question.right[z];
      }
    }
    if (answered) {
      for (double& p : nu) {
        p /= total;
      }
      question.nu0.push_back(std::move(nu));
    }
  }
  return question;
}

/// -sum_x w_x KL(nu_x || mean), the arithmetic coherence utility, by its definition.
double coherence_of(const std::vector<std::vector<double>>& nu) {
  double value = 0;
  const double w = 1 / static_cast<double>(nu.size());
  for (std::size_t z = 0; z < nu[0].size(); ++z) {
    double q = 0;
    for (const auto& row : nu) {
      q += w * row[z];
    }
    for (const auto& row : nu) {
      value -= row[z] > 0 ? w * row[z] * std::log(row[z] / q) : 0.0;
    }
  }
  return value;
}

void add_question(Effect& effect, const Question& question,
                  const std::vector<std::vector<double>>& nu) {
  const std::size_t contexts = nu.size();
  const std::size_t n = nu[0].size();
  std::vector<double> q(n, 0.0);
  double same = 0;
  double self = 0;
  for (const auto& row : nu) {
    double right = 0;
    double entropy = 0;
    for (std::size_t z = 0; z < n; ++z) {
      q[z] += row[z] / static_cast<double>(contexts);
      right += row[z] * question.right[z];
      entropy -= row[z] > 0 ? row[z] * std::log(row[z]) : 0.0;
      self += row[z] * row[z];
    }
    effect.accuracy += right / static_cast<double>(contexts);
    effect.entropy += entropy / static_cast<double>(contexts);
  }
  const double most = *std::max_element(q.begin(), q.end());
  double tied = 0;
  double tied_right = 0;
  for (std::size_t z = 0; z < n; ++z) {
    if (q[z] >= most * (1 - 1e-9)) {
      tied += 1;
      tied_right += question.right[z];
    }
    same += q[z] * q[z];
  }
  effect.consensus += tied_right / tied;
  const double x = static_cast<double>(contexts);
  effect.agreement += (same * x * x - self) / (x * (x - 1));
}

std::vector<Effect> effects_of(const std::vector<Question>& questions,
                               const std::vector<double>& betas, const Tell& tell) {
  std::vector<Effect> effects;
  const double share = 1 / static_cast<double>(questions.size());
  for (const double beta : betas) {
    Effect effect;
    effect.beta = beta;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const Question& question = questions[i];
      if (i % 16 == 0) {
        tell((static_cast<double>(effects.size()) + share * static_cast<double>(i)) /
                 static_cast<double>(betas.size()),
             fmt::format("coherence, beta {:g}", beta));
      }
      if (std::isinf(beta)) {
        add_question(effect, question, question.nu0);
        continue;
      }
      const dag::AlignmentGame<dag::ArithmeticCoherence<double>, dag::no_backend> game(
          dag::ArithmeticCoherence<double>{}, dag::Contexts<double>(question.nu0), beta);
      const auto found = dag::equilibrium(game);
      std::vector<std::vector<double>> nu;
      for (std::size_t x = 0; x < found.blocks.count(); ++x) {
        const auto row = found.strategy(x);
        nu.emplace_back(row.begin(), row.end());
      }
      effect.residual = std::max(effect.residual, found.residual);
      effect.largest_loss =
          std::max(effect.largest_loss, coherence_of(question.nu0) - coherence_of(nu));
      add_question(effect, question, nu);
    }
    for (double* mean : {&effect.accuracy, &effect.consensus, &effect.agreement, &effect.entropy}) {
      *mean *= share;
    }
    effects.push_back(effect);
  }
  return effects;
}

}  // namespace

std::string make_rollouts(std::uint64_t seed) {
  constexpr std::size_t questions = 60;
  constexpr std::size_t contexts = 6;
  constexpr std::size_t samples = 16;
  constexpr std::size_t steps = 12;
  constexpr std::size_t states = 5;
  constexpr std::size_t answers = 10;
  std::string out;
  for (std::size_t q = 0; q < questions; ++q) {
    dag::RandomStream random(seed, 1000 + q);
    const std::size_t gold = random.below(answers);
    // Every fifth question has an error that all contexts share: nothing can be gained there.
    const bool shared = q % 5 == 4;
    const std::size_t wrong = (gold + 1 + random.below(answers - 1)) % answers;
    for (std::size_t x = 0; x < contexts; ++x) {
      std::vector<double> preference(answers);
      for (double& entry : preference) {
        entry = 1.3 * random.normal();
      }
      preference[gold] += 2.6;
      preference[wrong] += shared ? 3.6 : 0.0;
      const auto even = dag::random_layered_model<double>(steps, states, answers,
                                                          seed + q * contexts + x, 1.0, 0.0);
      const auto policy = dag::tilt(even, std::span<const double>(preference), 1.0).policy;
      nlohmann::ordered_json line;
      line["question_id"] = fmt::format("q{:02}", q);
      line["context_id"] = fmt::format("phrasing-{}", x + 1);
      line["prompt"] = nullptr;
      line["gold"] = std::to_string(gold);
      line["samples"] = nlohmann::ordered_json::array();
      for (std::size_t i = 0; i < samples; ++i) {
        const auto trace = policy.sample({}, random);
        std::string text;
        for (const auto token : trace) {
          text += (text.empty() ? "" : " ") + std::to_string(token);
        }
        line["samples"].push_back({{"text", text},
                                   {"answer", std::to_string(policy.answer({}, trace))},
                                   {"logprob", policy.log_prob({}, trace)}});
      }
      out += line.dump() + '\n';
    }
  }
  return out;
}

Section demo_coherence(const std::string& path, bool own, const Tell& tell) {
  Section section;
  section.title = "3. Coherence: contexts of one question brought together, without labels";
  section.paragraphs = {
      "Several contexts (phrasings, prompts, models) ask the same question. The utility is minus "
      "the mean divergence of their answer distributions from the consensus q; no label enters. "
      "The smaller beta, the weaker the anchor to what each context said before.",
      fmt::format("Data: {}{}. Empirical answer distributions with {} of a sample added to every "
                  "answer.",
                  path,
                  own ? ", sampled by layered models of this library: each context prefers the "
                        "right answer a little and some wrong ones of its own; in every fifth "
                        "question all of them share an error"
                      : "",
                  smoothing)};
  tell(0, "reading " + path);
  const dag::AnswerGroups groups = dag::read_rollouts(path);
  const dag::RolloutStatistics statistics = dag::rollout_statistics(groups);
  std::vector<Question> questions;
  for (std::size_t q = 0; q < groups.questions.size(); ++q) {
    Question question = read_question(groups, q);
    if (question.judged && question.nu0.size() >= 2) {
      questions.push_back(std::move(question));
    }
  }
  section.paragraphs.push_back(fmt::format(
      "{} samples in {} groups; {} of {} questions have answers in two contexts or more, all of "
      "them judged, and take part.",
      groups.samples(), groups.groups(), questions.size(), groups.questions.size()));
  if (questions.empty()) {
    section.claims.push_back({"Some question has two contexts with judged answers", "none", false});
    return section;
  }

  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<Effect> effects =
      effects_of(questions, {infinity, 4, 2, 1, 0.5, 0.25, 0.1, 0.05}, tell);
  const Effect& before = effects.front();
  const Effect& after = effects.back();
  Table table({"beta", "accuracy of a sample", "of the consensus", "agreement", "entropy, nats",
               "largest residual"});
  Plot plot;
  plot.title = "Coherence against its anchor";
  plot.x_label = "strength of coherence, 1 / beta";
  plot.y_label = "mean over questions";
  plot.log_x = true;
  plot.legend_below = true;
  PlotSeries accuracy{"accuracy of a sample", {}, {}, PlotSeries::Style::line_and_points};
  PlotSeries consensus{"accuracy of the consensus", {}, {}, PlotSeries::Style::line_and_points};
  PlotSeries agreement{"agreement of two contexts", {}, {}, PlotSeries::Style::line_and_points};
  PlotSeries start{"accuracy before", {}, {}, PlotSeries::Style::dashed};
  start.color = 7;
  double residual = 0;
  double loss = 0;
  for (const Effect& effect : effects) {
    residual = std::max(residual, effect.residual);
    loss = std::max(loss, effect.largest_loss);
    table.add({std::isinf(effect.beta) ? "before" : fmt::format("{:g}", effect.beta),
               fmt::format("{:.4f}", effect.accuracy), fmt::format("{:.4f}", effect.consensus),
               fmt::format("{:.4f}", effect.agreement), fmt::format("{:.4f}", effect.entropy),
               std::isinf(effect.beta) ? "" : fmt::format("{:.1e}", effect.residual)});
    if (!std::isinf(effect.beta)) {
      const double x = 1 / effect.beta;
      for (auto [series, value] :
           {std::pair{&accuracy, effect.accuracy}, std::pair{&consensus, effect.consensus},
            std::pair{&agreement, effect.agreement}, std::pair{&start, before.accuracy}}) {
        series->x.push_back(x);
        series->y.push_back(value);
      }
    }
  }
  plot.series = {std::move(accuracy), std::move(consensus), std::move(agreement), std::move(start)};
  section.figures.push_back(
      {"coherence", std::move(plot),
       "As the anchor weakens, the contexts tend to the normalised geometric mean of what each "
       "said "
       "before: they agree more, and errors that only some of them make fade, so that a single "
       "sample is right more often. What all contexts have wrong stays wrong."});
  section.tables.push_back(
      {"Exact equilibria of the coherence game, question by question", std::move(table)});
  Table votes({"without any game", "accuracy"});
  const auto shown = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.4f}", *value) : std::string("not known");
  };
  votes.add({"a sample", shown(statistics.acc_random_sample)});
  votes.add({"majority of a group", shown(statistics.acc_majority_in_group)});
  votes.add({"majority over contexts", shown(statistics.acc_majority_over_contexts)});
  section.tables.push_back(
      {"The samples as they are, missing answers counted as wrong", std::move(votes)});
  section.claims = {
      {"Every coherence equilibrium has a natural residual below 1e-10",
       fmt::format("largest {:.1e} over {} games", residual,
                   (effects.size() - 1) * questions.size()),
       residual < 1e-10},
      {"Coherence rises in every question (its utility is nowhere smaller than before)",
       fmt::format("largest loss {:.1e} nats", loss), loss <= 1e-12}};
  if (own) {
    section.claims.push_back({"Without labels, a single sample becomes more accurate",
                              fmt::format("{:.3f} before, {:.3f} at beta {:g}", before.accuracy,
                                          after.accuracy, after.beta),
                              after.accuracy > before.accuracy});
  }
  return section;
}

}  // namespace cli
