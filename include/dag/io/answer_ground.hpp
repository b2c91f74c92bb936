// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/answers/answer_universe.hpp>
#include <dag/core/error.hpp>
#include <dag/io/detail/question_lines.hpp>
#include <dag/numeric/number.hpp>
#include <dag/text/answer_key.hpp>

namespace dag {

/// What a number for a pair of answers means: a distance (0 on the diagonal) or a kernel, which is
/// exp(-distance) where it is made from one and 1 on the diagonal.
enum class Ground { distance, kernel };

/// n x n numbers of a question's universe, row-major: 0 or 1 as distances, the identity as kernel.
[[nodiscard]] inline std::vector<double> discrete_ground(Ground ground, std::size_t n) {
  std::vector<double> out(n * n, ground == Ground::distance ? 1.0 : 0.0);
  for (std::size_t z = 0; z < n; ++z) {
    out[z * n + z] = ground == Ground::distance ? 0.0 : 1.0;
  }
  return out;
}

/// |a - b| / scale for answers that are numbers, or exp of minus that (Laplace's kernel, positive
/// definite). Errors: invalid_argument, naming the answer that is no number; scale.
[[nodiscard]] inline std::vector<double> number_ground(Ground ground,
                                                       const AnswerUniverse& universe,
                                                       std::size_t q, double scale) {
  require(scale > 0 && std::isfinite(scale), Errc::invalid_argument,
          "number_ground: the scale must be > 0 and finite, got ", scale);
  const std::size_t n = universe.size(q);
  std::vector<double> value(n), out(n * n);
  std::string key;
  for (std::size_t z = 0; z < n; ++z) {
    AnswerKey{}(universe.text(q, z), key);
    const char* fault = detail::number_value(key, value[z]);
    require(fault == nullptr, Errc::invalid_argument, "number_ground: answer '",
            universe.text(q, z), "' of question '",
            universe.groups().questions[static_cast<std::int32_t>(q)], "' is no number");
  }
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      const double distance = std::abs(value[a] - value[b]) / scale;
      out[a * n + b] = ground == Ground::distance ? distance : std::exp(-distance);
    }
  }
  return out;
}

/// Numbers of pairs from a file, one object a line: {"question_id": str, "pairs": [[answer, answer,
/// number], ...]}, symmetric: each pair is given once, in any order; a pair that is not given keeps
/// its entry of `discrete_ground`, and so does a question without a line. Answers go through `key`;
/// pairs with answers outside the universe, and unknown questions, are passed over. Out: by
/// question. Errors: those of JsonlReader; parse, naming the line (fields, a pair given twice, a
/// second line).
template <class Key = AnswerKey>
[[nodiscard]] std::vector<std::vector<double>> read_ground(const std::string& path, Ground ground,
                                                           const AnswerUniverse& universe,
                                                           const Key& key = {},
                                                           const JsonlOptions& options = {}) {
  const AnswerGroups& groups = universe.groups();
  std::vector<std::vector<double>> out(groups.questions.size());
  std::vector<char> given;
  std::string name;
  detail::read_question_lines(
      path, groups, "pairs", nlohmann::json::value_t::array, options,
      [&](const JsonlReader& reader, std::int32_t question, const nlohmann::json& line) {
        const auto q = static_cast<std::size_t>(question < 0 ? 0 : question);
        if (question >= 0 && !out[q].empty()) {
          reader.fail_here("question '", groups.questions[question], "' has two lines");
        }
        const std::size_t n = question < 0 ? 0 : universe.size(q);
        std::vector<double> matrix = discrete_ground(ground, n);
        given.assign(n * n, 0);
        for (const auto& pair : line["pairs"]) {
          if (!pair.is_array() || pair.size() != 3 || !pair[0].is_string() ||
              !pair[1].is_string()) {
            reader.fail_here("a pair must be [answer, answer, number], got ",
                             pair.dump().substr(0, 100));
          }
          const double number = detail::finite_number(
              reader, pair[2], "the number of pair " + pair.dump().substr(0, 100));
          const auto id = [&](const nlohmann::json& answer) {
            key(answer.get_ref<const std::string&>(), name);
            return question < 0 ? std::int32_t{-1} : universe.find(q, name);
          };
          const auto a = id(pair[0]), b = id(pair[1]);
          if (a < 0 || b < 0) {
            continue;
          }
          for (const auto& [row, column] : {std::pair(a, b), std::pair(b, a)}) {
            const auto at = static_cast<std::size_t>(row) * n + static_cast<std::size_t>(column);
            if (given[at] != 0 && matrix[at] != number) {
              reader.fail_here("pair ", pair.dump().substr(0, 100), " was given before as ",
                               matrix[at]);
            }
            given[at] = 1;
            matrix[at] = number;
          }
        }
        if (question >= 0) {
          out[q] = std::move(matrix);
        }
      });
  for (std::size_t q = 0; q < out.size(); ++q) {
    if (out[q].empty()) {
      out[q] = discrete_ground(ground, universe.size(q));
    }
  }
  return out;
}

}  // namespace dag
