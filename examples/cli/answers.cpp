// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/sample_splicer.hpp>
#include <dag/io/record_reader.hpp>
#include <dag/io/rollout_schema.hpp>
#include <dag/text/answer_language.hpp>
#include <dag/text/extractor.hpp>
#include <dag/text/gold.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "row_options.hpp"

namespace cli {
namespace {

struct AnswersOptions {
  Common common;
  RowOptions rows;
  ReadingOptions reading;
  std::string file;
  std::string extract = "boxed,answer-is,number";
  bool rules = false;
};

/// What became of one line.
struct Judged {
  std::string id;  ///< as JSON; empty: there is none
  dag::Extraction extraction;
  std::optional<dag::ReadAnswer> read;
  std::optional<std::string> gold_key;
  std::optional<bool> equal;
  std::string rule;
};

/// The line that is written for it.
std::string json_line(const Judged& judged) {
  std::string out = "{";
  const auto key = [&](std::string_view name) {
    out += out.size() > 1 ? ", \"" : "\"";
    out += name;
    out += "\": ";
  };
  const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
    key(name);
    value ? dag::detail::append_json_text(out, *value) : static_cast<void>(out += "null");
  };
  if (!judged.id.empty()) {
    key("id");
    out += judged.id;
  }
  text("extracted",
       judged.extraction.found() ? std::optional(judged.extraction.answer) : std::nullopt);
  text("outcome",
       judged.rule == "bad_line"
           ? std::string("bad_line")
           : std::string(
                 dag::extract_outcome_names[static_cast<std::size_t>(judged.extraction.outcome)]));
  text("key", judged.read ? std::optional(judged.read->key) : std::nullopt);
  text("form",
       judged.read ? std::optional(std::string(to_string(judged.read->form))) : std::nullopt);
  text("gold_key", judged.gold_key);
  key("equal");
  out += !judged.equal ? "null" : *judged.equal ? "true" : "false";
  text("rule", judged.rule.empty() ? std::nullopt : std::optional(judged.rule));
  return out + "}\n";
}

std::string shortened(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t shown = 0;
  for (const char c : text) {
    const bool inside = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!inside && ++shown > width) {
      return out + "...";
    }
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

int answers(const AnswersOptions& options) {
  if (options.rules) {
    say(rule_list());
    return exit_done;
  }
  dag::require(!options.file.empty(), dag::Errc::invalid_argument,
               "a file of JSON lines is needed (- is standard input), or --rules");
  const dag::ReadOptions reading = read_options(options.reading);
  dag::RowFormat format;
  format.group_by.clear();
  format.samples.clear();
  format.flat = true;
  format.text = options.rows.text.empty() ? "text" : options.rows.text;
  format.answer = options.rows.answer.empty() ? "answer" : options.rows.answer;
  format.gold = options.rows.gold.empty() ? "gold" : options.rows.gold;
  format.context.clear();
  format.prompt.clear();
  format.correct.clear();
  format.logprob.clear();
  format.reward.clear();
  std::unordered_map<std::string, dag::Extractor> extractors;
  const auto extractor = [&](const std::string& spec) -> const dag::Extractor& {
    return extractors.try_emplace(spec, spec).first->second;
  };
  (void)extractor(options.extract);

  std::unique_ptr<dag::AtomicFile> out;
  if (!options.common.json.empty()) {
    out = std::make_unique<dag::AtomicFile>(options.common.json);
  }
  Table table({"extracted", "outcome", "key", "form", "gold", "equal", "rule"});
  constexpr std::size_t most_rows = 200;
  std::size_t count = 0;
  std::size_t right = 0;
  std::size_t judged_lines = 0;
  dag::ExtractionReport outcomes;
  const auto finish = [&](const Judged& judged) {
    if (out) {
      out->write(json_line(judged));
    }
    if (options.common.talks() && count < most_rows) {
      table.add(
          {judged.extraction.found() ? shortened(judged.extraction.answer, 32) : "",
           std::string(
               dag::extract_outcome_names[static_cast<std::size_t>(judged.extraction.outcome)]),
           judged.read ? shortened(judged.read->key, 32) : "",
           judged.read ? std::string(to_string(judged.read->form)) : "",
           shortened(judged.gold_key.value_or(""), 32),
           !judged.equal   ? ""
           : *judged.equal ? "yes"
                           : "no",
           judged.rule});
    }
    ++count;
    judged_lines += judged.equal.has_value() ? 1 : 0;
    right += judged.equal.value_or(false) ? 1 : 0;
  };

  dag::RecordReader reader(options.file, {.strict = options.rows.strict});
  dag::RolloutGroup group;
  std::vector<dag::JsonLine::Index> places;
  std::string spec;
  Judged judged;
  const auto read_line = [&](const dag::JsonLine& json) {
    judged = {};
    dag::detail::RowReader(json, format, dag::AnswerField::optional).read(group, places);
    const auto id = json.find(dag::JsonLine::root(), "id");
    judged.id = id == dag::JsonLine::none ? std::string() : std::string(json.raw(id));
    const auto own = json.find(dag::JsonLine::root(), "extract");
    const bool has_own = json.is(own, dag::JsonKind::string);
    spec = has_own ? json.text(own) : options.extract;
    try {
      (void)extractor(spec);
    } catch (const dag::Error& error) {
      throw dag::JsonLine::Fault{error.what(), json.begin(own) + 1};
    }
    const bool anything = group.samples[0].text || group.samples[0].answer ||
                          json.find(dag::JsonLine::root(), format.text) != dag::JsonLine::none ||
                          json.find(dag::JsonLine::root(), format.answer) != dag::JsonLine::none;
    if (!anything) {
      throw dag::JsonLine::Fault{
          "neither \"" + format.text + "\" nor \"" + format.answer + "\" is there", 1};
    }
  };
  const auto on_bad = [&](const std::string& /*what*/) {
    judged = {};
    judged.rule = "bad_line";
    finish(judged);
  };
  while (reader.next(read_line, on_bad)) {
    const dag::RolloutSample& sample = group.samples[0];
    const dag::Extractor& extract = extractor(spec);
    if (sample.answer) {
      judged.extraction = {dag::ExtractOutcome::found, *sample.answer};
    } else if (sample.text) {
      judged.extraction = extract(*sample.text);
    } else {
      judged.extraction.outcome = dag::ExtractOutcome::no_text;
    }
    outcomes.add(judged.extraction.outcome);
    if (judged.extraction.found()) {
      judged.read = dag::read_answer(judged.extraction.answer, reading);
    }
    if (!group.gold.empty()) {
      const dag::Gold gold(group.gold, &extract, reading);
      dag::GoldVerdict verdict;
      if (judged.read) {
        verdict = gold.judge(*judged.read);
        judged.rule = std::string(verdict.rule);
      } else {
        judged.rule = std::string(
            dag::extract_outcome_names[static_cast<std::size_t>(judged.extraction.outcome)]);
      }
      judged.equal = verdict.equal;
      judged.gold_key = gold.key(verdict.alias);
    }
    finish(judged);
  }
  if (out) {
    out->commit();
  }
  name_bad_lines("answers", reader.report());
  if (options.common.talks()) {
    std::string text = table.text();
    if (count > most_rows) {
      text += fmt::format("... and {} lines more (--json has them all)\n", count - most_rows);
    }
    text += fmt::format("{} line{}", count, count == 1 ? "" : "s");
    for (std::size_t i = 0; i < outcomes.outcomes.size(); ++i) {
      if (outcomes.outcomes[i] > 0) {
        text += fmt::format(", {} {}", outcomes.outcomes[i], dag::extract_outcome_names[i]);
      }
    }
    if (judged_lines > 0) {
      text += fmt::format("; {} of {} equal their gold", right, judged_lines);
    }
    say(text + '\n');
  }
  return exit_done;
}

}  // namespace

Command add_answers(CLI::App& app) {
  const auto options = std::make_shared<AnswersOptions>();
  CLI::App* command = app.add_subcommand(
      "answers", "Answers read from texts, their keys, and whether they equal a gold");
  command
      ->add_option("FILE.jsonl|-", options->file,
                   "One object a line: text (to be read) or answer (as it is), gold (a string or a "
                   "list of aliases), id, extract (for this line)")
      ->type_name("");
  command
      ->add_option("--extract", options->extract,
                   "How answers are read from texts: boxed, hash, answer-is, number, tag:NAME, "
                   "phrase:WORDS, after:MARK, text, X>number or regex:PATTERN, tried in order if "
                   "separated by commas")
      ->type_name("HOW")
      ->capture_default_str();
  command->add_flag("--rules", options->rules, "List the rules by which answers are the same");
  add_row_options(*command, options->rows, false);
  add_reading_options(*command, options->reading);
  add_common(*command, options->common);
  command->footer(
      "With --json, a line for each line: id (if it has one), extracted, outcome, key (equal keys "
      "are equal answers), form, gold_key, equal (true, false; null without a gold), rule (what "
      "made them equal, or keeps them apart).\n\n"
      "Examples:\n  echo '{\"text\": \"So the answer is 1/2.\", \"gold\": \"0.5\"}' | dag answers "
      "-\n"
      "  echo '{\"answer\": 3, \"gold\": [3, \"three\"]}' | dag answers - --json -\n"
      "  dag answers --rules");
  return [options] { return answers(*options); };
}

}  // namespace cli
