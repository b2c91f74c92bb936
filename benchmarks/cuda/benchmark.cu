// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Times the device kernels beside the copy bandwidth of the same run and prints one JSON object.
// Data are random, outputs are poisoned before every timed launch, results are compared with double
// sums on the host at sampled places, times are medians of CUDA events.
//   benchmark_cuda [--small] [PART...]     parts: see Bench::run; none named: all
// `--small` runs at sizes that take milliseconds, to see that it works. Every run measures the
// copy.
#include "cublas_by_name.hpp"
#include "device_clock.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <dag/core/random.hpp>
#include <dag/divergence/jensen_shannon.hpp>
#include <dag/game/matrix.hpp>
#include <dag/gpu/cuda_backend.hpp>
#include <dag/gpu/device_divergence.hpp>
#include <dag/gpu/device_rewards.hpp>
#include <dag/gpu/device_rounds.hpp>
#include <dag/gpu/device_tree.hpp>
#include <dag/gpu/device_utility.hpp>
#include <dag/gpu/ragged.hpp>
#include <dag/gpu/sinkhorn.hpp>
#include <dag/gpu/solve_batch.hpp>
#include <dag/gpu/token_log_probs.hpp>
#include <dag/problem/random_tree.hpp>
#include <dag/utility/goal_divergence.hpp>

namespace {

namespace device = dag::device;

struct FillUniform {
  float* out;
  std::size_t size;
  std::uint64_t seed;
  float low, high;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const FillUniform self = *this;
    const std::size_t first = block.index() * 4096;
    block.each(4096, [=](std::size_t i) {
      if (first + i < self.size) {
        dag::RandomStream random(self.seed, first + i);
        self.out[first + i] =
            self.low + (self.high - self.low) * static_cast<float>(random.uniform());
      }
    });
  }
};
struct Narrow {
  const float* in;
  device::BFloat16* out;
  std::size_t size;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const Narrow self = *this;
    const std::size_t first = block.index() * 4096;
    block.each(4096, [=](std::size_t i) {
      if (first + i < self.size) {
        self.out[first + i] = device::narrow<device::BFloat16>(self.in[first + i]);
      }
    });
  }
};
/// Ids of skewed frequency: about one answer in two is id 0.
struct FillAnswers {
  std::int32_t* out;
  std::size_t size;
  template <class Block>
  DAG_HOST_DEVICE void operator()(Block& block) const {
    const FillAnswers self = *this;
    const std::size_t first = block.index() * 4096;
    block.each(4096, [=](std::size_t i) {
      if (first + i < self.size) {
        dag::RandomStream random(17, first + i);
        const double u = random.uniform();
        self.out[first + i] = u < 0.5 ? 0 : static_cast<std::int32_t>(random.below(30));
      }
    });
  }
};

class Bench {
 public:
  explicit Bench(bool small) : small_(small) {}

  /// Errors: invalid_argument (no part of that name).
  void run(const std::vector<std::string>& wanted) {
    const std::pair<const char*, void (Bench::*)()> parts[] = {
        {"dual_product", &Bench::dual_product},
        {"answer_groups", &Bench::answer_groups},
        {"token_log_probs", &Bench::token_log_probs},
        {"batched_games", &Bench::batched_games},
        {"ragged", &Bench::ragged},
        {"utilities", &Bench::utilities},
        {"sinkhorn", &Bench::sinkhorn},
        {"trees", &Bench::trees},
        {"solve", &Bench::solve}};
    const auto asked = [&](const std::string& name) {
      return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    };
    for (const std::string& name : wanted) {
      dag::require(
          name == "equilibria" || std::any_of(std::begin(parts), std::end(parts),
                                              [&](const auto& p) { return name == p.first; }),
          dag::Errc::invalid_argument, "no part \"", name, "\"");
    }
    std::printf(
        "{\n  \"device\": \"%s\",\n  \"small\": %s,\n  \"repeats\": %d,\n  \"results\": [\n",
        device_clock::device_name().c_str(), small_ ? "true" : "false", repeats());
    copy();
    for (const auto& [name, part] : parts) {
      if (asked(name)) {
        (this->*part)();
      }
    }
    std::printf("\n  ],\n  \"equilibria\": {");
    if (asked("equilibria")) {
      std::printf("\n");
      equilibria<float>("float");
      std::printf(",\n");
      equilibria<double>("double");
      std::printf("\n  ");
    }
    std::printf("}\n}\n");
  }

 private:
  [[nodiscard]] device::Stream stream() const { return gpu_.stream(); }
  [[nodiscard]] int repeats() const { return small_ ? 1 : 25; }
  template <class Body>
  void fill(std::size_t size, const Body& body) const {
    device::launch<256>(stream(), (size + 4095) / 4096, 256, 0, body);
  }
  [[nodiscard]] device::Array<float> uniform(std::size_t size, std::uint64_t seed, float low,
                                             float high) const {
    device::Array<float> values(size, stream());
    fill(size, FillUniform{values.data(), size, seed, low, high});
    return values;
  }
  template <class T>
  void poison(device::Array<T>& out) const {
    device_clock::poison(out.data(), out.size() * sizeof(T), stream());
  }
  /// Median milliseconds of `work`; `before` runs untimed ahead of every run.
  template <class Before, class Work>
  [[nodiscard]] double time(Before before, Work work) const {
    device_clock::Interval interval(stream());
    std::vector<float> times;
    for (int r = 0; r < repeats() + 3; ++r) {
      before();
      interval.begin();
      work();
      const float elapsed = interval.end();
      if (r >= 3) {
        times.push_back(elapsed);
      }
    }
    gpu_.synchronize();
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }
  using Numbers = std::initializer_list<std::pair<const char*, double>>;
  void report(const std::string& name, double milliseconds, double bytes, Numbers besides) {
    const double rate = bytes / milliseconds * 1e-6;  // GB/s
    std::printf("%s    {\"name\": \"%s\", \"ms\": %.6g, \"gb_per_s\": %.6g, \"of_copy\": %.4g",
                first_ ? "" : ",\n", name.c_str(), milliseconds, rate,
                copy_rate_ > 0 ? rate / copy_rate_ : 1.0);
    for (const auto& [what, number] : besides) {
      std::printf(", \"%s\": %.6g", what, number == number ? number : 1e9);
    }
    std::printf("}");
    first_ = false;
    std::fflush(stdout);
  }
  void report(const std::string& name, double milliseconds, double bytes, const char* what,
              double number) {
    report(name, milliseconds, bytes, {{what, number}});
  }

  void copy() {
    const std::size_t size = small_ ? 1 << 16 : std::size_t{1} << 29;
    const auto from = uniform(size, 1, 0, 1);
    device::Array<float> to(size, stream());
    const double ms =
        time([&] { poison(to); },
             [&] { device::copy_bytes(to.data(), from.data(), size * sizeof(float), stream()); });
    const double bytes = 2.0 * static_cast<double>(size) * sizeof(float);
    report("copy", ms, bytes, "bytes", bytes);
    copy_rate_ = bytes / ms * 1e-6;
  }

  void dual_product() {
    const std::size_t n = small_ ? 512 : 16384;
    const device::Matrix<float> matrix{n, n, uniform(n * n, 2, -1, 1)};
    const auto& a = matrix.entries;
    const auto x = uniform(n, 3, 0, 1), y = uniform(n, 4, 0, 1);
    device::Array<float> ay(n, stream()), atx(n, stream());
    const auto spoil = [&] {
      poison(ay);
      poison(atx);
    };
    const auto product_of = [&](const auto& of) {
      return time(spoil, [&] {
        gpu_.dual_product(of, gpu_.view(x), gpu_.view(y), 1.0F, 1.0F, gpu_.view(ay),
                          gpu_.view(atx));
      });
    };
    const double ms = product_of(matrix);
    report("dual_product_float", ms, 4.0 * static_cast<double>(n * n), "error",
           product_error(a, x, y, ay, atx, n));
    device::Matrix<device::BFloat16> brain{n, n, {n * n, stream()}};
    fill(n * n, Narrow{a.data(), brain.entries.data(), n * n});
    const double brain_ms = product_of(brain);
    report("dual_product_bf16", brain_ms, 2.0 * static_cast<double>(n * n), "times_float",
           ms / brain_ms);
    if (const CublasByName blas(stream()); blas) {
      const int size = static_cast<int>(n);
      const double two = time(spoil, [&] {
        // Row-major A is column-major A'.
        blas.gemv(CublasByName::transposed, size, a.data(), y.data(), ay.data());
        blas.gemv(CublasByName::as_is, size, a.data(), x.data(), atx.data());
      });
      report("cublas_two_products_float", two, 8.0 * static_cast<double>(n * n),
             {{"times_ours", two / ms}, {"error", product_error(a, x, y, ay, atx, n)}});
    }
  }
  /// Largest error of sampled sums, in units of the sum of sizes.
  [[nodiscard]] double product_error(const device::Array<float>& a, const device::Array<float>& x,
                                     const device::Array<float>& y, const device::Array<float>& ay,
                                     const device::Array<float>& atx, std::size_t n) const {
    const auto hx = device::to_host(x), hy = device::to_host(y);
    const auto hay = device::to_host(ay), hatx = device::to_host(atx);
    double worst = 0;
    std::vector<float> line(n);
    for (std::size_t sample = 0; sample < 8; ++sample) {
      const std::size_t i = sample * (n - 1) / 7;
      device::copy_to_host(line.data(), a.data() + i * n, n * sizeof(float));
      double row = 0, size = 0;
      for (std::size_t j = 0; j < n; ++j) {
        row += static_cast<double>(line[j]) * hy[j];
        size += std::abs(static_cast<double>(line[j]) * hy[j]);
      }
      worst = std::max(worst, std::abs(row - hay[i]) / size);
    }
    const auto whole = n <= 16384 ? device::to_host(a) : std::vector<float>();
    for (std::size_t sample = 0; sample < 8 && !whole.empty(); ++sample) {
      const std::size_t j = sample * (n - 1) / 7;
      double column = 0, size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        column += static_cast<double>(whole[i * n + j]) * hx[i];
        size += std::abs(static_cast<double>(whole[i * n + j]) * hx[i]);
      }
      worst = std::max(worst, std::abs(column - hatx[j]) / size);
    }
    return worst == worst ? worst : 1e9;
  }

  void answer_groups() {
    const std::size_t groups = small_ ? 100 : 1000000, size = 64;
    std::vector<std::int64_t> begin;
    for (std::size_t g = 0; g <= groups; ++g) {
      begin.push_back(static_cast<std::int64_t>(g * size));
    }
    const dag::RewardTables<float> tables(size, [](std::span<double> table) {
      dag::plug_in_table([](double p) { return std::log(p); }, table);
    });
    dag::DeviceGroups<float> ragged(gpu_, begin, tables);
    const std::size_t samples = groups * size;
    device::Array<std::int32_t> answer(samples, stream());
    fill(samples, FillAnswers{answer.data(), samples});
    device::Array<float> reward(samples, stream()), advantage(samples, stream());
    const double ms = time(
        [&] {
          poison(reward);
          poison(advantage);
        },
        [&] {
          (void)ragged.table_rewards(gpu_, gpu_.view(answer), dag::Advantage::trl_group,
                                     gpu_.view(reward), gpu_.view(advantage));
        });
    // Against the CPU on the first groups.
    const std::size_t some = std::min<std::size_t>(groups, 1000);
    std::vector<std::int32_t> ids(some * size);
    std::vector<float> got(some * size), expected_reward(some * size), expected(some * size);
    device::copy_to_host(ids.data(), answer.data(), ids.size() * sizeof(std::int32_t));
    device::copy_to_host(got.data(), advantage.data(), got.size() * sizeof(float));
    (void)dag::table_rewards<float>(ids, std::span(begin).first(some + 1), tables,
                                    dag::Advantage::trl_group, expected_reward, expected);
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      worst = std::max(worst, static_cast<double>(std::abs(got[i] - expected[i])));
    }
    report("answer_groups", ms, 12.0 * static_cast<double>(samples), "error", worst);
  }

  void token_log_probs() {
    const std::size_t tokens = small_ ? 16 : 8192, vocabulary = small_ ? 1000 : 131072;
    device::Array<device::BFloat16> logits(tokens * vocabulary, stream());
    {
      // Filled row by row: the float image of all of it need not fit.
      for (std::size_t t = 0; t < tokens; ++t) {
        const auto row = uniform(vocabulary, 100 + t, -8, 8);
        fill(vocabulary, Narrow{row.data(), logits.data() + t * vocabulary, vocabulary});
      }
    }
    std::vector<std::int32_t> chosen;
    for (std::size_t t = 0; t < tokens; ++t) {
      chosen.push_back(static_cast<std::int32_t>(t * 7919 % vocabulary));
    }
    const auto target = device::to_device(std::span<const std::int32_t>(chosen), stream());
    device::Array<float> p(tokens, stream()), h(tokens, stream()), z(tokens, stream());
    const auto in = gpu_.view(std::as_const(logits));
    const dag::TokenLogProbs out{gpu_.view(p), gpu_.view(h), gpu_.view(z)};
    const double bytes = 2.0 * static_cast<double>(tokens * vocabulary);
    const double forward = time(
        [&] {
          poison(p);
          poison(h);
          poison(z);
        },
        [&] { dag::token_log_probs(gpu_, in, vocabulary, gpu_.view(target), out); });
    std::vector<device::BFloat16> row(vocabulary);
    const auto got = device::to_host(p);
    double worst = 0;
    for (std::size_t sample = 0; sample < 8; ++sample) {
      const std::size_t t = sample * (tokens - 1) / 7;
      device::copy_to_host(row.data(), logits.data() + t * vocabulary, vocabulary * 2);
      double sum = 0;
      for (const auto logit : row) {
        sum += std::exp(static_cast<double>(device::widen(logit)));
      }
      const double expected =
          static_cast<double>(device::widen(row[static_cast<std::size_t>(chosen[t])])) -
          std::log(sum);
      worst = std::max(worst, std::abs(expected - static_cast<double>(got[t])));
    }
    report("token_log_probs_bf16", forward, bytes, "error", worst == worst ? worst : 1e9);
    const auto weight = uniform(tokens, 5, -1, 1), bend = uniform(tokens, 6, -1, 1);
    device::Array<device::BFloat16> gradient(tokens * vocabulary, stream());
    const double backward = time([&] { poison(gradient); },
                                 [&] {
                                   dag::token_log_probs_backward(
                                       gpu_, in, vocabulary, gpu_.view(target), out,
                                       gpu_.view(weight), gpu_.view(bend), gpu_.view(gradient));
                                 });
    report("token_log_probs_backward_bf16", backward, 2 * bytes, "bytes", 2 * bytes);
  }

  template <class Body>
  void games_of(const char* name, std::size_t count, std::int32_t rounds) {
    constexpr std::size_t n = 16;
    const auto entries = uniform(count * n * n, 7, -1, 1);
    std::vector<std::int32_t> sizes(count, static_cast<std::int32_t>(n));
    std::vector<std::int64_t> entry_begin, strategy_begin;
    for (std::size_t g = 0; g <= count; ++g) {
      entry_begin.push_back(static_cast<std::int64_t>(g * n * n));
      strategy_begin.push_back(static_cast<std::int64_t>(g * 2 * n));
    }
    const auto shape = device::to_device(std::span<const std::int32_t>(sizes), stream());
    const auto entry = device::to_device(std::span<const std::int64_t>(entry_begin), stream());
    const auto place = device::to_device(std::span<const std::int64_t>(strategy_begin), stream());
    device::Array<std::int32_t> status(count, stream()), made(count, stream());
    device::Array<float> gap(count, stream()), value(count, stream()),
        strategies(count * 2 * n, stream());
    const std::size_t capacity = n * (n | 1);
    const Body body{{count, shape.data(), shape.data(), entry.data(), place.data(), entries.data()},
                    {0.0F, rounds, rounds, 0.0F},
                    {status.data(), made.data(), gap.data(), value.data(), strategies.data()},
                    capacity};
    const double ms = time(
        [&] {
          poison(gap);
          poison(strategies);
        },
        [&] { device::launch_warps<4>(stream(), count, Body::shared_bytes(capacity), body); });
    const double bytes = static_cast<double>(count) * (n * n * 4 + 2 * n * 4 + 40);
    report(name, ms, bytes, "rounds_per_s",
           static_cast<double>(count) * static_cast<double>(rounds) / ms * 1e3);
  }
  void batched_games() {
    const std::size_t count = small_ ? 8 : 200000;
    const std::int32_t rounds = small_ ? 20 : 500;
    using dag::BatchMethod;
    games_of<device::SolveBatch<float, 1, BatchMethod::mirror_prox>>("batch_mirror_prox_16x16",
                                                                     count, rounds);
    games_of<device::SolveBatch<float, 1, BatchMethod::optimistic>>("batch_optimistic_16x16", count,
                                                                    rounds);
    games_of<device::SolveBatch<float, 1, BatchMethod::predictive_regret_matching_plus>>(
        "batch_prm_plus_16x16", count, rounds);
    // All of solve_batch once, transfers included; and the kernels that no timing uses.
    dag::BatchedMatrixGames<float> mixed;
    std::vector<float> entries(64 * 64);
    dag::RandomStream random(8, 0);
    for (float& e : entries) {
      e = static_cast<float>(random.uniform());
    }
    for (std::size_t n = 2; n <= 64; ++n) {
      mixed.add(n, 66 - n, std::span<const float>(entries).first(n * (66 - n)));
    }
    for (const auto method : {BatchMethod::optimistic, BatchMethod::newton}) {
      const auto start = std::chrono::steady_clock::now();
      const auto found =
          dag::solve_batch(gpu_, mixed,
                           dag::BatchOptions<float>{
                               .method = method, .tolerance = small_ ? 1e-2F : 1e-4F, .tau = 0.1F});
      const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
      double converged = 0;
      for (const auto status : found.status) {
        converged += status == dag::Status::converged ? 1 : 0;
      }
      report(method == BatchMethod::newton ? "solve_batch_newton_63_games"
                                           : "solve_batch_optimistic_63_games",
             ms.count(), 4.0 * static_cast<double>(mixed.entries().size()), "converged", converged);
    }
  }

  /// Offsets 0, step, 2 step, ... in device memory.
  [[nodiscard]] device::Array<std::int64_t> offsets(std::size_t count, std::size_t step) const {
    std::vector<std::int64_t> begin;
    for (std::size_t i = 0; i <= count; ++i) {
      begin.push_back(static_cast<std::int64_t>(i * step));
    }
    return device::to_device(std::span<const std::int64_t>(begin), stream());
  }
  void ragged() {
    const std::size_t segments = small_ ? 100 : 2000000, size = 64;
    const auto begin = offsets(segments, size);
    const auto x = uniform(segments * size, 10, -5, 5);
    device::Array<float> log_p(segments * size, stream()), p(segments * size, stream()),
        z(segments, stream());
    const double ms = time(
        [&] {
          poison(log_p);
          poison(p);
          poison(z);
        },
        [&] {
          dag::ragged_softmax(gpu_, gpu_.view(begin), gpu_.view(x), gpu_.view(log_p), gpu_.view(p),
                              gpu_.view(z));
        });
    const auto last = device::to_host(z).back();
    std::vector<float> segment(size);
    device::copy_to_host(segment.data(), x.data() + (segments - 1) * size, size * sizeof(float));
    double sum = 0;
    for (const float one : segment) {
      sum += std::exp(static_cast<double>(one));
    }
    const double bytes = 12.0 * static_cast<double>(segments * size);
    report("ragged_softmax", ms, bytes, "error",
           std::abs(std::log(sum) - static_cast<double>(last)));
    device::Array<float> out(segments, stream());
    const double kl = time([&] { poison(out); },
                           [&] {
                             dag::ragged_kl(gpu_, gpu_.view(begin), gpu_.view(std::as_const(log_p)),
                                            gpu_.view(x), gpu_.view(out));
                           });
    report("ragged_kl", kl, 8.0 * static_cast<double>(segments * size), "segments",
           static_cast<double>(segments));
    const auto other = uniform(segments * size, 12, 0, 2.0F / size);
    const dag::JensenShannonDivergence divergence{};
    const auto mass = gpu_.view(std::as_const(p)), against = gpu_.view(other);
    const double js = time([&] { poison(out); },
                           [&] {
                             dag::ragged_divergence(gpu_, divergence, gpu_.view(begin), mass,
                                                    against, gpu_.view(out));
                           });
    std::vector<float> one(size), two(size);
    device::copy_to_host(one.data(), p.data() + (segments - 1) * size, size * sizeof(float));
    device::copy_to_host(two.data(), other.data() + (segments - 1) * size, size * sizeof(float));
    const std::vector<double> left(one.begin(), one.end()), right(two.begin(), two.end());
    report(
        "ragged_jensen_shannon", js, 8.0 * static_cast<double>(segments * size), "error",
        std::abs(divergence.value(left, right) - static_cast<double>(device::to_host(out).back())));
    auto& slopes = log_p;
    const double gradient = time([&] { poison(slopes); },
                                 [&] {
                                   dag::ragged_gradient_first(gpu_, divergence, gpu_.view(begin),
                                                              mass, against, gpu_.view(slopes));
                                 });
    report("ragged_jensen_shannon_gradient", gradient, 12.0 * static_cast<double>(segments * size),
           "segments", static_cast<double>(segments));
  }
  /// Rewards of an answer-level utility that keeps a target of each answer.
  void utilities() {
    const std::size_t contexts = small_ ? 10 : 250000, size = 64, answers = contexts * size;
    const dag::Blocks blocks = dag::Blocks::uniform(contexts, size);
    const std::vector<float> weights(contexts, 1.0F / static_cast<float>(contexts));
    const dag::JensenShannon<float> u{std::vector<float>(answers, 1.0F / size), 1.0F};
    const dag::DeviceUtility<dag::JensenShannon<float>, dag::cuda> on_device(gpu_, u, blocks,
                                                                             weights);
    const auto begin = offsets(contexts, size);
    const auto x = uniform(answers, 13, -5, 5);
    dag::State<dag::cuda, float> nu(gpu_, answers);
    device::Array<float> z(contexts, stream()), out(answers, stream());
    dag::ragged_softmax(gpu_, gpu_.view(begin), gpu_.view(x), nu.view().dual, nu.view().point,
                        gpu_.view(z));
    const double ms =
        time([&] { poison(out); },
             [&] { on_device.gradient(std::as_const(nu).view(), {}, gpu_.view(out)); });
    std::vector<float> log_nu(1), got(1);
    device::copy_to_host(log_nu.data(), std::as_const(nu).view().dual.data() + answers - 1, 4);
    device::copy_to_host(got.data(), out.data() + answers - 1, 4);
    // tau / 2 log((1 + p / nu) / 2), times the context's weight.
    const double expected =
        0.5 * std::log((1 + std::exp(-std::log(64.0) - static_cast<double>(log_nu[0]))) / 2) /
        static_cast<double>(contexts);
    report("utility_rewards", ms, 28.0 * static_cast<double>(answers), "error",
           std::abs(expected - static_cast<double>(got[0])) * static_cast<double>(contexts));
  }
  void sinkhorn() {
    const std::size_t count = small_ ? 10 : 10000, n = 32;
    const auto begin = offsets(count, n), place = offsets(count, n * n);
    const auto cost = uniform(count * n * n, 11, 0, 1);
    const std::vector<float> even(count * n, -std::log(static_cast<float>(n)));
    const auto mass = device::to_device(std::span<const float>(even), stream());
    device::Array<float> f(count * n, stream()), g(count * n, stream()), moved(count, stream()),
        error(count, stream());
    device::Array<std::int32_t> rounds(count, stream()), status(count, stream());
    const double ms = time(
        [&] {
          poison(moved);
          poison(error);
          poison(status);
        },
        [&] {
          dag::sinkhorn_batch(
              gpu_,
              dag::TransportProblems<float>{gpu_.view(begin), gpu_.view(begin), gpu_.view(place),
                                            gpu_.view(mass), gpu_.view(mass), gpu_.view(cost)},
              dag::TransportResults<float>{gpu_.view(f), gpu_.view(g), gpu_.view(moved),
                                           gpu_.view(error), gpu_.view(rounds), gpu_.view(status)});
        });
    double made = 0, converged = 0;
    for (const auto r : device::to_host(rounds)) {
      made += r;
    }
    for (const auto code : device::to_host(status)) {
      converged += code == static_cast<std::int32_t>(dag::Status::converged) ? 1 : 0;
    }
    report("sinkhorn_32x32", ms, made * 8.0 * static_cast<double>(n * n), "converged", converged);
  }

  /// Rounds of CFR+ on a random tree of 2^20 plays by levels, checked to be plans.
  void trees() {
    const dag::SequenceForm form = dag::sequence_form(
        dag::random_tree({.depth = small_ ? 8U : 20U, .merging = 0.2, .seed = 2}));
    const std::int64_t rounds = small_ ? 4 : 50;
    dag::DeviceCfr<float> cfr(gpu_, form);
    const double ms = time([] {}, [&] { cfr.run(rounds); }) / static_cast<double>(rounds);
    double entries = 0;
    for (const auto& rows : *form.rows) {
      entries += static_cast<double>(rows.payoff.size());
    }
    const auto& shape = form.shape;
    const std::vector<float> mean = cfr.mean();
    double error = 0;
    for (std::size_t k = 0; k < shape.set_count(); ++k) {
      double sum = -static_cast<double>(mean[shape.parent[k]]);
      for (std::uint32_t s = shape.first[k]; s < shape.first[k] + shape.size[k]; ++s) {
        sum += static_cast<double>(mean[s]);
      }
      error = std::max(error, std::abs(sum));
    }
    // Entries once; of a sequence values, regrets, behaviour, plan, mean 12 times; of a set its
    // place.
    report("tree_cfr_plus_round", ms,
           8 * entries + 48.0 * static_cast<double>(shape.blocks.total()) +
               28.0 * static_cast<double>(shape.set_count()),
           {{"error", error}, {"sets", static_cast<double>(shape.set_count())}});
  }

  /// A random matrix game to a relative gap of 1e-6, synchronisations counted.
  template <class Solver>
  void solve(const char* name, const dag::MatrixGame<float, dag::cuda>& game, Solver solver) {
    double checks = 0;
    const auto count = [&](const dag::Record&) {
      ++checks;
      return true;
    };
    dag::SolverOptions<float> options{
        .tolerance = small_ ? 1e-2F : 1e-6F, .max_iterations = 400000, .time_limit = 30};
    options.observer = count;
    const auto found = solver(game, options);
    const double entries = static_cast<double>(game.payoff().entries.size());
    report(name, found.seconds * 1e3, 4.0 * entries * static_cast<double>(found.products),
           {{"synchronizations_per_s", checks / found.seconds},
            {"relative_gap", static_cast<double>(found.relative_gap)},
            {"rounds", static_cast<double>(found.iterations)}});
  }
  void solve() {
    const std::size_t n = small_ ? 64 : 4096;
    auto entries = uniform(n * n, 9, -1, 1);
    const dag::MatrixGame<float, dag::cuda> game(device::Matrix<float>{n, n, std::move(entries)},
                                                 gpu_);
    solve("solve_4096_optimistic", game, [](const auto& of, const auto& options) {
      return dag::device_optimistic_mirror_descent(of, options);
    });
    solve("solve_4096_prm_plus", game, [](const auto& of, const auto& options) {
      return dag::device_predictive_regret_matching_plus(of, options);
    });
  }

  /// The unique equilibria of 32 games with entropies; cpu_games.cpp prints the same games'.
  template <class Real>
  void equilibria(const char* name) const {
    constexpr std::size_t n = 16;
    dag::BatchedMatrixGames<Real> games;
    for (std::uint64_t g = 0; g < 32; ++g) {
      dag::RandomStream random(31, g);
      std::vector<Real> entries(n * n);
      for (Real& entry : entries) {
        entry = static_cast<Real>(2 * random.uniform() - 1);
      }
      games.add(n, n, entries);
    }
    const auto found = dag::solve_batch(gpu_, games,
                                        {.method = dag::BatchMethod::newton,
                                         .tolerance = 0,  // to rounding
                                         .max_rounds = 200,
                                         .tau = Real(0.1)});
    std::printf("    \"%s\": [", name);
    for (std::size_t i = 0; i < found.strategies.size(); ++i) {
      std::printf("%s%.17g", i == 0 ? "" : ", ", static_cast<double>(found.strategies[i]));
    }
    std::printf("]");
  }

  bool small_;
  bool first_ = true;
  double copy_rate_ = 0;
  dag::cuda gpu_;
};

}  // namespace

int main(int argc, char** argv) {
  if (!device_clock::has_device()) {
    std::fprintf(stderr, "skipped: no CUDA device here\n");
    return 77;
  }
  try {
    std::vector<std::string> parts(argv + 1, argv + argc);
    const bool small = !parts.empty() && parts.front() == "--small";
    if (small) {
      parts.erase(parts.begin());
    }
    Bench(small).run(parts);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "benchmark_cuda: %s\n", error.what());
    return 1;
  }
  return 0;
}
