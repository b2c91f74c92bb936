// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include <dag/answers/verdict.hpp>

/// `dag rewards --verdict`: label-free alignment foreseen.
namespace cli {

/// Betas that are tried where none are given: s / beta from 1/4 to 10.
std::vector<double> verdict_betas(double weight);

nlohmann::ordered_json verdict_json(const dag::AnswerGroups& groups, const dag::Verdict& verdict);
std::string verdict_text(const dag::Verdict& verdict);

}  // namespace cli
