// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <dag/detail/config.hpp>
#include <dag/gpu/runtime.hpp>

namespace dag::device {

/// t^power / (1 + 2^power + ... + t^power) for a power of 0, 1 or 2: what round t adds of its point
/// to a mean, where rounds are counted on the device.
template <class Real>
[[nodiscard]] DAG_HOST_DEVICE Real mean_share(int power, std::int64_t round) {
  const Real t = static_cast<Real>(round);
  return power == 0 ? 1 / t : power == 1 ? 2 / (t + 1) : 6 * t / ((t + 1) * (2 * t + 1));
}

/// Work recorded once and queued many times: a CUDA graph captured from what `record()` queues on
/// the stream; on the host `record` itself, called again. `record` must queue the same launches
/// every time, allocate nothing and wait for nothing.
template <class Record>
class RepeatedWork {
 public:
  RepeatedWork(Stream stream, Record record) : stream_(stream), record_(std::move(record)) {
#if defined(__CUDACC__)
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "capturing a graph");
    cudaGraph_t graph = nullptr;
    try {
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
#endif
  }
  RepeatedWork(const RepeatedWork&) = delete;
  RepeatedWork& operator=(const RepeatedWork&) = delete;
  ~RepeatedWork() {
#if defined(__CUDACC__)
    (void)cudaGraphExecDestroy(ready_);
#endif
  }

  /// Queues the work `times` times.
  void run(std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
#if defined(__CUDACC__)
      check(cudaGraphLaunch(ready_, stream_), "launching a graph");
#else
      record_();
#endif
    }
  }

 private:
  Stream stream_;
  Record record_;
#if defined(__CUDACC__)
  cudaGraphExec_t ready_ = nullptr;
#endif
};

}  // namespace dag::device
