// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dag/text/detail/scan.hpp>

namespace dag::detail {

[[nodiscard]] inline int month_of(std::string_view word) {
  constexpr std::array<std::string_view, 12> months{
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  std::string name = lower_ascii(word);
  if (!name.empty() && name.back() == '.') {
    name.pop_back();
  }
  for (std::size_t m = 0; m < months.size(); ++m) {
    if (name == months[m] || (name.size() >= 3 && name == months[m].substr(0, 3)) ||
        (name == "sept" && m == 8)) {
      return static_cast<int>(m) + 1;
    }
  }
  return 0;
}

/// The digits of a text as a small number, or -1.
[[nodiscard]] inline int figures(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most ||
      !std::all_of(text.begin(), text.end(), is_digit_char)) {
    return -1;
  }
  int value = 0;
  for (const char c : text) {
    value = 10 * value + (c - '0');
  }
  return value;
}

[[nodiscard]] inline std::string two_digits(int value) {
  return std::string(1, static_cast<char>('0' + value / 10)) + static_cast<char>('0' + value % 10);
}
[[nodiscard]] inline std::string date_text(int year, int month, int day) {
  std::string out = year < 0 ? "-" : std::to_string(year);
  while (year >= 0 && out.size() < 4) {
    out.insert(0, 1, '0');
  }
  return out + "-" + two_digits(month) + (day > 0 ? "-" + two_digits(day) : "");
}
[[nodiscard]] constexpr bool is_day(int month, int day) noexcept {
  constexpr std::array<int, 12> days{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month >= 1 && month <= 12 && day >= 1 && day <= days[static_cast<std::size_t>(month) - 1];
}

/// A date with the Chinese signs of year, month and day, with or without its year or its day.
[[nodiscard]] inline std::optional<std::string> date_in_chinese(std::string_view text) {
  constexpr std::string_view years = "\xE5\xB9\xB4", months = "\xE6\x9C\x88", days = "\xE6\x97\xA5";
  int year = -1;
  if (const std::size_t at = text.find(years); at != std::string_view::npos) {
    year = figures(text.substr(0, at), 4, 4);
    if (year < 0) {
      return std::nullopt;
    }
    text = text.substr(at + years.size());
  }
  const std::size_t at = text.find(months);
  const int month = at == std::string_view::npos ? -1 : figures(text.substr(0, at), 1, 2);
  if (month < 1 || month > 12) {
    return std::nullopt;
  }
  text = text.substr(at + months.size());
  if (text.empty()) {
    return year < 0 ? std::nullopt : std::optional(date_text(year, month, 0));
  }
  const bool ends = text.size() > days.size() && text.substr(text.size() - days.size()) == days;
  const int day = ends ? figures(text.substr(0, text.size() - days.size()), 1, 2) : -1;
  return is_day(month, day) ? std::optional(date_text(year, month, day)) : std::nullopt;
}

/// A date as year-month-day: 07/01/1972, 1972-07-01, July 1, 1972, 1 July 1972, July 1972, July 1
/// (which has no year: --07-01).
[[nodiscard]] inline std::optional<std::string> date_of(std::string_view text, bool day_first) {
  if (text.size() < 5 || text.size() > 40) {
    return std::nullopt;
  }
  for (const char sign : {'/', '-', '.'}) {
    const std::size_t a = text.find(sign);
    const std::size_t b = a == std::string_view::npos ? a : text.find(sign, a + 1);
    if (b == std::string_view::npos || text.find(sign, b + 1) != std::string_view::npos) {
      continue;
    }
    const std::string_view x = text.substr(0, a);
    const std::string_view y = text.substr(a + 1, b - a - 1);
    const std::string_view z = text.substr(b + 1);
    if (x.size() == 4 && sign != '.') {
      const int year = figures(x, 4, 4), month = figures(y, 1, 2), day = figures(z, 1, 2);
      if (year >= 0 && is_day(month, day)) {
        return date_text(year, month, day);
      }
    } else if (z.size() == 4) {
      int month = figures(x, 1, 2), day = figures(y, 1, 2);
      const int year = figures(z, 4, 4);
      if (day_first || sign == '.' || (month > 12 && day <= 12)) {
        std::swap(month, day);
        if (day_first && month > 12 && day <= 12) {
          std::swap(month, day);
        }
      }
      if (year >= 0 && month >= 1 && is_day(month, day)) {
        return date_text(year, month, day);
      }
    }
  }
  if (auto chinese = date_in_chinese(text)) {
    return chinese;
  }
  const auto words = words_of(text);
  if (words.size() < 2 || words.size() > 5) {
    return std::nullopt;
  }
  int month = 0;
  int day = -1;
  int year = -1;
  for (std::string word : words) {
    const bool weekday = word.size() >= 6 && lower_ascii(word).substr(word.size() - 3) == "day";
    if (word == "of" || word == "the" || weekday) {
      continue;
    }
    const int named = month_of(word);
    if (named > 0 && month == 0) {
      month = named;
      continue;
    }
    if (word.size() >= 3 && word.size() <= 4 && is_digit_char(word[0])) {
      const std::string ending = word.substr(word.size() - 2);
      if (ending == "st" || ending == "nd" || ending == "rd" || ending == "th") {
        word.resize(word.size() - 2);
      }
    }
    if (const int number = figures(word, 1, 2); number > 0 && day < 0) {
      day = number;
    } else if (const int four = figures(word, 4, 4); four >= 0 && year < 0) {
      year = four;
    } else {
      return std::nullopt;
    }
  }
  if (month == 0 || (day < 0 && year < 0) || (day > 0 && !is_day(month, day))) {
    return std::nullopt;
  }
  return date_text(year, month, day);
}

/// A time of day: 15:30 for 3:30 p.m., 3:30 am for 3:30 a.m., 3:30 where nothing is said.
[[nodiscard]] inline std::optional<std::string> time_of(std::string_view text) {
  if (text.size() < 4 || text.size() > 16) {
    return std::nullopt;
  }
  std::string half;
  std::string figures_part;
  bool letters = false;
  for (const char c : lower_ascii(text)) {
    if (is_digit_char(c) || c == ':') {
      if (letters) {
        return std::nullopt;
      }
      figures_part += c;
    } else if (c == 'a' || c == 'p' || c == 'm') {
      letters = true;
      half += c;
    } else if (c != ' ' && c != '.') {
      return std::nullopt;
    }
  }
  if (!half.empty() && half != "am" && half != "pm") {
    return std::nullopt;
  }
  if (text.find('.') != std::string_view::npos && half.empty()) {
    return std::nullopt;
  }
  const std::size_t a = figures_part.find(':');
  const std::string_view all(figures_part);
  int hour = figures(all.substr(0, a), 1, 2);
  std::string rest;
  if (a == std::string::npos) {
    if (half.empty()) {
      return std::nullopt;
    }
    rest = ":00";
  } else {
    std::string_view more = all.substr(a + 1);
    for (int part = 0; part < 2 && !more.empty(); ++part) {
      const int minutes = figures(more.substr(0, 2), 2, 2);
      if (minutes < 0 || minutes > 59) {
        return std::nullopt;
      }
      rest += ":" + two_digits(minutes);
      more.remove_prefix(2);
      if (!more.empty() && (more[0] != ':' || more.size() == 1)) {
        return std::nullopt;
      }
      more.remove_prefix(more.empty() ? 0 : 1);
    }
    if (!more.empty() || rest.empty()) {
      return std::nullopt;
    }
  }
  if (hour < 0 || hour > (half.empty() ? 24 : 12) || (!half.empty() && hour == 0)) {
    return std::nullopt;
  }
  if (half == "pm") {
    hour = hour == 12 ? 12 : hour + 12;
    return std::to_string(hour) + rest;
  }
  if (half == "am") {
    return std::to_string(hour) + rest + " am";
  }
  if (hour == 0) {
    return "12" + rest + " am";
  }
  return std::to_string(hour) + rest;
}

}  // namespace dag::detail
