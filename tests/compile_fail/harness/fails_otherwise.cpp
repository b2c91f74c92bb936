// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// For the harness's own test: refused, but with another text than expected.
// expect: a text that no compiler prints
int main() {
#if !defined(DAG_EXPECT_SUCCESS)
  undeclared();
#endif
}
