// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/text/answer.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using dag::canonical_answer;

namespace {

void check_same(const char* key, std::initializer_list<const char*> answers) {
  for (const char* answer : answers) {
    CAPTURE(answer);
    CHECK(canonical_answer(answer) == key);
  }
}

}  // namespace

TEST_CASE("spellings of one number have one key") {
  check_same("0.5",
             {"0.5", "1/2", ".50", "2/4", "+0.5", " 0.500 ", "5e-1", "1 / 2", "00.5", "0.5%"});
  check_same("-0.5", {"-0.5", "-1/2", "\xE2\x88\x92.5", "-$0.50", "$-0.50"});
  check_same("1000", {"1000", "1,000", "1,000.00", "$1,000", "$ 1000", "1e3", "1.0E+3", "1000.",
                      "1000 \xE2\x82\xAC", "\\$1,000", "2000/2",
                      "\xC2\xA3"
                      "1000"});
  check_same("1234567.25", {"1,234,567.25", "1234567.250", "4938269/4"});
  check_same("0", {"0", "-0", "0.000", "0/5", "+0", "0e7", "00"});
  check_same("50", {"50", "50%", "50 %", "50\\%", "100/2"});
  check_same("1/3", {"1/3", "2/6", "333/999"});
  check_same("-22/7", {"-22/7", "-44/14"});
  check_same("0.0009765625", {"1/1024", "9.765625e-4"});
}

TEST_CASE("numbers are exact at any length") {
  const std::string nines(400, '9');
  CHECK(canonical_answer(nines) == nines);
  CHECK(canonical_answer(nines + ".0") == nines);
  CHECK(canonical_answer(nines) != canonical_answer(std::string(400, '9').replace(399, 1, "8")));
  CHECK(canonical_answer("0.1") != canonical_answer("0.1000000000000000000000001"));
  CHECK(canonical_answer("9007199254740993") != canonical_answer("9007199254740992"));
  // Too large for exact integer arithmetic: text, not a wrong number.
  CHECK(canonical_answer("99999999999999999999/3") == "99999999999999999999/3");
  CHECK(canonical_answer("999999999999999999/3") == "333333333333333333");
  CHECK(canonical_answer("1000000000000000000/3") == "1000000000000000000/3");
  CHECK(canonical_answer("2/999999999999999999") == "2/999999999999999999");
  CHECK(canonical_answer("1/562949953421312") ==
        "0.0000000000000017763568394002504646778106689453125");
  CHECK(canonical_answer("000000000000000000000001/2") == "0.5");
}

TEST_CASE("what is no number stays text") {
  for (const char* text :
       {"07/01/1972", "2*6",  "16+4",   "(12-9)*2*3", "2e88166117",  "0774e41867", "1,5",  "0,500",
        "12,34",      "1,23", "1,2345", "1/0",        "1/2/3",       "5 apples",   "$",    "%",
        "-",          ".",    "--5",    "1.2.3",      "1e",          "e5",         "12e5", "nan",
        "inf",        "0x10", "$5/2",   "1.5/2",      "half-sister", "\xC2\xB2"}) {
    CAPTURE(text);
    CHECK(canonical_answer(text) == text);
  }
}

TEST_CASE("text folds case and white space and stays UTF-8") {
  check_same("new york",
             {"New York", "  NEW \t\n york ", "new\xC2\xA0york", "New\xE3\x80\x80York"});
  check_same("\xC3\xA9t\xC3\xA9", {"\xC3\x89T\xC3\x89", "\xC3\xA9t\xC3\xA9"});  // ete
  check_same("\xCE\xB1\xCF\x89", {"\xCE\x91\xCE\xA9"});                         // Greek
  check_same("\xD0\xB4\xD0\xB0", {"\xD0\x94\xD0\xB0", "\xD0\x94\xD0\x90"});     // Cyrillic
  check_same("\xC4\xB0", {"\xC4\xB0"});                                         // dotted I
  check_same("\xE6\x97\xA5\xE6\x9C\xAC", {" \xE6\x97\xA5\xE6\x9C\xAC"});        // no case
  check_same("\xFF\xC3(", {"\xFF\xC3("});  // no UTF-8: bytes kept
  check_same("", {"", " ", "\t\n"});
  CHECK(canonical_answer(std::string("a\0b", 3)) == std::string("a\0b", 3));
}

TEST_CASE("rules can be switched off") {
  CHECK(canonical_answer(" A  1/2 ", dag::exact_answers) == " A  1/2 ");
  CHECK(canonical_answer("1/2", {.numbers = false, .text = true}) == "1/2");
  CHECK(canonical_answer(" X ", {.numbers = false, .text = true}) == "x");
  CHECK(canonical_answer(" 0.50 ", {.numbers = true, .text = false}) == "0.5");
  CHECK(canonical_answer(" X ", {.numbers = true, .text = false}) == " X ");
}

TEST_CASE("keys are idempotent and equal rationals have equal keys, on random spellings") {
  dag::RandomStream stream(11, 0);
  const std::string alphabet = "0123456789.,/-+$% eE\xE2\x88\x92\xC2\xA0\x41\x7A";
  for (int i = 0; i < 50000; ++i) {
    std::string text;
    for (auto length = stream.below(9); length > 0; --length) {
      text += alphabet[stream.below(alphabet.size())];
    }
    CAPTURE(text);
    const auto key = canonical_answer(text);
    REQUIRE(canonical_answer(key) == key);
  }
  for (int i = 0; i < 20000; ++i) {
    const auto p = stream.below(2000), q = 1 + stream.below(2000);
    const auto r = stream.below(2000), s = 1 + stream.below(2000);
    const auto left = std::to_string(p) + "/" + std::to_string(q);
    const auto right = std::to_string(r) + "/" + std::to_string(s);
    REQUIRE((canonical_answer(left) == canonical_answer(right)) == (p * s == r * q));
    REQUIRE(canonical_answer(std::to_string(p * 7) + "/" + std::to_string(q * 7)) ==
            canonical_answer(left));
  }
}
