// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "part.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>

#include "checked_options.hpp"
#include "output.hpp"

namespace cli {
namespace {

Part checked(std::string_view rank, std::string_view size, const std::string& source) {
  const std::optional<std::uint64_t> r = whole_number(rank), n = whole_number(size);
  dag::require(r && n && *n > 0 && *r < *n, dag::Errc::invalid_argument, source, " says rank '",
               rank, "' of '", size, "'; expected RANK/SIZE, ranks from 0 to SIZE - 1, as 2/8");
  return {*r, *n};
}

/// Of the first launcher whose variables are set; `asked`: their names.
std::optional<Part> told_by_launcher(const char* slurm_size, std::string& asked) {
  const std::pair<const char*, const char*> names[] = {
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
      {"PMI_RANK", "PMI_SIZE"},
      {"SLURM_PROCID", slurm_size}};
  for (const auto& [rank, size] : names) {
    const char* r = std::getenv(rank);
    const char* n = std::getenv(size);
    if (r != nullptr && n != nullptr) {
      return checked(r, n, std::string("$") + rank + "/$" + size);
    }
    asked += std::string(asked.empty() ? "$" : ", $") + rank + "/$" + size;
  }
  return std::nullopt;
}

}  // namespace

void add_part_option(CLI::App& app, std::string& text, const char* what) {
  app.add_option("--part", text,
                 std::string("Take ") + what +
                     " of part RANK of SIZE alone, ranks from 0; launcher: as mpirun or srun say. "
                     "{rank} in the name of an output becomes the rank")
      ->type_name("RANK/SIZE");
}

Part part_of(const std::string& text) {
  if (text.empty()) {
    return {};
  }
  if (text == "launcher") {
    std::string asked;
    const std::optional<Part> told = told_by_launcher("SLURM_NTASKS", asked);
    dag::require(told.has_value(), dag::Errc::invalid_argument, "--part launcher: none of ", asked,
                 " is set; start it by mpirun or srun, or name the part: --part 2/8");
    return *told;
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  return checked(std::string_view(text).substr(0, slash),
                 std::string_view(text).substr(std::min(slash + 1, text.size())),
                 "--part: '" + text + "'");
}

Part launched_part() {
  std::string asked;
  return told_by_launcher("SLURM_STEP_NUM_TASKS", asked).value_or(Part{});
}

std::string name_of_part(const std::string& option, const std::string& path,
                         const std::string& text, const Part& part) {
  constexpr std::string_view mark = "{rank}";
  if (text.empty()) {
    return path;
  }
  std::string name;
  std::size_t from = 0;
  for (std::size_t at = path.find(mark); at != std::string::npos; at = path.find(mark, from)) {
    name += path.substr(from, at - from) + std::to_string(part.rank);
    from = at + mark.size();
  }
  dag::require(
      from > 0 || path.empty() || is_standard_output(path) || text != "launcher" || part.size == 1,
      dag::Errc::invalid_argument, option, " ", path, ": ", part.size,
      " processes would write one file; put {rank} into its name");
  return name + path.substr(from);
}

}  // namespace cli
