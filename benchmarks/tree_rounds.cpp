// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A round of CFR+ on game trees: the library's, its mean included, beside a twin written by hand
// for two players and nothing else (flat arrays, one pass up and one down, no options); in turn,
// the smallest of many repetitions, processor time. Then random trees of 2^20 plays on one thread
// and on two by the clock, their memory, and a round beside one reading of its arrays.
//
// Usage: benchmark_tree_rounds [GAME...]   (default: the named trees, then the random ones)
#include <ctime>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/sequence_game.hpp>
#include <dag/problem/tree_catalogue.hpp>
#include <dag/solver/first_order/mirror_prox.hpp>
#include <dag/solver/tree/cfr.hpp>

#include "heap.hpp"

namespace {

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// CFR+ of two players, turns alternating, linear mean: what one would write for it alone.
class Twin {
 public:
  explicit Twin(const dag::SequenceForm& form)
      : form_(form),
        x_(form.shape.blocks.total()),
        mean_(x_.size()),
        field_(x_.size()),
        regret_(x_.size()),
        play_(x_.size()) {
    const auto& shape = form.shape;
    for (std::size_t k = 0; k < shape.set_count(); ++k) {
      for (std::uint32_t a = 0; a < shape.size[k]; ++a) {
        play_[shape.first[k] + a] = 1.0 / shape.size[k];
      }
    }
    x_[0] = x_[shape.blocks.offset(1)] = 1;
    descend(0);
    descend(1);
  }
  void round() {
    ++t_;
    move(0);
    move(1);
    const double share = 2.0 / (t_ + 1);
    for (std::size_t s = 0; s < x_.size(); ++s) {
      mean_[s] += share * (x_[s] - mean_[s]);
    }
  }

 private:
  void descend(std::size_t i) {
    const auto& shape = form_.shape;
    for (std::uint32_t k = shape.begin[i]; k < shape.begin[i + 1]; ++k) {
      const double reach = x_[shape.parent[k]];
      for (std::uint32_t s = shape.first[k]; s < shape.first[k] + shape.size[k]; ++s) {
        x_[s] = reach * play_[s];
      }
    }
  }
  void move(std::size_t i) {
    const auto& shape = form_.shape;
    const auto& rows = (*form_.rows)[i];
    std::fill_n(field_.begin() + static_cast<std::ptrdiff_t>(shape.blocks.offset(i)),
                shape.blocks.size(i), 0.0);
    for (std::size_t r = 0; r < rows.sequence.size(); ++r) {
      double sum = 0;
      for (std::uint32_t e = rows.offsets[r]; e < rows.offsets[r + 1]; ++e) {
        sum += rows.payoff[e] * x_[rows.others[e]];
      }
      field_[rows.sequence[r]] = sum;
    }
    for (std::uint32_t k = shape.begin[i + 1]; k-- > shape.begin[i];) {
      const std::uint32_t from = shape.first[k];
      const std::uint32_t to = from + shape.size[k];
      double expected = 0;
      for (std::uint32_t s = from; s < to; ++s) {
        expected += play_[s] * field_[s];
      }
      double sum = 0;
      for (std::uint32_t s = from; s < to; ++s) {
        regret_[s] = std::max(regret_[s] + field_[s] - expected, 0.0);
        sum += regret_[s];
      }
      for (std::uint32_t s = from; s < to; ++s) {
        play_[s] = sum > 0 ? regret_[s] / sum : 1.0 / shape.size[k];
      }
      field_[shape.parent[k]] += expected;
    }
    descend(i);
  }

  const dag::SequenceForm& form_;
  std::vector<double> x_, mean_, field_, regret_, play_;
  double t_ = 0;
};

struct Contestant {
  std::function<void(std::int64_t)> run;  ///< so many rounds
  double shorter = 1e300, longer = 1e300;
};

/// Seconds a round of each: a long run less a short one, so that what a run costs once is out.
std::vector<double> a_round(std::vector<Contestant> all, std::int64_t few, int repeats,
                            double (*now)()) {
  const auto timed = [&](const Contestant& one, std::int64_t rounds) {
    const double start = now();
    one.run(rounds);
    return now() - start;
  };
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (Contestant& one : all) {
      one.shorter = std::min(one.shorter, timed(one, few));
      one.longer = std::min(one.longer, timed(one, 4 * few));
    }
  }
  std::vector<double> out;
  for (const Contestant& one : all) {
    out.push_back((one.longer - one.shorter) / static_cast<double>(3 * few));
  }
  return out;
}

template <class Game>
Contestant by_cfr_plus(const Game& game) {
  return {[&game](std::int64_t rounds) {
    (void)dag::cfr_plus(game, {.tolerance = 0, .max_iterations = rounds, .check_every = rounds});
  }};
}

void beside_twin(const std::string& name) {
  const dag::SequenceForm form = dag::sequence_form(dag::named_tree(name));
  const dag::SequenceGame<double, dag::eigen> game(form);
  const dag::SequenceGame<float, dag::eigen> floats(form);
  const auto entries = static_cast<std::int64_t>(form.term_count() + form.shape.set_count());
  const std::int64_t few = std::max<std::int64_t>(4, 500'000 / entries);
  const Contestant twin{[&form](std::int64_t rounds) {
    Twin by_hand(form);
    for (std::int64_t t = 0; t < rounds; ++t) {
      by_hand.round();
    }
  }};
  const auto times = a_round({by_cfr_plus(game), by_cfr_plus(floats), twin}, few, 40, cpu_seconds);
  std::printf("%-16s %7zu sets %8zu payoffs %9.3f us  floats %9.3f  twin %9.3f  ratio %.2f\n",
              name.c_str(), form.shape.set_count(), form.term_count(), 1e6 * times[0],
              1e6 * times[1], 1e6 * times[2], times[0] / times[2]);
  std::fflush(stdout);
}

template <class T>
std::size_t bytes_of(const std::vector<T>& v) {
  return v.size() * sizeof(T);
}

/// What a solver of the sequence form keeps: shape, payoffs by rows, five vectors of CFR+.
std::size_t bytes_of_round(const dag::SequenceForm& form) {
  std::size_t bytes = 5 * sizeof(double) * form.shape.blocks.total() + bytes_of(form.shape.first) +
                      bytes_of(form.shape.size) + bytes_of(form.shape.parent);
  for (const auto& rows : *form.rows) {
    bytes += bytes_of(rows.sequence) + bytes_of(rows.offsets) + bytes_of(rows.others) +
             bytes_of(rows.payoff);
  }
  return bytes;
}

/// Bytes on the heap that are more now than before `at`, and at most since.
struct Growth {
  std::size_t at = heap_now;
  Growth() { heap_most = heap_now; }
  [[nodiscard]] double now() const { return static_cast<double>(heap_now - at); }
  [[nodiscard]] double most() const { return static_cast<double>(heap_most - at); }
};

/// What the form takes, and a solve beside it.
void memory(const dag::ExtensiveGame& tree, double plays) {
  const Growth making;
  const dag::SequenceForm form = dag::sequence_form(tree);
  const double made = making.most(), kept = making.now();
  const auto solving = [&](auto&& solve) {
    const Growth growth;
    solve(dag::SequenceGame<double, dag::eigen>(form));
    return growth.most() / plays;
  };
  const double cfr = solving(
      [](const auto& game) { (void)dag::cfr_plus(game, {.tolerance = 0, .max_iterations = 3}); });
  const double prox = solving([](const auto& game) {
    (void)dag::mirror_prox(game, {.tolerance = 0, .max_iterations = 3});
  });
  std::printf(
      "  bytes a play: tree %.0f, form %.0f (%.0f while it is made), beside it CFR+ %.0f, "
      "mirror-prox %.0f\n",
      static_cast<double>(making.at) / plays, kept / plays, made / plays, cfr, prox);
}

void large(const std::string& name) {
  const dag::ExtensiveGame tree = dag::named_tree(name);
  std::size_t plays = 0;
  for (const dag::TreeNode& node : tree.nodes) {
    plays += node.player == dag::TreeNode::terminal ? 1U : 0U;
  }
  memory(tree, static_cast<double>(plays));
  const dag::SequenceForm form = dag::sequence_form(tree);
  const dag::SequenceGame<double, dag::eigen> one(form);
  dag::SequenceGame<double, dag::eigen> two(form);
  two.use_threads(2);
  const std::size_t bytes = bytes_of_round(form);
  std::vector<double> memory(bytes / sizeof(double), 1.0);
  double total = 0;
  const Contestant reading{[&](std::int64_t rounds) {
    for (std::int64_t t = 0; t < rounds; ++t) {
      double part[8] = {};
      for (std::size_t i = 0; i + 8 <= memory.size(); i += 8) {
        for (std::size_t k = 0; k < 8; ++k) {
          part[k] += memory[i + k];
        }
      }
      for (const double sum : part) {
        total += sum;
      }
    }
  }};
  const auto prox = [](const auto& game) {
    return Contestant{[&game](std::int64_t rounds) {
      (void)dag::mirror_prox(game,
                             {.tolerance = 0, .max_iterations = rounds, .check_every = rounds});
    }};
  };
  const auto times = a_round({by_cfr_plus(one), by_cfr_plus(two), reading, prox(one), prox(two)}, 3,
                             40, wall_seconds);
  std::printf("%s: %zu nodes, %zu plays, %zu sets, %zu sequences, %zu payoffs: %.0f bytes a play\n",
              name.c_str(), tree.nodes.size(), plays, form.shape.set_count(),
              form.shape.blocks.total(), form.term_count(),
              static_cast<double>(bytes) / static_cast<double>(plays));
  std::printf(
      "  CFR+: 1 thread %.2f ms, 2 threads %.2f ms (x %.2f); its arrays read once %.2f ms, "
      "a round is %.2f of that\n",
      1e3 * times[0], 1e3 * times[1], times[0] / times[1], 1e3 * times[2], times[0] / times[2]);
  std::printf("  mirror-prox: 1 thread %.2f ms, 2 threads %.2f ms (x %.2f)%s\n", 1e3 * times[3],
              1e3 * times[4], times[3] / times[4], total < 0 ? "!" : "");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> games(argv + 1, argv + argc);
  if (games.empty()) {
    games = {"kuhn_poker",   "leduc_poker",  "leduc_poker:936",        "goofspiel:5",
             "liars_dice:4", "liars_dice:5", "random_tree:20:2:0.5:1", "random_tree:20:2:0.2:2"};
  }
  for (const std::string& name : games) {
    if (name.rfind("random_tree:20", 0) == 0) {
      large(name);
    } else {
      beside_twin(name);
    }
  }
  return 0;
}
