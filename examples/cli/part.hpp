// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace CLI {
class App;
}

/// One of several processes that share the work of a file, by any launcher; they do not talk.
namespace cli {

struct Part {
  std::size_t rank = 0;  ///< 0 to size - 1
  std::size_t size = 1;
};

/// --part RANK/SIZE, or `launcher`.
void add_part_option(CLI::App& app, std::string& text, const char* what);

/// "2/8", ranks from 0; "launcher": what Open MPI, MPICH and its kin, or Slurm tell their processes
/// by the environment; empty: the whole. Errors: invalid_argument.
Part part_of(const std::string& text);

/// What a launcher told this process; one of one where it was started without. Slurm's batch
/// script, which is no step of srun, is alone. Errors: invalid_argument.
Part launched_part();

/// `{rank}` in the name of an output becomes the part's rank. Errors: invalid_argument where the
/// launcher's parts (more than one) would all write one file.
std::string name_of_part(const std::string& option, const std::string& path,
                         const std::string& text, const Part& part);

}  // namespace cli
