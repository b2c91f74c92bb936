// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// For the harness's own test: broken apart from the part under test.
// expect: undeclared|not declared
int main() { undeclared(); }
