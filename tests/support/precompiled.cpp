// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// Nothing: its target's precompiled header serves every test (tests/CMakeLists.txt).
