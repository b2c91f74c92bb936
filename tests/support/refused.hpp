// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bad values of options, field by field: each must be refused by an error that names the entry,
// the field and the value.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <dag/core/error.hpp>

namespace test {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();
inline const std::vector<double> positive{0, -1, undefined,
                                          infinite};  // what "> 0 and finite" refuses
inline const std::vector<double> above_zero{0, -1, undefined};
inline const std::vector<double> not_negative{-1, undefined, infinite};
inline const std::vector<double> at_least_zero{-1, undefined};
inline const std::vector<double> below_one{-1, 1, undefined, infinite};
inline const std::vector<double> inside{0, 1, -1, undefined, infinite};
inline const std::vector<double> count{0, -1};
inline const std::vector<double> zero{0};
inline const std::vector<double> negative{-1};

/// What `call(options)` says in refusing them.
template <class Options, class Call>
std::string refusal(const Options& options, Call call) {
  try {
    call(options);
  } catch (const dag::Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

template <class Options, class Set, class Call>
void refused(const std::string& entry, const std::string& field, const Options& good, Set set,
             const std::vector<double>& bad, Call call) {
  REQUIRE_NOTHROW(call(good));
  for (const double value : bad) {
    Options options = good;
    std::string got;
    dag::detail::append(got, set(options, value));
    const std::string said = refusal(options, call);
    CAPTURE(said);
    CHECK(said.starts_with(entry + ": " + field + " must "));
    CHECK(said.find("got " + got) != std::string::npos);
  }
}

/// Starts of another size, and points that are no strategies: refused by the entry's name and the
/// field's. `good`: options that hold; `start`: a good start of theirs, whose entry 1 is >= 0.
template <class Options, class Call>
void starts_refused(const std::string& entry, const Options& good, std::vector<double> start,
                    Call call) {
  using Entries = decltype(good.start);
  const auto refuses = [&](const std::vector<double>& bad, const std::string& rule) {
    Options options = good;
    options.start = Entries(bad.begin(), bad.end());
    const std::string said = refusal(options, call);
    CAPTURE(said);
    CHECK(said.starts_with(entry + ": start" + rule));
  };
  Options options = good;
  options.start = Entries(start.begin(), start.end());
  REQUIRE_NOTHROW(call(options));
  for (const double value : {-0.25, 4.0, undefined, infinite}) {
    std::vector<double> bad = start;
    bad[1] = value;
    refuses(bad, ": ");
  }
  const std::string other = " has " + std::to_string(start.size() + 1) + " entries, the game has " +
                            std::to_string(start.size());
  start.push_back(0);
  refuses(start, other);
}

}  // namespace test

// REFUSED("mirror_prox", good, bad values, field): `call` takes such options.
#define REFUSED(entry, good, bad, field)                                    \
  test::refused(                                                            \
      entry, #field, good,                                                  \
      [](auto& options, double value) {                                     \
        return options.field = static_cast<decltype(options.field)>(value); \
      },                                                                    \
      bad, call)
