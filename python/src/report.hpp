// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/policy/advantage.hpp>

#include "module.hpp"

namespace dag_python {

/// What yields no signal, counted.
inline nb::dict report_of(const dag::AdvantageReport& a) {
  nb::dict d;
  d["samples"] = a.samples;
  d["groups"] = a.groups;
  d["unscored_samples"] = a.unscored_samples;
  d["unscored_groups"] = a.unscored_groups;
  d["singleton_groups"] = a.singleton_groups;
  d["dead_groups"] = a.zero_variance_groups;
  return d;
}

}  // namespace dag_python
