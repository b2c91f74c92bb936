// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace dag {

/// How a solve or a training ended. A solve that did not converge comes with the certificate that
/// it reached.
enum class Status {
  converged,        ///< the certificate is at or below the tolerance
  iteration_limit,  ///< `max_iterations` rounds were made
  time_limit,       ///< `time_limit` seconds have passed
  stopped,          ///< the caller's stop token or observer asked for it
  stalled,          ///< no further progress in this arithmetic (a step shrank to nothing)
  done,             ///< all steps asked for were made, where they are the task: training
};

[[nodiscard]] constexpr std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::converged: return "converged";
    case Status::iteration_limit: return "iteration_limit";
    case Status::time_limit: return "time_limit";
    case Status::stopped: return "stopped";
    case Status::stalled: return "stalled";
    case Status::done: return "done";
  }
  return "unknown";
}

}  // namespace dag
