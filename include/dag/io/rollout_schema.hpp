// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dag/io/json_line.hpp>
#include <dag/io/row_format.hpp>

namespace dag {

/// One sampled answer of a rollout file.
struct RolloutSample {
  std::optional<std::string> text;
  std::optional<std::string> answer;  ///< none: no answer could be read
  std::optional<bool> correct;
  std::optional<double> logprob;  ///< nats; of a list of tokens their sum
  std::optional<double> reward;   ///< the sample's own
};

/// One line of a rollout file: the samples of one question in one context (of flat rows: one).
struct RolloutGroup {
  std::string question_id;
  std::string context_id;
  std::optional<std::string> prompt;
  std::vector<std::string> gold;  ///< the right answer and its aliases; empty: none is known
  std::vector<RolloutSample> samples;
};

/// Whether every sample must have the field "answer" (null says: none could be read), or may leave
/// it to be read from the text.
enum class AnswerField { required, optional };

namespace detail {

/// Reads one parsed line by a format. What people write is taken as it is meant: numbers and
/// booleans where strings are (as they are spelled), 1 and 0 for true and false, null for nothing,
/// a list of golds, a list of token log-probabilities, chat messages (the last content). Throws
/// JsonLine::Fault, with the field's name.
class RowReader {
 public:
  RowReader(const JsonLine& json, const RowFormat& format, AnswerField answers)
      : json_(json), format_(format), answers_(answers) {}

  /// `places`: the value of each sample in the line.
  void read(RolloutGroup& group, std::vector<JsonLine::Index>& places) const {
    const JsonLine::Index row = JsonLine::root();
    if (!json_.is(row, JsonKind::object)) {
      throw JsonLine::Fault{"a line must be an object, got " + std::string(name(row)), 1};
    }
    group.question_id.clear();
    for (const std::string& field : format_.group_by) {
      const JsonLine::Index value = any(row, field);
      if (value == JsonLine::none) {
        throw JsonLine::Fault{"\"" + field + "\" is missing", 1};
      }
      if (json_.is(value, JsonKind::null)) {
        wrong(field, value, "a string or a number");
      }
      append_name(group.question_id, json_.text(value), field == format_.group_by.front(),
                  format_.group_by.size() > 1);
    }
    group.context_id.clear();
    bool named = false;
    for (const std::string& field : format_.context) {
      const JsonLine::Index value = any(row, field);
      const bool there = value != JsonLine::none && !json_.is(value, JsonKind::null);
      named = named || there;
      append_name(group.context_id, there ? json_.text(value) : std::string(),
                  field == format_.context.front(), format_.context.size() > 1);
    }
    if (!named) {
      group.context_id.clear();
    }
    group.prompt = text(any(row, format_.prompt), format_.prompt);
    group.gold.clear();
    gold(any(row, format_.gold), group.gold);

    group.samples.clear();
    places.clear();
    const JsonLine::Index samples =
        format_.samples.empty() ? JsonLine::none : any(row, format_.samples);
    if (samples == JsonLine::none) {
      if (!format_.flat) {
        throw JsonLine::Fault{"\"" + format_.samples +
                                  "\" is missing (rows with one sample each "
                                  "need to be grouped by a field)",
                              1};
      }
      sample(row, {}, group, places);
      return;
    }
    if (!json_.is(samples, JsonKind::array)) {
      wrong(format_.samples, samples, "an array");
    }
    for (auto i = json_.first(samples); i != JsonLine::none; i = json_.after(i, samples)) {
      sample(i, format_.samples + "[" + std::to_string(places.size()) + "]", group, places);
    }
    if (places.empty()) {
      throw JsonLine::Fault{"\"" + format_.samples + "\" is empty: a group has at least one sample",
                            json_.begin(samples) + 1};
    }
  }

 private:
  /// Several fields name one thing as "a | b"; a | inside of one is written \|, so that no two
  /// lists of fields have the same name.
  static void append_name(std::string& out, const std::string& part, bool first, bool several) {
    out += first ? "" : " | ";
    for (const char c : part) {
      if (several && (c == '|' || c == '\\')) {
        out += '\\';
      }
      out += c;
    }
  }

  [[nodiscard]] std::string_view name(JsonLine::Index i) const {
    switch (json_.kind(i)) {
      case JsonKind::null: return "null";
      case JsonKind::boolean: return "a boolean";
      case JsonKind::number: return "a number";
      case JsonKind::string: return "a string";
      case JsonKind::array: return "an array";
      case JsonKind::object: break;
    }
    return "an object";
  }

  [[noreturn]] void wrong(const std::string& field, JsonLine::Index i,
                          std::string_view wanted) const {
    throw JsonLine::Fault{
        "\"" + field + "\" must be " + std::string(wanted) + ", got " + std::string(name(i)),
        json_.begin(i) + 1};
  }

  /// The first of the fields "a|b|c" that is there.
  [[nodiscard]] JsonLine::Index any(JsonLine::Index i, std::string_view fields) const {
    for (bool more = !fields.empty(); more;) {
      const std::size_t bar = fields.find('|');
      const JsonLine::Index found = json_.at(i, fields.substr(0, bar));
      if (found != JsonLine::none) {
        return found;
      }
      more = bar != std::string_view::npos;
      fields.remove_prefix(more ? bar + 1 : fields.size());
    }
    return JsonLine::none;
  }

  /// The words of a message: its content, or the texts of its parts; of a list the last message's.
  [[nodiscard]] std::optional<std::string> text(JsonLine::Index i, const std::string& field) const {
    if (i == JsonLine::none || json_.is(i, JsonKind::null)) {
      return std::nullopt;
    }
    if (json_.is(i, JsonKind::array)) {
      JsonLine::Index last = JsonLine::none;
      bool parts = true;  // {"type": "text", "text": ..}: one message
      std::string joined;
      for (auto k = json_.first(i); k != JsonLine::none; k = json_.after(k, i)) {
        last = k;
        const JsonLine::Index words = json_.find(k, "text");
        parts = parts && json_.is(words, JsonKind::string);
        joined += parts ? json_.text(words) : std::string();
      }
      if (last == JsonLine::none) {
        return std::nullopt;
      }
      return parts ? joined : text(last, field);
    }
    if (json_.is(i, JsonKind::object)) {
      const JsonLine::Index content = any(i, "content|text");
      if (content == JsonLine::none) {
        wrong(field, i, "a string, null or chat messages");
      }
      return text(content, field);
    }
    return json_.text(i);
  }

  void gold(JsonLine::Index i, std::vector<std::string>& out) const {
    if (i == JsonLine::none || json_.is(i, JsonKind::null)) {
      return;
    }
    if (json_.is(i, JsonKind::array)) {
      for (auto k = json_.first(i); k != JsonLine::none; k = json_.after(k, i)) {
        gold(k, out);
      }
      return;
    }
    if (json_.is(i, JsonKind::object)) {
      const JsonLine::Index inside = any(i, "ground_truth|value|answer|content|target");
      if (inside == JsonLine::none) {
        wrong(format_.gold, i, "a string, a list of strings or null");
      }
      gold(inside, out);
      return;
    }
    out.push_back(json_.text(i));
  }

  void sample(JsonLine::Index i, const std::string& where, RolloutGroup& group,
              std::vector<JsonLine::Index>& places) const {
    const std::string dot = where.empty() ? "" : where + ".";
    RolloutSample& out = group.samples.emplace_back();
    places.push_back(i);
    if (json_.is(i, JsonKind::string)) {  // a list of texts
      out.text = json_.text(i);
      return;
    }
    if (!json_.is(i, JsonKind::object)) {
      wrong(where, i, "an object");
    }
    out.text = text(any(i, format_.text), dot + format_.text);
    const JsonLine::Index answer = any(i, format_.answer);
    if (answer == JsonLine::none && answers_ == AnswerField::required) {
      throw JsonLine::Fault{"\"" + dot + format_.answer +
                                "\" is missing; it must be a string or null (or be read from the "
                                "texts)",
                            json_.begin(i) + 1};
    }
    if (answer != JsonLine::none && !json_.is(answer, JsonKind::null)) {
      if (json_.is(answer, JsonKind::object)) {
        wrong(dot + format_.answer, answer, "a string or null");
      }
      std::vector<std::string> parts;
      gold(answer, parts);
      for (const std::string& part : parts) {
        out.answer = out.answer ? *out.answer + ", " + part : part;
      }
    }
    correct(any(i, format_.correct), dot + format_.correct, out.correct);
    number(any(i, format_.logprob), dot + format_.logprob, true, out.logprob);
    number(any(i, format_.reward), dot + format_.reward, false, out.reward);
  }

  void correct(JsonLine::Index i, const std::string& field, std::optional<bool>& out) const {
    double value = 0;
    if (i == JsonLine::none || json_.is(i, JsonKind::null)) {
      return;
    }
    if (json_.is(i, JsonKind::boolean)) {
      out = json_.boolean(i);
    } else if (json_.is(i, JsonKind::number) && json_.number(i, value) &&
               (value == 0 || value == 1)) {
      out = value == 1;
    } else {
      wrong(field, i, "true, false, 1, 0 or null");
    }
  }

  void number(JsonLine::Index i, const std::string& field, bool list,
              std::optional<double>& out) const {
    if (i == JsonLine::none || json_.is(i, JsonKind::null)) {
      return;
    }
    if (list && json_.is(i, JsonKind::array)) {
      double sum = 0;
      for (auto k = json_.first(i); k != JsonLine::none; k = json_.after(k, i)) {
        std::optional<double> one;
        number(json_.is(k, JsonKind::object) ? any(k, "logprob") : k, field, false, one);
        sum += one.value_or(0);
      }
      out = sum;
      return;
    }
    double value = 0;
    if (!list && !json_.is(i, JsonKind::boolean) && !json_.is(i, JsonKind::number)) {
      return;  // a reward of a shape of its own says nothing here
    }
    if (json_.is(i, JsonKind::boolean)) {
      out = json_.boolean(i) ? 1 : 0;
    } else if (json_.is(i, JsonKind::number) && json_.number(i, value) && std::isfinite(value)) {
      out = value;
    } else if (json_.is(i, JsonKind::number)) {
      throw JsonLine::Fault{"\"" + field + "\" is beyond the range of doubles", json_.begin(i) + 1};
    } else {
      wrong(field, i, list ? "a number, a list of numbers or null" : "a number or null");
    }
  }

  const JsonLine& json_;
  const RowFormat& format_;
  AnswerField answers_;
};

}  // namespace detail

}  // namespace dag
