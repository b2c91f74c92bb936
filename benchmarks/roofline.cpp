// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// How near the loops come to what the machine can do, one thread, processor time, the best of many
// repetitions. Roofs: multiply-adds in registers; reading a vector that lies in each cache and in
// memory. Loops: bytes counted once where a loop must read or write them, operations as written. A
// line of JSON, which scripts/bench draws.
#include <ctime>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <dag/eigen.hpp>

namespace {

double cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Seconds of one call, the best of 20 groups of calls that take 5 ms or more.
template <class Work>
double seconds(Work work) {
  double best = 1e300;
  long calls = 1;
  for (int k = 0; k < 20; ++k) {
    for (;;) {
      const double start = cpu_seconds();
      for (long c = 0; c < calls; ++c) {
        work();
      }
      const double taken = cpu_seconds() - start;
      if (taken >= 5e-3) {
        best = std::min(best, taken / static_cast<double>(calls));
        break;
      }
      calls *= 2;
    }
  }
  return best;
}

volatile double sink = 0;

double multiply_adds() {  // a second
  using Packet = Eigen::Array<double, 128, 1>;
  Packet x = Packet::Constant(0.5);
  const Packet a = Packet::Constant(0.999), b = Packet::Constant(1e-3);
  constexpr int rounds = 1000;
  const double taken = seconds([&] {
    for (int k = 0; k < rounds; ++k) {
      x = x * a + b;
    }
    sink = sink + x.sum();  // all of it is needed
  });
  return 2.0 * 128 * rounds / taken;
}
double bytes_read(Eigen::Index doubles) {  // a second
  const Eigen::VectorXd x = Eigen::VectorXd::Constant(doubles, 1e-3);
  return 8.0 * static_cast<double>(doubles) / seconds([&] { sink = sink + x.sum(); });
}

struct Loop {
  std::string name;
  double operations, bytes, taken;
};

void fused_product(Eigen::Index n, std::vector<Loop>& out) {
  const dag::eigen::matrix<double> a = dag::eigen::matrix<double>::Constant(n, n, 0.5);
  dag::eigen::vector<double> x(n), y(n), a_y(n), at_x(n);
  x.setConstant(1.0 / static_cast<double>(n));
  y = x;
  const double taken = seconds([&] {
    dag::eigen{}.dual_product<double>(a, dag::eigen::view(std::as_const(x)),
                                      dag::eigen::view(std::as_const(y)), 1.0, -1.0,
                                      dag::eigen::view(a_y), dag::eigen::view(at_x));
    sink = sink + a_y[0];
  });
  const double entries = static_cast<double>(n) * static_cast<double>(n);
  out.push_back({"fused product " + std::to_string(n), 4 * entries, 8 * entries, taken});
}
void vector_loops(Eigen::Index n, std::vector<Loop>& out) {
  const dag::eigen backend{};
  dag::eigen::vector<double> x(n), y(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    x[i] = static_cast<double>(i % 7) / static_cast<double>(n);
  }
  y = x;
  const double size = static_cast<double>(n);
  out.push_back({"axpy " + std::to_string(n), 2 * size, 24 * size, seconds([&] {
                   backend.axpy(1e-9, dag::eigen::view(std::as_const(x)), dag::eigen::view(y));
                   sink = sink + y[0];
                 })});
  const dag::Blocks one({static_cast<std::size_t>(n)});
  // Of an exponential 20 operations are counted, about those of its polynomial.
  out.push_back({"softmax " + std::to_string(n), 24 * size, 24 * size, seconds([&] {
                   backend.normalize(one, dag::eigen::view(y), dag::eigen::view(x));
                   sink = sink + x[0];
                 })});
}

}  // namespace

int main() {
  std::vector<Loop> loops;
  for (const Eigen::Index n : {100, 500, 1000, 2000}) {
    fused_product(n, loops);
  }
  vector_loops(1000, loops);
  std::printf("{\"flops\": %.4g, \"read\": {", multiply_adds());
  const char* before = "";
  for (const auto& [name, doubles] :
       std::array<std::pair<const char*, Eigen::Index>, 4>{{{"16 KiB", 2048},
                                                            {"512 KiB", 65'536},
                                                            {"8 MiB", 1'048'576},
                                                            {"256 MiB", 33'554'432}}}) {
    std::printf("%s\"%s\": %.4g", before, name, bytes_read(doubles));
    before = ", ";
  }
  std::printf("}, \"loops\": [");
  before = "";
  for (const Loop& loop : loops) {
    std::printf("%s{\"name\": \"%s\", \"flops\": %.4g, \"intensity\": %.4g}", before,
                loop.name.c_str(), loop.operations / loop.taken, loop.operations / loop.bytes);
    before = ", ";
  }
  std::printf("]}\n");
  return 0;
}
