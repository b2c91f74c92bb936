// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Training over ranks (threads here): records and parameters have the bits of one process, whatever
// the number of ranks, and an error of one is an error of all. Slips that this file was seen to
// catch: parts that draw from one place of the stream; a sum in the order of the ranks; cuts that
// do not move where groups are dropped; a stop that one rank keeps to itself.
#include <dag/model/contextual.hpp>
#include <dag/model/layered_exact.hpp>
#include <dag/model/random_layered.hpp>
#include <dag/policy/policy_loss_presets.hpp>
#include <dag/train/majority_objective.hpp>
#include <dag/train/presets.hpp>
#include <dag/train/trainer.hpp>

#include <doctest/doctest.h>

#include <support/thread_ranks.hpp>

#include <bit>
#include <cmath>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using support::Mail;
using support::ThreadRanks;
using Layered = dag::LayeredModel<double>;
using Model = dag::ContextualModel<Layered>;
using Questions = std::vector<dag::Question<std::size_t>>;

constexpr std::size_t contexts = 3;

/// Six prompts: two questions of three contexts.
Model model(std::uint64_t seed) {
  std::vector<Layered> all;
  for (std::uint64_t x = 0; x < 2 * contexts; ++x) {
    all.push_back(dag::random_layered_model<double>(3, 3, 4, seed + x));
  }
  return Model(std::move(all));
}
const Questions questions{{{0, 1, 2}}, {{3, 4, 5}}};

template <class Work>
void on_ranks(std::size_t count, Work&& work) {
  Mail mail(count);
  std::vector<std::thread> threads;
  for (std::size_t r = 0; r < count; ++r) {
    threads.emplace_back([&, r] { work(ThreadRanks{mail, r}); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

struct Result {
  dag::Status status = dag::Status::done;
  std::vector<std::string> lines;  ///< records without their seconds
  std::vector<double> parameters;
  std::string error = {};
  dag::Errc code = {};
  friend bool operator==(const Result&, const Result&) = default;
};

struct Setting {
  std::string name;
  dag::TrainOptions options;
  std::function<dag::AnyObjective()> objective;
};

/// What one rank does; `disturb(record)` -> false stops.
template <class Ranks, class Answer, class Disturb>
Result train_on(const Ranks& ranks, const dag::TrainOptions& options, dag::AnyObjective objective,
                Answer&& answer, Disturb&& disturb) {
  const Model reference = model(1);
  Model policy = model(1);
  dag::Adam adam;
  Result result;
  try {
    result.status = dag::train(
        ranks, policy, reference, questions, objective, answer, adam, options,
        [&](const dag::TrainRecord& record) {
          dag::TrainRecord line = record;
          line.seconds = 0;
          result.lines.push_back(to_json(line));
          return disturb(record);
        },
        [&](const Model&, dag::TrainRecord& record) { record.extra.emplace_back("looked", 1); });
  } catch (const dag::Error& error) {
    result.error = error.what();
    result.code = error.code();
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  result.parameters = dag::detail::parameters_of(policy);
  return result;
}
constexpr auto by_model = [](std::size_t x, const auto& trace) {
  static const Model known = model(1);
  return known.answer(x, trace);
};
constexpr auto undisturbed = [](const dag::TrainRecord&) { return true; };

Result alone(const Setting& setting) {
  return train_on(dag::SerialCommunicator{}, setting.options, setting.objective(), by_model,
                  undisturbed);
}
std::vector<Result> together(std::size_t count, const Setting& setting) {
  std::vector<Result> results(count);
  on_ranks(count, [&](const ThreadRanks& ranks) {
    results[ranks.own] =
        train_on(ranks, setting.options, setting.objective(), by_model, undisturbed);
  });
  return results;
}

dag::TrainOptions some_options() {
  dag::TrainOptions options{
      .steps = 6, .questions_per_step = 2, .group_size = 8, .parts = 11, .beta = 0.2, .seed = 5};
  options.learning_rate = {.peak = 0.1, .warm_up = 2, .total = 6};
  return options;
}

dag::AnyObjective rare_reward() {  // most groups are dead
  return dag::AnswerReward(
      [](const dag::AnswerAt& at) { return at.answer == 3 && at.context != 1 ? 1.0 : 0.0; });
}

/// Multipliers, a mixture and a table.
dag::AnyObjective with_state() {
  dag::SumObjective sum;
  sum.add(dag::TableObjective(dag::EstimatorKind::variance_optimal,
                              dag::RewardFunction::logarithm(), -1),
          {.from = 0.1, .to = 1, .begin = 1, .end = 4})
      .add(
          dag::RobustObjective({[](const dag::AnswerAt& a) { return a.answer == 0 ? 1.0 : 0.0; },
                                [](const dag::AnswerAt& a) { return a.answer == 1 ? 1.0 : 0.2; }}));
  return dag::constrained(
             {.constraints = {{.feature = [](const dag::AnswerAt& a) { return a.answer == 2; },
                               .bound = 0.1}},
              .multipliers = {.integral = 0.3, .proportional = 0.5, .filter = 0.6},
              .base = dag::AnyObjective(std::move(sum))})
      .objective;
}

std::vector<Setting> settings() {
  std::vector<Setting> all;
  all.push_back({"coherence, moving reference, noise by questions", some_options(), [] {
                   return dag::AnyObjective(dag::CoherenceObjective(
                       dag::Pool::arithmetic, dag::EstimatorKind::plug_in, 1, 0.5));
                 }});
  all.back().options.refresh_every = 2;
  all.back().options.refresh_mixup = 0.5;
  all.back().options.noise_every = 1;
  all.push_back({"multipliers, clipped epochs, noise by traces", some_options(), with_state});
  all.back().options.questions_per_step = 1;
  all.back().options.epochs = 3;
  all.back().options.policy_loss = {.surrogate = dag::Surrogate::clip};
  all.back().options.noise_every = 2;
  all.push_back({"dropped groups", some_options(), rare_reward});
  all.back().options.dead_group = dag::DeadGroup::drop;
  all.back().options.epochs = 2;
  all.back().options.policy_loss = {.surrogate = dag::Surrogate::clip};
  all.back().options.noise_every = 1;
  all.push_back({"tokens, lengths, dropped groups", some_options(), rare_reward});
  all.back().options.loss_level = dag::LossLevel::token;
  all.back().options.policy_loss = dag::policy_preset("grpo").loss;
  all.back().options.advantage = dag::Advantage::opo;
  all.back().options.dead_group = dag::DeadGroup::drop;
  all.back().options.epochs = 3;
  all.back().options.noise_every = 3;
  all.push_back({"majority with a memory, watched", some_options(), [] {
                   return dag::AnyObjective(dag::MajorityObjective({.memory = 0.5, .every = 2}));
                 }});
  all.back().options.collapse.rule = dag::OnCollapse::anchor;
  all.back().options.evaluate_every = 2;
  all.push_back({"one part", some_options(), rare_reward});
  all.back().options.parts = 1;
  return all;
}

/// The sum by pairs, from its definition.
double by_pairs(const std::vector<double>& rows, std::size_t first, std::size_t width) {
  if (width == 1) {
    return rows[first];
  }
  const double left = by_pairs(rows, first, width / 2);
  const std::size_t right = first + width / 2;
  return right < rows.size() ? left + by_pairs(rows, right, width / 2) : left;
}

}  // namespace

TEST_CASE("a sum by pairs has the same bits wherever it is cut") {
  for (std::size_t count = 1; count <= 33; ++count) {
    std::vector<double> rows(count);
    dag::RandomStream stream(count, 0);
    for (double& row : rows) {
      row = stream.normal();
    }
    const double expected = by_pairs(rows, 0, std::bit_ceil(count));
    for (std::size_t ranks = 1; ranks <= count + 1; ++ranks) {
      dag::detail::PairSum<double> whole;
      for (std::size_t r = 0; r < ranks; ++r) {
        dag::detail::PairSum<double> part;
        const std::size_t first = count * r / ranks, last = count * (r + 1) / ranks;
        for (std::size_t i = first; i < last; ++i) {
          part.add(i, 1, {rows[i]});
        }
        CHECK(part.nodes().size() <= 2 * static_cast<std::size_t>(std::bit_width(last - first)));
        for (const auto& node : part.nodes()) {
          whole.add(node.first, node.width, node.sum);
        }
      }
      CHECK(whole.total()[0] == expected);
    }
  }
}

TEST_CASE("1, 2, 3, 7 and 12 ranks: the bits of one process") {
  for (const Setting& setting : settings()) {
    CAPTURE(setting.name);
    const Result expected = alone(setting);
    CHECK(expected.error.empty());
    CHECK(expected.lines.size() == 6);
    CHECK(expected.parameters != dag::detail::parameters_of(model(1)));
    for (const std::size_t count : {1U, 2U, 3U, 7U, 12U}) {
      CAPTURE(count);
      for (const Result& result : together(count, setting)) {
        CHECK(result == expected);
      }
    }
    Setting other = setting;  // parts are what bits depend on
    other.options.parts = 4;
    CHECK(alone(other).parameters != expected.parameters);
  }
}

TEST_CASE("parts draw independent traces: no two parts are alike") {
  Setting setting{"", some_options(), rare_reward};
  setting.options.parts = 6;  // a group each
  setting.options.questions_per_step = 2;
  setting.options.steps = 1;
  const Questions same{{{0, 0, 0}}, {{0, 0, 0}}};
  const Model reference = model(1);
  Model policy = model(1);
  std::vector<std::vector<std::uint32_t>> drawn;
  dag::AnyObjective objective = rare_reward();
  dag::Sgd sgd;
  setting.options.group_size = 40;
  (void)dag::train(
      policy, reference, same, objective,
      [&](std::size_t x, const auto& trace) {
        drawn.push_back(trace);
        return by_model(x, trace);
      },
      sgd, setting.options);
  REQUIRE(drawn.size() == 240);
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      CHECK(!std::equal(drawn.begin() + static_cast<std::ptrdiff_t>(40 * a),
                        drawn.begin() + static_cast<std::ptrdiff_t>(40 * (a + 1)),
                        drawn.begin() + static_cast<std::ptrdiff_t>(40 * b)));
    }
  }
}

TEST_CASE("a checkpoint knows nothing of ranks, and rank 0 alone touches it") {
  const auto folder = std::filesystem::temp_directory_path() / "dag_training_ranks";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  Setting setting{"", some_options(), with_state};
  setting.options.refresh_every = 2;
  const Result whole = alone(setting);
  for (const std::size_t before : {1U, 3U}) {
    for (const std::size_t after : {1U, 2U, 7U}) {
      setting.options.checkpoint =
          (folder / (std::to_string(before) + std::to_string(after))).string();
      setting.options.checkpoint_every = 2;
      std::vector<Result> first(before);
      on_ranks(before, [&](const ThreadRanks& ranks) {
        // The last rank alone asks for the end.
        first[ranks.own] = train_on(ranks, setting.options, setting.objective(), by_model,
                                    [&](const dag::TrainRecord& record) {
                                      return record.step < 3 || ranks.own + 1 < before;
                                    });
      });
      for (const Result& result : first) {
        CHECK(result.status == dag::Status::stopped);
        CHECK(result.lines.size() == 3);
      }
      for (const Result& result : together(after, setting)) {
        CHECK(result.error == "");
        CHECK(result.parameters == whole.parameters);
        CHECK(result.lines == std::vector(whole.lines.begin() + 3, whole.lines.end()));
      }
      for (const Result& result : together(after, setting)) {  // nothing is left to do
        CHECK(result.lines.empty());
        CHECK(result.parameters == whole.parameters);
      }
    }
  }
  setting.options.parts = 4;
  for (const Result& result : together(2, setting)) {
    CHECK(result.error.find("parts: 11 there, 4 here") != std::string::npos);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("what one rank throws is thrown on all, and none waits") {
  constexpr std::size_t count = 3, bad = 1;
  const Setting setting{"", some_options(), rare_reward};
  const auto fails_at = [&](auto&& run) {
    std::vector<Result> results(count);
    on_ranks(count, [&](const ThreadRanks& ranks) { results[ranks.own] = run(ranks); });
    return results;
  };
  const auto check = [&](const std::vector<Result>& results, std::size_t at,
                         const std::string& text) {
    for (std::size_t r = 0; r < count; ++r) {
      CAPTURE(r);
      CHECK(results[r].error == (r == at ? text : "rank " + std::to_string(at) + " of 3: " + text));
      CHECK(results[r].parameters == results[0].parameters);
    }
  };
  SUBCASE("its answer") {
    int calls = 0;
    check(fails_at([&](const ThreadRanks& ranks) {
            return train_on(
                ranks, setting.options, rare_reward(),
                [&](std::size_t x, const auto& trace) {
                  dag::require(ranks.own != bad || ++calls < 30, dag::Errc::parse, "no answer");
                  return by_model(x, trace);
                },
                undisturbed);
          }),
          bad, "no answer");
  }
  SUBCASE("its report, at the last step too") {
    for (const std::int64_t step : {2, 6}) {
      check(fails_at([&](const ThreadRanks& ranks) {
              return train_on(ranks, setting.options, rare_reward(), by_model,
                              [&](const dag::TrainRecord& record) {
                                if (ranks.own == bad && record.step == step) {
                                  throw std::runtime_error("the disk is full");
                                }
                                return true;
                              });
            }),
            bad, "the disk is full");
    }
  }
  SUBCASE("its objective") {
    const auto objective = [](std::size_t rank) {
      return dag::AnyObjective(dag::AnswerReward([rank](const dag::AnswerAt& at) {
        dag::require(rank != bad, dag::Errc::device, "no reward");
        return static_cast<double>(at.answer);
      }));
    };
    const auto results = fails_at([&](const ThreadRanks& ranks) {
      return train_on(ranks, setting.options, objective(ranks.own), by_model, undisturbed);
    });
    check(results, bad, "no reward");
    CHECK(results[0].code == dag::Errc::device);
    CHECK(results[0].parameters == dag::detail::parameters_of(model(1)));
  }
  SUBCASE("its options") {
    check(fails_at([&](const ThreadRanks& ranks) {
            dag::TrainOptions options = setting.options;
            options.clip_norm = ranks.own == bad ? 0 : 1;
            return train_on(ranks, options, rare_reward(), by_model, undisturbed);
          }),
          bad, "train: clip_norm must be > 0, got 0");
  }
  SUBCASE("the checkpoint that rank 0 cannot write") {
    const auto results = fails_at([&](const ThreadRanks& ranks) {
      dag::TrainOptions options = setting.options;
      options.checkpoint = "/no/such/folder/run.ckpt";
      return train_on(ranks, options, rare_reward(), by_model, undisturbed);
    });
    CHECK(results[0].code == dag::Errc::io);
    check(results, 0, results[0].error);
  }
  SUBCASE("a fault of all is told as in one process") {
    for (const Result& result : fails_at([&](const ThreadRanks& ranks) {
           return train_on(ranks, setting.options,
                           dag::AnswerReward([](const dag::AnswerAt&) { return std::nan(""); }),
                           by_model, undisturbed);
         })) {
      CHECK(result.code == dag::Errc::not_finite);
      CHECK(result.error.find("rank") == std::string::npos);
    }
  }
  SUBCASE("ranks that do not do the same") {
    const auto results = fails_at([&](const ThreadRanks& ranks) {
      return train_on(ranks, setting.options,
                      dag::AnswerReward([own = ranks.own](const dag::AnswerAt& at) {
                        return at.answer == 3 ? 1.0 + (own == bad ? 1e-15 : 0.0) : 0.0;
                      }),
                      by_model, undisturbed);
    });
    for (const Result& result : results) {
      CHECK(result.error.find("train: the numbers of step 1 are others on rank ") !=
            std::string::npos);
    }
  }
}

/// Moves the model itself.
struct OwnAscent {
  double ascend(Model&, std::span<const std::size_t>, std::span<const Model::trace_type>,
                std::span<const double>, double, double) {
    return 0;
  }
  [[nodiscard]] std::vector<double> state() const { return {}; }
  void restore(const std::vector<double>&) {}
};

TEST_CASE("an optimiser that moves the model itself is refused parts and ranks") {
  const auto code = [](const auto& ranks, std::size_t parts) {
    Model policy = model(1);
    dag::AnyObjective objective = rare_reward();
    OwnAscent own;
    dag::TrainOptions options = some_options();
    options.parts = parts;
    try {
      (void)dag::train(ranks, policy, model(1), questions, objective, by_model, own, options);
    } catch (const dag::Error& error) {
      return error.code();
    }
    return dag::Errc::parse;
  };
  CHECK(code(dag::SerialCommunicator{}, 2) == dag::Errc::unsupported);
  CHECK(code(dag::SerialCommunicator{}, 1) == dag::Errc::parse);
  on_ranks(2, [&](const ThreadRanks& ranks) { CHECK(code(ranks, 1) == dag::Errc::unsupported); });
}
