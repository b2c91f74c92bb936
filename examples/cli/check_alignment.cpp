// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// dag check of alignments: the equilibrium condition nu_x ∝ nu0_x exp(r_x / beta), sums, bounds,
// gaps, value and each of several equilibria, recomputed from rewards written out in
// answer_truths.cpp.

#include "check_alignment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <dag/core/error.hpp>

#include "answer_truths.hpp"
#include "check_agreement.hpp"
#include "check_basins.hpp"

namespace cli {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// What is true of a policy of a problem.
struct Truth {
  double residual = 0;
  double gap = 0;
  double value = 0;
  double residual_slack = 0;  ///< what numbers written as doubles may lose
  double value_slack = 0;
  AnswerRewards rewards;
};

std::optional<Truth> truth_of(const AnswerProblem& problem, const AnswerRows& nu,
                              const std::vector<double>& mixture,
                              const std::vector<double>& multipliers) {
  const std::optional<AnswerRewards> rewards = rewards_at(problem, nu, mixture, multipliers);
  if (!rewards) {
    return std::nullopt;
  }
  Truth truth;
  truth.rewards = *rewards;
  const double beta = problem.beta;
  double deepest = 1;  // the largest logarithm of a reference
  Sum divergence;
  Sum gap;
  for (std::size_t x = 0; x < nu.size(); ++x) {
    const std::vector<double>& r = rewards->reward[x];
    const std::vector<double>& nu0 = problem.reference[x];
    double best = -infinity;  // of rewards
    for (std::size_t z = 0; z < r.size(); ++z) {
      best = nu0[z] > 0 ? std::max(best, r[z]) : best;
    }
    std::vector<double> log(r.size(), -infinity);
    double highest = -infinity;
    for (std::size_t z = 0; z < r.size(); ++z) {
      if (nu0[z] > 0 && r[z] > -infinity) {
        log[z] = std::log(nu0[z]) + (r[z] - best) / beta;
        deepest = std::max(deepest, -std::log(nu0[z]));
      }
      highest = std::max(highest, log[z]);
    }
    Sum total;
    for (const double l : log) {
      total.add(std::exp(l - highest));
    }
    Sum own;
    Sum earned;
    for (std::size_t z = 0; z < r.size(); ++z) {
      const double p = std::exp(log[z] - highest) / total.value();
      const double off = std::abs(p - nu[x][z]);
      truth.residual = off <= truth.residual ? truth.residual : off;  // NaN stays
      if (nu[x][z] > 0 && nu0[z] > 0) {
        own.add_product(nu[x][z], log_ratio(nu[x][z], nu0[z]));
        earned.add_product(nu[x][z], r[z] - best);
      }
    }
    divergence.add_product(problem.weights[x], own.value());
    gap.add_product(problem.weights[x], beta * (highest + std::log(total.value())) -
                                            earned.value() + beta * own.value());
  }
  truth.gap = gap.value() + rewards->target_gap;
  // Both sides of a game between answers are anchored, and play alike.
  truth.value = rewards->value - (problem.kind == "preference" ? 0 : beta * divergence.value());
  truth.residual_slack = 256 * epsilon * (1 + rewards->bulk / beta + deepest);
  for (const AnswerUtility& u : problem.utilities) {
    if (u.kind == "transport") {  // rounding over 1 - the rate of Sinkhorn's algorithm
      truth.residual_slack += 1e-10 * (1 + u.weight * u.epsilon / beta);
    }
  }
  truth.value_slack = 256 * epsilon * (rewards->bulk + beta * deepest);
  return truth;
}

/// The problem in one of its contexts alone.
AnswerProblem only(const AnswerProblem& problem, std::size_t x) {
  AnswerProblem one = problem;
  one.reference = {problem.reference[x]};
  one.weights = {1.0};
  for (AnswerUtility& u : one.utilities) {
    for (AnswerRows* rows : {&u.reward, &u.target, &u.correct, &u.feature}) {
      *rows = rows->empty() ? AnswerRows{} : AnswerRows{(*rows)[x]};
    }
  }
  return one;
}

bool coupled(const AnswerProblem& problem) {
  return std::any_of(problem.utilities.begin(), problem.utilities.end(), [](const auto& u) {
    return u.kind == "agreement" || u.kind == "majority_vote";
  });
}

/// Whether J has a strict maximum at a stationary policy: minus its Hessian along moves between
/// answers is positive definite (a Cholesky factorisation). Empty where it is not told here: too
/// many answers, kinds without a Hessian, or too near to a fold.
std::optional<bool> strict_maximum(const AnswerProblem& problem, const AnswerRows& nu) {
  std::vector<std::pair<std::size_t, std::size_t>> alive;
  std::vector<std::size_t> pivot(nu.size(), 0);
  std::size_t zeros = 0;
  for (std::size_t x = 0; x < nu.size(); ++x) {
    pivot[x] =
        static_cast<std::size_t>(std::max_element(nu[x].begin(), nu[x].end()) - nu[x].begin());
    for (std::size_t z = 0; z < nu[x].size(); ++z) {
      zeros += nu[x][z] == 0 && problem.reference[x][z] > 0 ? 1 : 0;
      if (nu[x][z] > 0 && z != pivot[x]) {
        alive.emplace_back(x, z);
      }
    }
  }
  if (alive.size() > 64 || problem.utilities.size() != 1) {
    return std::nullopt;
  }
  const AnswerUtility& u = problem.utilities[0];
  const auto curvature = [&](double p) {  // f''
    return u.kind == "collision"          ? 2.0
           : u.kind == "power_sharpening" ? u.order * (u.order - 1) * std::pow(p, u.order - 2)
           : u.kind == "sharpening"       ? 1 / p
                                          : 0.0;
  };
  if (u.kind != "collision" && u.kind != "agreement" &&
      ((u.kind != "power_sharpening" && u.kind != "sharpening") || zeros > 0)) {
    return std::nullopt;
  }
  // Minus the Hessian between answers of contexts x and y.
  const auto entry = [&](std::size_t x, std::size_t i, std::size_t y, std::size_t j) {
    const double w = problem.weights[x];
    if (u.kind == "agreement" && x != y) {
      return i == j ? -2 * u.weight * w * problem.weights[y] : 0.0;
    }
    return x == y && i == j ? w * (problem.beta / nu[x][i] - u.weight * curvature(nu[x][i])) : 0.0;
  };
  const std::size_t n = alive.size();
  std::vector<double> a(n * n);
  std::vector<double> size(n);  // of what a diagonal entry is made of
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < n; ++c) {
      const auto [x, i] = alive[r];
      const auto [y, j] = alive[c];
      a[r * n + c] = entry(x, i, y, j) - entry(x, i, y, pivot[y]) - entry(x, pivot[x], y, j) +
                     entry(x, pivot[x], y, pivot[y]);
    }
    const auto [x, i] = alive[r];
    size[r] = problem.weights[x] * problem.beta * (1 / nu[x][i] + 1 / nu[x][pivot[x]]);
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      a[k * n + k] -= a[k * n + j] * a[k * n + j];
    }
    if (std::abs(a[k * n + k]) <= 1e-6 * size[k]) {
      return std::nullopt;
    }
    if (a[k * n + k] <= 0) {
      return false;
    }
    a[k * n + k] = std::sqrt(a[k * n + k]);
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        a[i * n + k] -= a[i * n + j] * a[k * n + j];
      }
      a[i * n + k] /= a[k * n + k];
    }
  }
  return true;
}

class AlignmentClaims : private Claims {
 public:
  AlignmentClaims(const AnswerProblem& problem, const std::string& where)
      : Claims(where), problem_(problem) {}
  using Claims::checked;

  /// False: what it says of rewards was not recomputed.
  bool check(const Json& result) {
    const auto same = [&](const char* key, const std::string& truth) {
      const Json said = result.value(key, Json());
      say(key, said.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60), truth,
          said == Json(truth));
    };
    same("id", problem_.id);
    same("kind", problem_.kind);
    const Json& solution = field(result, "solution");
    need(!problem_.rows || solution.is_array(), "solution is a list");
    const AnswerRows nu = policy_of(problem_.rows ? solution : Json::array({solution}), "solution");
    const std::vector<double> mixture = numbers(result, "mixture");
    const std::vector<double> multipliers = numbers(result, "multipliers");
    players(mixture, multipliers);
    const std::optional<Truth> truth = truth_of(problem_, nu, mixture, multipliers);
    if (truth) {
      recompute(result, nu, *truth, multipliers);
    }
    rest(result, {"iterations", "method"});
    return truth.has_value();
  }

 private:
  void recompute(const Json& result, const AnswerRows& nu, const Truth& known,
                 const std::vector<double>& multipliers) {
    const Truth* truth = &known;
    if (preference()) {  // of logarithms: what it leaves of a probability is at most twice as much
      const double claimed = number_of(result, "residual", infinity);
      say("residual", fmt::format("{}", claimed), fmt::format("{} of nu", truth->residual),
          truth->residual <= 2 * claimed + truth->residual_slack);
    } else {
      equals(result, "residual", truth->residual, truth->residual_slack);
    }
    equals(result, "gap", truth->gap, truth->value_slack);
    equals(result, "value", truth->value, truth->value_slack);
    equals(result, "slack", truth->rewards.slack, truth->value_slack + 1e-14);
    equals(result, "violation", std::max(truth->rewards.violation, 0.0),
           truth->value_slack + 1e-14);
    equals(result, "complementarity", truth->rewards.complementarity,
           truth->value_slack + 1e-14 * largest(multipliers));
    if (!truth->rewards.consensus.empty()) {
      equals(result, "consensus", truth->rewards.consensus[0], 1e-12);
    }
    if (preference()) {
      equals(result, "reward", truth->rewards.reward[0], truth->value_slack);
      Sum wins;
      for (std::size_t z = 0; z < nu[0].size(); ++z) {
        for (std::size_t j = 0; j < nu[0].size(); ++j) {
          wins.add_product(nu[0][z] * problem_.reference[0][j], problem_.utilities[0].matrix[z][j]);
        }
      }
      equals(result, "win_rate", wins.value(), truth->value_slack + 1e-14);
    }
    status(result, *truth, multipliers);
    several(result, nu);
    bifurcations(result);
    margins(result, nu);
    if (result.value("ways_resolved", Json()) == Json(false)) {
      touch("ways_resolved");  // claims nothing
    }
  }

  [[nodiscard]] bool preference() const { return problem_.kind == "preference"; }
  static const Json& field(const Json& object, const char* key) {
    const auto found = object.find(key);
    need(found != object.end(), fmt::format("{} is there", key));
    return *found;
  }
  static std::vector<double> numbers(const Json& object, const char* key) {
    std::vector<double> out;
    if (object.contains(key)) {
      need(object[key].is_array(), fmt::format("{} has numbers", key));
      for (const Json& entry : object[key]) {
        need(entry.is_number(), fmt::format("{} has numbers", key));
        out.push_back(entry.get<double>());
      }
    }
    return out;
  }
  static double largest(const std::vector<double>& numbers) {
    double most = 1;
    for (const double number : numbers) {
      most = std::max(most, std::abs(number));
    }
    return most;
  }

  /// Distributions over the answers, which give nothing that the reference cannot.
  AnswerRows policy_of(const Json& json, const std::string& name) {
    return policy_of(json, name, problem_.reference);
  }
  AnswerRows policy_of(const Json& json, const std::string& name, const AnswerRows& reference) {
    touch(name);
    need(json.is_array() && json.size() == reference.size(), name + " has one list a context");
    AnswerRows nu;
    double least = 0;
    double off = 0;
    double beyond = 0;
    for (std::size_t x = 0; x < json.size(); ++x) {
      need(json[x].is_array() && json[x].size() == reference[x].size(),
           fmt::format("{} has {} probabilities", name, reference[x].size()));
      nu.emplace_back();
      Sum sum;
      for (std::size_t z = 0; z < json[x].size(); ++z) {
        need(json[x][z].is_number(), name + " has numbers");
        const double p = json[x][z].get<double>();
        least = std::min(least, p);
        sum.add(p);
        beyond = std::max(beyond, reference[x][z] > 0 ? 0.0 : std::abs(p));
        nu[x].push_back(std::max(p, 0.0));
      }
      off = std::max(off, std::abs(sum.value() - 1));
    }
    say(name + " >= 0", fmt::format("{}", least), "0 or more", least >= 0);
    say(name + " adds up to 1", fmt::format("1 within {:.3g}", off), "1 within 1e-12",
        off <= 1e-12);
    say(name + " where the reference is 0", fmt::format("{}", beyond), "0", beyond == 0);
    return nu;
  }

  /// A mixture is a distribution for each utility that has one; multipliers of inequalities are not
  /// negative.
  void players(const std::vector<double>& mixture, const std::vector<double>& multipliers) {
    std::size_t at = 0;
    std::size_t bound = 0;
    for (const AnswerUtility& u : problem_.utilities) {
      if (u.mixture()) {
        Sum sum;
        double least = 0;
        for (std::size_t m = 0; m < u.rewards.size(); ++m, ++at) {
          need(at < mixture.size(), "mixture has an entry a reward model");
          sum.add(mixture[at]);
          least = std::min(least, mixture[at]);
        }
        say("mixture is a distribution", fmt::format("sum 1 {:+.3g}", sum.value() - 1),
            "1 within 1e-12, none negative", least >= 0 && std::abs(sum.value() - 1) <= 1e-12);
      } else if (u.constraint()) {
        need(bound < multipliers.size(), "multipliers has one a bound");
        const double lambda = multipliers[bound++];
        say("multipliers", fmt::format("{}", lambda), u.rule == "equal" ? "any" : "0 or more",
            u.rule == "equal" || lambda >= 0);
      }
    }
  }

  /// `converged` and `several_equilibria`: residual, bounds and the Target's gap within 1e-10.
  void status(const Json& result, const Truth& truth, const std::vector<double>& multipliers) {
    const Json said = result.value("status", Json());
    touch("status");
    if (said != "converged" && said != "several_equilibria") {
      return;
    }
    const double tolerance = preference() ? 1e-9 : 1e-10;
    double scale = 1;
    double rewards = 1;
    for (const AnswerUtility& u : problem_.utilities) {
      scale = std::max(scale, u.constraint() ? 1 + std::abs(u.bound) : 1);
      for (const AnswerRows& model : u.rewards) {
        for (const std::vector<double>& row : model) {
          rewards = std::max(rewards, u.weight * largest(row));
        }
      }
    }
    const auto held = [&](const char* claim, double found, double allowed) {
      say(fmt::format("status: {}", claim), said.get<std::string>(),
          fmt::format("{:.3g}, at most {:.3g}", found, allowed), found <= allowed);
    };
    held("residual", truth.residual, tolerance + truth.residual_slack);
    held("violation", truth.rewards.violation, tolerance * scale + truth.value_slack);
    held("complementarity", truth.rewards.complementarity,
         tolerance * scale * largest(multipliers) + truth.value_slack);
    held("mixture gap", truth.rewards.mixture_gap, tolerance * 2 * rewards + truth.value_slack);
  }

  /// Every entry of `equilibria` is one, listed once, stable or not as said; the solution is one.
  void several(const Json& result, const AnswerRows& nu) {
    const bool said = result.value("status", Json()) == "several_equilibria";
    if (!said && !result.contains("equilibria")) {
      return;
    }
    const Json& list = field(result, "equilibria");
    need(list.is_array(), "equilibria is a list");
    touch("equilibria");
    const bool joint = coupled(problem_) && problem_.rows;
    // By context; of a utility that couples them the k-th of each context belong together.
    std::vector<std::vector<const Json*>> by_context(problem_.reference.size());
    for (const Json& one : list) {
      need(one.is_object() && one.contains("solution"), "equilibria have solutions");
      const Json context = one.value("context", Json(0U));
      need(context.is_number_unsigned() && context.get<std::size_t>() < by_context.size(),
           "equilibria name a context");
      by_context[context.get<std::size_t>()].push_back(&one);
    }
    if (joint) {
      for (std::size_t k = 0; k < by_context[0].size(); ++k) {
        Json rows = Json::array();
        for (const auto& entries : by_context) {
          need(entries.size() == by_context[0].size(), "equilibria have an entry a context");
          rows.push_back((*entries[k])["solution"]);
        }
        one_of(problem_, rows, *by_context[0][k], fmt::format("equilibria[{}]", k), 0);
      }
      listed(nu, "solution");
    } else {
      for (std::size_t x = 0; x < by_context.size(); ++x) {
        const AnswerProblem alone = only(problem_, x);
        for (std::size_t k = 0; k < by_context[x].size(); ++k) {
          one_of(alone, Json::array({(*by_context[x][k])["solution"]}), *by_context[x][k],
                 fmt::format("equilibria of context {}[{}]", x, k), x);
        }
        if (!by_context[x].empty()) {
          listed({nu[x]}, fmt::format("solution of context {}", x));
        }
        seen_.clear();
      }
    }
  }
  void one_of(const AnswerProblem& problem, const Json& rows, const Json& entry,
              const std::string& name, std::size_t context) {
    const AnswerRows nu = policy_of(rows, name + ".solution", problem.reference);
    const std::optional<Truth> truth = truth_of(problem, nu, {}, {});
    if (!truth) {
      return;
    }
    say(name + " is an equilibrium", "yes", fmt::format("residual {:.3g}", truth->residual),
        truth->residual <= 1e-9 + truth->residual_slack);
    say(name + " is listed once", "yes", "see solution", near(nu, 0) == 0);
    seen_.push_back(nu);
    if (entry.value("stable", Json()) == Json(true)) {
      stable_.emplace_back(context, nu);
    }
    if (const auto stable = strict_maximum(problem, nu); stable && entry.contains("stable")) {
      say(name + ".stable", entry["stable"].dump().substr(0, 10), *stable ? "true" : "false",
          entry["stable"] == Json(*stable));
    }
    equals(entry, "residual", truth->residual, truth->residual_slack, name + ".");
    if (const auto onset = entry.find("onset"); onset != entry.end() && ways()) {
      need(onset->is_number(), name + ".onset is a number");
      const auto there = AgreementWays(problem).begins_at(
          nu, problem.utilities[0].weight / problem.beta, onset->get<double>());
      if (there) {
        say(name + ".onset", onset->dump(), *there ? "begins there" : "does not begin there",
            *there);
      }
    }
    rest(entry, {"context"}, name + ".");
  }
  /// Whether the ways of equilibria are followed here.
  [[nodiscard]] bool ways() const {
    return problem_.utilities.size() == 1 && problem_.utilities[0].kind == "agreement" &&
           AgreementWays(problem_).small();
  }
  /// Of agreement: where the equilibrium that grows out of the reference turns.
  void bifurcations(const Json& result) {
    if (!result.contains("bifurcations") || !ways()) {
      return;
    }
    std::vector<double> strengths;
    std::vector<std::string> kinds;
    need(result["bifurcations"].is_array(), "bifurcations is a list");
    for (const Json& one : result["bifurcations"]) {
      need(one.is_object() && one.value("strength", Json()).is_number() &&
               one.value("kind", Json()).is_string(),
           "bifurcations have strengths and kinds");
      strengths.push_back(one["strength"].get<double>());
      kinds.push_back(one["kind"].get<std::string>());
    }
    const auto turns =
        AgreementWays(problem_).turns_at(strengths, problem_.utilities[0].weight / problem_.beta);
    if (!turns) {
      return;
    }
    const bool there = std::all_of(turns->begin(), turns->end(), [](auto t) { return t.there; });
    say("bifurcations", fmt::format("{}", fmt::join(strengths, ", ")),
        there ? "the way turns there" : "it does not turn there", there);
    for (std::size_t k = 0; k < turns->size(); ++k) {
      const std::string& kind = (*turns)[k].kind;
      const std::string name = fmt::format("bifurcations[{}].kind", k);
      if ((*turns)[k].there && kind.empty()) {
        leave(name);
      } else if ((*turns)[k].there) {
        say(name, kinds[k].substr(0, 20), kind, kinds[k] == kind);
      }
    }
  }
  /// Of each context, or of all together: how far the start may move before the ascent ends
  /// elsewhere, where that is told here.
  void margins(const Json& result, const AnswerRows& nu) {
    const auto margin = result.find("basin_margin");
    if (margin == result.end() || margin->is_null()) {
      return;
    }
    need(margin->is_array() && margin->size() == nu.size(), "basin_margin has an entry a context");
    const bool joint = coupled(problem_) && problem_.rows;
    for (std::size_t x = 0; x < (joint ? 1 : nu.size()); ++x) {
      const std::string name = fmt::format("basin_margin[{}]", x);
      need((*margin)[x].is_null() || (*margin)[x].is_number(), name + " is a number");
      std::vector<AnswerRows> others;
      for (const auto& [context, policy] : stable_) {
        if (joint || context == x) {
          others.push_back(policy);
        }
      }
      const std::optional<Basin> basin =
          (*margin)[x].is_null()
              ? std::nullopt
              : basin_of(joint ? problem_ : only(problem_, x), joint ? nu : AnswerRows{nu[x]},
                         others, (*margin)[x].get<double>());
      if (basin) {
        say(name, (*margin)[x].dump(), basin->text, basin->holds);
      } else if (!(*margin)[x].is_null()) {
        leave("basin_margin");
      }
    }
    for (std::size_t x = 1; joint && x < nu.size(); ++x) {
      say(fmt::format("basin_margin[{}]", x), (*margin)[x].dump(), "one of all contexts",
          (*margin)[x] == (*margin)[0]);
    }
    touch("basin_margin");
  }
  void listed(const AnswerRows& nu, const std::string& name) {
    say(name + " is one of equilibria", "yes", fmt::format("{} are like it", near(nu, 1e-9)),
        near(nu, 1e-9) > 0);
  }
  [[nodiscard]] std::size_t near(const AnswerRows& nu, double distance) const {
    std::size_t count = 0;
    for (const AnswerRows& other : seen_) {
      count += farthest(nu, other) <= distance ? 1 : 0;
    }
    return count;
  }

  const AnswerProblem& problem_;
  std::vector<AnswerRows> seen_;
  std::vector<std::pair<std::size_t, AnswerRows>> stable_;  ///< of a context, or of all together
};

/// The lines of a text that are not blank, with their numbers from 1.
std::vector<std::pair<std::size_t, std::string>> lines_of(const std::string& text) {
  std::vector<std::pair<std::size_t, std::string>> lines;
  std::size_t number = 0;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    ++number;
    std::string line = text.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != std::string::npos) {
      lines.emplace_back(number, std::move(line));
    }
  }
  return lines;
}

Json parsed(const std::string& line, const std::string& where) {
  const Json json = Json::parse(
      line,
      [&](int depth, Json::parse_event_t, const Json&) {
        dag::require(depth <= 64, dag::Errc::parse, where, ": nested deeper than 64");
        return true;
      },
      false);
  dag::require(json.is_object(), dag::Errc::parse, where, ": expected an object in JSON");
  return json;
}

}  // namespace

bool is_alignment_result(const std::string& text) {
  const auto lines = lines_of(text.substr(0, std::min(text.find('\n', 1), text.size())));
  if (lines.empty()) {
    return false;
  }
  const Json first = Json::parse(lines[0].second, nullptr, false);
  return first.is_object() &&
         (first.contains("solution") || (first.contains("line") && first.contains("message")));
}

AlignmentCheck check_alignment(const std::string& results, const std::string& problems,
                               const std::string& file) {
  AlignmentCheck out;
  const auto said = lines_of(results);
  const auto asked = lines_of(problems);
  dag::require(said.size() <= asked.size(), dag::Errc::parse, file, ": ", said.size(),
               " results of ", asked.size(), " problems");
  out.unanswered = asked.size() - said.size();
  for (std::size_t k = 0; k < said.size(); ++k) {
    const std::string where = fmt::format("{}:{}", file, said[k].first);
    const Json result = parsed(said[k].second, where);
    const std::string prefix = said.size() == 1 ? "" : fmt::format("line {}: ", said[k].first);
    if (result.value("status", Json()) == "error") {
      const Json line = result.value("line", Json());
      out.checked.findings.push_back({prefix + "line", line.dump().substr(0, 30),
                                      fmt::format("{}", asked[k].first),
                                      line == Json(asked[k].first)});
      continue;
    }
    const AnswerProblem problem = read_answer_problem(
        parsed(asked[k].second, fmt::format("the problems, line {}", asked[k].first)));
    AlignmentClaims claims(problem, prefix);
    out.too_large += claims.check(result) ? 0 : 1;
    out.checked.add(claims.checked());
  }
  return out;
}

}  // namespace cli
