// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "row_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/text/answer_rules.hpp>

namespace cli {
namespace {

std::vector<std::string> fields(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    dag::require(end > begin, dag::Errc::invalid_argument, "'", text,
                 "' must be fields separated by commas");
    out.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

void add_row_options(CLI::App& app, RowOptions& options, bool groups) {
  const auto field = [&](const char* name, std::string& where, const char* what) {
    app.add_option(name, where, what)->type_name("FIELD");
  };
  if (groups) {
    app.add_option("--format", options.format,
                   "Lines as they are written by trl, verl, openrlhf, lm-eval, vllm or openai")
        ->type_name("F");
    app.add_option("--group-by", options.group_by,
                   "Lines that agree in these fields (keys, or paths such as meta.id) are one "
                   "group; a line without samples is one sample")
        ->type_name("FIELD[,FIELD]");
    app.add_option("--context", options.context, "Fields that name the context of a question")
        ->type_name("FIELD[,FIELD]");
    field("--samples-field", options.samples, "The list of samples in each line");
    field("--correct-field", options.correct, "Of a sample: true or false, 1 or 0");
    field("--logprob-field", options.logprob, "Of a sample: a number, or a list of them");
    field("--reward-field", options.reward, "Of a sample: its own reward, for the utility own");
  }
  field("--text-field", options.text, "The text that an answer is read from");
  field("--answer-field", options.answer, "The answer itself");
  field("--gold-field", options.gold, "The right answer, or a list of its aliases");
  app.add_flag("--strict", options.strict,
               "A line that cannot be read is an error (otherwise it is named, counted and left "
               "out, unless half of the lines are bad)");
}

dag::RowFormat row_format(const RowOptions& options) {
  dag::RowFormat out = options.format.empty() ? dag::RowFormat{} : dag::row_format(options.format);
  if (!options.group_by.empty()) {
    out.group_by = fields(options.group_by);
    out.flat = true;
    out.gather = true;
  }
  if (!options.context.empty()) {
    out.context = fields(options.context);
  }
  for (const auto& [from, to] : {std::pair{&options.samples, &out.samples},
                                 {&options.text, &out.text},
                                 {&options.answer, &out.answer},
                                 {&options.gold, &out.gold},
                                 {&options.correct, &out.correct},
                                 {&options.logprob, &out.logprob},
                                 {&options.reward, &out.reward}}) {
    if (!from->empty()) {
      *to = *from;
    }
  }
  return out;
}

void add_reading_options(CLI::App& app, ReadingOptions& options) {
  app.add_flag("--exact", options.exact,
               "Answers are the same only byte for byte (0.5 and 1/2 are two answers)");
  app.add_option("--letter-case", options.letter_case,
                 "words (Yes = yes, but CCO is not cco), fold or keep")
      ->type_name("C")
      ->capture_default_str();
  app.add_option("--decimal-mark", options.decimal_mark,
                 "automatic, point (1,234.5) or comma (1.234,5)")
      ->type_name("M")
      ->capture_default_str();
  app.add_flag("--day-first", options.day_first, "03/04/2020 is 3 April");
  app.add_option("--without", options.without,
                 "Rules of reading that are switched off ('dag answers --rules' lists them)")
      ->type_name("RULE[,RULE]");
}

dag::ReadOptions read_options(const ReadingOptions& options) {
  dag::ReadOptions out;
  out.exact = options.exact;
  out.day_first = options.day_first;
  const auto choose = [](const char* option, const std::string& word, const auto& choices) {
    for (const auto& [name, value] : choices) {
      if (word == name) {
        return value;
      }
    }
    dag::fail(dag::Errc::invalid_argument, option, ": '", word, "' is none of its values");
  };
  using Case = dag::LetterCase;
  using Mark = dag::DecimalMark;
  out.letter_case = choose("--letter-case", options.letter_case,
                           std::vector<std::pair<std::string, Case>>{
                               {"words", Case::words}, {"fold", Case::fold}, {"keep", Case::keep}});
  out.decimal_mark =
      choose("--decimal-mark", options.decimal_mark,
             std::vector<std::pair<std::string, Mark>>{
                 {"automatic", Mark::automatic}, {"point", Mark::point}, {"comma", Mark::comma}});
  if (!options.without.empty()) {
    for (const std::string& name : fields(options.without)) {
      out.off.insert(dag::answer_rule(name));
    }
  }
  return out;
}

std::string rule_list() {
  std::string out;
  for (const dag::AnswerRuleInfo& info : dag::answer_rules()) {
    out += fmt::format("{:<18} {}\n", info.name, info.meaning);
  }
  return out;
}

void name_bad_lines(std::string_view command, const dag::RecordReport& report) {
  for (const std::string& fault : report.faults) {
    fmt::print(stderr, "dag {}: {}\n", command, fault);
  }
  if (report.bad > 0) {
    fmt::print(stderr, "dag {}: {} bad line{} left out of {}\n", command, report.bad,
               report.bad == 1 ? "" : "s", report.bad + report.good);
  }
}

std::string audit_line(const dag::AnswerAudit& audit) {
  const auto unread = [](std::size_t count) {
    return count == 0 ? std::string() : fmt::format(" ({} not understood)", count);
  };
  std::string out = fmt::format("{} golds{}, {} spellings of answers{}, {} merged", audit.golds,
                                unread(audit.golds_unread), audit.answers,
                                unread(audit.answers_unread), audit.merged);
  std::string rules;
  for (const dag::AnswerRuleInfo& info : dag::answer_rules()) {
    if (const std::size_t count = audit.merged_by[static_cast<std::size_t>(info.rule)]; count > 0) {
      rules += fmt::format("{} {} {}", rules.empty() ? ":" : ",", info.name, count);
    }
  }
  return out + rules;
}

nlohmann::ordered_json audit_json(const dag::AnswerAudit& audit) {
  nlohmann::ordered_json out;
  out["golds"] = audit.golds;
  out["golds_not_understood"] = audit.golds_unread;
  out["spellings"] = audit.answers;
  out["spellings_not_understood"] = audit.answers_unread;
  out["merged"] = audit.merged;
  out["merged_by"] = nlohmann::ordered_json::object();
  for (const dag::AnswerRuleInfo& info : dag::answer_rules()) {
    if (const std::size_t count = audit.merged_by[static_cast<std::size_t>(info.rule)]; count > 0) {
      out["merged_by"][std::string(info.name)] = count;
    }
  }
  out["matched_by"] = audit.matched_by;
  return out;
}

}  // namespace cli
