// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/divergence/divergence.hpp>

namespace dag {

/// The divergence with its arguments exchanged: value(p, q) = inner.value(q, p).
template <Divergence Inner>
struct Swapped {
  Inner inner{};

  template <class P, class Q>
  [[nodiscard]] auto value(const P& p, const Q& q) const {
    return inner.value(q, p);
  }
  template <class P, class Q, class Out>
  void gradient_first(const P& p, const Q& q, Out&& out) const {
    inner.gradient_second(q, p, out);
  }
  template <class P, class Q, class Out>
  void gradient_second(const P& p, const Q& q, Out&& out) const {
    inner.gradient_first(q, p, out);
  }
};

}  // namespace dag
