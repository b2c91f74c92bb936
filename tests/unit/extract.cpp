// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/text/answer.hpp>
#include <dag/text/extractor.hpp>

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#if __has_include(<nlohmann/json.hpp>)
#include <dag/io/rollouts.hpp>
#include <filesystem>
#endif

using dag::Extraction;
using dag::ExtractOutcome;

namespace {

struct Case {
  const char* text;
  const char* answer;  ///< null: not found
  ExtractOutcome outcome = ExtractOutcome::found;
};

template <class Extract>
void check(Extract&& extract, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const Extraction found = extract(std::string_view(c.text));
    CAPTURE(found.answer);
    CHECK(static_cast<int>(found.outcome) == static_cast<int>(c.outcome));
    CHECK(found.answer == (c.answer == nullptr ? "" : c.answer));
  }
}

}  // namespace

TEST_CASE("the last box, whole, with its nested braces") {
  check(dag::extract_boxed, {{"so \\boxed{42}.", "42"},
                             {"first \\boxed{1}, no: \\boxed{2}", "2"},
                             {"$\\boxed{\\frac{1}{2}}$", "1/2"},
                             {"\\boxed{\\dfrac{3}{\\sqrt{2}}}", "3/sqrt(2)"},
                             {"\\boxed{-\\frac12}", "-1/2"},
                             {"\\boxed{3\\frac{1}{2}}", "3 1/2"},
                             {"\\boxed{\\text{(B)}}", "B"},
                             {"\\boxed{(A) answer question} is right", "A"},
                             {"\\boxed{\\$1{,}250.50}", "$1,250.50"},
                             {"\\boxed{1\\,000\\,000}", "1000000"},
                             {"\\boxed{50\\%}", "50%"},
                             {"\\boxed{90^\\circ} and \\boxed{45^{\\circ}}", "45"},
                             {"\\boxed{\\{1, 2\\}}", "{1, 2}"},
                             {"\\boxed{x^{2}+1}", "x^2+1"},
                             {"\\boxed{\\left(\\frac{a+b}{c}, 3\\right)}", "((a+b)/c, 3)"},
                             {"\\boxed 7 is it", "7"},
                             {"\\fbox{8}", "8"},
                             {"\\boxed{outer \\boxed{5}}", "5"},
                             {"\\boxed{ 5. }", "5"},
                             {"\\boxed{\\infty}", "infinity"},
                             {"\\boxed{3} wait, \\boxed{4", nullptr, ExtractOutcome::unclosed},
                             {"\\boxed{a}b\\}{", "a"},
                             {"\\boxed", nullptr, ExtractOutcome::unclosed},
                             {"\\boxed{}", nullptr, ExtractOutcome::empty},
                             {"\\boxed{ }", nullptr, ExtractOutcome::empty},
                             {"\\boxedfoo{1}", nullptr, ExtractOutcome::no_marker},
                             {"42", nullptr, ExtractOutcome::no_marker},
                             {" \n\t", nullptr, ExtractOutcome::no_text},
                             {"", nullptr, ExtractOutcome::no_text}});
  // Far from the end: there is no window.
  const std::string far = "\\boxed{17}" + std::string(100000, 'x');
  CHECK(dag::extract_boxed(far).answer == "17");
  // Deep nesting neither overflows nor takes long.
  const std::string deep =
      "\\boxed{" + std::string(100000, '{') + "1" + std::string(100000, '}') + "}";
  CHECK(dag::extract_boxed(deep).found());
}

TEST_CASE("#### and its line") {
  check(dag::extract_hash, {{"work\n#### 18", "18"},
                            {"#### 1\nno\n#### -1,234.50\nbye", "-1,234.50"},
                            {"#### $5.", "5"},
                            {"####", nullptr, ExtractOutcome::empty},
                            {"### 5", nullptr, ExtractOutcome::no_marker}});
}

TEST_CASE("the words after 'answer is'") {
  check(dag::extract_answer_is, {{"So the answer is no.", "no"},
                                 {"The answer is 5. The answer is 6.", "6"},
                                 {"The final answer is: **-3.5**.", "-3.5"},
                                 {"**Answer:** 1/2", "1/2"},
                                 {"ANSWER = 12 apples", "12 apples"},
                                 {"The answer (arabic numerals) is \n\n800", "800"},
                                 {"the answer is \"hteeD nhsaA eeD.\"", "hteeD nhsaA eeD"},
                                 {"Among A through C, the answer is (B) a red ball.", "B"},
                                 {"The answer is C) because", "C"},
                                 {"The answer is $\\boxed{\\frac{3}{4}}$. Done.", "3/4"},
                                 {"The answer is $3.50 per kg.", "3.50 per kg"},
                                 {"The answer is 7. But the answer is not 8.", "7"},
                                 {"the answer is 42!", "42"},
                                 {"The answer is\n", nullptr, ExtractOutcome::empty},
                                 {"The answers are 1 and 2.", nullptr, ExtractOutcome::no_marker},
                                 {"Unanswered: 3", nullptr, ExtractOutcome::no_marker},
                                 {"An answer isn't known", nullptr, ExtractOutcome::no_marker}});
}

TEST_CASE("the last number: signs, separators, fractions, and what is no number") {
  check(dag::extract_number, {{"it takes 3 minutes, not 5.", "5"},
                              {"x = -5", "-5"},
                              {"10 - 5", "5"},
                              {"10-5", "5"},
                              {"(-5)", "-5"},
                              {"from 3 to -4", "-4"},
                              {"-$5.50 in all", "-5.50"},
                              {"minus \xE2\x88\x92"
                               "12 degrees",
                               "-12"},
                              {"= 1,234,567.89 dollars", "1,234,567.89"},
                              {"1,23", "23"},
                              {"odds of 1/2", "1/2"},
                              {"on 07/01/1972", "1972"},
                              {"2020-01-05", "05"},
                              {"50%", "50%"},
                              {"about 1.5e3 units", "1.5e3"},
                              {".5", ".5"},
                              {"gpt4 says", nullptr, ExtractOutcome::no_marker},
                              {"5kg", "5"},
                              {"none", nullptr, ExtractOutcome::no_marker}});
}

TEST_CASE("regular expressions: the last match of the last line that has one") {
  const dag::RegexExtractor letter("\\(([A-E])\\)");
  check(letter, {{"(A) or (B)\nso (C)\nyes", "C"},
                 {"(A) and (B)", "B"},
                 {"(F)", nullptr, ExtractOutcome::no_marker},
                 {"", nullptr, ExtractOutcome::no_text}});
  check(dag::RegexExtractor("^Result: *(.*)$"),
        {{"Result: 1\nResult:  two words \nend", "two words"},
         {"a Result: 1", nullptr, ExtractOutcome::no_marker},
         {"Result:", nullptr, ExtractOutcome::empty}});
  check(dag::RegexExtractor("[0-9]+"), {{"a1b22", "22"}});
  CHECK_THROWS_AS(dag::RegexExtractor("(unclosed"), dag::Error);
  // A pattern and a line that exhaust the stack of a backtracking matcher.
  const std::string line = std::string(60000, 'a') + "=7";
  CHECK(dag::RegexExtractor("^(?:a|b)*=(.*)$")(line).answer == "7");
}

TEST_CASE("chains, names, hooks") {
  const dag::Extractor chain("boxed,answer-is,regex:([0-9]{1,3})");
  check(chain, {{"\\boxed{1} answer is 2", "1"},
                {"the answer is 2 (of 3)", "2 (of 3)"},
                {"I say 12 of 345", "345"},
                {"\\boxed{", nullptr, ExtractOutcome::unclosed},
                {"nothing", nullptr, ExtractOutcome::no_marker}});
  check(dag::Extractor("boxed>number,number"), {{"\\boxed{2 minutes} of 5", "2"},
                                                {"\\boxed{two} of 5", "5"},
                                                {"\\boxed{-$3.50 each}", "-3.50"}});
  CHECK_THROWS_AS(dag::Extractor("box"), dag::Error);
  CHECK_THROWS_AS(dag::Extractor(""), dag::Error);
  CHECK_THROWS_AS(dag::Extractor("boxed,"), dag::Error);
  const auto hook = [](std::string_view text) {
    return Extraction{ExtractOutcome::found, std::string(text.substr(0, 1))};
  };
  static_assert(dag::AnswerExtractor<decltype(hook)>);
  static_assert(dag::AnswerExtractor<dag::Extractor>);
  static_assert(dag::AnswerExtractor<dag::RegexExtractor>);
  dag::ExtractionReport report;
  report.add(ExtractOutcome::found);
  report.add(ExtractOutcome::empty);
  CHECK(report.texts() == 2);
  CHECK(report.unparseable() == 1);
}

TEST_CASE("one extractor serves any number of threads") {
  const dag::Extractor extractor("boxed,regex:value=([0-9]+)");
  std::vector<std::thread> threads;
  std::vector<int> wrong(8);
  for (std::size_t k = 0; k < wrong.size(); ++k) {
    threads.emplace_back([&, k] {
      for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(1000 * static_cast<int>(k) + i);
        wrong[k] += extractor("\\boxed{" + number + "}").answer == number ? 0 : 1;
        wrong[k] += extractor("a value=" + number + " b").answer == number ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(wrong == std::vector<int>(8));
}

#if __has_include(<nlohmann/json.hpp>)
TEST_CASE("real texts: the answers that were read from them by other means") {
  const auto agreement = [](const char* file, const dag::Extractor& extractor, double least) {
    const std::string path = std::string(DAG_SHARED_DATA) + "/rollouts/" + file;
    if (!std::filesystem::exists(path)) {
      MESSAGE("skipped: no " << path);
      return;
    }
    dag::JsonlReader reader(path);
    dag::RolloutGroup group;
    double same = 0;
    double count = 0;
    while (dag::read_group(reader, group)) {
      for (const auto& sample : group.samples) {
        if (sample.text && sample.answer) {
          const Extraction found = extractor(*sample.text);
          count += 1;
          same += found.found() &&
                  dag::canonical_answer(found.answer) == dag::canonical_answer(*sample.answer);
        }
      }
    }
    MESSAGE(std::string(file) << ": " << same << " of " << count << " agree");
    CHECK(same >= least * count);
  };
  agreement("gsm8k_reread_text.jsonl", dag::Extractor("boxed>number,number"), 0.99);
  agreement("svamp_multi.jsonl", dag::Extractor("boxed>number,number"), 0.95);
  agreement("last_letters_gpt35.jsonl", dag::Extractor("answer-is"), 0.95);
  agreement("coin_flip_gpt4.jsonl", dag::Extractor("answer-is"), 0.95);
  agreement("gsm8k_openai_models.jsonl", dag::Extractor("regex:^A: *(.*)$"), 0.99);
  agreement("csqa_reread.jsonl", dag::Extractor("boxed,answer-is,regex:\\(([A-E])\\)"), 0.95);
  agreement("shuffled_objects_zeroshot.jsonl", dag::Extractor("answer-is"), 0.99);
}
#endif
