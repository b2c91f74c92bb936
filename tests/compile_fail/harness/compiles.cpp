// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// For the harness's own test: nothing is wrong with this program, which the harness must report.
// expect: static assertion
int main() {}
