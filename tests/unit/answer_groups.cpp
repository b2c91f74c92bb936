// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/equivalence.hpp>
#include <dag/answers/group.hpp>
#include <dag/answers/question_information.hpp>
#include <dag/core/random.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::vector<std::int32_t> copy(std::span<const std::int32_t> ids) {
  return {ids.begin(), ids.end()};
}

}  // namespace

TEST_CASE("the interner agrees with std::map on random strings of every length") {
  dag::RandomStream stream(5, 0);
  dag::StringInterner interner;
  std::map<std::string, std::int32_t> reference;
  for (int i = 0; i < 30000; ++i) {
    std::string text(stream.below(20), '\0');
    for (auto& c : text) {
      c = static_cast<char>('a' + static_cast<int>(stream.below(3)));
    }
    const auto next = static_cast<std::int32_t>(reference.size());
    const auto id = reference.emplace(text, next).first->second;
    REQUIRE(interner.intern(text) == id);
    REQUIRE(interner[id] == text);
  }
  REQUIRE(interner.size() == reference.size());
  for (const auto& [text, id] : reference) {
    REQUIRE(interner.find(text) == id);
  }
  CHECK(interner.find("not there") == -1);
}

TEST_CASE("the interner tells texts apart by every byte and by their size") {
  dag::StringInterner interner;
  std::set<std::string> texts;
  // All of up to 8 bytes over three letters, NUL among them: many pack into the same word.
  std::vector<std::string> ends{""};
  while (!ends.empty()) {
    std::string text = std::move(ends.back());
    ends.pop_back();
    for (const char byte : {'\0', '\1', 'a'}) {
      if (text.size() < 8) {
        ends.push_back(text + byte);
      }
    }
    texts.insert(std::move(text));
  }
  for (std::size_t size = 0; size <= 25; ++size) {
    texts.insert(std::string(size, '\0'));
    for (std::size_t place = 0; place < size; ++place) {
      for (const char byte : {'\1', 'a', '\x7F', '\xFF'}) {
        std::string text(size, '\0');
        text[place] = byte;
        texts.insert(text);
      }
    }
  }
  for (int pass = 0; pass < 2; ++pass) {
    std::int32_t next = 0;
    for (const auto& text : texts) {
      REQUIRE(interner.intern(text) == next);
      REQUIRE(interner[next] == text);
      ++next;
    }
  }
  CHECK(interner.size() == texts.size());
}

TEST_CASE("answers are dense within their question and grouped by name, not by position") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q1", "c1", "1/2");
  builder.add("7");
  builder.add("0.5");
  builder.add(std::nullopt);
  builder.begin_group("q2", "c1");
  builder.add("0.5");
  builder.add("x", true);
  builder.begin_group("q1", "c2", "0.5");
  builder.add(".50");
  builder.add("8");
  builder.add("7.0");
  const auto groups = builder.finish();
  CHECK(groups.groups() == 3);
  CHECK(groups.samples() == 8);
  CHECK(copy(groups.group(0)) == std::vector<std::int32_t>{0, 1, -1});
  CHECK(copy(groups.group(1)) == std::vector<std::int32_t>{0, 1});
  CHECK(copy(groups.group(2)) == std::vector<std::int32_t>{1, 2, 0});
  CHECK(copy(groups.groups_of(0)) == std::vector<std::int32_t>{0, 2});
  CHECK(copy(groups.groups_of(1)) == std::vector<std::int32_t>{1});
  CHECK(groups.right == std::vector<std::int8_t>{0, 1, 0, -1, 1, 1, 0, 0});
  CHECK(groups.answers_of(0) == 3);
  CHECK(groups.answer_text(0, 1) == "0.5");
  CHECK(groups.answer_text(1, 0) == "0.5");
  CHECK(groups.answer_text(1, 1) == "x");
  std::vector<double> nu(3);
  CHECK(dag::empirical_distribution(groups.group(0), nu) == 2);
  CHECK(nu == std::vector<double>{0.5, 0.5, 0});
  CHECK_THROWS_AS(static_cast<void>(
                      dag::empirical_distribution(groups.group(2), std::span<double>(nu).first(2))),
                  dag::Error);
}

TEST_CASE("nothing that carries no signal goes uncounted") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "one");
  builder.add("a");
  builder.begin_group("q", "none");
  builder.add(std::nullopt);
  builder.add(std::nullopt);
  builder.begin_group("q", "same", "a");
  builder.add("a");
  builder.add(" a.");
  builder.begin_group("q", "one");
  builder.add("a");
  builder.add("b");
  CHECK(dag::describe(builder.finish()) == dag::GroupReport{.questions = 1,
                                                            .contexts = 3,
                                                            .groups = 4,
                                                            .samples = 7,
                                                            .missing_answers = 2,
                                                            .unjudged_samples = 5,
                                                            .singleton_groups = 1,
                                                            .unanswered_groups = 1,
                                                            .unanimous_groups = 1,
                                                            .duplicate_groups = 1});
  CHECK(dag::describe(builder.finish()) == dag::GroupReport{});
  CHECK_THROWS_AS(builder.add("sample before a group"), dag::Error);
}

TEST_CASE("a user's key decides which answers are one") {
  const auto first_letter = [](std::string_view answer, std::string& key) {
    key = answer.substr(0, 1);
  };
  dag::AnswerGroupsBuilder builder(first_letter);
  builder.begin_group("q", "c", "bee");
  for (const char* answer : {"apple", "axe", "bear"}) {
    builder.add(answer);
  }
  const auto groups = builder.finish();
  CHECK(groups.answer == std::vector<std::int32_t>{0, 0, 1});
  CHECK(groups.right == std::vector<std::int8_t>{0, 0, 1});
}

TEST_CASE("a predicate is closed to an equivalence, and its faults are counted") {
  dag::AnswerGroupsBuilder builder;
  builder.begin_group("q", "c");
  for (const char* answer : {"1", "9", "2", "3", "1"}) {
    builder.add(answer);
  }
  builder.begin_group("p", "c");
  builder.add("2");
  builder.add("1");
  auto groups = builder.finish();
  // a "equals" its successor only: neither symmetric nor transitive.
  const auto report = dag::merge_equivalent(
      groups, [](std::string_view a, std::string_view b) { return b[0] == a[0] + 1; });
  CHECK(groups.answer == std::vector<std::int32_t>{0, 1, 0, 0, 0, 0, 0});
  CHECK(report ==
        dag::EquivalenceReport{.pairs = 7, .merged = 3, .asymmetric = 3, .intransitive = 1});
  CHECK(groups.answers_of(0) == 2);
  CHECK(groups.answer_text(0, 1) == "9");
  CHECK(groups.answer_text(1, 0) == "2");
}

TEST_CASE("answers added by key are those added by text") {
  dag::AnswerGroupsBuilder<> by_text, by_key;
  by_text.begin_group("q", "x", "1/2");
  by_key.begin_group("q", "x", "1/2");
  for (const char* answer : {"0.5", "3", "1/2", "3"}) {
    by_text.add(answer);
    by_key.add_key(by_key.key_of_answer(answer));
  }
  by_text.add(std::nullopt);
  by_key.add_key(-1);
  by_text.add("3", true);
  by_key.add_key(by_key.key_of_answer("3"), true);
  CHECK_THROWS_AS(by_key.add_key(1000), dag::Error);
  const dag::AnswerGroups wanted = by_text.finish(), got = by_key.finish();
  CHECK(got.answer == wanted.answer);
  CHECK(got.right == wanted.right);
  CHECK(got.right == std::vector<std::int8_t>{1, 0, 1, 0, 0, 1});
  CHECK_THROWS_AS(by_key.add_key(0), dag::Error);
}

TEST_CASE("what an answer says of its question: closed forms, and no order matters") {
  const auto information = [](const std::vector<std::vector<const char*>>& questions) {
    dag::AnswerGroupsBuilder<> builder;
    for (std::size_t q = 0; q < questions.size(); ++q) {
      builder.begin_group("q" + std::to_string(q), "c");
      for (const char* answer : questions[q]) {
        builder.add(answer == nullptr ? std::nullopt : std::optional<std::string_view>(answer));
      }
    }
    return dag::question_information(builder.finish());
  };
  CHECK(information({}) == 0);
  CHECK(information({{nullptr}, {nullptr}}) == 0);
  CHECK(information({{"a", "a"}, {"a"}, {"a"}}) == 0);                          // collapsed
  CHECK(information({{"a", "b"}, {"b", "a"}}) == doctest::Approx(0));           // says nothing
  CHECK(information({{"a"}, {"b"}, {"c"}}) == doctest::Approx(std::log(3.0)));  // says all
  // p = (1/2, 1/2) and (1, 0): H(3/4, 1/4) - log(2) / 2; the missing answer counts nowhere.
  const double want = -0.75 * std::log(0.75) - 0.25 * std::log(0.25) - std::log(2.0) / 2;
  CHECK(information({{"a", nullptr, "b"}, {"a"}}) == doctest::Approx(want));
  CHECK(information({{"a"}, {"b", "a"}, {nullptr}}) == doctest::Approx(want));
}

TEST_CASE("an answer that says nothing is a missing answer, unless bytes are compared") {
  const auto ids = [](const dag::AnswerKey& key) {
    dag::AnswerGroupsBuilder<> builder(key);
    builder.begin_group("q", "c", "");
    for (const char* answer : {"", " ", "\\text{}", "7", ""}) {
      builder.add(answer);
    }
    builder.add(std::nullopt);
    return builder.finish();
  };
  const dag::AnswerGroups read = ids({});
  CHECK(read.answer == std::vector<std::int32_t>{-1, -1, -1, 0, -1, -1});
  CHECK(read.right == std::vector<std::int8_t>(6, -1));  // a gold that says nothing is none
  dag::AnswerKey bytes;
  bytes.options.exact = true;
  CHECK(ids(bytes).answer == std::vector<std::int32_t>{0, 1, 2, 3, 0, -1});
}
