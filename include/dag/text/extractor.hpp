// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/text/extract.hpp>
#include <dag/text/extract_number.hpp>
#include <dag/text/extract_phrase.hpp>
#include <dag/text/extraction.hpp>
#include <dag/text/regex_extractor.hpp>

namespace dag {

/// The ways to find an answer by name, tried in order until one finds it. A value: copied and
/// called from any number of threads.
class Extractor {
 public:
  /// `spec`: ways separated by commas.
  ///   boxed, hash, answer-is, number   see extract_boxed and so on
  ///   tag:NAME                         extract_tag
  ///   phrase:WORDS                     extract_after_phrase
  ///   text                             all of the text
  ///   after:MARK, after?:MARK          the ways behind it see only what follows the last MARK;
  ///   with
  ///                                    "?" all of the text where there is no MARK. Last: all that
  ///                                    follows it. after:</think>,boxed
  ///   regex:PATTERN                    RegexExtractor; to the end of `spec` (it may hold commas)
  /// WAY>number is the number that WAY's answer says (only_number): "12 apples" is 12.
  ///
  /// Where "boxed" comes before "answer-is" and a choice is announced after the last box ("Answer:
  /// D" below a boxed formula), the choice is the answer.
  /// Errors: invalid_argument (a name), parse (a pattern), unsupported (regex without RE2).
  explicit Extractor(std::string_view spec) {
    for (bool more = true; more;) {
      if (detail::starts(spec, "regex:")) {
        steps_.push_back({Way::regex, RegexExtractor(spec.substr(6)), {}, false});
        return;
      }
      const std::size_t comma = spec.find(',');
      add(spec.substr(0, comma));
      more = comma != std::string_view::npos;
      spec = more ? spec.substr(comma + 1) : std::string_view();
    }
    const Way last = steps_.back().way;
    if (last == Way::after || last == Way::after_if_there) {
      add("text");
    }
  }

  /// What a worked-out gold ends in: by the ways of this chain that go by a marker (a regular
  /// expression only in a text of more than a line or 40 bytes), else by "####" or a box.
  [[nodiscard]] Extraction worked(std::string_view gold) const {
    for (const Step& step : steps_) {
      const bool marker = step.way == Way::boxed || step.way == Way::answer_is ||
                          step.way == Way::marker ||
                          (step.way == Way::regex &&
                           (gold.size() > 40 || gold.find('\n') != std::string_view::npos));
      if (marker) {
        Extraction found = step.extract(gold);
        if (found.found() && step.number) {
          found = only_number(found.answer);
        }
        if (found.found()) {
          return found;
        }
      }
    }
    Extraction found = extract_hash(gold);
    return found.found() ? found : extract_boxed(gold);
  }

  /// The first way that finds an answer; if none does, the reason of the first.
  [[nodiscard]] Extraction operator()(std::string_view text) const {
    Extraction first;
    bool tried = false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (step.way == Way::after || step.way == Way::after_if_there) {
        const std::size_t mark = text.rfind(step.word);
        if (mark != std::string_view::npos) {
          text = text.substr(mark + step.word.size());
        } else if (step.way == Way::after) {
          const bool thinks = detail::spoken(text).unfinished;
          return tried ? first
                       : Extraction{detail::blank(text) ? ExtractOutcome::no_text
                                    : thinks            ? ExtractOutcome::unfinished
                                                        : ExtractOutcome::no_marker,
                                    {}};
        }
        continue;
      }
      Extraction found = step.extract(text);
      if (found.found() && step.number) {
        found = only_number(found.answer);
      }
      if (found.found()) {
        return step.way == Way::boxed && !step.number ? choice_after(text, i, std::move(found))
                                                      : found;
      }
      first = tried ? std::move(first) : std::move(found);
      tried = true;
    }
    return first;
  }

 private:
  enum class Way { function, marker, regex, boxed, answer_is, after, after_if_there };
  struct Step {
    Way way = Way::function;
    std::function<Extraction(std::string_view)> extract;
    std::string word;
    bool number = false;
  };

  void add(std::string_view name) {
    for (const auto& [prefix, way] : {std::pair<std::string_view, Way>{"after:", Way::after},
                                      {"after?:", Way::after_if_there}}) {
      if (detail::starts(name, prefix)) {
        std::string_view mark = name.substr(prefix.size());
        std::string_view inner;
        for (const std::string_view known :
             {">boxed>number", ">answer-is>number", ">hash>number", ">boxed", ">answer-is", ">hash",
              ">number"}) {  // after:</think>>boxed
          if (inner.empty() && mark.size() > known.size() && detail::ends(mark, known)) {
            inner = known.substr(1);
            mark.remove_suffix(known.size());
          }
        }
        require(!mark.empty(), Errc::invalid_argument, "Extractor: '", name, "' names no mark");
        steps_.push_back({way, {}, std::string(mark), false});
        if (!inner.empty()) {
          add(inner);
        }
        return;
      }
    }
    const std::string_view whole = name;
    Step step{};
    constexpr std::string_view to_number = ">number";
    if (name.size() > to_number.size() && detail::ends(name, to_number)) {
      name.remove_suffix(to_number.size());
      step.number = true;
    }
    if (name == "boxed") {
      step.way = Way::boxed;
      step.extract = extract_boxed;
    } else if (name == "answer-is") {
      step.way = Way::answer_is;
      step.extract = extract_answer_is;
    } else if (name == "hash") {
      step.way = Way::marker;
      step.extract = extract_hash;
    } else if (name == "number") {
      step.extract = extract_number;
    } else if (name == "text") {
      step.extract = [](std::string_view text) {
        const detail::Spoken said = detail::spoken(text);
        return detail::blank(said.text) ? Extraction{detail::nothing_found(said), {}}
                                        : detail::finished(said.text);
      };
    } else if (detail::starts(name, "tag:") && name.size() > 4) {
      step.way = Way::marker;
      step.extract = [tag = std::string(name.substr(4))](std::string_view text) {
        return extract_tag(text, tag);
      };
    } else if (detail::starts(name, "phrase:") && name.size() > 7) {
      step.way = Way::marker;
      step.extract = [phrase = std::string(name.substr(7))](std::string_view text) {
        return extract_after_phrase(text, phrase);
      };
    }
    require(step.extract != nullptr, Errc::invalid_argument, "Extractor: '", whole,
            "' is no way to find an answer; there are boxed, hash, answer-is, number, tag:NAME, "
            "phrase:WORDS, text (each possibly with >number), after:MARK, after?:MARK and "
            "regex:PATTERN");
    steps_.push_back(std::move(step));
  }

  /// The choice that is announced after the last box, where this chain looks for one and the box
  /// holds none; else what the box holds.
  [[nodiscard]] Extraction choice_after(std::string_view text, std::size_t i,
                                        Extraction boxed) const {
    bool looks = false;
    for (std::size_t k = i + 1; k < steps_.size(); ++k) {
      looks = looks || (steps_[k].way == Way::answer_is && !steps_[k].number);
    }
    if (looks && detail::bare_choice(boxed.answer) == '\0') {
      const std::size_t box = detail::last_box(text, std::string_view::npos);
      Extraction after = extract_answer_is(text.substr(box + 1));
      if (after.found() && after.answer.size() == 1 && detail::is_upper(after.answer[0])) {
        return after;
      }
    }
    return boxed;
  }

  std::vector<Step> steps_;
};

}  // namespace dag
