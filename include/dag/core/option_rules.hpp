// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <string_view>
#include <utility>

#include <dag/core/error.hpp>

namespace dag {

/// Rules of a struct of options, held one field at a time, so that an error names the entry, the
/// field, its rule and what it got: "linear_program: tolerance must be >= 0 and finite, got nan".
/// NaN fails every rule. Errors: invalid_argument.
class OptionRules {
 public:
  explicit OptionRules(std::string_view entry) noexcept : entry_(entry) {}

  template <class Number>
  void need(bool holds, std::string_view field, std::string_view rule, Number got) const {
    require(holds, Errc::invalid_argument, entry_, ": ", field, " must be ", rule, ", got ", got);
  }
  template <class Number>
  void positive(std::string_view field, Number got) const {
    if constexpr (std::integral<Number>) {
      need(got >= 1, field, ">= 1", got);
    } else {
      need(got > 0 && std::isfinite(got), field, "> 0 and finite", got);
    }
  }
  template <class Number>
  void not_negative(std::string_view field, Number got) const {
    if constexpr (std::integral<Number>) {
      need(got >= 0, field, ">= 0", got);
    } else {
      need(got >= 0 && std::isfinite(got), field, ">= 0 and finite", got);
    }
  }
  /// From zero, which counts, to one, which does not.
  template <class Number>
  void below_one(std::string_view field, Number got) const {
    need(got >= 0 && got < 1, field, "in [0, 1)", got);
  }
  /// Neither zero nor one.
  template <class Number>
  void between_zero_and_one(std::string_view field, Number got) const {
    need(got > 0 && got < 1, field, "in (0, 1)", got);
  }
  /// From zero to one, both of which count.
  template <class Number>
  void share(std::string_view field, Number got) const {
    need(got >= 0 && got <= 1, field, "in [0, 1]", got);
  }
  /// Runs `check`; what it refuses is said of the field: "newton: start: strategy of block 0 ...".
  template <class Check>
  void held(std::string_view field, Check&& check) const {
    DAG_TRY { std::forward<Check>(check)(); }
    DAG_CATCH(Error, fault) { fail(fault.code(), entry_, ": ", field, ": ", fault.what()); }
  }

 private:
  std::string_view entry_;
};

}  // namespace dag
