// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <dag/io/jsonl.hpp>

namespace dag {

/// One sampled answer of a rollout file.
struct RolloutSample {
  std::optional<std::string> text;
  std::optional<std::string> answer;  ///< none: no answer could be read
  std::optional<bool> correct;
  std::optional<double> logprob;  ///< nats
};

/// One line of a rollout file: the samples of one question in one context.
struct RolloutGroup {
  std::string question_id;
  std::string context_id;
  std::optional<std::string> prompt;
  std::optional<std::string> gold;
  std::vector<RolloutSample> samples;
};

/// Whether every sample must have the field "answer" (null says: none could be read), or may leave
/// it to be read from the text.
enum class AnswerField { required, optional };

namespace detail {

/// SAX handler of the rollout schema: no document tree, so memory stays near the size of the line.
class RolloutHandler {
 public:
  RolloutHandler(const JsonlReader& reader, RolloutGroup& group, AnswerField answers)
      : reader_(reader), group_(group), answers_(answers) {
    group_.samples.clear();
  }

  bool null() { return value("null", Kind::null); }
  bool boolean(bool flag) {
    flag_ = flag;
    return value("a boolean", Kind::boolean);
  }
  bool number_integer(std::int64_t number) { return this->number(static_cast<double>(number)); }
  bool number_unsigned(std::uint64_t number) { return this->number(static_cast<double>(number)); }
  bool number_float(double number, const std::string&) { return this->number(number); }
  bool string(std::string& text) {
    text_ = &text;
    return value("a string", Kind::string);
  }
  bool binary(nlohmann::json::binary_t&) { return value("binary", Kind::other); }

  bool start_object(std::size_t) {
    if (depth_ == 0) {
      // the group itself
    } else if (depth_ == 2 && in_samples_) {
      group_.samples.emplace_back();
      seen_sample_ = 0;
    } else {
      value("an object", Kind::other);
    }
    ++depth_;
    return true;
  }
  bool end_object() {
    --depth_;
    if (depth_ == 0) {
      require_fields(seen_group_, group_fields, false);
    } else if (depth_ == 2 && in_samples_) {
      require_fields(seen_sample_, sample_fields, true);
    }
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ == 1 && key_ == "samples") {
      in_samples_ = true;
    } else {
      value("an array", Kind::other);
    }
    ++depth_;
    return true;
  }
  bool end_array() {
    --depth_;
    if (depth_ == 1 && in_samples_) {
      in_samples_ = false;
      if (group_.samples.empty()) {
        reader_.fail_here("\"samples\" is empty: a group has at least one sample");
      }
    }
    return true;
  }
  bool key(std::string& name) {
    if (depth_ == 1) {
      key_ = name;
      mark(seen_group_, group_fields, false);
    } else if (depth_ == 3 && in_samples_) {
      key_ = name;
      mark(seen_sample_, sample_fields, true);
    }
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    reader_.fail_json(error);
  }

 private:
  enum class Kind { null, boolean, number, string, other };
  struct Field {
    std::string_view name;
    std::string_view type;
    bool required;
  };
  static constexpr Field group_fields[5] = {{"question_id", "a string", true},
                                            {"context_id", "a string", true},
                                            {"prompt", "a string or null", true},
                                            {"gold", "a string or null", true},
                                            {"samples", "an array", true}};
  static constexpr Field sample_fields[4] = {{"text", "a string or null", true},
                                             {"answer", "a string or null", true},
                                             {"correct", "true or false", false},
                                             {"logprob", "a number", false}};

  [[nodiscard]] std::string where(bool in_sample) const {
    return !in_sample ? std::string()
                      : "samples[" + std::to_string(group_.samples.size() - 1) + "].";
  }

  template <std::size_t Count>
  void mark(unsigned& seen, const Field (&fields)[Count], bool in_sample) {
    for (unsigned i = 0; i < Count; ++i) {
      if (fields[i].name == key_) {
        if ((seen & (1U << i)) != 0) {
          reader_.fail_here("\"", where(in_sample), key_, "\" is given twice");
        }
        seen |= 1U << i;
      }
    }
  }

  template <std::size_t Count>
  void require_fields(unsigned seen, const Field (&fields)[Count], bool in_sample) {
    for (unsigned i = 0; i < Count; ++i) {
      const bool waived =
          answers_ == AnswerField::optional && in_sample && fields[i].name == "answer";
      if (fields[i].required && !waived && (seen & (1U << i)) == 0) {
        reader_.fail_here("\"", where(in_sample), fields[i].name, "\" is missing; it must be ",
                          fields[i].type);
      }
    }
  }

  bool number(double value_of) {
    number_ = value_of;
    return value("a number", Kind::number);
  }

  /// A value that is no part of the structure: stored if the schema knows its place, else skipped.
  bool value(std::string_view found, Kind kind) {
    if (depth_ == 0) {
      reader_.fail_here("a line must be an object with question_id, context_id, prompt, gold and ",
                        "samples, got ", found, ", near '", reader_.excerpt(1), "'");
    }
    if (depth_ == 2 && in_samples_) {
      reader_.fail_here("samples[", group_.samples.size(), "] must be an object, got ", found);
    }
    if (depth_ == 1) {
      group_value(found, kind);
    } else if (depth_ == 3 && in_samples_) {
      sample_value(found, kind);
    }
    return true;
  }

  void group_value(std::string_view found, Kind kind) {
    if (key_ == "question_id" || key_ == "context_id") {
      check(kind == Kind::string, false, group_fields[0].type, found);
      (key_ == "question_id" ? group_.question_id : group_.context_id) = *text_;
    } else if (key_ == "prompt" || key_ == "gold") {
      store(key_ == "prompt" ? group_.prompt : group_.gold, false, found, kind);
    } else if (key_ == "samples") {
      check(false, false, "an array", found);
    }
  }

  void sample_value(std::string_view found, Kind kind) {
    auto& sample = group_.samples.back();
    if (key_ == "text" || key_ == "answer") {
      store(key_ == "text" ? sample.text : sample.answer, true, found, kind);
    } else if (key_ == "correct") {
      check(kind == Kind::boolean, true, sample_fields[2].type, found);
      sample.correct = flag_;
    } else if (key_ == "logprob") {
      check(kind == Kind::number, true, sample_fields[3].type, found);
      sample.logprob = number_;
    }
  }

  void store(std::optional<std::string>& target, bool in_sample, std::string_view found,
             Kind kind) {
    check(kind == Kind::string || kind == Kind::null, in_sample, "a string or null", found);
    if (kind == Kind::null) {
      target.reset();
    } else {
      target = *text_;
    }
  }

  void check(bool holds, bool in_sample, std::string_view type, std::string_view found) {
    if (!holds) {
      reader_.fail_here("\"", where(in_sample), key_, "\" must be ", type, ", got ", found);
    }
  }

  const JsonlReader& reader_;
  RolloutGroup& group_;
  AnswerField answers_;
  std::string key_;
  const std::string* text_ = nullptr;
  double number_ = 0;
  bool flag_ = false;
  bool in_samples_ = false;
  std::size_t depth_ = 0;
  unsigned seen_group_ = 0;
  unsigned seen_sample_ = 0;
};

}  // namespace detail

}  // namespace dag
