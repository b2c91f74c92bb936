// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "experiment.hpp"

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/json_text.hpp>

#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <set>

namespace reasoning {
namespace {

/// The base's sampled answers on the pool questions, measured once and kept in a file.
Consensus base_consensus(const Policy& base, const std::string& name, const std::string& folder,
                         bool geometric) {
  const std::string path = folder + "/base-" + name + "-pool.json";
  SumAnswers answers;
  if (std::filesystem::exists(path)) {
    answers = dag::read_json<Json>(path).get<SumAnswers>();
  } else {
    answers = sample_sums(base, split().pool_sums, 32, 77);
    dag::write_file_atomically(path, Json(answers).dump());
  }
  return consensus_of(answers, geometric);
}

std::vector<dag::Question<Tokens>> questions_of(const std::string& task) {
  std::vector<dag::Question<Tokens>> out;
  if (task == "sums") {
    for (const Sum& sum : split().pool_sums) {
      dag::Question<Tokens> question;
      for (std::size_t form = 0; form < form_count; ++form) {
        question.contexts.push_back(prompt(sum, form));
      }
      out.push_back(std::move(question));
    }
  } else {
    for (const Pair& pair : split().pool_pairs) {
      out.push_back({{prompt(pair)}});
    }
  }
  return out;
}

/// Answers by prompt, with how many were right: for the record, not for the reward.
class Reader {
 public:
  explicit Reader(const std::string& task) : sums_(task == "sums") {
    for (const Sum& sum : split().pool_sums) {
      for (std::size_t form = 0; form < form_count; ++form) {
        sum_of_[prompt(sum, form)] = sum;
      }
    }
    for (const Pair& pair : split().pool_pairs) {
      pair_of_[prompt(pair)] = pair;
    }
  }
  std::int32_t operator()(const Tokens& asked, const Tokens& trace) {
    const std::int32_t answer = sums_ ? sum_answer(trace) : pair_answer(trace);
    ++seen_;
    right_ +=
        (sums_ ? right(sum_of_.at(asked), answer) : right(pair_of_.at(asked), answer)) ? 1 : 0;
    return answer;
  }
  /// Share of right answers since the last call.
  double accuracy() {
    const double share = right_ / seen_;
    right_ = seen_ = 0;
    return share;
  }

 private:
  bool sums_;
  std::map<Tokens, Sum> sum_of_;
  std::map<Tokens, Pair> pair_of_;
  double right_ = 0, seen_ = 0;
};

}  // namespace

std::string Run::key() const {
  std::string name = method.label();
  for (char& c : name) {
    c = c == '/' || c == '@' ? '-' : c;
  }
  char rest[160];
  std::snprintf(rest, sizeof rest, "-n%lld-q%zu-g%zu-b%g-r%g-s%llu", static_cast<long long>(steps),
                questions, group, beta, rate, static_cast<unsigned long long>(seed));
  return base + "-" + task + "-" + name + rest;
}

std::vector<BaseRecipe> bases() {
  return {{.name = "A",
           .mix = {.forms = {0.45, 0.25, 0.18, 0.12}, .pairs = 0.35},
           .seed = 1,
           .target = 0.65},
          {.name = "B",
           .mix = {.forms = {0.50, 0.12, 0.26, 0.12}, .pairs = 0.3},
           .seed = 2,
           .target = 0.5}};
}

Json align(const Run& run, const Size& size, const std::string& folder, const Progress& progress,
           dag::StopRef stop) {
  const bool sums = run.task == "sums";
  const Policy base = load_base(run.base, size, folder);
  Policy policy(base);
  const auto questions = questions_of(run.task);
  Consensus consensus;
  if (run.method.name.starts_with("frozen")) {
    consensus = base_consensus(base, run.base, folder, run.method.name == "frozen");
  }
  Surroundings around{.policy = &policy,
                      .questions = questions,
                      .seed = run.seed,
                      .consensus = &consensus,
                      .traces = std::make_shared<std::vector<std::pair<Tokens, Tokens>>>()};
  dag::AnyObjective objective =
      sums ? sum_objective(run.method, around) : pair_objective(run.method, around);
  const dag::TrainOptions options{.steps = run.steps,
                                  .questions_per_step = run.questions,
                                  .group_size = run.group,
                                  .beta = run.beta,
                                  .learning_rate = {.peak = run.rate, .warm_up = 5},
                                  .clip_norm = 1,
                                  .seed = run.seed,
                                  .noise_every = 8,
                                  .checkpoint = folder + "/" + run.key() + ".ckpt",
                                  .checkpoint_every = run.checkpoint_every,
                                  .stop = stop};
  Reader reader(run.task);
  const bool keep_traces = run.method.name == "trace";
  const auto answer = [&](const Tokens& asked, const Tokens& trace) {
    if (keep_traces) {
      around.traces->emplace_back(asked, trace);
    }
    return reader(asked, trace);
  };
  Json curve{{"step", Json::array()},
             {"accuracy", Json::array()},
             {"kl", Json::array()},
             {"answer_entropy", Json::array()},
             {"objective", Json::array()}};
  if (run.method.name == "constrained") {
    curve["multiplier"] = Json::array();
    curve["violation"] = Json::array();
  }
  const std::clock_t start = std::clock();
  double noise_signal = 0, noise = 0, late_kl = 0;
  int late = 0;
  const dag::Status status = policy.train(
      base, questions, objective, answer, options, [&](const dag::TrainRecord& record) {
        around.traces->clear();
        const double accuracy = reader.accuracy();
        curve["step"].push_back(record.step);
        curve["accuracy"].push_back(std::round(accuracy * 1e4) / 1e4);
        curve["kl"].push_back(std::round(record.kl * 1e4) / 1e4);
        curve["answer_entropy"].push_back(std::round(record.answer_entropy * 1e4) / 1e4);
        curve["objective"].push_back(std::round(record.objective * 1e4) / 1e4);
        if (run.method.name == "constrained" && !record.target.strategy.empty()) {
          curve["multiplier"].push_back(record.target.strategy[0]);
          curve["violation"].push_back(record.target.violation);
        }
        if (!std::isnan(record.gradient_signal) && record.step <= 40) {
          noise_signal += record.gradient_signal;
          noise += record.gradient_variance;
        }
        if (record.step > run.steps - 20) {
          late_kl += record.kl;
          ++late;
        }
        char what[96];
        std::snprintf(what, sizeof what, "%s %s seed %llu: step %lld, %.2f of samples right",
                      run.base.c_str(), run.method.label().c_str(),
                      static_cast<unsigned long long>(run.seed),
                      static_cast<long long>(record.step), accuracy);
        progress(static_cast<double>(record.step) / static_cast<double>(run.steps), what);
      });
  if (status == dag::Status::stopped) {
    return {};
  }
  const double seconds =
      static_cast<double>(std::clock() - start) / static_cast<double>(CLOCKS_PER_SEC);
  const auto resumed = static_cast<std::int64_t>(curve["step"].size()) < run.steps;
  Json out{{"key", run.key()},
           {"note", run.note},
           {"base", run.base},
           {"task", run.task},
           {"method", run.method.name},
           {"table", run.method.table},
           {"seed", run.seed},
           {"steps", run.steps},
           {"questions", run.questions},
           {"group", run.group},
           {"beta", run.beta},
           {"rate", run.rate},
           {"samples", static_cast<std::size_t>(run.steps) * run.questions * run.group *
                           (sums ? form_count : 1)},
           {"resumed", resumed},
           {"cpu_seconds_per_step", seconds / static_cast<double>(curve["step"].size())},
           {"snr", noise > 0 ? noise_signal / noise : 0.0},
           {"train_kl", late > 0 ? late_kl / late : 0.0}};
  if (sums) {
    out["validation"] = evaluate_sums(policy, base, split().validation_sums, 4, 5);
    out["test"] = evaluate_sums(policy, base, split().test_sums, 8, 6);
  } else {
    out["validation"] = evaluate_pairs(policy, base, split().validation_pairs, 8, 5);
    out["test"] = evaluate_pairs(policy, base, split().test_pairs, 16, 6);
  }
  out["curve"] = std::move(curve);
  for (const char* ending : {"", ".previous"}) {
    std::filesystem::remove(options.checkpoint + ending);
  }
  return out;
}

std::vector<Run> grid(Grid which) {
  std::vector<Run> out;
  const auto add = [&](const std::string& base, const std::string& task, const Method& method,
                       std::uint64_t seed) {
    Run run{.base = base, .task = task, .method = method, .seed = seed};
    if (task == "pairs") {
      run.group = 16;
      run.steps = 80;
    }
    out.push_back(run);
  };
  if (which == Grid::small) {
    for (const std::uint64_t seed : {1, 2}) {
      for (const Method& method : std::vector<Method>{{"coherence", "plug-in"},
                                                      {"coherence", "aqp"},
                                                      {"geometric", "-"},
                                                      {"correctness", "-"},
                                                      {"own-majority", "-"},
                                                      {"random", "-"}}) {
        add("A", "sums", method, seed);
      }
      add("A", "pairs", {"correctness", "-"}, seed);
      add("A", "pairs", {"diverse", "aqp"}, seed);
      add("A", "pairs", {"constrained", "-"}, seed);
    }
    return out;
  }
  // What carries the comparisons first; a grid that is stopped early is still balanced over bases.
  const std::set<std::string> core{"coherence",    "frozen", "correctness", "majority",
                                   "own-majority", "random", "diverse",     "constrained"};
  for (const bool first : {true, false}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      for (const BaseRecipe& base : bases()) {
        for (const Method& method : sum_methods()) {
          if (seed <= 2 ? first : first == (core.count(method.name) > 0)) {
            add(base.name, "sums", method, seed);
          }
        }
        for (const Method& method : pair_methods()) {
          if (seed <= 2 ? first : first == (core.count(method.name) > 0)) {
            add(base.name, "pairs", method, seed);
          }
        }
      }
    }
  }
  return out;
}

std::vector<Run> pilot_grid() {
  std::vector<Run> out;
  for (const double rate : {2e-4, 5e-4, 1e-3}) {
    for (const double beta : {0.02, 0.1}) {
      for (const Method& method : std::vector<Method>{{"coherence", "aqp"}, {"correctness", "-"}}) {
        out.push_back({.method = method, .seed = 100, .beta = beta, .rate = rate, .note = "pilot"});
      }
    }
  }
  return out;
}

std::vector<Run> side_grid() {
  std::vector<Run> out;
  const auto add = [&](const char* note, const std::string& table, auto&& change) {
    for (const std::uint64_t seed : {1, 2}) {
      Run run{.method = {"coherence", table}, .seed = seed, .note = note};
      change(run);
      out.push_back(run);
    }
  };
  for (const char* base : {"A", "B"}) {
    for (const std::uint64_t seed : {1, 2}) {
      out.push_back({.base = base,
                     .task = "pairs",
                     .method = {"constrained", "-"},
                     .seed = seed,
                     .steps = 320,
                     .group = 16,
                     .note = "320 steps"});
    }
  }
  add("learning rate 5 times", "plug-in", [](Run& r) { r.rate *= 5; });
  add("no anchor", "plug-in", [](Run& r) { r.beta = 0; });
  add("beta 0.5", "plug-in", [](Run& r) { r.beta = 0.5; });
  for (const char* table : {"plug-in", "aqp"}) {
    add("160 steps", table, [](Run& r) { r.steps = 160; });
    add("2 samples, 64 questions", table, [](Run& r) { r.group = 2, r.questions = 64; });
    add("32 samples, 4 questions", table, [](Run& r) { r.group = 32, r.questions = 4; });
  }
  return out;
}

}  // namespace reasoning
