// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#include <dag/answers/verdict.hpp>

#include <dag/answers/group.hpp>
#include <dag/core/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// One context a question, a letter a sample; '-' is no answer, the right answer is A.
dag::AnswerGroups rollouts(const std::vector<std::string>& questions, bool labelled = true) {
  dag::AnswerGroupsBuilder builder;
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const std::string name = "q" + std::to_string(q);
    labelled ? builder.begin_group(name, "c", "A") : builder.begin_group(name, "c");
    for (const char letter : questions[q]) {
      builder.add(letter == '-' ? std::nullopt : std::optional<std::string_view>({&letter, 1}));
    }
  }
  return builder.finish();
}

}  // namespace

TEST_CASE("the verdict on a pair of answers: margins, accuracies, group sizes") {
  const auto groups = rollouts({"AAB", "AAAA", "BBA", "-A"});
  const std::vector<double> betas{10, 0.5};
  const dag::Verdict found = dag::verdict(groups, betas);
  REQUIRE(found.questions.size() == 4);
  const auto &first = found.questions[0], &unanimous = found.questions[1],
             &wrong = found.questions[2], &half = found.questions[3];
  CHECK(first.share == doctest::Approx(2.0 / 3).epsilon(1e-15));
  // Two answers a and 1 - a at the mode's fold nu = 1 / (2 m): log nu/(1-nu) = log 2 + 2 m (2 nu -
  // 1)
  const double nu = 1 / (2 * first.lock_in);
  CHECK(std::log(nu / (1 - nu)) ==
        doctest::Approx(std::log(2.0) + 2 * first.lock_in * (2 * nu - 1)).epsilon(1e-12));
  CHECK(wrong.lock_in == doctest::Approx(first.lock_in).epsilon(1e-12));
  CHECK(unanimous.lock_in == 0);
  CHECK(half.share == 1);
  CHECK(first.right == 1);
  CHECK(wrong.right == 0);
  REQUIRE(found.right.has_value());
  CHECK(found.right->share == 0.75);
  CHECK(found.right->count == 4);
  CHECK(found.right->low < 0.4);
  CHECK(found.right->high > 0.9);
  // Held far away nothing moves; let go, each question goes to its majority.
  CHECK(found.at[0].locked == 2);
  CHECK(*found.at[0].acc_sampled ==
        doctest::Approx((2.0 / 3 + 1 + 1.0 / 3 + 0.5) / 4).epsilon(0.02));
  CHECK(found.at[1].locked == 4);
  CHECK(*found.at[1].acc_greedy == 0.75);
  CHECK(*found.at[1].acc_sampled < 0.75 * 0.9);
  CHECK(*found.at[1].least_group == std::ceil(2 / (2 - first.lock_in)));
  CHECK(*found.at[0].least_group == 1);
}

TEST_CASE("without labels there are margins and no accuracies; order does not matter") {
  const dag::Verdict found = dag::verdict(rollouts({"AAB", "BA"}, false), std::vector<double>{1});
  CHECK_FALSE(found.right.has_value());
  CHECK_FALSE(found.at[0].acc_greedy.has_value());
  CHECK(found.questions[1].lock_in == doctest::Approx(1).epsilon(1e-12));  // a tie: the even fork
  CHECK_THROWS_AS((void)dag::verdict(rollouts({"A"}), std::vector<double>{0}), dag::Error);
  CHECK_THROWS_AS((void)dag::verdict(rollouts({"A"}), std::vector<double>{1}, -1), dag::Error);
}
