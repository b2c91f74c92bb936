// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The training loop's own rules on models small enough to check by hand: one softmax over three
// answers a context, where an answer is its trace.
#include <dag/model/contextual.hpp>
#include <dag/model/tabular.hpp>
#include <dag/train/frozen_consensus.hpp>
#include <dag/train/metrics_log.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/trainer.hpp>
#include <dag/utility/goal_divergence.hpp>

#include <doctest/doctest.h>

#include <support/failing_memory.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using dag::AnswerAt;
using Model = dag::ContextualModel<dag::TabularModel<double>>;
using Prompts = std::vector<dag::Question<std::size_t>>;

Model two_contexts(double shift = 0) {
  return Model({dag::TabularModel<double>({0.5 + shift, 0, -0.5}, {0, 1, 2}, 3),
                dag::TabularModel<double>({-0.3, 0.9 + shift, 0}, {0, 1, 2}, 3)});
}
const Prompts question{{{0, 1}}};
const auto trace_is_answer = [](std::size_t, std::size_t trace) { return trace; };

std::vector<double> parameters(const Model& model) { return dag::detail::parameters_of(model); }

struct Result {
  std::vector<double> parameters;
  std::vector<dag::TrainRecord> records;
};

template <class Objective, class Optimiser = dag::Sgd>
Result run(Objective&& objective, const dag::TrainOptions& options, Optimiser optimiser = {},
           const Model& reference = two_contexts(), double start = 0.4) {
  Model policy = two_contexts(start);
  Result result;
  const auto keep = [&](const dag::TrainRecord& record) { result.records.push_back(record); };
  (void)dag::train(policy, reference, question, objective, trace_is_answer, optimiser, options,
                   keep);
  result.parameters = parameters(policy);
  return result;
}

/// Context 0 is dead: its signals are all equal; context 1 is rewarded for answer 0.
struct HalfDead {
  void operator()(const dag::QuestionSample& sample, std::span<double> signal) const {
    for (std::size_t i = 0; i < signal.size(); ++i) {
      signal[i] = i < sample.group_size ? 0.25 : (sample.answers[i] == 0 ? 1.0 : -0.5);
    }
  }
};

dag::AnyObjective rewarded() {
  return dag::AnswerReward([](const AnswerAt& a) { return a.answer == 2 ? 1.0 : 0.0; });
}

std::string read(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("dead groups: kept, without signal, without KL, or not there at all") {
  dag::TrainOptions options{.steps = 1, .group_size = 16, .beta = 0.3, .seed = 4};
  options.learning_rate = {.peak = 1};
  const std::vector<double> start = parameters(two_contexts(0.4));
  const auto moved = [&](dag::DeadGroup rule) {
    options.dead_group = rule;
    auto result = run(HalfDead{}, options);
    CHECK(result.records[0].dead_groups == 0.5);
    for (std::size_t i = 0; i < 6; ++i) {
      result.parameters[i] -= start[i];
    }
    return result.parameters;
  };
  const auto keep = moved(dag::DeadGroup::keep), mask = moved(dag::DeadGroup::mask);
  const auto mask_kl = moved(dag::DeadGroup::mask_kl), drop = moved(dag::DeadGroup::drop);
  CHECK(std::abs(mask[0]) > 1e-3);            // the anchor pulls the dead context
  CHECK(std::abs(keep[0] - mask[0]) > 1e-3);  // its equal signals push as well where it is kept
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(mask_kl[i] == 0);
    CHECK(drop[i] == 0);
  }
  for (std::size_t i = 3; i < 6; ++i) {
    CHECK(mask[i] == keep[i]);
    CHECK(mask_kl[i] == keep[i]);
    CHECK(drop[i] == doctest::Approx(2 * keep[i]).epsilon(1e-12));  // half the denominator
  }
  // Nothing alive: a dropped batch moves nothing.
  options.dead_group = dag::DeadGroup::drop;
  const auto silent = run(dag::AnswerReward([](const AnswerAt&) { return 1.0; }), options);
  CHECK(silent.parameters == start);
  CHECK(silent.records[0].dead_groups == 1);
}

TEST_CASE("epochs and clipped ratios: the first epoch is plain, later ones are held") {
  dag::TrainOptions options{.steps = 3, .group_size = 16, .beta = 0.1, .seed = 4};
  options.learning_rate = {.peak = 0.5};
  const auto plain = run(rewarded(), options);
  options.policy_loss = {.surrogate = dag::Surrogate::clip};
  const auto once = run(rewarded(), options);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(once.parameters[i] == doctest::Approx(plain.parameters[i]).epsilon(1e-12));
  }
  CHECK(once.records[0].effective_samples == doctest::Approx(1));
  CHECK(once.records[0].clipped == 0);
  options.steps = 1;
  options.epochs = 8;
  options.policy_loss.epsilon_low = options.policy_loss.epsilon_high = 0.05;
  options.learning_rate = {.peak = 2};
  const auto held = run(rewarded(), options);
  CHECK(held.records[0].clipped > 0.2);
  CHECK(held.records[0].effective_samples < 1);
  options.policy_loss.epsilon_low = options.policy_loss.epsilon_high = 0.9;
  const auto free = run(rewarded(), options);
  const std::vector<double> start = parameters(two_contexts(0.4));
  double held_back = 0, gone = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    held_back += std::pow(held.parameters[i] - start[i], 2);
    gone += std::pow(free.parameters[i] - start[i], 2);
  }
  CHECK(held_back < 0.7 * gone);
}

TEST_CASE("a model without tokens refuses a loss by token") {
  dag::TrainOptions options{.steps = 1, .loss_level = dag::LossLevel::token};
  static_assert(!dag::TokenLogProbModel<Model>);
  try {
    (void)run(rewarded(), options);
    FAIL_CHECK("expected an error");
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::unsupported);
  }
}

TEST_CASE("advantages by name rescale the signals; those by length are refused") {
  dag::TrainOptions options{.steps = 1, .group_size = 16, .beta = 0, .seed = 4};
  options.learning_rate = {.peak = 1};
  const std::vector<double> start = parameters(two_contexts(0.4));
  const auto plain = run(rewarded(), options);
  options.advantage = dag::Advantage::trl_group;
  const auto scaled = run(rewarded(), options);
  // (s - mean) / (std + 1e-4) of n / (n - 1) (r - mean) is (r - mean) / (std r + (n-1)/n 1e-4): one
  // factor a context.
  for (std::size_t x = 0; x < 2; ++x) {
    const double factor =
        (scaled.parameters[3 * x] - start[3 * x]) / (plain.parameters[3 * x] - start[3 * x]);
    CHECK(factor > 1.5);
    for (std::size_t z = 1; z < 3; ++z) {
      CHECK(
          scaled.parameters[3 * x + z] - start[3 * x + z] ==
          doctest::Approx(factor * (plain.parameters[3 * x + z] - start[3 * x + z])).epsilon(1e-9));
    }
  }
  options.advantage = dag::Advantage::opo;
  CHECK_THROWS_AS((void)run(rewarded(), options), dag::Error);
  options.advantage = {};
  options.policy_loss = {
      .surrogate = dag::Surrogate::clip, .beta = 0.1, .kl = dag::KlEstimator::k3};
  CHECK_THROWS_AS((void)run(rewarded(), options), dag::Error);
  options.policy_loss = {.correction = dag::SamplerCorrection::token_mask};
  CHECK_THROWS_AS((void)run(rewarded(), options), dag::Error);
}

/// Plain ascent that moves the model itself, clipped, and counts its steps.
struct OwnAscent {
  double steps = 0;
  double ascend(Model& model, std::span<const std::size_t> prompts,
                std::span<const std::size_t> traces, std::span<const double> weights, double rate,
                double clip_norm) {
    std::vector<double> gradient(model.parameter_count());
    dag::accumulate_score_batch(std::as_const(model), prompts, traces, weights,
                                std::span<double>(gradient));
    double norm = 0;
    for (const double g : gradient) {
      norm += g * g;
    }
    norm = std::sqrt(norm);
    std::vector<double> now = dag::detail::parameters_of(model);
    for (std::size_t i = 0; i < now.size(); ++i) {
      now[i] += rate * (norm > clip_norm ? clip_norm / norm : 1.0) * gradient[i];
    }
    dag::detail::set_parameters(model, now);
    steps += 1;
    return norm;
  }
  [[nodiscard]] std::vector<double> state() const { return {steps}; }
  void restore(const std::vector<double>& state) { steps = state.at(0); }
};

TEST_CASE("a model's own optimiser takes the same steps as the flat one") {
  dag::TrainOptions options{
      .steps = 20, .group_size = 8, .beta = 0.1, .clip_norm = 0.05, .seed = 9};
  options.learning_rate = {.peak = 0.5, .warm_up = 5};
  const auto flat = run(rewarded(), options);
  const auto own = run(rewarded(), options, OwnAscent{});
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(own.parameters[i] == doctest::Approx(flat.parameters[i]).epsilon(1e-13));
  }
  CHECK(own.records[7].gradient_norm == doctest::Approx(flat.records[7].gradient_norm));
  // The anchor outside of the reward: signals alone.
  options.anchor_in_reward = false;
  dag::TrainOptions none = options;
  none.anchor_in_reward = true;
  none.beta = 0;
  CHECK(run(rewarded(), options).parameters == run(rewarded(), none).parameters);
}

TEST_CASE("gap and residual of the sampled game are those of the exact one, up to sampling") {
  // At the reference: gap = beta log sum nu exp(r / beta) - <nu, r>, residual max |nu' - nu|.
  const Model model = two_contexts();
  dag::TrainOptions options{.steps = 1, .group_size = 200000, .beta = 0.7, .seed = 11};
  options.learning_rate = {.peak = 1e-9};
  const auto result = run(rewarded(), options, dag::Sgd{}, model, 0.0);
  double gap = 0, residual = 0;
  for (std::size_t x = 0; x < 2; ++x) {
    std::vector<double> nu(3);
    model.answer_log_probs(x, std::span<double>(nu));
    const double p = std::exp(nu[2]), boost = std::exp(1 / 0.7);
    const double total = 1 - p + p * boost;
    gap += (0.7 * std::log(total) - p) / 2;
    residual += (p * boost / total - p) / 2;
  }
  CHECK(result.records[0].gap == doctest::Approx(gap).epsilon(0.02));
  CHECK(result.records[0].residual == doctest::Approx(residual).epsilon(0.02));
}

TEST_CASE("noise of the gradient from its halves: E|g|^2 = |E g|^2 + variance") {
  dag::TrainOptions options{
      .steps = 4000, .group_size = 8, .beta = 0, .seed = 12, .noise_every = 1};
  options.learning_rate = {.peak = 1e-12};
  // Independent halves, so that the estimate has no bias: signals without a baseline.
  const auto raw = [](const dag::QuestionSample& sample, std::span<double> signal) {
    for (std::size_t i = 0; i < signal.size(); ++i) {
      signal[i] = sample.answers[i] == 2 ? 1.0 : 0.0;
    }
  };
  const auto result = run(raw, options);
  double squares = 0, variance = 0, exact = 0, products = 0;
  for (const auto& record : result.records) {
    squares += std::pow(record.gradient_norm, 2) / 4000;
    variance += record.gradient_variance / 4000;
    products += record.gradient_signal / 4000;
  }
  const Model model = two_contexts(0.4);
  for (std::size_t x = 0; x < 2; ++x) {
    std::vector<double> nu(3);
    model.answer_log_probs(x, std::span<double>(nu));
    for (std::size_t z = 0; z < 3; ++z) {
      const double own = std::exp(nu[z]) * ((z == 2 ? 1.0 : 0.0) - std::exp(nu[2])) / 2;
      exact += own * own;
    }
  }
  CHECK(squares - variance == doctest::Approx(exact).epsilon(0.1));
  CHECK(products == doctest::Approx(exact).epsilon(0.15));
  options.noise_every = 0;
  options.steps = 1;
  CHECK(std::isnan(run(raw, options).records[0].gradient_variance));
}

TEST_CASE("multipliers, mixtures and schedules resume bit for bit; another reference is refused") {
  const auto folder = std::filesystem::temp_directory_path() / "dag_training_resume";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "run.ckpt").string();
  const auto objective = [] {
    dag::SumObjective sum;
    sum.add(dag::TableObjective(dag::EstimatorKind::variance_optimal,
                                dag::RewardFunction::logarithm(), -1),
            {.from = 0.1, .to = 1, .begin = 3, .end = 20})
        .add(dag::RobustObjective({[](const AnswerAt& a) { return a.answer == 0 ? 1.0 : 0.0; },
                                   [](const AnswerAt& a) { return a.answer == 1 ? 1.0 : 0.2; }}));
    return dag::constrained(
               {.constraints = {{.feature = [](const AnswerAt& a) { return a.answer == 2; },
                                 .bound = 0.1}},
                .multipliers = {.integral = 0.3, .proportional = 0.5, .filter = 0.6},
                .base = dag::AnyObjective(std::move(sum))})
        .objective;
  };
  dag::TrainOptions options{.steps = 30,
                            .group_size = 8,
                            .beta = 0.2,
                            .epochs = 2,
                            .seed = 5,
                            .refresh_every = 7,
                            .refresh_mixup = 0.5,
                            .checkpoint_every = 4};
  options.policy_loss = {.surrogate = dag::Surrogate::clip};
  options.learning_rate = {.peak = 0.1, .warm_up = 4, .total = 30};
  const auto whole = run(objective(), options, dag::Adam{});
  CHECK(whole.records[29].target.strategy.size() == 3);
  CHECK(whole.records[29].target.strategy[2] > 0);  // the multiplier is at work
  const auto resumed = [&](std::int64_t stop_after, const Model& reference) {
    Model policy = two_contexts(0.4);
    auto o = objective();
    dag::Adam adam;
    std::vector<dag::TrainRecord> records;
    (void)dag::train(policy, reference, question, o, trace_is_answer, adam, options,
                     [&](const dag::TrainRecord& record) {
                       records.push_back(record);
                       return static_cast<std::int64_t>(records.size()) < stop_after;
                     });
    return std::pair(parameters(policy), records.back().target.strategy);
  };
  options.checkpoint = path;
  (void)resumed(11, two_contexts());
  const auto rest = resumed(1000, two_contexts());
  CHECK(rest.first == whole.parameters);
  CHECK(rest.second == whole.records[29].target.strategy);
  options.refresh_every = 0;  // a frozen reference has to be the same
  options.checkpoint = (folder / "frozen.ckpt").string();
  (void)resumed(11, two_contexts());
  CHECK_THROWS_AS((void)resumed(1000, two_contexts(0.1)), dag::Error);
  // The state of another objective is refused.
  CHECK_THROWS_AS((void)run(rewarded(), options, dag::Adam{}), dag::Error);
  std::filesystem::remove_all(folder);
}

TEST_CASE(
    "evaluation every N steps and at the end; metrics are whole lines, cut to the checkpoint") {
  const auto folder = std::filesystem::temp_directory_path() / "dag_training_metrics";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "run.jsonl").string();
  const dag::TrainOptions options{.steps = 7, .group_size = 8, .evaluate_every = 3};
  std::string written;
  {
    dag::MetricsLog log(path);
    Model policy = two_contexts();
    auto objective = rewarded();
    dag::Sgd sgd;
    (void)dag::train(
        policy, two_contexts(), question, objective, trace_is_answer, sgd, options,
        [&](const dag::TrainRecord& record) {
          log(record);
          written += dag::to_json(record) + '\n';
          CHECK(read(path) == written);  // readable while the run goes on
          const bool evaluated = record.step % 3 == 0 || record.step == 7;
          CHECK(record.extra.size() == (evaluated ? 1 : 0));
        },
        [&](const Model& model, dag::TrainRecord& record) {
          CHECK(&model == &policy);
          record.extra.emplace_back("seven", 7.0);
        });
  }
  CHECK(written.find("\"seven\":7,") != std::string::npos);
  std::ofstream(path, std::ios::app) << "{\"step\":8,\"obj";  // a line torn by a kill
  { dag::MetricsLog log(path, 4); }
  std::size_t fourth = 0;
  for (int line = 0; line < 4; ++line) {
    fourth = written.find('\n', fourth) + 1;
  }
  CHECK(read(path) == written.substr(0, fourth));
  { dag::MetricsLog log(path); }
  CHECK(read(path).empty());
  CHECK_THROWS_AS(dag::MetricsLog((folder / "absent" / "run.jsonl").string()), dag::Error);
  dag::TrainRecord record;
  record.kl = std::nan("");
  CHECK(dag::to_json(record).find("\"kl\":null") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("an allocation that fails, whichever: an error, whole files, nothing kept") {
  // In memory, where there is such a place: hundreds of checkpoints are flushed.
  const auto folder =
      (std::filesystem::exists("/dev/shm") ? std::filesystem::path("/dev/shm")
                                           : std::filesystem::temp_directory_path()) /
      "dag_training_no_memory";
  const std::string point = (folder / "k.ckpt").string();
  const std::string log_path = (folder / "m.jsonl").string();
  const auto fresh = [&] {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  };
  fresh();
  const dag::TrainOptions options{
      .steps = 2, .group_size = 4, .seed = 3, .checkpoint = point, .checkpoint_every = 1};
  const auto trained = [&] {
    Model policy = two_contexts();
    auto objective = rewarded();
    dag::Adam adam;
    dag::MetricsLog log(log_path);
    (void)dag::train(policy, two_contexts(), question, objective, trace_is_answer, adam, options,
                     [&](const dag::TrainRecord& record) { log(record); });
    return parameters(policy);
  };
  const std::vector<double> end = trained();
  const auto whole = [&] {
    bool fine = true;
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      fine = fine && (name == "m.jsonl" || name == "k.ckpt" || name == "k.ckpt.previous");
      ++files;
    }
    fine = fine && trained() == end;  // what was saved, if anything, goes on to the same end
    fresh();
    return fine && files <= 3;
  };
  fresh();
  CHECK(failing_memory::every_allocation(trained, whole) > 50);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a frozen consensus by hand: pooled, within, sharpened, geometric") {
  const std::vector<std::int32_t> answers{5, 5, 5, 2, 2, 2, -1, -1};  // frequencies 3/4; 1
  const dag::QuestionSample sample{answers, 2, 4, 0};
  const auto q = [&](const dag::FrozenConsensusOptions& options) {
    dag::QuestionConsensus consensus;
    consensus.add(sample, options);
    return consensus;
  };
  CHECK(q({})({0, 0, 5}) == doctest::Approx(0.375));
  CHECK(q({})({0, 1, 2}) == doctest::Approx(0.625));
  CHECK(q({})({0, 1, 7}) == 0);
  const auto own = q({.scope = dag::ConsensusScope::within, .sharpness = 2});
  CHECK(own({0, 0, 5}) == doctest::Approx(0.9));
  CHECK(own({0, 1, 5}) == 0);
  CHECK(own({0, 1, 2}) == 1);
  const double five = std::sqrt(3.5 / 5 * 0.5 / 3), two = std::sqrt(1.5 / 5 * 2.5 / 3);
  CHECK(q({.geometric = true})({0, 0, 5}) == doctest::Approx(five / (five + two)));
  CHECK_THROWS_AS((void)q({})({1, 0, 5}), dag::Error);
  // Sampled from a model: near its answers' mean.
  const Model model = two_contexts();
  const auto sampled =
      dag::frozen_consensus(model, std::span<const dag::Question<std::size_t>>(question),
                            trace_is_answer, {.samples = 100000});
  std::vector<double> first(3), second(3);
  model.answer_log_probs(0, std::span<double>(first));
  model.answer_log_probs(1, std::span<double>(second));
  for (std::size_t z = 0; z < 3; ++z) {
    CHECK(std::abs(sampled({0, 1, z}) - (std::exp(first[z]) + std::exp(second[z])) / 2) < 0.005);
  }
}

/// Samples, and says nothing of probabilities.
struct Server {
  using scalar_type = double;
  using prompt_type = std::size_t;
  using trace_type = int;
  int sample(std::size_t prompt, dag::RandomStream& stream) const {
    return stream.uniform() < 0.25 + 0.5 * static_cast<double>(prompt) ? 1 : 0;
  }
};
static_assert(dag::SamplesTraces<Server> && !dag::LogProbModel<Server>);

TEST_CASE("a frozen consensus asks its model for samples alone") {
  const std::vector<dag::Question<std::size_t>> asked{{{0, 1}}};
  const auto sampled =
      dag::frozen_consensus(Server{}, std::span<const dag::Question<std::size_t>>(asked),
                            [](std::size_t, int trace) { return trace; }, {.samples = 40000});
  // Half of the answers over both contexts, to five standard errors.
  CHECK(std::abs(sampled({0, 0, 1}) - 0.5) < 5 * std::sqrt(0.1875 / 80000));
  CHECK(sampled({0, 0, 0}) + sampled({0, 1, 1}) == doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("presets are the objectives they name") {
  const std::vector<std::int32_t> answers{0, 0, 1, 2, 0, 1, 1, 1};
  const dag::QuestionSample sample{answers, 2, 4, 0};
  const auto signals = [&](dag::AnyObjective objective) {
    std::vector<double> signal(8);
    objective.begin_step(0);
    objective(sample, signal);
    return signal;
  };
  const auto right = [](const AnswerAt& a) { return a.answer == 1 ? 2.0 : 0.0; };
  const auto is_right = [](const AnswerAt& a) { return a.answer == 1; };
  const auto third = [](const AnswerAt&) { return 1.0 / 3; };
  const auto aqp = dag::EstimatorKind::variance_optimal;
  const auto exact = dag::EstimatorKind::u_statistic;
  using Pool = dag::Pool;
  for (const Pool pool : {Pool::arithmetic, Pool::euclidean, Pool::geometric, Pool::pairwise}) {
    CHECK(signals(dag::coherence_grpo({.pool = pool, .tau = 0.4}).objective) ==
          signals(dag::CoherenceObjective(pool, aqp, 0.4)));
  }
  CHECK(signals(dag::coherence_grpo({.pool = Pool::geometric, .frozen = third}).objective) ==
        signals(dag::GoalObjective(dag::ForwardKl<double>{}, third)));
  CHECK(signals(dag::coherence_grpo({.frozen = third}).objective) ==
        signals(dag::GoalObjective(dag::ReverseKl<double>{}, third)));
  CHECK_THROWS_AS((void)dag::coherence_grpo({.pool = Pool::pairwise, .frozen = third}), dag::Error);
  CHECK(signals(dag::diversity_grpo().objective) ==
        signals(dag::TableObjective(aqp, dag::RewardFunction::logarithm(), -1)));
  CHECK(signals(dag::diversity_grpo({.measure = dag::Diversity::gini, .tau = 2}).objective) ==
        signals(dag::TableObjective(exact, dag::RewardFunction::power(1), -4)));
  CHECK(signals(dag::diversity_grpo({.measure = dag::Diversity::tsallis}).objective) ==
        signals(dag::TableObjective(exact, dag::RewardFunction::power(2), -1.5)));
  CHECK_THROWS_AS((void)dag::diversity_grpo({.measure = dag::Diversity::tsallis, .order = 0.5}),
                  dag::Error);
  const auto both = signals(dag::diversity_grpo({.reward = right}).objective);
  CHECK(both[3] == doctest::Approx(signals(dag::diversity_grpo().objective)[3] +
                                   signals(dag::AnswerReward(right))[3]));
  CHECK(signals(dag::correctness({.reward = right}).objective) ==
        signals(dag::AnswerReward(right)));
  CHECK(signals(dag::correctness({.kind = dag::CorrectnessKind::pass_at_k, .reward = right, .k = 2})
                    .objective) ==
        signals(dag::EventObjective(exact, dag::RewardFunction::pass_at_k(2), 1, is_right)));
  CHECK(signals(dag::correctness({.kind = dag::CorrectnessKind::log_likelihood, .reward = right})
                    .objective) ==
        signals(dag::EventObjective(dag::EstimatorKind::plug_in, dag::RewardFunction::inverse(), 1,
                                    is_right)));
  CHECK_THROWS_AS((void)dag::correctness({}), dag::Error);
  CHECK(signals(dag::robust({.rewards = {right, right}}).objective) ==
        signals(dag::AnswerReward(right)));
  CHECK(
      signals(dag::constrained({.constraints = {{.feature = right}}, .multipliers = {.start = 0.5}})
                  .objective)[2] == doctest::Approx(-0.5 * signals(dag::AnswerReward(right))[2]));
}
