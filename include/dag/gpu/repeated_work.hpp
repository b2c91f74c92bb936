// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <dag/detail/config.hpp>
#include <dag/gpu/array.hpp>
#include <dag/gpu/context.hpp>
#include <dag/gpu/reduction.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// t^power / (1 + 2^power + ... + t^power) for a power of 0, 1 or 2: what round t adds of its point
/// to a mean, where rounds are counted on the device.
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real mean_share(int power, std::int64_t round) {
  const Real t = static_cast<Real>(round);
  return power == 0 ? 1 / t : power == 1 ? 2 / (t + 1) : 6 * t / ((t + 1) * (2 * t + 1));
}

/// mean += mean_share(power, t) (point - mean), t counted by `CountRound`.
template <class Real>
struct PowerMean {
  int power;
  const std::int64_t* round;
  const Real* point;
  Real* mean;

  DAG_HOST_DEVICE void operator()(std::size_t s) const {
    mean[s] += mean_share<Real>(power, *round + 1) * (point[s] - mean[s]);
  }
};
/// ++round, in order with what else is launched.
struct CountRound {
  std::int64_t* round;
  DAG_HOST_DEVICE void operator()(std::size_t) const { ++*round; }
};
/// A mean of points over rounds that the device counts, so that a launch can be captured once and
/// replayed.
class RoundMean {
 public:
  explicit RoundMean(const Context& gpu) : round_(gpu.allocate<std::int64_t>(1)) {}

  /// Adds the next round's point, with weight t^power. Queued. Errors: device.
  template <class Real>
  void add(int power, std::span<const Real> point, std::span<Real> mean) {
    launch_each(round_.stream(), point.size(),
                PowerMean<Real>{power, round_.data(), point.data(), mean.data()});
    launch_each(round_.stream(), 1, CountRound{round_.data()});
  }

 private:
  Array<std::int64_t> round_;
};

/// Work queued many times: the first two times by `record()`, which may then still allocate; from
/// there on as a CUDA graph captured from two of them, since solvers swap their states every round.
/// On the host `record` itself, called again. It must queue the same launches every time, or by
/// turns, and wait for nothing.
template <class Record>
class RepeatedWork {
 public:
  RepeatedWork(Stream stream, Record record) : stream_(stream), record_(std::move(record)) {}
  RepeatedWork(const RepeatedWork&) = delete;
  RepeatedWork& operator=(const RepeatedWork&) = delete;
  ~RepeatedWork() {
#if defined(__CUDACC__)
    if (ready_ != nullptr) {
      (void)cudaGraphExecDestroy(ready_);
    }
#endif
  }

  /// Queues the work `times` times. Errors: device.
  void run(std::int64_t times) {
    while (times > 0) {
      if (odd_ || times == 1) {
        record_();
        odd_ = !odd_;
        --times;
      } else {
        pair();
        times -= 2;
      }
    }
  }

 private:
  void pair() {
#if defined(__CUDACC__)
    if (warm_ && ready_ == nullptr) {
      capture();
    }
    if (ready_ != nullptr) {
      check(cudaGraphLaunch(ready_, stream_), "launching a graph");
      return;
    }
    warm_ = true;
#endif
    record_();
    record_();
  }
#if defined(__CUDACC__)
  void capture() {
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capturing a graph");
    cudaGraph_t graph = nullptr;
    try {
      record_();
      record_();
    } catch (...) {
      (void)cudaStreamEndCapture(stream_, &graph);
      (void)cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "capturing a graph");
    const cudaError_t made = cudaGraphInstantiate(&ready_, graph, 0);
    (void)cudaGraphDestroy(graph);
    check(made, "making a graph ready");
  }
  cudaGraphExec_t ready_ = nullptr;
  bool warm_ = false;
#endif
  Stream stream_;
  Record record_;
  bool odd_ = false;
};

}  // namespace dag::device
