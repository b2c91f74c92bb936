// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "task.hpp"

#include <cmath>
#include <string_view>
#include <utility>

namespace reasoning {
namespace {

/// Tokens 0..39 are the digits of four alphabets; the others are these, from 40 on.
constexpr std::string_view signs = "._+&,|=UT#?:";
static_assert(40 + signs.size() == vocabulary);

constexpr std::int32_t sign(char c) { return 40 + static_cast<std::int32_t>(signs.find(c)); }
static_assert(sign('.') == stop_token && sign('_') == pad_token);

std::int32_t digit(int value, int alphabet = 0) { return 10 * alphabet + value; }

void write(Tokens& out, int number) {
  for (const char c : std::to_string(number)) {
    out.push_back(c - '0');
  }
}

template <class T>
void shuffle(std::vector<T>& items, std::uint64_t stream_number) {
  dag::RandomStream stream(20261, stream_number);
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[stream.below(i)]);
  }
}

template <class T>
void deal(std::vector<T> items, std::size_t test, std::size_t validation, std::size_t pool,
          std::vector<T>& to_test, std::vector<T>& to_validation, std::vector<T>& to_pool,
          std::vector<T>& rest) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto& place = i < test                       ? to_test
                  : i < test + validation        ? to_validation
                  : i < test + validation + pool ? to_pool
                                                 : rest;
    place.push_back(items[i]);
  }
}

}  // namespace

const Split& split() {
  static const Split whole = [] {
    Split out;
    std::vector<Sum> sums;
    for (int a = 10; a < 100; ++a) {
      for (int b = 10; b < 100; ++b) {
        sums.push_back({a, b});
      }
    }
    shuffle(sums, 0);
    deal(sums, 200, 150, 600, out.test_sums, out.validation_sums, out.pool_sums, out.taught_sums);
    std::vector<Pair> pairs;
    for (int total = 20; total < 199; ++total) {
      for (int units = 0; units < 10; ++units) {
        if (valid({total, units}).size() >= 4) {
          pairs.push_back({total, units});
        }
      }
    }
    shuffle(pairs, 1);
    deal(pairs, 150, 100, 300, out.test_pairs, out.validation_pairs, out.pool_pairs,
         out.taught_pairs);
    return out;
  }();
  return whole;
}

Tokens prompt(const Sum& sum, std::size_t form) {
  const int a1 = sum.a / 10, a0 = sum.a % 10, b1 = sum.b / 10, b0 = sum.b % 10;
  switch (form) {
    case 0: return {digit(a1), digit(a0), sign('+'), digit(b1), digit(b0), sign('=')};
    case 1: return {digit(a1, 1), digit(a0, 1), sign('&'), digit(b1, 1), digit(b0, 1), sign('=')};
    case 2: return {digit(a0), digit(a1), sign(','), digit(b0), digit(b1), sign('=')};
    default: return {digit(a1, 2), digit(b1, 2), sign('|'), digit(a0, 3), digit(b0, 3), sign('=')};
  }
}

Tokens prompt(const Pair& pair) {
  return {sign('?'),
          digit(pair.total / 100),
          digit(pair.total / 10 % 10),
          digit(pair.total % 10),
          digit(pair.units),
          sign('=')};
}

std::string text(const Tokens& tokens) {
  constexpr std::string_view digits = "0123456789abcdefghijABCDEFGHIJklmnopqrst";
  std::string out;
  for (const std::int32_t token : tokens) {
    out += token < 40 ? digits[static_cast<std::size_t>(token)]
                      : signs[static_cast<std::size_t>(token - 40)];
  }
  return out;
}

Tokens steps(const Sum& sum, Style style) {
  const int units = sum.a % 10 + sum.b % 10, tens = sum.a / 10 + sum.b / 10;
  Tokens out;
  if (style == Style::units_first) {
    out.push_back(sign('U'));
    write(out, units);
    out.push_back(sign('T'));
    write(out, tens + units / 10);
  } else {
    out.push_back(sign('T'));
    write(out, tens);
    out.push_back(sign('U'));
    write(out, units);
  }
  out.push_back(sign('#'));
  write(out, sum.a + sum.b);
  out.push_back(stop_token);
  return out;
}

Tokens steps(int x, int y) {
  return {digit(x / 10), digit(x % 10), sign('+'), digit(y / 10), digit(y % 10), stop_token};
}

std::int32_t sum_answer(const Tokens& trace) {
  std::size_t mark = 0;
  while (mark < trace.size() && trace[mark] != sign('#')) {
    ++mark;
  }
  const std::size_t digits = trace.size() - mark;  // with mark and stop
  if (mark == trace.size() || trace.back() != stop_token || digits < 3 || digits > 5) {
    return -1;
  }
  std::int32_t value = 0;
  for (std::size_t i = mark + 1; i + 1 < trace.size(); ++i) {
    if (trace[i] > 9 || (i == mark + 1 && trace[i] == 0)) {
      return -1;
    }
    value = 10 * value + trace[i];
  }
  return value;
}

std::int32_t pair_answer(const Tokens& trace) {
  if (trace.size() != 6 || trace[2] != sign('+') || trace[5] != stop_token || trace[0] > 9 ||
      trace[1] > 9 || trace[3] > 9 || trace[4] > 9) {
    return -1;
  }
  return 1000 * trace[0] + 100 * trace[1] + 10 * trace[3] + trace[4];
}

int style_of(const Tokens& trace) {
  return trace.empty() ? -1 : trace[0] == sign('U') ? 0 : trace[0] == sign('T') ? 1 : -1;
}

bool right(const Sum& sum, std::int32_t answer) { return answer == sum.a + sum.b; }

bool right(const Pair& pair, std::int32_t answer) {
  const int x = answer / 100, y = answer % 100;
  return answer >= 0 && x >= 10 && y >= 10 && x + y == pair.total && x % 10 == pair.units;
}

bool forbidden(std::int32_t answer) { return answer >= 0 && answer / 100 > answer % 100; }

std::vector<int> valid(const Pair& pair) {
  std::vector<int> out;
  for (int x = 10 + pair.units; x < 100; x += 10) {
    if (pair.total - x >= 10 && pair.total - x <= 99) {
      out.push_back(x);
    }
  }
  return out;
}

Example taught_example(const Mix& mix, dag::RandomStream& stream) {
  const Split& all = split();
  if (stream.uniform() < mix.pairs) {
    const Pair pair = all.taught_pairs[stream.below(all.taught_pairs.size())];
    const std::vector<int> choices = valid(pair);
    double total = 0;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      total += std::pow(mix.skew, static_cast<double>(i));
    }
    double left = stream.uniform() * total;
    std::size_t pick = 0;
    while (pick + 1 < choices.size() &&
           (left -= std::pow(mix.skew, static_cast<double>(pick))) >= 0) {
      ++pick;
    }
    return {prompt(pair), steps(choices[pick], pair.total - choices[pick])};
  }
  const Sum sum = all.taught_sums[stream.below(all.taught_sums.size())];
  double left = stream.uniform();
  std::size_t form = 0;
  while (form + 1 < form_count && (left -= mix.forms[form]) >= 0) {
    ++form;
  }
  const Style style = stream.uniform() < 0.5 ? Style::units_first : Style::tens_first;
  return {prompt(sum, form), steps(sum, style)};
}

}  // namespace reasoning
