// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace reasoning {
namespace {

/// Plug-in entropy of counts, nats.
double entropy(const std::map<std::int32_t, double>& mass) {
  double total = 0, sum = 0;
  for (const auto& [answer, m] : mass) {
    total += m;
  }
  for (const auto& [answer, m] : mass) {
    sum -= m > 0 ? m / total * std::log(m / total) : 0;
  }
  return sum;
}

/// P(at least one of k draws without replacement from n samples with c right is right): unbiased.
double pass_at(std::size_t k, std::size_t n, std::size_t c) {
  double none = 1;
  for (std::size_t i = 0; i < k; ++i) {
    none *= c + i < n ? static_cast<double>(n - c - i) / static_cast<double>(n - i) : 0.0;
  }
  return 1 - none;
}

std::vector<Tokens> repeat(const std::vector<Tokens>& prompts, std::size_t times) {
  std::vector<Tokens> out;
  for (const Tokens& p : prompts) {
    out.insert(out.end(), times, p);
  }
  return out;
}

/// Mean of log pi - log base over every fourth sample.
double drift(const Policy& policy, const Policy& base, const std::vector<Tokens>& prompts,
             const std::vector<Tokens>& traces) {
  std::vector<Tokens> some_prompts, some_traces;
  for (std::size_t i = 0; i < traces.size(); i += 4) {
    some_prompts.push_back(prompts[i]);
    some_traces.push_back(traces[i]);
  }
  const auto own = policy.log_probs(some_prompts, some_traces);
  const auto old = base.log_probs(some_prompts, some_traces);
  double sum = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    sum += static_cast<double>(own[i]) - static_cast<double>(old[i]);
  }
  return sum / static_cast<double>(own.size());
}

std::vector<Tokens> sum_prompts(std::span<const Sum> questions) {
  std::vector<Tokens> out;
  for (const Sum& q : questions) {
    for (std::size_t form = 0; form < form_count; ++form) {
      out.push_back(prompt(q, form));
    }
  }
  return out;
}

}  // namespace

SumAnswers sample_sums(const Policy& policy, std::span<const Sum> questions, std::size_t samples,
                       std::uint64_t seed) {
  const auto traces = policy.sample(repeat(sum_prompts(questions), samples), seed);
  SumAnswers out(questions.size(), std::vector<std::vector<std::int32_t>>(form_count));
  for (std::size_t i = 0; i < traces.size(); ++i) {
    out[i / samples / form_count][i / samples % form_count].push_back(sum_answer(traces[i]));
  }
  return out;
}

Json evaluate_sums(const Policy& policy, const Policy& base, std::span<const Sum> questions,
                   std::size_t samples, std::uint64_t seed) {
  const std::vector<Tokens> single = sum_prompts(questions);
  const std::vector<Tokens> prompts = repeat(single, samples);
  const std::vector<Tokens> best = policy.greedy(single), traces = policy.sample(prompts, seed);
  const auto n = static_cast<double>(questions.size()), k = static_cast<double>(samples);
  constexpr double forms = form_count;
  std::vector<double> greedy(form_count, 0.0), sampled(form_count, 0.0);
  double agree_greedy = 0, agree_sampled = 0, majority = 0, pass = 0, within = 0, jsd = 0,
         missing = 0, styles = 0;
  std::vector<std::array<double, 2>> style(form_count, {0, 0});
  for (std::size_t q = 0; q < questions.size(); ++q) {
    std::map<std::int32_t, double> pooled;
    std::vector<std::map<std::int32_t, double>> own(form_count);
    std::vector<std::int32_t> first(form_count);
    double mean_entropy = 0;
    for (std::size_t f = 0; f < form_count; ++f) {
      const std::size_t group = q * form_count + f;
      first[f] = sum_answer(best[group]);
      greedy[f] += right(questions[q], first[f]) ? 1 / n : 0;
      std::size_t correct = 0;
      for (std::size_t i = group * samples; i < (group + 1) * samples; ++i) {
        const std::int32_t answer = sum_answer(traces[i]);
        correct += right(questions[q], answer) ? 1 : 0;
        missing += answer < 0 ? 1 / (n * forms * k) : 0;
        const int s = style_of(traces[i]);
        if (s >= 0) {
          style[f][static_cast<std::size_t>(s)] += 1;
        }
        if (answer >= 0) {
          own[f][answer] += 1;
          pooled[answer] += 1;
        }
      }
      sampled[f] += static_cast<double>(correct) / (n * k);
      pass += pass_at(std::min<std::size_t>(8, samples), samples, correct) / (n * forms);
      mean_entropy += entropy(own[f]) / forms;
    }
    within += mean_entropy / n;
    jsd += (entropy(pooled) - mean_entropy) / n;
    std::int32_t winner = -1;
    for (const auto& [answer, count] : pooled) {
      winner = winner < 0 || count > pooled[winner] ? answer : winner;
    }
    majority += right(questions[q], winner) ? 1 / n : 0;
    const double pairs = n * forms * (forms - 1) / 2;
    for (std::size_t f = 0; f < form_count; ++f) {
      for (std::size_t g = f + 1; g < form_count; ++g) {
        agree_greedy += first[f] >= 0 && first[f] == first[g] ? 1 / pairs : 0;
        for (const auto& [answer, count] : own[f]) {
          const auto other = own[g].find(answer);
          agree_sampled += other == own[g].end() ? 0 : count * other->second / (k * k * pairs);
        }
      }
    }
  }
  for (const auto& s : style) {
    styles += entropy({{0, s[0]}, {1, s[1]}}) / forms;
  }
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double v : values) {
      sum += v / static_cast<double>(values.size());
    }
    return sum;
  };
  return {{"greedy", mean(greedy)},
          {"sampled", mean(sampled)},
          {"greedy_by_form", greedy},
          {"sampled_by_form", sampled},
          {"agree_greedy", agree_greedy},
          {"agree_sampled", agree_sampled},
          {"majority", majority},
          {"pass8", pass},
          {"entropy", within},
          {"jsd", jsd},
          {"style_entropy", styles},
          {"missing", missing},
          {"kl", drift(policy, base, prompts, traces)}};
}

Json evaluate_pairs(const Policy& policy, const Policy& base, std::span<const Pair> questions,
                    std::size_t samples, std::uint64_t seed) {
  std::vector<Tokens> single;
  for (const Pair& q : questions) {
    single.push_back(prompt(q));
  }
  const std::vector<Tokens> prompts = repeat(single, samples);
  const std::vector<Tokens> best = policy.greedy(single), traces = policy.sample(prompts, seed);
  const auto n = static_cast<double>(questions.size()), k = static_cast<double>(samples);
  double greedy = 0, sampled = 0, pass = 0, distinct = 0, within = 0, bad = 0, missing = 0;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    greedy += right(questions[q], pair_answer(best[q])) ? 1 / n : 0;
    std::map<std::int32_t, double> own;
    std::set<std::int32_t> different;
    std::size_t correct = 0;
    for (std::size_t i = 0; i < samples; ++i) {
      const std::int32_t answer = pair_answer(traces[q * samples + i]);
      missing += answer < 0 ? 1 / (n * k) : 0;
      bad += forbidden(answer) ? 1 / (n * k) : 0;
      if (answer >= 0) {
        own[answer] += 1;
      }
      if (right(questions[q], answer)) {
        ++correct;
        if (i < 8) {
          different.insert(answer);
        }
      }
    }
    sampled += static_cast<double>(correct) / (n * k);
    pass += pass_at(std::min<std::size_t>(8, samples), samples, correct) / n;
    distinct += static_cast<double>(different.size()) / n;
    within += entropy(own) / n;
  }
  return {{"greedy", greedy},   {"sampled", sampled},
          {"pass8", pass},      {"distinct8", distinct},
          {"entropy", within},  {"forbidden", bad},
          {"missing", missing}, {"kl", drift(policy, base, prompts, traces)}};
}

}  // namespace reasoning
