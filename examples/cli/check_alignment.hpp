// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "check_claims.hpp"

namespace cli {

/// Whether a text is what `dag align --json` writes: JSON lines, results of problems.
[[nodiscard]] bool is_alignment_result(const std::string& text);

/// What became of a file of results.
struct AlignmentCheck {
  Checked checked;
  std::size_t unanswered = 0;  ///< problems without a result: the run was cut short
  std::size_t too_large = 0;   ///< results whose rewards are too costly to recompute here
};

/// Holds the claims of results (JSON lines) against their problems (JSON lines, `dag align`'s
/// input), one by one in order: from the definitions of the utilities, written out here once more,
/// and from nothing of the solvers' code nor of dag/utility/. `file`: for messages. Throws
/// dag::Error where a problem or a result cannot be read.
[[nodiscard]] AlignmentCheck check_alignment(const std::string& results,
                                             const std::string& problems, const std::string& file);

}  // namespace cli
