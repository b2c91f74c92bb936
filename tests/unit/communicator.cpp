// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Ranks as threads: groups that straddle 1, 2, 4 and 7 of them get the rewards of one, bit for bit;
// an error of one is an error of all.
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/goal_reward.hpp>
#include <dag/answers/shared_rewards.hpp>
#include <dag/core/random.hpp>
#include <dag/estimate/reward_table.hpp>

#include <doctest/doctest.h>

#include <support/thread_ranks.hpp>

#include <bit>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

namespace {

using support::Mail;
using support::ThreadRanks;

struct Sample {
  std::string question, context, answer;
};

std::vector<Sample> random_samples() {
  dag::RandomStream stream(3, 0);
  std::vector<Sample> samples;
  for (int q = 0; q < 50; ++q) {
    for (auto x = 1 + stream.below(5); x > 0; --x) {
      for (auto i = 1 + stream.below(20); i > 0; --i) {
        samples.push_back({"question " + std::to_string(q), "x" + std::to_string(x),
                           std::to_string(stream.below(7))});
      }
    }
  }
  return samples;
}

/// One group a sample: groups may stand in pieces.
dag::AnswerGroups groups_of(const std::vector<Sample>& samples,
                            const std::vector<std::size_t>& which) {
  dag::AnswerGroupsBuilder builder;
  for (const std::size_t i : which) {
    builder.begin_group(samples[i].question, samples[i].context);
    builder.add(samples[i].answer == "6" ? std::nullopt
                                         : std::optional<std::string_view>(samples[i].answer));
  }
  return builder.finish();
}

void rewards_of(const dag::CountedGroups& counts, std::span<double> out) {
  dag::consensus_rewards(
      counts, {dag::Pool::geometric, 0.5, dag::Counts::leave_one_out},
      [](double nu, double q) { return q / nu; }, out);
  std::vector<double> entropy(out.size());
  dag::counted_rewards(counts, dag::RewardTableBuilder{dag::EstimatorKind::digamma, {}, -0.1},
                       entropy);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] += entropy[i];
  }
}

}  // namespace

TEST_CASE("samples scattered over ranks get the rewards of one rank, bit for bit") {
  const auto samples = random_samples();
  std::vector<double> wanted;
  for (const std::size_t ranks : {1U, 2U, 4U, 7U}) {
    std::vector<std::vector<std::size_t>> which(ranks);
    dag::RandomStream stream(4, ranks);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      which[ranks == 7 ? stream.below(6) : stream.below(ranks)].push_back(i);  // one has none
    }
    std::vector<double> found(samples.size());
    std::vector<dag::AnswerCounts> merged(ranks);
    Mail mail(ranks);
    std::vector<std::thread> threads;
    for (std::size_t r = 0; r < ranks; ++r) {
      threads.emplace_back([&, r] {
        const ThreadRanks communicator{mail, r};
        const auto groups = groups_of(samples, which[r]);
        std::vector<double> own(groups.samples());
        dag::shared_rewards(communicator, groups, rewards_of, own);
        for (std::size_t i = 0; i < own.size(); ++i) {
          found[which[r][i]] = own[i];
        }
        merged[r] = dag::merge(communicator, dag::count_answers(groups));
      });
    }
    for (auto& thread : threads) {
      thread.join();
    }
    if (ranks == 1) {
      wanted = found;
    }
    std::size_t different = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      different +=
          std::bit_cast<std::uint64_t>(found[i]) == std::bit_cast<std::uint64_t>(wanted[i]) ? 0 : 1;
    }
    CHECK(different == 0);
    for (const auto& counts : merged) {
      CHECK(counts.rows() == merged[0].rows());
      CHECK(std::vector(counts.counts().begin(), counts.counts().end()) ==
            std::vector(merged[0].counts().begin(), merged[0].counts().end()));
    }
  }
  // The same without any communicator: whole groups, one process.
  std::vector<std::size_t> all(samples.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = i;
  }
  const auto groups = groups_of(samples, all);
  const auto counts = dag::count_answers(groups);
  std::vector<double> values(counts.rows()), own(samples.size());
  rewards_of(counts, values);
  dag::to_samples(counts, values, groups, own);
  for (std::size_t i = 0; i < own.size(); ++i) {
    REQUIRE((own[i] == wanted[i] || (std::isnan(own[i]) && std::isnan(wanted[i]))));
  }
}

TEST_CASE("what one rank throws, all throw: none waits for ever") {
  const auto samples = random_samples();
  constexpr std::size_t ranks = 4;
  Mail mail(ranks);
  std::vector<std::string> messages(ranks);
  std::vector<std::thread> threads;
  for (std::size_t r = 0; r < ranks; ++r) {
    threads.emplace_back([&, r] {
      const auto groups = groups_of(samples, {2 * r, 40 * r, 60 * r + 1});
      std::vector<double> own(groups.samples());
      try {
        dag::shared_rewards(
            ThreadRanks{mail, r}, groups,
            [&](const dag::CountedGroups&, std::span<double>) {
              if (r == 2) {
                dag::fail(dag::Errc::invalid_argument, "no rewards here");
              }
            },
            own);
      } catch (const dag::Error& error) {
        messages[r] = error.what();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  for (const auto& message : messages) {
    CHECK(message.find("no rewards here") != std::string::npos);
  }
  CHECK(messages[0].find("rank 2 of 4") != std::string::npos);
}
