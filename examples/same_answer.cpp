// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
// Are these two answers the same? Reads a few pairs, and fails if one is judged otherwise than
// said.
#include <dag/text/answer_key.hpp>

#include <iostream>

int main() {
  bool ok = true;
  const auto judge = [&](const char* gold, const char* answer, bool same) {
    const dag::Equality found = dag::equal_answers(gold, answer);
    std::cout << gold << "  |  " << answer << "  |  " << (found ? "equal: " : "not equal: ")
              << found.rule << '\n';
    ok = ok && found.equal == same;
  };
  judge("\\frac{\\sqrt{3}}{3}", "1/\\sqrt3", true);
  judge("2^{n-1}", "2^n-1", false);
  judge("x > 3", "(3, \\infty)", true);
  judge("(A) and (C)", "AC", true);
  judge("\\text{1.5 hours}", "90 minutes", true);
  judge("5 \\text{ mA}", "5 MA", false);
  judge("12 \\text{ cm}^2", "12", true);

  //! [same]
  const auto read = dag::read_answer("x = 2\\frac{1}{2}");           // key "2.5", form number
  const dag::Equality same = dag::equal_answers("\\pm 3", "3, -3");  // equal, rule "plus-minus"
  dag::ReadOptions strict;
  strict.off.insert(dag::answer_rule("unit-omitted"));
  const bool omitted = dag::equal_answers("5 cm", "5", strict).equal;  // false
  //! [same]
  return ok && read.key == "2.5" && same.rule == "plus-minus" && !omitted ? 0 : 1;
}
