// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// mpirun -n N: samples scattered over the ranks, so that groups straddle them, must get the rewards
// that one process computes of all, bit for bit, and an error of one rank must reach all. Prints a
// hash of all rewards and the time; exits with 1 where a bit differs.
#include <dag/answers/consensus_reward.hpp>
#include <dag/answers/shared_rewards.hpp>
#include <dag/core/random.hpp>
#include <dag/interop/mpi_communicator.hpp>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr std::size_t contexts = 4;
constexpr std::size_t group_size = 64;

/// Sample i of all, a function of i alone.
void add_sample(dag::AnswerGroupsBuilder<>& builder, std::size_t i) {
  dag::RandomStream stream(7, i);
  const double u = stream.uniform();
  builder.begin_group(std::to_string(i / (contexts * group_size)),
                      std::to_string(i / group_size % contexts));
  if (u > 0.95) {
    builder.add(std::nullopt);
  } else {
    builder.add(u < 0.5 ? "1/2" : u < 0.7 ? "0.50" : std::to_string(static_cast<int>(u * 20)));
  }
}

void rewards_of(const dag::CountedGroups& counts, std::span<double> out) {
  dag::consensus_rewards(
      counts, {}, [](double nu, double q) { return std::log(q) - std::log(nu); }, out);
}

int run(std::size_t samples) {
  const dag::MpiCommunicator ranks;
  dag::AnswerGroupsBuilder<> builder, whole;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < samples; ++i) {
    add_sample(whole, i);
    dag::RandomStream where(8, i);
    if (where.below(ranks.size()) == ranks.rank()) {
      add_sample(builder, i);
      index.push_back(i);
    }
  }
  const dag::AnswerGroups mine = builder.finish();
  std::vector<double> own(mine.samples());
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = MPI_Wtime();
  dag::shared_rewards(ranks, mine, rewards_of, own);
  MPI_Barrier(MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - start;

  const dag::AnswerGroups all = whole.finish();
  const dag::AnswerCounts counts = dag::count_answers(all);
  std::vector<double> values(counts.rows()), wanted(samples);
  rewards_of(counts, values);
  dag::to_samples(counts, values, all, wanted);
  int different = 0;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto bits = std::bit_cast<std::uint64_t>(own[i]);
    different += bits == std::bit_cast<std::uint64_t>(wanted[index[i]]) ? 0 : 1;
  }
  int told = 0;
  try {
    dag::shared_rewards(
        ranks, mine,
        [&](const dag::CountedGroups& part, std::span<double> out) {
          if (ranks.rank() + 1 == ranks.size()) {
            dag::fail(dag::Errc::invalid_argument, "no rewards here");
          }
          rewards_of(part, out);
        },
        own);
  } catch (const dag::Error&) {
    told = 1;
  }
  int total = 0, all_told = 0;
  MPI_Allreduce(&different, &total, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Allreduce(&told, &all_told, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (ranks.rank() == 0) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const double value : wanted) {
      hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001B3ULL;
    }
    std::printf("%zu ranks, %zu samples, %d differ, %d of %zu told, %.4f s, hash %016llx\n",
                ranks.size(), samples, total, all_told, ranks.size(), seconds,
                static_cast<unsigned long long>(hash));
  }
  return total == 0 && all_told == static_cast<int>(ranks.size()) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int code = run(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 20000);
  MPI_Finalize();
  return code;
}
