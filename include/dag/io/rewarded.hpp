// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/detail/sample_splicer.hpp>
#include <dag/io/json_line.hpp>
#include <dag/io/jsonl.hpp>
#include <dag/io/rollouts.hpp>

namespace dag {

namespace detail {

/// answers_of(group, answers): appends one optional answer a sample, or nothing at all.
template <class AnswersOf>
void write_rewarded(const std::string& from, const std::string& to, const AnswerGroups& groups,
                    std::span<const double> reward, std::span<const double> advantage,
                    const JsonlOptions& options, AnswerField field, AnswersOf&& answers_of) {
  require(reward.size() == groups.samples() && advantage.size() == groups.samples(),
          Errc::dimension_mismatch, "write_rewarded: ", groups.samples(), " samples but ",
          reward.size(), " rewards and ", advantage.size(), " advantages");
  JsonlReader reader(from, options);
  AtomicFile file(to);
  RolloutGroup group;
  std::string line;
  JsonLine json;
  std::vector<JsonLine::Index> places;
  std::vector<std::optional<std::string>> answers;
  std::vector<SampleEdit> edits;
  std::size_t g = 0;
  for (; reader.next(); ++g) {
    read_group_line(reader, json, group, places, field);
    require(g < groups.groups() && group.samples.size() == groups.group(g).size(), Errc::io,
            "write_rewarded: '", from, "' changed while it was in use (line ", g + 1, ")");
    const auto first = static_cast<std::size_t>(groups.begin[g]);
    answers.clear();
    answers_of(group, answers);
    answers.resize(places.size());
    edits.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
      edits.push_back({reward[first + i], advantage[first + i], std::move(answers[i])});
    }
    line.clear();
    splice_samples(json, reader.line(), places, edits, false, line);
    line += '\n';
    file.write(line);
  }
  require(g == groups.groups(), Errc::io, "write_rewarded: '", from,
          "' changed while it was in use: ", g, " groups, not ", groups.groups());
  file.commit();
}

}  // namespace detail

/// Copies the rollout file `from` to `to` with "reward" and "advantage" added to every sample (or
/// replaced, where a sample has them); all other bytes, among them fields that the schema does not
/// know, stay as they are, in their order. NaN (no reward) is written as null, numbers round-trip
/// doubles. `groups` are those read from `from`; one reward and advantage a sample. `to` appears
/// complete or not at all (AtomicFile), and may be `from`. Memory: one line.
///
/// Errors: those of read_group and AtomicFile; Errc::dimension_mismatch where the arrays do not fit
/// `groups`; Errc::io where the file is no longer the one that `groups` came from.
inline void write_rewarded(const std::string& from, const std::string& to,
                           const AnswerGroups& groups, std::span<const double> reward,
                           std::span<const double> advantage, const JsonlOptions& options = {}) {
  detail::write_rewarded(from, to, groups, reward, advantage, options, AnswerField::required,
                         [](RolloutGroup&, auto&) {});
}

/// The same for a file whose missing answers were read from the texts: they are written as
/// "answer".
template <AnswerExtractor Extract>
void write_rewarded(const std::string& from, const std::string& to, const AnswerGroups& groups,
                    std::span<const double> reward, std::span<const double> advantage,
                    const Extract& extract, const JsonlOptions& options = {}) {
  ExtractionReport ignored;
  detail::write_rewarded(from, to, groups, reward, advantage, options, AnswerField::optional,
                         [&](RolloutGroup& group, auto& answers) {
                           for (auto& sample : group.samples) {
                             const bool had = sample.answer.has_value();
                             fill_answer(sample, extract, ignored);
                             answers.push_back(had ? std::nullopt : sample.answer);
                           }
                         });
}

}  // namespace dag
