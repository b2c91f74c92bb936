// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dag/alignment/any_equilibrium.hpp>
#include <dag/alignment/contexts.hpp>
#include <dag/core/error.hpp>
#include <dag/core/observer.hpp>
#include <dag/utility/registry.hpp>

namespace dag {

namespace detail {

/// Fields of one problem, checked as they are read. Errors name the field, its value and the rule.
class ProblemFields {
 public:
  explicit ProblemFields(const nlohmann::json& object) : object_(object) {}

  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }

  [[nodiscard]] std::string text(const char* name) const {
    const auto& value = at(name);
    check(value.is_string(), name, value, "must be a string");
    return value.get<std::string>();
  }
  [[nodiscard]] double number(const char* name) const { return as_number(at(name), name); }
  [[nodiscard]] std::vector<double> numbers(const char* name) const {
    return as_numbers(at(name), name);
  }
  [[nodiscard]] std::vector<std::vector<double>> rows(const char* name) const {
    const auto& value = at(name);
    check(value.is_array() && !value.empty(), name, value, "must be an array of arrays of numbers");
    std::vector<std::vector<double>> rows;
    for (const auto& row : value) {
      rows.push_back(as_numbers(row, name));
    }
    return rows;
  }
  /// 0/1 or false/true an answer.
  [[nodiscard]] static std::vector<bool> as_flags(const nlohmann::json& value, const char* name) {
    check(value.is_array(), name, value, "must be an array of 0 and 1, one an answer");
    std::vector<bool> flags;
    for (const auto& flag : value) {
      const bool legal = flag.is_boolean() || (flag.is_number() && (flag == 0 || flag == 1));
      check(legal, name, flag, "must hold 0 and 1 only");
      flags.push_back(flag.is_boolean() ? flag.get<bool>() : flag != 0);
    }
    return flags;
  }
  [[nodiscard]] const nlohmann::json& at(const char* name) const {
    const auto found = object_.find(name);
    require(found != object_.end(), Errc::parse, "problem: field \"", name, "\" is missing");
    return *found;
  }
  static void check(bool holds, const char* name, const nlohmann::json& value, const char* rule) {
    if (!holds) {
      std::string shown = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
      if (shown.size() > 60) {
        shown = shown.substr(0, 57) + "...";
      }
      fail(Errc::parse, "problem: field \"", name, "\" ", rule, ", got ", shown);
    }
  }
  [[nodiscard]] static double as_number(const nlohmann::json& value, const char* name) {
    check(value.is_number(), name, value, "must be a number");
    const double number = value.get<double>();
    check(std::isfinite(number), name, value, "must be finite");
    return number;
  }
  [[nodiscard]] static std::vector<double> as_numbers(const nlohmann::json& value,
                                                      const char* name) {
    check(value.is_array() && !value.empty(), name, value, "must be an array of numbers");
    std::vector<double> numbers;
    for (const auto& entry : value) {
      numbers.push_back(as_number(entry, name));
    }
    return numbers;
  }

  const nlohmann::json& object_;
};

/// The answer's common fields.
[[nodiscard]] inline nlohmann::json problem_result(const std::string& id, const std::string& kind,
                                                   const AnyEquilibrium& solved, bool many) {
  const AlignmentSolution<double>& found = solved.solution;
  nlohmann::json out;
  out["id"] = id;
  out["kind"] = kind;
  if (many) {
    for (std::size_t x = 0; x < found.blocks.count(); ++x) {
      const auto row = found.strategy(x);
      out["solution"].push_back(std::vector<double>(row.begin(), row.end()));
    }
  } else {
    out["solution"] = found.nu;
  }
  out["value"] = found.value;
  out["residual"] = found.residual;
  out["gap"] = found.gap;
  out["iterations"] = found.iterations;
  out["status"] = to_string(found.status);
  out["method"] = to_string(found.method);
  if (solved.several()) {
    if (found.status == Status::converged) {  // else the list may have been cut short
      out["status"] = "several_equilibria";
    }
    for (std::size_t x = 0; x < solved.equilibria.size(); ++x) {
      for (const StationaryPolicy& policy : solved.equilibria[x].found) {
        nlohmann::json one;
        one["solution"] = policy.nu;
        one["stable"] = policy.stable;
        one["residual"] = policy.residual;
        if (std::isfinite(policy.onset)) {
          one["onset"] = policy.onset;
        }
        if (many) {
          one["context"] = x;
        }
        out["equilibria"].push_back(std::move(one));
      }
    }
    const auto known = [](const AllEquilibria& all) { return std::isfinite(all.margin); };
    if (std::any_of(solved.equilibria.begin(), solved.equilibria.end(), known)) {
      for (const AllEquilibria& all : solved.equilibria) {
        out["basin_margin"].push_back(known(all) ? nlohmann::json(all.margin)
                                                 : nlohmann::json(nullptr));
      }
    }
  }
  if (!solved.ways_resolved) {
    out["ways_resolved"] = false;
  }
  for (const AgreementBifurcation& at : solved.bifurcations) {
    out["bifurcations"].push_back(
        {{"strength", at.strength}, {"kind", at.fold ? "fold" : "branch"}});
  }
  if (!found.consensus.empty()) {
    out["consensus"] = found.consensus;
  }
  bool constrained = false;
  for (std::size_t k = 0; k < found.target.size(); ++k) {
    if (solved.target_kinds[k] == TargetKind::mixture) {
      out["mixture"].push_back(found.target[k]);
    } else {
      constrained = true;
      out["multipliers"].push_back(found.target[k]);
      out["slack"].push_back(found.slack[k]);
    }
  }
  if (constrained) {
    out["violation"] = found.violation;
    out["complementarity"] = found.complementarity;
  }
  return out;
}

/// Data by answer: n numbers, the same in every context, or a row of them a context.
template <class Entry, class Read>
[[nodiscard]] std::vector<Entry> stacked(const nlohmann::json& value, const char* name,
                                         const Blocks& blocks, const Read& read) {
  std::vector<Entry> out;
  const bool rows = value.is_array() && !value.empty() && value[0].is_array();
  if (rows) {
    require(value.size() == blocks.count(), Errc::dimension_mismatch, "problem: field \"", name,
            "\" has ", value.size(), " rows for ", blocks.count(), " contexts");
  }
  for (std::size_t x = 0; x < blocks.count(); ++x) {
    const std::vector<Entry> row = read(rows ? value[x] : value, name);
    out.insert(out.end(), row.begin(), row.end());
    require(blocks.count() == 1 || row.size() == blocks.size(x), Errc::dimension_mismatch,
            "problem: field \"", name, "\" has ", row.size(), " entries for the ", blocks.size(x),
            " answers of context ", x);
  }
  return out;
}

/// Fields of a utility, from an object that holds them.
inline void read_utility_field(const ProblemFields& fields, const UtilityField& field,
                               const Contexts<double>& contexts, UtilityData& data) {
  const Blocks& blocks = contexts.blocks();
  const std::string name(field.name);
  const char* key = name.c_str();
  if (!fields.has(key) && field.fallback && !field.asked) {
    return;
  }
  if (const auto* number = std::get_if<double UtilityData::*>(&field.member)) {
    data.*(*number) = fields.number(key);
    field.check(data.*(*number), "problem: field ");
  } else if (const auto* word = std::get_if<std::string UtilityData::*>(&field.member)) {
    if (fields.has(key)) {
      data.*(*word) = fields.text(key);
    }
    require(data.rule == "at_most" || data.rule == "at_least" || data.rule == "equal", Errc::parse,
            "problem: field \"rule\" must be at_most, at_least or equal, got \"", data.rule, "\"");
  } else if (const auto* values = std::get_if<std::vector<double> UtilityData::*>(&field.member)) {
    data.*(*values) = stacked<double>(fields.at(key), key, blocks, &ProblemFields::as_numbers);
    for (std::size_t x = 0;
         field.averaged && (data.*(*values)).size() == blocks.total() && x < blocks.count(); ++x) {
      for (double& entry : blocks.of(std::span<double>(data.*(*values)), x)) {
        entry *= contexts.weights()[x];
      }
    }
  } else if (const auto* flags = std::get_if<std::vector<bool> UtilityData::*>(&field.member)) {
    data.*(*flags) = stacked<bool>(fields.at(key), key, blocks, &ProblemFields::as_flags);
  } else {
    const auto rows = std::get<std::vector<std::vector<double>> UtilityData::*>(field.member);
    const auto& value = fields.at(key);
    ProblemFields::check(value.is_array() && !value.empty(), key, value,
                         "must be an array of arrays of numbers");
    for (const auto& row : value) {
      (data.*rows)
          .push_back(field.matrix ? ProblemFields::as_numbers(row, key)
                                  : stacked<double>(row, key, blocks, &ProblemFields::as_numbers));
    }
  }
}

/// The one kind that is a sum with a name of its own; its weight is the entropy's.
inline constexpr std::string_view reward_plus_entropy = "reward_plus_entropy";

/// The utilities of "kind", one or a sum. Errors: parse.
[[nodiscard]] inline std::vector<UtilityChoice> read_kind(const ProblemFields& fields) {
  const std::string kind = fields.text("kind");
  try {
    return utility_sum(kind == reward_plus_entropy ? "expected_reward+shannon_entropy" : kind);
  } catch (const Error& error) {
    fail(Errc::parse, "problem: field \"kind\" must be a known utility, got \"", kind,
         "\": ", std::string_view(error.what()));
  }
}

/// Adds the utilities of an object that holds their fields. Refuses fields that utilities have but
/// not these.
inline void add_utilities(const nlohmann::json& object, const std::vector<UtilityChoice>& parts,
                          const Contexts<double>& contexts, double weight,
                          std::vector<AnyUtility>& out) {
  const ProblemFields fields(object);
  const std::string kind = fields.text("kind");
  for (const auto& [key, value] : object.items()) {
    bool used = !is_utility_field(key);
    for (const UtilityChoice& part : parts) {
      used = used || (part.entry->field(key) != nullptr && !part.settles(key));
    }
    require(used, Errc::parse, "problem: field \"", key, "\" is none of ", kind,
            "'s; see dag utilities ", kind);
  }
  for (const UtilityChoice& part : parts) {
    UtilityData data = part.defaults();
    for (const UtilityField& field : part.entry->fields) {
      if (!part.settles(field.name)) {
        read_utility_field(fields, field, contexts, data);
      }
    }
    if (kind == reward_plus_entropy && part.entry == parts[0].entry) {
      data.weight = 1;
    }
    require(part.entry->field("weight") != nullptr || weight * part.factor == 1, Errc::parse,
            "problem: ", part.entry->name, " is a hard constraint and has no weight");
    data.weight *= weight * part.factor;
    out.push_back(part.entry->make(data));
  }
}

}  // namespace detail

/// Solves one answer-level problem, a JSON object with `id`, `kind` (a utility of
/// `utility_registry` or a sum of them: "gini+0.5*expected_reward"), `nu0` (numbers, or rows of
/// them for many contexts, then perhaps `weights` of the contexts), `beta` and the fields of the
/// utilities: those that the registry names, by answer as numbers or a row of them a context. A sum
/// whose parts need fields of one name has `parts`, a list of objects with `kind` and their fields,
/// in place of `kind`; `weight` beside it is a factor of all. Fields that no utility has are
/// ignored, those of others are refused. Out: id, kind, solution, value, residual, gap, iterations,
/// status, method; consensus, mixture, or multipliers with slack, violation and complementarity.
/// Where a convex utility (sharpening, collision) has several equilibria: status
/// `several_equilibria` and `equilibria`, objects with solution, stable and residual (and context,
/// where nu0 has rows), the one that ascent from nu0 reaches as `solution`; `basin_margin`, an
/// entry a context (null where there is none); of agreement also each one's `onset` and the
/// `bifurcations` on the way from s = 0, and `ways_resolved` false where doubles tell neither.
/// Errors: parse (a field missing or of the wrong type, an unknown kind, a field of other
/// kinds), and those of `any_equilibrium`. `options`: of the solve, for example when it has to end.
template <std::same_as<double> Real = double>
[[nodiscard]] nlohmann::json solve_problem(const nlohmann::json& problem,
                                           const EquilibriumOptions<Real>& options = {}) {
  require(problem.is_object(), Errc::parse, "problem: must be a JSON object, got ",
          std::string_view(problem.type_name()));
  const detail::ProblemFields fields(problem);
  const std::string id = fields.text("id");
  const bool has_parts = fields.has("parts");
  const std::string kind = has_parts && !fields.has("kind") ? "sum" : fields.text("kind");
  // Says what is wrong with a kind before anything else.
  const std::vector<UtilityChoice> choices =
      has_parts ? std::vector<UtilityChoice>{} : detail::read_kind(fields);
  const bool many =
      fields.at("nu0").is_array() && !fields.at("nu0").empty() && fields.at("nu0")[0].is_array();
  const std::vector<std::vector<double>> rows =
      many ? fields.rows("nu0") : std::vector<std::vector<double>>{fields.numbers("nu0")};
  const Contexts<double> contexts(
      rows, fields.has("weights") ? fields.numbers("weights") : std::vector<double>{});
  const double beta = fields.number("beta");
  std::vector<AnyUtility> utilities;
  if (has_parts) {
    require(kind == "sum", Errc::parse, "problem: \"parts\" take the place of \"kind\", got \"",
            kind, "\"");
    nlohmann::json rest = problem;
    double weight = 1;
    if (fields.has("weight")) {
      weight = fields.number("weight");
      require(weight > 0, Errc::parse, "problem: field \"weight\" must be > 0, got ", weight);
      rest.erase("weight");
    }
    for (const auto& [key, value] : rest.items()) {
      require(!is_utility_field(key), Errc::parse, "problem: field \"", key,
              "\" belongs into one of the \"parts\"");
    }
    const auto& parts = fields.at("parts");
    detail::ProblemFields::check(parts.is_array() && !parts.empty(), "parts", parts,
                                 "must be an array of objects");
    for (const auto& part : parts) {
      detail::ProblemFields::check(part.is_object(), "parts", part, "must hold objects");
      for (const char* shared : {"nu0", "beta", "weights"}) {
        require(!part.contains(shared), Errc::parse, "problem: field \"", shared,
                "\" stands beside \"parts\", not in them");
      }
      detail::add_utilities(part, detail::read_kind(detail::ProblemFields(part)), contexts, weight,
                            utilities);
    }
  } else {
    for (const UtilityChoice& part : choices) {
      const bool compares = part.entry->family == UtilityFamily::consensus ||
                            part.entry->family == UtilityFamily::pairwise;
      detail::ProblemFields::check(many || !compares, "nu0", fields.at("nu0"),
                                   "must be an array of arrays of numbers: contexts to compare");
    }
    detail::add_utilities(problem, choices, contexts, 1, utilities);
  }
  const AnyEquilibrium solved = any_equilibrium(utilities, contexts, beta, options);
  return detail::problem_result(id, kind, solved, many);
}

namespace detail {

/// The bytes of a line on their way into the JSON parser, with a look at `stop` every 64 KiB.
class StoppableBytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  struct Stopped {};

  StoppableBytes(const char* at, StopRef stop) : at_(at), stop_(stop) {}
  [[nodiscard]] reference operator*() const { return *at_; }
  StoppableBytes& operator++() {
    ++at_;
    if ((++read_ & 0xFFFFU) == 0 && stop_.stop_requested()) {
      throw Stopped{};
    }
    return *this;
  }
  StoppableBytes operator++(int) {
    StoppableBytes before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const StoppableBytes& a, const StoppableBytes& b) {
    return a.at_ == b.at_;
  }

 private:
  const char* at_;
  std::size_t read_ = 0;
  StopRef stop_;
};

}  // namespace detail

/// A problem from one line of text, before it is solved. `stop` is looked at while it is read:
/// where it is requested the value is `discarded`. Errors: parse where it is not JSON, with the
/// offset of the fault.
[[nodiscard]] inline nlohmann::json read_problem_line(std::string_view line, StopRef stop = {}) {
  try {
    // A problem has no use for deep nesting, and what walks a value recursively (dump) would
    // overflow the stack.
    return nlohmann::json::parse(
        detail::StoppableBytes(line.data(), stop),
        detail::StoppableBytes(line.data() + line.size(), {}),
        [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
          require(depth <= 64, Errc::parse, "problem: arrays or objects nested deeper than 64");
          return true;
        });
  } catch (const nlohmann::json::exception& fault) {
    fail(Errc::parse, "problem: not a line of JSON: ", std::string_view(fault.what()));
  } catch (const detail::StoppableBytes::Stopped&) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
}

/// `solve_problem` of one line of text; discarded where `options.stop` ends the reading. Errors:
/// those of both.
template <std::same_as<double> Real = double>
[[nodiscard]] nlohmann::json solve_problem_line(std::string_view line,
                                                const EquilibriumOptions<Real>& options = {}) {
  nlohmann::json problem = read_problem_line(line, options.stop);
  return problem.is_discarded() ? problem : solve_problem(problem, options);
}

}  // namespace dag
