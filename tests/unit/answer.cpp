// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/text/answer_key.hpp>

#include <doctest/doctest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

using dag::answer_key;
using dag::AnswerForm;
using dag::AnswerRule;
using dag::equal_answers;
using dag::read_answer;
using dag::ReadOptions;

namespace {

/// All spellings have this key, and the key reads as itself.
void check_same(const char* key, std::initializer_list<const char*> answers) {
  CHECK(answer_key(key) == key);
  for (const char* answer : answers) {
    CAPTURE(answer);
    CHECK(answer_key(answer) == key);
  }
}

/// One key, whatever it is.
void check_equal(std::initializer_list<const char*> answers) {
  const std::string key = answer_key(*answers.begin());
  CHECK(answer_key(key) == key);
  for (const char* answer : answers) {
    CAPTURE(answer);
    CHECK(answer_key(answer) == key);
  }
}

void check_apart(std::initializer_list<const char*> answers) {
  for (const char* a : answers) {
    for (const char* b : answers) {
      CAPTURE(a);
      CAPTURE(b);
      CHECK(equal_answers(a, b).equal == (a == b));
    }
  }
}

}  // namespace

TEST_CASE("spellings of one number have one key") {
  check_same("0.5", {"0.5",
                     "1/2",
                     ".50",
                     "2/4",
                     "+0.5",
                     " 0.500 ",
                     "5e-1",
                     "1 / 2",
                     "00.5",
                     "50%",
                     "\\frac12",
                     "\\dfrac{1}{2}",
                     "{1 \\over 2}",
                     "\xC2\xBD",
                     "$\\frac{1}{2}$",
                     "\\left(\\frac{1}{2}\\right)",
                     "2^{-1}",
                     "\\boxed{0.5}",
                     "**0.5**",
                     "x=0.5"});
  check_same("-0.5", {"-0.5", "-1/2", "\xE2\x88\x92.5", "\\frac{-1}{2}", "\\frac{1}{-2}"});
  check_same("1000", {"1000", "1,000", "1,000.00", "1e3", "1.0E+3", "1000.", "2000/2", "1{,}000",
                      "1\\,000", "1 000", "1_000", "10^3", "1 \\times 10^{3}", "one thousand",
                      "\xEF\xBC\x91\xEF\xBC\x90\xEF\xBC\x90\xEF\xBC\x90", "1000 units"});
  check_same("1234567.25", {"1,234,567.25", "1234567.250", "4938269/4", "1.234.567,25"});
  check_same("1234567", {"12,34,567", "1.234.567", "1 234 567"});
  check_same("0", {"0", "-0", "0.000", "0/5", "+0", "0e7", "00", "5 - 5"});
  check_same("1/3", {"1/3", "2/6", "333/999", "0.\\overline{3}", "33\\frac{1}{3}\\%"});
  check_same("-22/7", {"-22/7", "-44/14", "-3\\frac{1}{7}", "-3 1/7"});
  check_same("0.0009765625", {"1/1024", "9.765625e-4", "2^{-10}"});
  check_same("11", {"1011_2", "1011_{2}", "eleven"});
  check_same("1500000", {"1.5 million", "1,500,000"});
}

TEST_CASE("numbers are exact at any length") {
  const std::string nines(400, '9');
  CHECK(answer_key(nines) == nines);
  CHECK(answer_key(nines + ".0") == nines);
  CHECK(answer_key(nines) != answer_key(std::string(400, '9').replace(399, 1, "8")));
  const std::string longest(60000, '7');
  CHECK(answer_key("00" + longest + ".50") == longest + ".5");
  CHECK(answer_key("0.1") != answer_key("0.1000000000000000000000001"));
  CHECK(answer_key("9007199254740993") != answer_key("9007199254740992"));
  CHECK(answer_key("99999999999999999999/3") == "33333333333333333333");
  CHECK(answer_key("2/999999999999999999") == "2/999999999999999999");
  CHECK(answer_key("1/562949953421312") == "0.0000000000000017763568394002504646778106689453125");
  CHECK(answer_key("41152263004115226300\\frac{1}{3}") ==
        answer_key("\\frac{123456789012345678901}{3}"));
  CHECK(answer_key("\\binom{100}{50}") == "100891344545564193334812497256");
  CHECK(answer_key("(1+2i)(1-2i)") == "5");
}

TEST_CASE("closed forms: equal where they are equal, and rational where they are rational") {
  check_equal({"\\sqrt{12}", "2\\sqrt{3}", "2\\sqrt3", "2*sqrt(3)", "2\xE2\x88\x9A\x33", "12^{1/2}",
               "\\frac{6}{\\sqrt{3}}"});
  check_equal({"\\sqrt{3+2\\sqrt{2}}", "1+\\sqrt{2}"});
  check_same("3", {"\\log_2 8", "\\sqrt{9}", "\\sqrt[3]{27}", "\\ln e^3",
                   "(\\sqrt{7}-2)(\\sqrt{7}+2)", "\\frac{\\ln 8}{\\ln 2}"});
  check_same("1", {"\\tan 45^\\circ", "\\sin^2 3 + \\cos^2 3", "\\sqrt{3+2\\sqrt{2}}-\\sqrt{2}",
                   "e^0", "\\sin\\frac{\\pi}{2}"});
  check_same("-1", {"e^{i\\pi}", "i^2", "\\cos\\pi", "\\sqrt[3]{-1}"});
  check_equal({"\\frac{1+\\sqrt{5}}{2}", "2\\cos 36^\\circ", "2\\cos\\frac{\\pi}{5}"});
  check_equal({"2\\pi", "2*pi", "\\pi \\cdot 2", "4\\arcsin 1", "4\\sin^{-1} 1"});
  check_apart({"2\\pi", "6.28", "6.283185307179586", "\\sqrt{2}", "\\sqrt{3}", "1.4142135623730951",
               "e", "\\pi", "\\Pi"});
  // Closer to an integer than any double could tell.
  check_apart({"e^{\\pi\\sqrt{163}}", "262537412640768744"});
  check_same("1+2i", {"1+2i", "2i+1", "1 + 2 i"});
}

TEST_CASE("expressions are equal where they are equal at random points") {
  check_equal({"2x+3", "3+2x", "2 x + 3", "2\\cdot x+3", "x+x+3", "(4x+6)/2"});
  check_equal({"(x+1)^2", "x^2+2x+1", "x^{2}+2x+1"});
  check_equal({"\\frac{x^2-1}{x-1}", "x+1"});
  check_equal({"3ab", "3 a b", "3ba"});
  check_same("x", {"x", "x+0", "\\frac{2x}{2}"});
  check_equal({"2^{n+1}", "2 \\cdot 2^n"});
  check_equal({"\\sin 2x", "2\\sin x\\cos x"});
  check_equal({"\\sin^{-1} x", "\\arcsin x"});
  check_equal({"\\vec{a}", "\\overrightarrow{a}"});
  check_equal({"f(x+1)", "f(1+x)"});
  check_equal({"n!", "(n)!"});
  check_equal({"\\sum_{i=1}^{n} i^2", "\\sum_{i=1}^{n} i \\cdot i"});
  check_apart({"2^{n-1}", "2^n-1", "2^{n}+1", "2^n", "n^2"});
  check_apart({"\\frac{1}{2}x", "\\frac{1}{2x}", "\\frac{x+1}{2}", "x+\\frac{1}{2}"});
  check_apart({"e^{2x}", "e^2x", "\\log_{2}3", "\\log_{23}", "\\binom{12}{1}", "\\binom{1}{21}"});
  check_apart({"\\sqrt{x^2}", "x", "-x", "n!", "n", "\\Delta", "\\delta", "N"});
  check_apart({"\\sum_{k=0}^{n-1} a_k", "\\sum_{k=0}^{n-2} a_k", "a_{n+1}", "a_n+1"});
}

TEST_CASE("expressions with absolute values differ on some piece, for any two letters") {
  const auto same = [](const std::string& a, const std::string& b) {
    return dag::equal_answers(a, b).equal;
  };
  const std::string letters = "abcjklmnpqrstuvwxyzAGHJKLMQRSTUVWXYZ";
  const auto apart = [&](const std::string& a, const std::string& b) {
    CAPTURE(a);
    CAPTURE(b);
    CHECK(!same(a, b));
  };
  for (const char p : letters) {
    const std::string x(1, p);
    for (const char q : letters.substr(0, letters.find(p))) {
      const std::string y(1, q);
      apart("|" + x + " " + y + "|", x + " " + y);
      apart("|" + x + "-" + y + "|", x + "-" + y);
      apart("|" + x + "-" + y + "|", y + "-" + x);
      apart("|" + x + "+" + y + "|", "|" + x + "|+|" + y + "|");
      CHECK(same("|" + x + "-" + y + "|", "\\sqrt{(" + y + "-" + x + ")^2}"));
      CHECK(same("|" + x + "||" + y + "|", "|" + x + " " + y + "|"));
    }
    for (const char* number : {"1", "2", "7", "30", "100", "\\pi"}) {
      const std::string c(number);
      apart("|" + x + "-" + c + "|", c + "-" + x);
      apart("|" + x + "-" + c + "|", x + "-" + c);
      apart("|" + x + "+" + c + "|", x + "+" + c);
    }
  }
}

TEST_CASE("equations to a factor, inequalities as intervals") {
  check_equal({"x+y=3", "y+x=3", "2x+2y=6", "y=3-x", "x+y-3=0"});
  check_equal({"y=-1/2x+3/4", "2x+4y-3=0"});
  check_apart({"5x-2y+1=0", "5x+3y+8=0"});
  check_same("(3, inf)", {"x > 3", "3 < x", "x>3", "(3,\\infty)", "x\\in(3,\\infty)",
                          "\\{x | x > 3\\}", "\\{x \\in \\mathbb{R} : x > 3\\}"});
  check_same("[3, inf)", {"x \\geq 3", "x \\ge 3", "x \\geqslant 3", "\xE2\x89\xA5\x33", "\\ge 3",
                          "[3,\\infty)", "[3, +\\infty)"});
  check_same("(-1, 2]", {"-1 < x \\le 2", "2 \\ge x > -1", "(-1,2]"});
  check_same("(-inf, 0) \\cup (1, inf)",
             {"(1,\\infty)\\cup(-\\infty,0)", "x<0 or x>1", "x < 0 \\text{ or } x > 1"});
  check_equal({"x \\ne 2", "x\xE2\x89\xA0\x32", "(-\\infty,2)\\cup(2,\\infty)"});
  check_equal({"x > y", "y < x", "2x > 2y"});
  check_apart({"x > y", "x < y", "x \\ge y", "x > 2y"});
  check_same("5", {"x=5", "n = 5", "AB = 5", "2+3=5", "= 5", "f(2)=5", "x = 2+3 = 5"});
  check_apart({"2+3=6", "6", "5"});
}

TEST_CASE("lists, sets, tuples, matrices") {
  check_same("{1, 2}", {"1,2", "2, 1", "1 and 2", "\\{2,1\\}", "1 \\text{ and } 2", "1,\\ 2",
                        "x=1 \\text{ or } x=2", "x=2,1", "x = 1, x = 2", "1; 2"});
  check_same("{-3, 3}", {"\\pm 3", "\xC2\xB1\x33", "3, -3", "x=\\pm 3"});
  check_equal({"1 \\pm \\sqrt{2}", "1+\\sqrt{2}, 1-\\sqrt{2}"});
  check_same("(1, 2)", {"(1,2)", "\\left( 1, 2 \\right)", "x=1, y=2", "y=2, x=1", "(x,y)=(1,2)",
                        "\\langle 1,2\\rangle"});
  check_same("\\emptyset", {"\\emptyset", "\\{\\}", "\\varnothing", "\xE2\x88\x85", "empty set"});
  check_same("[[1, 2], [3, 4]]",
             {"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}",
              "\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]", "[[1,2],[3,4]]"});
  check_apart({"(1,2)", "(2,1)", "\\{1,2\\}", "[1,2]", "(1,2]", "1,2,3", "1", "12"});
  check_apart({"3, 3, 5", "3, 5, 5", "3, 5"});
  check_apart({"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}",
               "\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}"});
}

TEST_CASE("quantities keep their units; who leaves them out is understood") {
  check_equal({"1.5 hours", "90 minutes", "90 min", "1.5\\text{ h}", "5400 s"});
  check_equal({"5\\text{ cm}", "5 cm", "5 \\mathrm{~cm}", "0.05 m", "50 millimeters"});
  check_equal({"10 \\text{ m/s}", "10 \\frac{m}{s}", "10 m/s", "10 meters per second", "36 km/h"});
  check_equal({"12 \\text{ cm}^2", "12 cm^2", "12 square centimeters", "12 sq cm"});
  check_equal({"\\$5", "5 dollars", "USD 5", "$5.00", "500 cents", "5 \\text{ dollars}"});
  check_apart({"5 mA", "5 MA", "5 A", "5 apples", "5 oranges", "5 kg", "\xE2\x82\xAC\x35"});
  check_equal({"72^\\circ", "72\xC2\xB0", "72 degrees", "72\\degree", "72^{\\circ}"});
  for (const char* with : {"5 cm", "\\$5", "5^\\circ", "5 miles", "5 \\text{ (hours)}", "5 km/h",
                           "500\\%", "5 apples", "5 jelly beans"}) {
    CAPTURE(with);
    const char* without = with[0] == '5' && with[1] == '0' ? "500" : "5";
    CHECK(equal_answers(with, without).equal);
    CHECK(equal_answers(without, with).equal);
  }
  CHECK(equal_answers("5 cm", "5").rule == "unit-omitted");
  CHECK(equal_answers("50%", "50").rule == "percent-omitted");
  CHECK(equal_answers("y=2x+3", "2x+3").rule == "left-side-omitted");
  check_apart({"0.5\\%", "0.5", "5 cm", "6"});
  CHECK_FALSE(equal_answers("5 cm", "5", {.off = {AnswerRule::unit_omitted}}).equal);
}

TEST_CASE("dates, times, ratios") {
  check_same("1972-07-01", {"07/01/1972", "July 1, 1972", "1 July 1972", "Jul 1st, 1972",
                            "1972-07-01", "7/1/1972"});
  CHECK(answer_key("01/07/1972", {.day_first = true}) == "1972-07-01");
  check_same("15:30", {"3:30 pm", "3:30 PM", "3:30 p.m.", "15:30", "3:30pm"});
  check_apart({"3:30", "3.5", "2:45", "2:54", "3:30 am", "3:30 pm"});
  check_same("3:4", {"3:4", "6:8", "3 : 4", "0.75:1"});
  check_apart({"3:4", "4:3", "3/4"});
}

TEST_CASE("choices") {
  check_same("A", {"A", "(A)", "A.", "A)", "Option A", "**A**", "A: 12 meters", "(A) 12 meters",
                   "A. Paris", "\\text{(A)}", "\\text{\\textbf{(A)}}", "{A}", "\\mathrm{(A)}",
                   "answer A", "Choice A", "\\boxed{A}", "The answer is A", "(a)"});
  check_same("A, C", {"A, C", "C, A", "AC", "(A) and (C)", "A and C", "(A),(C)", "A,C", "A & C"});
  check_apart({"A", "(A) and (C)", "(A) (B) (C) (D)", "B", "a", "\\text{A}\\text{C}"});
  check_same("(a) 3 (b) 4", {"(a) 3 (b) 4", "(a) 3, (b) 4", "a) 3 b) 4.0"});
  check_apart({"(a) 3 (b) 4", "(a) 7 (b) 9", "(b) 4", "(i) yes (ii) no", "(i) no (ii) yes"});
}

TEST_CASE("text") {
  check_same("new york", {"New York", "  NEW \t\n YORK ", "new\xC2\xA0york", "New\xE3\x80\x80York",
                          "\\text{New York}", "\"New York\"", "New York!"});
  check_same("yes", {"Yes", "YES", "yes!", "\\text{yes}", "Yes."});
  check_same("does not exist", {"DNE", "does not exist", "\\text{DNE}"});
  check_same("half-sister", {"half-sister", "Half-Sister"});
  check_same("\xD0\xB4\xD0\xB0", {"\xD0\x94\xD0\xB0", "\xD0\x94\xD0\x90"});  // Cyrillic
  check_same("\xE6\x97\xA5\xE6\x9C\xAC", {" \xE6\x97\xA5\xE6\x9C\xAC"});     // no case
  check_same("\xFF\xC3(", {"\xFF\xC3("});                                    // no UTF-8
  check_same("", {"", " ", "\t\n"});
  check_apart({"Aa", "aa", "AA", "aabb", "AABB", "AaBb"});
  check_apart({"CCO", "cco", "c1ccccc1", "C1CCCCC1", "COC"});
  check_apart({"nk", "kn", "2e88166117", "0774e41867", "3a5b", "5a3b"});
  CHECK(answer_key("CCO", {.letter_case = dag::LetterCase::fold}) == "cco");
  CHECK(answer_key("Paris", {.letter_case = dag::LetterCase::keep}) == "Paris");
}

TEST_CASE("what is not understood is equal to itself only") {
  for (const char* text : {"\\frac{1}{0}", "\\foo{x}", "{1}{2}", "\\frac{1}", "2^{3}^2"}) {
    CAPTURE(text);
    const auto read = read_answer(text);
    CHECK(read.form == AnswerForm::unread);
    CHECK(read.key[0] == '?');
    CHECK(answer_key(read.key) == read.key);
  }
  check_apart({"\\frac{1}{0}", "\\frac{2}{0}", "{1}{2}", "12", "x^-1y", "x^{-1}y", "\\foo"});
  CHECK(equal_answers("\\frac{1}{0}", " \\frac{1}{0} ").equal);
  CHECK(equal_answers("\\foo", "5").rule == "not understood");
}

TEST_CASE("every rule has a name and can be switched off") {
  const std::vector<std::pair<const char*, const char*>> examples{
      {"\xEF\xBC\x95", "5"},
      {"**x+1**", "x+1"},
      {"yes.", "yes"},
      {"Yes", "yes"},
      {"DNE", "does not exist"},
      {"7.0", "7"},
      {"1,234", "1234"},
      {"", ""},
      {"2 1/2", "2.5"},
      {"2e3", "2000"},
      {"0.\\overline{6}", "2/3"},
      {"50%", "0.5"},
      {"1011_2", "11"},
      {"twelve", "12"},
      {"2 million", "2000000"},
      {"$5", "500 cents"},
      {"90 minutes", "1.5 hours"},
      {"3:30 pm", "15:30"},
      {"July 1, 1972", "1972-07-01"},
      {"6:8", "3:4"},
      {"A. Paris", "A"},
      {"(A) (C)", "A and C"},
      {"(a) 0.5 (b) 2", "(a) 1/2 (b) 2"},
      {"1, 2", "2, 1"},
      {"\\{1,2\\}", "\\{2,1\\}"},
      {"(1/2, 2)", "(0.5, 2)"},
      {"[0,1/2)", "[0,0.5)"},
      {"x>3", "3<x"},
      {"\\begin{pmatrix}1/2\\end{pmatrix}", "\\begin{pmatrix}0.5\\end{pmatrix}"},
      {"\\pm 3", "3, -3"},
      {"x=5", "5"},
      {"x+y=3", "y+x=3"},
      {"2+3", "5"},
      {"\\sqrt{12}", "2\\sqrt{3}"},
      {"2x+3", "3+2x"},
      {"5 cm", "5"},
      {"50%", "50"},
      {"y=2x+3", "2x+3"}};
  REQUIRE(dag::answer_rules().size() == examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto& info = dag::answer_rules()[i];
    CAPTURE(info.name);
    CHECK(static_cast<std::size_t>(info.rule) == i);
    CHECK(dag::answer_rule(info.name) == info.rule);
    if (info.rule == AnswerRule::fraction) {
      continue;  // a spelling of division: nothing reads without it
    }
    CHECK(equal_answers(examples[i].first, examples[i].second).equal);
    ReadOptions options;
    options.off.insert(info.rule);
    CHECK_FALSE(equal_answers(examples[i].first, examples[i].second, options).equal);
  }
  CHECK_THROWS_AS(static_cast<void>(dag::answer_rule("no such rule")), dag::Error);
  CHECK(answer_key(" A  1/2 ", dag::exact_answers) == " A  1/2 ");
}

TEST_CASE("thousands and decimals in either convention") {
  const ReadOptions comma{.decimal_mark = dag::DecimalMark::comma};
  CHECK(answer_key("3,5", comma) == "3.5");
  CHECK(answer_key("1.234,5", comma) == "1234.5");
  CHECK(answer_key("1.234", comma) == "1234");
  const ReadOptions point{.decimal_mark = dag::DecimalMark::point};
  CHECK(answer_key("1,234.5", point) == "1234.5");
  CHECK(answer_key("1.234", point) == "1.234");
  CHECK(answer_key("3,5") == "{3, 5}");
}
