// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

#include <dag/detail/config.hpp>

namespace dag {

/// What kind of rule was broken. How a solve ended is a `Status`; only broken rules are errors.
enum class Errc {
  invalid_argument,    ///< an option or argument outside its stated range
  dimension_mismatch,  ///< shapes that do not fit each other
  not_a_distribution,  ///< negative entries, or a sum that is not one
  not_finite,          ///< NaN, or an infinity where only finite numbers make sense
  parse,               ///< text that does not follow its format
  io,                  ///< a file that cannot be read, written or renamed
  unsupported,         ///< a legal request that this combination of types cannot serve
  device,              ///< an accelerator's runtime reported an error
};

[[nodiscard]] constexpr std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument: return "invalid argument";
    case Errc::dimension_mismatch: return "dimension mismatch";
    case Errc::not_a_distribution: return "not a distribution";
    case Errc::not_finite: return "not finite";
    case Errc::parse: return "parse error";
    case Errc::io: return "i/o error";
    case Errc::unsupported: return "unsupported";
    case Errc::device: return "device error";
  }
  return "unknown error";
}

/// The one exception of the library: `code()` for programs, `what()` ("where: rule and values")
/// for people.
class DAG_VISIBLE Error : public std::exception {
 public:
  Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}
  [[nodiscard]] Errc code() const noexcept { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  Errc code_;
  std::string message_;
};

namespace detail {

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, char text) { out += text; }
template <class Number>
requires std::is_arithmetic_v<Number>
void append(std::string& out, Number value) {
  char text[40];
  if constexpr (std::floating_point<Number>) {
    std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
    out += text;
  } else {
    out += std::to_string(value);
  }
}

}  // namespace detail

/// Throws `Error` with the parts (text and numbers) joined into one message (see DAG_THROW in
/// detail/config.hpp for programs without exceptions).
/// Convention: `fail(code, "mirror_prox: tolerance must be > 0, got ", tolerance)`.
template <class... Parts>
[[noreturn]] DAG_COLD void fail(Errc code, const Parts&... parts) {
  std::string message;
  (detail::append(message, parts), ...);
#if defined(DAG_THROW)
  DAG_THROW(Error(code, std::move(message)));
  std::abort();  // reached only if a program's own hook returns
#else
  std::fprintf(stderr, "dag: %s\n", message.c_str());
  std::abort();
#endif
}

/// `fail` unless `holds`. Write conditions so that NaN fails them: `require(x > 0, ...)`.
template <class... Parts>
constexpr void require(bool holds, Errc code, const Parts&... parts) {
  if (!holds) [[unlikely]] {
    fail(code, parts...);
  }
}

}  // namespace dag
