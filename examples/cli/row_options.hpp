// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <dag/io/record_reader.hpp>
#include <dag/io/row_format.hpp>
#include <dag/text/answer_audit.hpp>
#include <dag/text/answer_language.hpp>

namespace CLI {
class App;
}

/// How the lines of a file with answers are laid out, and how its answers are read: options that
/// the subcommands over such files share.
namespace cli {

struct RowOptions {
  std::string format, group_by, context, samples;
  std::string text, answer, gold, correct, logprob, reward;
  bool strict = false;
};

/// --format, --group-by, --context, --samples-field, --correct-field, --logprob-field,
/// --reward-field (`groups` only), --text-field, --answer-field, --gold-field, --strict.
void add_row_options(CLI::App& app, RowOptions& options, bool groups);

/// The format that was asked for. Errors: invalid_argument.
dag::RowFormat row_format(const RowOptions& options);

/// "1/2 is 0.5", case, decimal marks, days: how answers are read.
struct ReadingOptions {
  bool exact = false;
  std::string letter_case = "words";
  std::string decimal_mark = "automatic";
  bool day_first = false;
  std::string without;  ///< rules that are switched off
};
void add_reading_options(CLI::App& app, ReadingOptions& options);
dag::ReadOptions read_options(const ReadingOptions& options);

/// The rules of the reader, one a line.
std::string rule_list();

/// "FILE:LINE: fault" of the first bad lines and their number, to standard error; nothing if there
/// are none.
void name_bad_lines(std::string_view command, const dag::RecordReport& report);

/// "12 golds (1 not understood), 30 answers (2 not understood), 5 merged: fraction 3, markup 2".
std::string audit_line(const dag::AnswerAudit& audit);
nlohmann::ordered_json audit_json(const dag::AnswerAudit& audit);

}  // namespace cli
