// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/text/detail/grammar.hpp>
#include <dag/text/detail/parse_brackets.hpp>
#include <dag/text/detail/parse_expressions.hpp>
#include <dag/text/detail/parse_lists.hpp>
#include <dag/text/detail/parse_macros.hpp>
#include <dag/text/detail/parse_numbers.hpp>
#include <dag/text/detail/parse_quantities.hpp>
