// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/io/preference_problem.hpp>
#include <dag/io/text_file.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "part.hpp"

namespace cli {
namespace {

struct AlignOptions {
  Common common;
  std::string problems;
  std::string part;
  double time_limit = 0;  ///< seconds; 0: none
};

/// The fields in the order of the documentation; those of no kind of theirs at the end. Text at
/// once: a copy in another order costs more than the solution of a large problem.
std::string line_of(const nlohmann::json& result) {
  std::string out = "{";
  const auto add = [&](const std::string& key) {
    out += (out.size() > 1 ? ",\"" : "\"") + key + "\":" + json_dump(result[key], -1);
  };
  const std::vector<std::string> first{"id",       "kind",       "solution", "value",
                                       "residual", "iterations", "status",   "consensus",
                                       "mixture",  "multipliers"};
  for (const std::string& key : first) {
    if (result.contains(key)) {
      add(key);
    }
  }
  for (const auto& [key, value] : result.items()) {
    if (std::find(first.begin(), first.end(), key) == first.end()) {
      add(key);
    }
  }
  return json_safe(out + '}');
}

int align(const AlignOptions& options) {
  const Part part = part_of(options.part);
  const std::string target = options.common.json.empty()
                                 ? "-"
                                 : name_of_part("--json", options.common.json, options.part, part);
  require_distinct({{"PROBLEMS.jsonl", options.problems}}, {{"--json", target}});
  start_time_limit(options.time_limit);
  const std::string text = dag::read_text_file(options.problems);
  const dag::Stopwatch watch;
  Progress progress(!options.common.quiet);
  Table table({"id", "kind", "status", "value", "residual", "rounds"});
  dag::EquilibriumOptions<double> options_of_each;
  options_of_each.stop = interrupt;
  std::string lines;
  std::size_t solved = 0;
  std::size_t converged = 0;
  std::size_t line = 0;
  std::size_t refused = 0;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    end = end == std::string::npos ? text.size() : end;
    ++line;
    const std::string_view problem = std::string_view(text).substr(begin, end - begin);
    if ((line - 1) % part.size != part.rank ||
        problem.find_first_not_of(" \t\r") == std::string_view::npos) {
      continue;
    }
    nlohmann::json result;
    std::string fault;  // the lines beside it keep their results
    try {
      result = dag::solve_any_problem_line(problem, options_of_each);
    } catch (const dag::Error& error) {
      fault = error.what();
    } catch (const std::bad_alloc&) {
      fault = "problem: not enough memory for it";
    }
    if (!fault.empty()) {
      complain("dag align", options.problems + ":" + std::to_string(line) + ": " + fault);
      ++refused;
      lines += json_text(
          nlohmann::ordered_json{{"line", line}, {"status", "error"}, {"message", fault}}, -1);
      continue;
    }
    if (result.is_discarded()) {
      break;  // the end came while the line was read
    }
    lines += line_of(result);
    ++solved;
    const auto& status = result["status"];
    converged += status == "converged" || status == "several_equilibria" ? 1U : 0U;
    if (options.common.talks()) {
      table.add({result["id"].get<std::string>(), result["kind"].get<std::string>(),
                 result["status"].get<std::string>(),
                 fmt::format("{:.10g}", result["value"].get<double>()),
                 fmt::format("{:.1e}", result["residual"].get<double>()),
                 fmt::format("{}", result["iterations"].get<long long>())});
    }
    progress.show(static_cast<double>(end) / static_cast<double>(text.size()),
                  fmt::format("{} problems", solved));
    if (interrupt.stop_requested()) {
      break;
    }
  }
  progress.clear();
  Outputs outputs;
  outputs.add(target, std::move(lines));
  outputs.write();
  const std::string faults =
      refused == 0 ? "" : fmt::format(", {} line{} refused", refused, refused == 1 ? "" : "s");
  if (options.common.talks() && target != "-") {
    say(table.text() + fmt::format("{} problems, {} converged{}, {:.3g} s\n", solved, converged,
                                   faults, watch.seconds()));
  }
  if (refused > 0) {
    return exit_bad_input;
  }
  return converged == solved && !interrupt.stop_requested() ? exit_done : exit_not_converged;
}

}  // namespace

Command add_align(CLI::App& app) {
  const auto options = std::make_shared<AlignOptions>();
  CLI::App* command = app.add_subcommand("align", "Answer-level problems, solved exactly");
  command
      ->add_option("PROBLEMS.jsonl", options->problems,
                   "One problem a line: id, kind (a utility), nu0, beta and the fields of the kind")
      ->required();
  add_part_option(*command, options->part, "the problems");
  add_time_limit(*command, options->time_limit);
  add_common(*command, options->common);
  command->footer(
      "The results, one JSON object a line, go to standard output, or with --json to a file and a\n"
      "table to standard output. A line that cannot be read or solved gets an object with line,\n"
      "status \"error\" and message; the exit code is then 2, the other results are kept.\n\n"
      "Kinds: the names of dag utilities, which lists their fields, or a sum of them:\n"
      "gini+0.5*expected_reward. A sum whose parts have fields of one name has \"parts\", a list "
      "of\n"
      "objects with kind and fields, in place of kind. Fields of other kinds are refused. The "
      "kind\n"
      "preference, a game between answers, has win_rates, a row an answer.\n\n"
      "Example:\n"
      "  echo "
      "'{\"id\":\"a\",\"kind\":\"shannon_entropy\",\"nu0\":[0.7,0.2,0.1],\"weight\":1,\"beta\":1}'"
      " > problems.jsonl\n"
      "  dag align problems.jsonl");
  return [options] { return align(*options); };
}

}  // namespace cli
