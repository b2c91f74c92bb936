// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// A Target of an adversarial utility says what each of its strategies plays: a row.
// concept: AdversarialUtility
// expect: AdversarialUtility
// expect: HasTarget
// expect: target_row
#include <dag/utility/utility_concepts.hpp>

using P = dag::Probability<double>;

struct Mine {
  using scalar_type = double;
  std::size_t target_size() const;
  dag::TargetKind target_kind(std::size_t k) const;
  double target_offset(std::size_t k) const;
  static constexpr bool context_weighted = true;
#if defined(DAG_EXPECT_SUCCESS)
  std::span<const double> target_row(std::size_t k) const;
#endif
};

template <dag::AdversarialUtility U>
void use(const U& utility);

using Used = decltype(use(Mine{}));

int main() {}
