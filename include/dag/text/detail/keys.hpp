// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dag/text/detail/key_inequalities.hpp>
#include <dag/text/detail/key_intervals.hpp>
#include <dag/text/detail/key_lists.hpp>
#include <dag/text/detail/key_parts.hpp>
#include <dag/text/detail/key_relations.hpp>
#include <dag/text/detail/key_values.hpp>
#include <dag/text/detail/key_writer.hpp>
