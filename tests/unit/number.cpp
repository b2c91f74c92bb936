// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/core/random.hpp>
#include <dag/numeric/number.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using dag::Number;

namespace {

std::string reason(const std::string& text) {
  try {
    static_cast<void>(Number::parse(text));
  } catch (const dag::Error& error) {
    CHECK(error.code() == dag::Errc::parse);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("numbers keep their text and give the nearest double") {
  CHECK(Number::parse("1.50").text() == "1.50");
  CHECK(Number::parse("1.50").value() == 1.5);
  CHECK(Number::parse("+.5").value() == 0.5);
  CHECK(Number::parse("-5.").value() == -5.0);
  CHECK(Number::parse("-12/8").value() == -1.5);
  CHECK(Number::parse("1.5/2.5").value() == 0.6);
  CHECK(Number::parse("0.1").value() == 0.1);
  CHECK(Number::parse("1e19").value() == 1e19);
  CHECK(Number::parse("1E-3").value() == 1e-3);
  CHECK(Number::parse("18446744073709551617").value() == 18446744073709551616.0);
  CHECK(Number::parse("1/3").value() == 1.0 / 3.0);
  CHECK_FALSE(std::signbit(Number::parse("-0").value()));
  CHECK_FALSE(std::signbit(Number::parse("-0/7").value()));
  CHECK(Number::parse("0e999999999").value() == 0.0);
}

TEST_CASE("fractions are rounded once, to nearest, ties to even") {
  CHECK(Number::parse("9007199254740993/1").value() == 9007199254740992.0);  // 2^53 + 1: tie
  CHECK(Number::parse("9007199254740995/1").value() == 9007199254740996.0);
  CHECK(Number::parse("90071992547409930000000001/10000000000").value() == 9007199254740994.0);
  // Where both parts are doubles, one division is correctly rounded.
  dag::RandomStream random(1, 0);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t top = random() >> (11 + random.below(50));
    const std::uint64_t bottom = 1 + (random() >> (12 + random.below(50)));
    const double expected = static_cast<double>(top) / static_cast<double>(bottom);
    CHECK(Number::parse(std::to_string(top) + "/" + std::to_string(bottom)).value() == expected);
  }
  // Subnormal results: 1 / 2^1074 and the tie at half of it.
  const std::string power = "1" + std::string(308, '0');
  CHECK(Number::parse("1/" + power).value() == 1e-308);
  CHECK(Number::parse("3/" + power + "0").value() == 3e-309);
  CHECK(Number::parse("5/" + power + std::string(16, '0')).value() ==
        std::numeric_limits<double>::denorm_min());
  CHECK(Number::parse("17976931348623157" + std::string(292, '0') + "/1").value() ==
        std::numeric_limits<double>::max());
}

TEST_CASE("exact sums") {
  const auto sum = [](const char* a, const char* b) {
    return Number::parse(a).exact() + Number::parse(b).exact();
  };
  CHECK(sum("0.1", "-1/10").numerator.is_zero());
  CHECK(sum("1e-3", "-.001").numerator.is_zero());
  CHECK(sum("10000000000000000001", "-1e19").nearest() == 1.0);
  CHECK(sum("1/3", "1/6").nearest() == 0.5);
  CHECK(sum("-1/3", "1/6").nearest() == -1.0 / 6.0);
  CHECK(compare(Number::parse("1/3").exact(), Number::parse("0.333333333333333333").exact()) > 0);
  CHECK(compare(Number::parse("-1/2").exact(), Number::parse("-.5").exact()) == 0);
}

TEST_CASE("mirrored and negated numbers, last places") {
  CHECK(Number::parse("1.5").mirrors(Number::parse("-1.5")));
  CHECK(Number::parse("0").mirrors(Number::parse("-0")));
  CHECK_FALSE(Number::parse("1.5").mirrors(Number::parse("1.5")));
  CHECK(Number::parse("+1/2").negated().text() == "-1/2");
  CHECK(Number::parse("-1/2").negated().text() == "1/2");
  CHECK(Number::parse("0").negated().text() == "0");
  CHECK(Number::parse("1.50").last_place() == doctest::Approx(0.01));
  CHECK(Number::parse("15e-4").last_place() == doctest::Approx(1e-4));
  CHECK(Number::parse("150").last_place() == 0.0);
  CHECK(Number::parse("1/2").last_place() == 0.0);
}

TEST_CASE("numbers from doubles read back exactly") {
  dag::RandomStream random(2, 0);
  for (int i = 0; i < 500; ++i) {
    const double value = std::ldexp(random.normal(), static_cast<int>(random.below(600)) - 300);
    const Number number(value);
    CHECK(number.value() == value);
    CHECK(Number::parse(number.text()).value() == value);
  }
  CHECK(Number(1.0).text() == "1");
  CHECK(Number(-0.0).text() == "0");
  CHECK_THROWS_AS(Number(std::nan("")), dag::Error);
}

TEST_CASE("what is not a number is refused with its reason") {
  for (const char* text :
       {"", "+", ".", "abc", "nan", "inf", "0x10", "1 2", "--1", "1.2.3", "1,5"}) {
    CHECK(reason(text).find("not a number") != std::string::npos);
  }
  for (const char* text : {"1/2/3", "1/", "1/-2", "1/x", "1/2e3"}) {
    CHECK(reason(text).find("malformed fraction") != std::string::npos);
  }
  CHECK(reason("1/0").find("denominator zero") != std::string::npos);
  CHECK(reason("1/0.00").find("denominator zero") != std::string::npos);
  CHECK(reason("1e").find("exponent has no digits") != std::string::npos);
  for (const std::string& text :
       {std::string("1e999999999"), std::string("1e99999999999999999999"), std::string("-1e309"),
        std::string(400, '9'), std::string(400, '9') + "/7", std::string("0.1e310")}) {
    CHECK(reason(text).find("beyond the range") != std::string::npos);
  }
  for (const std::string& text : {std::string("1e-999999999"), "0." + std::string(400, '0') + "1",
                                  "1/1" + std::string(400, '0')}) {
    CHECK(reason(text).find("rounds it to zero") != std::string::npos);
  }
  CHECK(reason(std::string(1001, '1')).find("more than 1000") != std::string::npos);
}
