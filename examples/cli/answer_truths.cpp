// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

// The utilities of answers from their definitions, for dag check: rewards r_x(z) = dF / dnu_x(z) /
// w_x and values F, formula by formula as docs/utilities.md states them, nothing shared with the
// code that solves.

#include "answer_truths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include <dag/core/error.hpp>

namespace cli {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double least_positive = std::numeric_limits<double>::denorm_min();

void need(bool holds, const std::string& rule) {
  dag::require(holds, dag::Errc::parse, "the problem: ", rule);
}

/// A probability that was written as 0 though the reference gives it: below the least double.
double positive(double p) { return p > 0 ? p : least_positive; }
double log_of(double p) { return std::log(positive(p)); }

double number_of(const Json& object, const char* key, double otherwise) {
  const auto found = object.find(key);
  need(found == object.end() || found->is_number(), fmt::format("{} is a number", key));
  return found == object.end() ? otherwise : found->get<double>();
}

std::vector<double> numbers_of(const Json& json, const char* key) {
  need(json.is_array(), fmt::format("{} has numbers", key));
  std::vector<double> out;
  for (const Json& entry : json) {
    need(entry.is_number() || entry.is_boolean(), fmt::format("{} has numbers", key));
    out.push_back(entry.is_boolean() ? (entry.get<bool>() ? 1.0 : 0.0) : entry.get<double>());
  }
  return out;
}

AnswerRows matrix_of(const Json& json, const char* key) {
  need(json.is_array(), fmt::format("{} has rows", key));
  AnswerRows rows;
  for (const Json& row : json) {
    rows.push_back(numbers_of(row, key));
  }
  return rows;
}

/// Data by answer: one row for all contexts, or a row each.
AnswerRows by_context(const Json& json, const char* key, const AnswerRows& reference) {
  const bool rows = json.is_array() && !json.empty() && json[0].is_array();
  AnswerRows out =
      rows ? matrix_of(json, key) : AnswerRows(reference.size(), numbers_of(json, key));
  need(out.size() == reference.size(), fmt::format("{} has a row a context", key));
  for (std::size_t x = 0; x < out.size(); ++x) {
    need(out[x].size() == reference[x].size(), fmt::format("{} has a number an answer", key));
  }
  return out;
}

/// What `dag utilities` calls a kind, with what the name settles.
struct Name {
  std::string kind;
  double order = std::numeric_limits<double>::quiet_NaN();
  std::string rule;
};

Name name_of(std::string word) {
  std::replace(word.begin(), word.end(), '-', '_');
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  static const std::map<std::string, Name> others = {
      {"reward", {"expected_reward", none, ""}},
      {"flow_rl", {"expected_reward", none, ""}},
      {"shannon", {"shannon_entropy", none, ""}},
      {"entropy", {"shannon_entropy", none, ""}},
      {"tsallis3", {"tsallis", 3, ""}},
      {"maxrl", {"max_rl", none, ""}},
      {"uniform_correct", {"correct_uniformity", none, ""}},
      {"reverse_kl_to_target", {"reverse_kl", none, ""}},
      {"gflownet", {"reverse_kl", none, ""}},
      {"forward_kl_to_target", {"forward_kl", none, ""}},
      {"ips_grpo", {"forward_kl", none, ""}},
      {"dmpo", {"forward_kl", none, ""}},
      {"chi2", {"chi_square", none, ""}},
      {"chi_square_to_target", {"chi_square", none, ""}},
      {"chi2_to_target", {"chi_square", none, ""}},
      {"js", {"jensen_shannon", none, ""}},
      {"jensen_shannon_to_target", {"jensen_shannon", none, ""}},
      {"alpha_to_target", {"alpha", none, ""}},
      {"mmd_to_target", {"mmd", none, ""}},
      {"sinkhorn", {"transport", none, ""}},
      {"transport_to_target", {"transport", none, ""}},
      {"gdc", {"moment_constraints", none, ""}},
      {"moment_le", {"moment_constraints", none, "at_most"}},
      {"moment_ge", {"moment_constraints", none, "at_least"}},
      {"moment_eq", {"moment_constraints", none, "equal"}},
      {"robust", {"robust_reward", none, ""}},
      {"coherence", {"coherence_arithmetic", none, ""}},
      {"frozen", {"frozen_arithmetic", none, ""}},
      {"coherence_pairwise", {"pairwise_kl", none, ""}}};
  const auto found = others.find(word);
  return found == others.end() ? Name{word, none, ""} : found->second;
}

/// "gini+0.5*expected_reward", its parts with their factors.
std::vector<std::pair<double, std::string>> parts_of(const std::string& kind) {
  std::vector<std::pair<double, std::string>> parts;
  for (std::size_t begin = 0, end = 0; begin <= kind.size(); begin = end + 1) {
    end = std::min(kind.find('+', begin), kind.size());
    std::string part = kind.substr(begin, end - begin);
    part.erase(std::remove(part.begin(), part.end(), ' '), part.end());
    double factor = 1;
    if (const std::size_t star = part.find('*'); star != std::string::npos) {
      factor = std::strtod(part.c_str(), nullptr);
      part = part.substr(star + 1);
    }
    parts.emplace_back(factor, part);
  }
  return parts;
}

/// The utilities of an object that holds their fields.
void add(const Json& object, double weight, const AnswerRows& reference,
         std::vector<AnswerUtility>& out) {
  need(object.contains("kind") && object["kind"].is_string(), "kind is a text");
  const auto kind = object["kind"].get<std::string>();
  const bool rewarded = kind == "reward_plus_entropy";
  for (const auto& [factor, word] : parts_of(rewarded ? "expected_reward+shannon_entropy" : kind)) {
    const Name name = name_of(word);
    AnswerUtility u;
    u.kind = name.kind;
    u.weight = weight * factor *
               (rewarded && word == "expected_reward" ? 1.0 : number_of(object, "weight", 1));
    u.order = std::isnan(name.order) ? number_of(object, "order", u.kind == "tsallis" ? 3 : 2)
                                     : name.order;
    u.k = number_of(object, "k", 4);
    u.terms = number_of(object, "terms", 8);
    u.q = number_of(object, "q", 0.5);
    u.epsilon = number_of(object, "epsilon", 0.1);
    u.bound = number_of(object, "bound", 0);
    u.rule = !name.rule.empty() ? name.rule
             : object.contains("rule") && object["rule"].is_string()
                 ? object["rule"].get<std::string>()
                 : "at_most";
    const std::pair<const char*, AnswerRows AnswerUtility::*> rows[] = {
        {"reward", &AnswerUtility::reward},
        {"target", &AnswerUtility::target},
        {"correct", &AnswerUtility::correct},
        {"feature", &AnswerUtility::feature}};
    for (const auto& [key, member] : rows) {
      if (object.contains(key)) {
        u.*member = by_context(object[key], key, reference);
      }
    }
    for (const char* key : {"kernel", "cost"}) {
      if (object.contains(key)) {
        u.matrix = matrix_of(object[key], key);
      }
    }
    if (object.contains("rewards")) {
      need(object["rewards"].is_array(), "rewards has a row a model");
      for (const Json& model : object["rewards"]) {
        u.rewards.push_back(by_context(model, "rewards", reference));
      }
    }
    out.push_back(std::move(u));
  }
}

/// What is added up, and how large its terms were.
struct Tally {
  AnswerRewards out;
  const AnswerProblem& problem;

  void reward(std::size_t x, std::size_t z, double r) {
    out.reward[x][z] += r;
    if (std::isfinite(r)) {
      out.bulk = std::max(out.bulk, std::abs(r));
    }
  }
  void value(double v) {
    out.value += v;
    if (std::isfinite(v)) {
      out.bulk = std::max(out.bulk, std::abs(v));
    }
  }
};

/// Utilities that are a sum over answers of f(nu, p, right): f and its slope.
struct Pointwise {
  double term = 0;
  double reward = 0;
};

/// -p f(nu / p) of an alpha divergence and its slope; 0: forward KL, 1: reverse KL.
Pointwise pull(double a, double nu, double p) {
  if (p == 0) {  // ruled out where the divergence is infinite, else linear
    if (a >= 1) {
      return {nu > 0 ? -infinity : 0.0, -infinity};
    }
    return a == 0 ? Pointwise{0, 0} : Pointwise{nu / (a - 1), 1 / (a - 1)};
  }
  const double ratio = log_ratio(positive(nu), p);
  if (a == 1) {
    return {nu > 0 ? -nu * ratio : 0.0, -ratio};
  }
  if (a == 0) {
    return {p * ratio, p / positive(nu)};
  }
  const double power = std::exp((a - 1) * ratio);
  return {-(nu * power - a * nu + (a - 1) * p) / (a * (a - 1)), (1 - power) / (a - 1)};
}

bool pointwise(const AnswerUtility& u, double nu, double p, bool right, Pointwise& at) {
  const double log = log_of(nu);
  if (u.kind == "expected_reward") {
    at = {nu * p, p};
  } else if (u.kind == "shannon_entropy") {
    at = {-nu * log, -log};
  } else if (u.kind == "sharpening") {
    at = {nu * log, log};
  } else if (u.kind == "gini") {
    at = {-nu * nu, -2 * nu};
  } else if (u.kind == "collision") {
    at = {nu * nu, 2 * nu};
  } else if (u.kind == "power_sharpening") {
    at = {std::pow(nu, u.order), u.order * std::pow(nu, u.order - 1)};
  } else if (u.kind == "tsallis") {
    at = u.order == 1 ? Pointwise{-nu * log, -log}
                      : Pointwise{-std::pow(nu, u.order) / (u.order - 1),
                                  -u.order / (u.order - 1) * std::pow(positive(nu), u.order - 1)};
  } else if (u.kind == "log_barrier") {
    at = {log, 1 / positive(nu)};
  } else if (u.kind == "correct_entropy") {
    at = right ? Pointwise{-nu * log, -(1 + log)} : Pointwise{};
  } else if (u.kind == "reverse_kl" || u.kind == "frozen_arithmetic") {
    at = pull(1, nu, p);
  } else if (u.kind == "forward_kl" || u.kind == "frozen_geometric") {
    at = pull(0, nu, p);
  } else if (u.kind == "alpha") {
    at = pull(u.order, nu, p);
  } else if (u.kind == "chi_square") {
    at = p > 0 ? Pointwise{-(nu - p) * ((nu - p) / p), -2 * (nu - p) / p}
               : Pointwise{nu > 0 ? -infinity : 0.0, -infinity};
  } else if (u.kind == "jensen_shannon") {
    const double sum = positive(nu) + p;  // twice the middle
    const double half = std::log(2.0);
    at.term = -((nu > 0 ? nu * (log_ratio(nu, sum) + half) : 0.0) +
                (p > 0 ? p * (log_ratio(p, sum) + half) : 0.0)) /
              2;
    at.reward = (log_ratio(sum, positive(nu)) - half) / 2;
  } else if (u.kind == "frozen_euclidean") {
    at = {-(nu - p) * (nu - p) / 2, p - nu};
  } else {
    return false;
  }
  return true;
}

/// Utilities of nu(C), C the right answers: f and its slope, from nu(C) and what it lacks of 1.
bool of_event(const AnswerUtility& u, double p, double lacks, Pointwise& at) {
  if (u.kind == "log_likelihood") {
    at = {std::log(p), 1 / p};
  } else if (u.kind == "pass_at_k") {
    at = {1 - std::pow(lacks, u.k), u.k * std::pow(lacks, u.k - 1)};
  } else if (u.kind == "event_q_logarithm") {
    at = {u.q == 1 ? std::log(p) : (std::pow(p, 1 - u.q) - 1) / (1 - u.q), std::pow(p, -u.q)};
  } else if (u.kind == "max_rl") {
    Sum series;
    Sum slope;
    for (double j = 1; j <= u.terms; ++j) {
      series.add(-std::pow(lacks, j) / j);
      slope.add(std::pow(lacks, j - 1));
    }
    at = {series.value(), slope.value()};
  } else {
    return false;
  }
  return true;
}

/// sum_x w_x nu_x(z).
std::vector<double> mean_of(const AnswerRows& nu, const std::vector<double>& weights) {
  std::vector<double> mean;
  for (std::size_t z = 0; z < nu[0].size(); ++z) {
    Sum sum;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      sum.add_product(weights[x], nu[x][z]);
    }
    mean.push_back(sum.value());
  }
  return mean;
}

/// prod_x nu_x(z)^{w_x}, normalised; `log_total`: of what it was divided by.
std::vector<double> geometric_mean(const AnswerRows& nu, const AnswerRows& reference,
                                   const std::vector<double>& weights, double& log_total) {
  std::vector<double> mean;
  double highest = -infinity;
  for (std::size_t z = 0; z < nu[0].size(); ++z) {
    Sum log;
    bool given = true;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      given = given && (reference[x][z] > 0 || weights[x] == 0);
      log.add_product(weights[x], log_of(nu[x][z]));
    }
    mean.push_back(given ? log.value() : -infinity);
    highest = std::max(highest, mean.back());
  }
  Sum total;
  for (double& log : mean) {
    log = std::exp(log - highest);
    total.add(log);
  }
  for (double& p : mean) {
    p /= total.value();
  }
  log_total = highest + std::log(total.value());
  return mean;
}

/// P(the plurality of k samples is right) and its slopes, by all ways to spread the votes.
bool majority_of_k(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  const auto votes = static_cast<std::size_t>(u.k);
  for (std::size_t x = 0; x < nu.size(); ++x) {
    const std::size_t n = nu[x].size();
    double ways = 1;
    for (std::size_t j = 1; j < n; ++j) {
      ways *= static_cast<double>(votes - 1 + j) / static_cast<double>(j);
    }
    if (ways * static_cast<double>(n) > 2e6) {
      return false;
    }
    std::vector<std::size_t> count(n, 0);
    std::vector<Sum> slope(n);
    const auto share = [&] {  // of right answers among those with most votes
      const std::size_t most = *std::max_element(count.begin(), count.end());
      double tied = 0;
      double right = 0;
      for (std::size_t z = 0; z < n; ++z) {
        tied += count[z] == most ? 1 : 0;
        right += count[z] == most && u.correct[x][z] != 0 ? 1 : 0;
      }
      return right / tied;
    };
    // The others' votes, k - 1 of them: their probability and what one more vote makes of them.
    const std::function<void(std::size_t, std::size_t, double)> spread =
        [&](std::size_t z, std::size_t left, double log) {
          if (z + 1 == n) {
            count[z] = left;
            log += static_cast<double>(left) * log_of(nu[x][z]) -
                   std::lgamma(static_cast<double>(left) + 1);
            const double chance = std::exp(log);
            for (std::size_t i = 0; i < n; ++i) {
              ++count[i];
              slope[i].add_product(chance, share());
              --count[i];
            }
            count[z] = 0;
            return;
          }
          for (std::size_t j = 0; j <= left; ++j) {
            count[z] = j;
            spread(z + 1, left - j,
                   log + static_cast<double>(j) * log_of(nu[x][z]) -
                       std::lgamma(static_cast<double>(j) + 1));
          }
          count[z] = 0;
        };
    spread(0, votes - 1, std::lgamma(static_cast<double>(votes)));
    Sum value;  // homogeneous of degree k
    for (std::size_t z = 0; z < n; ++z) {
      tally.reward(x, z, u.weight * u.k * slope[z].value());
      value.add_product(nu[x][z], slope[z].value());
    }
    tally.value(u.weight * tally.problem.weights[x] * value.value());
  }
  return true;
}

/// E[best of R over k samples]: the integral of 1 - G^k, G(v) = nu(R <= v).
void best_of_k(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  for (std::size_t x = 0; x < nu.size(); ++x) {
    std::vector<std::size_t> by_reward(nu[x].size());
    for (std::size_t z = 0; z < by_reward.size(); ++z) {
      by_reward[z] = z;
    }
    const std::vector<double>& r = u.reward[x];
    std::sort(by_reward.begin(), by_reward.end(),
              [&](std::size_t a, std::size_t b) { return r[a] < r[b]; });
    double below = 0;  // the integral of G^(k-1) up to R(z)
    Sum behind;        // of G^k
    Sum mass;
    for (std::size_t j = 0; j < by_reward.size(); ++j) {
      if (j > 0) {
        const double step = r[by_reward[j]] - r[by_reward[j - 1]];
        const double g = std::min(mass.value(), 1.0);
        below += step * std::pow(g, u.k - 1);
        behind.add_product(step, std::pow(g, u.k));
      }
      tally.reward(x, by_reward[j], u.weight * u.k * below);
      mass.add(nu[x][by_reward[j]]);
    }
    tally.value(u.weight * tally.problem.weights[x] * (r[by_reward.back()] - behind.value()));
  }
}

/// The price of a bound on a mean: q(z) = nu(z) / (1 + lambda (f(z) - c)), lambda by bisection.
void soft_bound(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  for (std::size_t x = 0; x < nu.size(); ++x) {
    double lowest = 0;
    const auto moment = [&](double lambda) {
      Sum sum;
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        const double h = u.feature[x][z] - u.bound;
        lowest = std::min(lowest, h);
        sum.add_product(nu[x][z] / (1 + lambda * h), h);
      }
      return sum.value();
    };
    double low = 0;
    if (moment(0) > 0) {
      double high = -1 / lowest;
      for (int round = 0; round < 200; ++round) {
        const double middle = low + (high - low) / 2;
        (moment(middle) > 0 ? low : high) = middle;
      }
    }
    Sum value;
    for (std::size_t z = 0; z < nu[x].size(); ++z) {
      const double r = -u.weight * std::log1p(low * (u.feature[x][z] - u.bound));
      tally.reward(x, z, r);
      value.add_product(nu[x][z], r);
    }
    tally.value(tally.problem.weights[x] * value.value());
  }
}

/// Sinkhorn's algorithm between two distributions at a cost, in logarithms.
class Sinkhorn {
 public:
  Sinkhorn(const AnswerRows& cost, const std::vector<double>& from, const std::vector<double>& to)
      : f(from.size(), 0.0), g(to.size(), 0.0), cost_(cost), from_(from), to_(to) {
    for (const std::vector<double>& row : cost) {
      dearest = std::max(dearest, *std::max_element(row.begin(), row.end()));
    }
  }

  /// Until rounding stops it, or moves of a share `enough` of eps; false: it takes too long.
  bool settle(double eps, double enough) {
    const double size = static_cast<double>(f.size() * f.size());
    double least = infinity;
    for (int since = 0; since < 50 || least > 1e-12 * (dearest + eps); ++since) {
      work_ += size;
      if (work_ > 4e7) {
        return false;
      }
      double moved = 0;
      for (std::size_t z = 0; z < f.size(); ++z) {
        const double next = soft(to_, eps, [&](std::size_t j) { return g[j] - cost_[z][j]; });
        moved = std::max(moved, std::abs(next - f[z]));
        f[z] = next;
      }
      for (std::size_t j = 0; j < g.size(); ++j) {
        g[j] = soft(from_, eps, [&](std::size_t z) { return f[z] - cost_[z][j]; });
      }
      if (moved <= enough * eps) {
        return true;
      }
      if (moved < least) {
        least = moved;
        since = 0;
      }
    }
    return true;
  }

  double dearest = 0;
  std::vector<double> f, g;

 private:
  template <class At>
  static double soft(const std::vector<double>& mass, double eps, const At& at) {
    double highest = -infinity;
    for (std::size_t j = 0; j < mass.size(); ++j) {
      highest = mass[j] > 0 ? std::max(highest, at(j)) : highest;
    }
    Sum sum;
    for (std::size_t j = 0; j < mass.size(); ++j) {
      sum.add(mass[j] > 0 ? mass[j] * std::exp((at(j) - highest) / eps) : 0.0);
    }
    return -(highest + eps * std::log(sum.value()));
  }

  const AnswerRows& cost_;
  const std::vector<double>& from_;
  const std::vector<double>& to_;
  double work_ = 0;
};

/// Entropic transport: <C, pi> + eps KL(pi || nu p) at its least. eps comes down from the largest
/// cost by halves, each from the potentials before. Told only where another start ends at the same
/// potentials: between parts that no more than rounding flows between they are not determined.
bool transport(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  for (std::size_t x = 0; x < nu.size(); ++x) {
    const std::size_t n = nu[x].size();
    Sinkhorn plan(u.matrix, nu[x], u.target[x]);
    for (double eps = plan.dearest; eps > u.epsilon; eps /= 2) {
      if (!plan.settle(eps, 1e-3)) {
        return false;
      }
    }
    Sinkhorn other = plan;
    for (std::size_t j = 0; j < n; ++j) {
      other.g[j] += u.epsilon * std::cos(static_cast<double>(j + 1));
    }
    if (!plan.settle(u.epsilon, 0) || !other.settle(u.epsilon, 0)) {
      return false;
    }
    double low = infinity;
    double high = -infinity;
    for (std::size_t z = 0; z < n; ++z) {
      if (tally.problem.reference[x][z] > 0) {
        low = std::min(low, plan.f[z] - other.f[z]);
        high = std::max(high, plan.f[z] - other.f[z]);
      }
    }
    if (!(high - low <= 1e-10 * u.epsilon + 1e-14 * plan.dearest)) {
      return false;
    }
    Sum value;
    for (std::size_t z = 0; z < n; ++z) {
      tally.reward(x, z, -u.weight * plan.f[z]);
      value.add_product(plan.f[z], nu[x][z]);
      value.add_product(plan.g[z], u.target[x][z]);
    }
    tally.value(-u.weight * tally.problem.weights[x] * value.value());
  }
  return true;
}

/// Kernel distance to a target: -(nu - p)' K (nu - p) / 2.
void kernel_distance(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  for (std::size_t x = 0; x < nu.size(); ++x) {
    Sum value;
    for (std::size_t z = 0; z < nu[x].size(); ++z) {
      Sum sum;
      for (std::size_t j = 0; j < nu[x].size(); ++j) {
        sum.add_product(u.matrix[z][j], u.target[x][j] - nu[x][j]);
      }
      tally.reward(x, z, u.weight * sum.value());
      value.add_product(u.target[x][z] - nu[x][z], sum.value());
    }
    tally.value(-u.weight * tally.problem.weights[x] * value.value() / 2);
  }
}

/// Utilities that look at all contexts together.
bool across(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  const std::vector<double>& w = tally.problem.weights;
  const AnswerRows& reference = tally.problem.reference;
  const std::size_t contexts = nu.size();
  const std::size_t n = nu[0].size();
  if (u.kind == "majority_vote") {
    const std::vector<double> mean = mean_of(nu, w);
    const double most = *std::max_element(mean.begin(), mean.end());
    const auto tied = [&](double p) { return p >= most * (1 - 1e-14); };
    const auto modes = static_cast<double>(std::count_if(mean.begin(), mean.end(), tied));
    for (std::size_t x = 0; x < contexts; ++x) {
      for (std::size_t z = 0; z < n; ++z) {
        tally.reward(x, z, tied(mean[z]) ? u.weight / modes : 0.0);
      }
    }
    tally.value(u.weight * most);
    return true;
  }
  if (u.kind == "coherence_arithmetic" || u.kind == "coherence_euclidean" ||
      u.kind == "coherence_geometric") {
    double log_total = 0;
    const bool geometric = u.kind == "coherence_geometric";
    const std::vector<double> q =
        geometric ? geometric_mean(nu, reference, w, log_total) : mean_of(nu, w);
    for (std::size_t x = 0; x < contexts; ++x) {
      for (std::size_t z = 0; z < n; ++z) {
        const double p = nu[x][z];
        if (geometric) {
          tally.reward(x, z, u.weight * q[z] / positive(p));
        } else if (u.kind == "coherence_arithmetic") {
          // What no context gives any more is below the smallest number: its ratios are not seen.
          const bool lost = q[z] == 0 && p == 0 && u.weight > 100 * tally.problem.beta;
          const double ratio = log_of(q[z]) - log_of(p);
          tally.reward(x, z, lost ? -infinity : u.weight * ratio);
          tally.value(u.weight * w[x] * p * ratio);
        } else {
          tally.reward(x, z, u.weight * (q[z] - p));
          tally.value(-u.weight * w[x] * (p - q[z]) * (p - q[z]) / 2);
        }
      }
    }
    tally.value(geometric ? u.weight * log_total : 0.0);
    tally.out.consensus = {q};
    return true;
  }
  if (u.kind != "agreement" && u.kind != "pairwise_kl" && u.kind != "pairwise_euclidean") {
    return false;
  }
  for (std::size_t x = 0; x < contexts; ++x) {
    for (std::size_t z = 0; z < n; ++z) {
      Sum reward;
      bool barred = false;
      for (std::size_t y = 0; y < contexts; ++y) {
        const double own = nu[x][z];
        const double other = nu[y][z];
        if (y == x || w[y] == 0) {
          continue;
        }
        if (u.kind == "agreement") {
          reward.add_product(2 * w[y], other);
          tally.value(u.weight * w[x] * w[y] * own * other);
        } else if (u.kind == "pairwise_euclidean") {
          reward.add_product(2 * w[y], other - own);
          tally.value(-u.weight * w[x] * w[y] * (own - other) * (own - other) / 2);
        } else if (reference[y][z] == 0) {
          barred = true;
        } else {
          const double ratio = log_of(own) - log_of(other);
          reward.add_product(-w[y], ratio + 1 - positive(other) / positive(own));
          tally.value(-u.weight * w[x] * w[y] * own * ratio);
        }
      }
      tally.reward(x, z, barred ? -infinity : u.weight * reward.value());
    }
  }
  return true;
}

/// A player against the policy: a mixture of reward models, or a multiplier of a bound.
void against(const AnswerUtility& u, Tally& tally, const AnswerRows& nu,
             const std::vector<double>& played, std::size_t& next) {
  const std::vector<double>& w = tally.problem.weights;
  const auto mean = [&](const AnswerRows& rows) {
    Sum sum;
    for (std::size_t x = 0; x < nu.size(); ++x) {
      Sum own;
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        own.add_product(nu[x][z], rows[x][z]);
      }
      sum.add_product(w[x], own.value());
    }
    return sum.value();
  };
  const auto add_rows = [&](const AnswerRows& rows, double factor) {
    for (std::size_t x = 0; x < nu.size(); ++x) {
      for (std::size_t z = 0; z < nu[x].size(); ++z) {
        tally.reward(x, z, factor * rows[x][z]);
      }
    }
  };
  AnswerRewards& out = tally.out;
  if (u.mixture()) {
    double mixed = 0;
    double least = infinity;
    for (const AnswerRows& model : u.rewards) {
      const double q = next < played.size() ? played[next] : 0.0;
      const double earned = u.weight * mean(model);
      add_rows(model, u.weight * q);
      mixed += q * earned;
      least = std::min(least, earned);
      ++next;
    }
    tally.value(mixed);
    out.mixture_gap = std::max(out.mixture_gap, mixed - least);
    out.target_gap += mixed - least;
    return;
  }
  const double lambda = next < played.size() ? played[next] : 0.0;
  ++next;
  const double sign = u.rule == "at_least" ? -1.0 : 1.0;
  const double slack = sign * (u.bound - mean(u.feature));
  add_rows(u.feature, -sign * lambda);
  tally.value(lambda * slack);
  out.slack.push_back(slack);
  out.violation = std::max(out.violation, u.rule == "equal" ? std::abs(slack) : -slack);
  out.complementarity = std::max(out.complementarity, std::abs(lambda * slack));
  out.target_gap += std::abs(lambda * slack);
}

/// A utility that is a sum over contexts of its own answers.
void within(const AnswerUtility& u, Tally& tally, const AnswerRows& nu) {
  const AnswerProblem& problem = tally.problem;
  AnswerRows data = u.kind == "expected_reward" ? u.reward : u.target;
  if (u.kind.rfind("frozen_", 0) == 0) {
    double unused = 0;
    data.assign(nu.size(),
                u.kind == "frozen_geometric"
                    ? geometric_mean(problem.reference, problem.reference, problem.weights, unused)
                    : mean_of(problem.reference, problem.weights));
  }
  for (std::size_t x = 0; x < nu.size(); ++x) {
    Sum given;
    Sum missing;
    for (std::size_t z = 0; z < nu[x].size() && !u.correct.empty(); ++z) {
      (u.correct[x][z] != 0 ? given : missing).add(nu[x][z]);
    }
    const double p = positive(given.value());
    Pointwise event;
    const bool is_event = of_event(u, p, missing.value(), event);
    Sum total;
    for (std::size_t z = 0; z < nu[x].size(); ++z) {
      const bool right = !u.correct.empty() && u.correct[x][z] != 0;
      Pointwise at;
      if (is_event) {
        at.reward = right ? event.reward : 0.0;
      } else if (u.kind == "correct_uniformity") {
        const double ratio = right ? log_of(nu[x][z]) - std::log(p) : 0.0;
        at = {-nu[x][z] * ratio, -ratio};
      } else if (problem.reference[x][z] > 0 || u.kind != "log_barrier") {
        need(pointwise(u, nu[x][z], data.empty() ? 0.0 : data[x][z], right, at),
             "kind " + u.kind + " is not one that 'dag check' knows");
      }
      if (problem.reference[x][z] > 0) {
        tally.reward(x, z, u.weight * at.reward);
      }
      total.add(at.term);
    }
    double value = is_event ? event.term : total.value();
    value += u.kind == "gini" ? 1.0 : 0.0;
    value += u.kind == "tsallis" && u.order != 1 ? 1 / (u.order - 1) : 0.0;
    tally.value(u.weight * problem.weights[x] * value);
  }
}

/// Several minima over mixtures are one over the mixtures of their pairs, the first the slowest.
void merge_mixtures(std::vector<AnswerUtility>& utilities) {
  const auto is_mixture = [](const AnswerUtility& u) { return u.mixture(); };
  const auto first = std::find_if(utilities.begin(), utilities.end(), is_mixture);
  if (first == utilities.end()) {
    return;
  }
  std::vector<std::vector<AnswerRows>> models;
  for (auto at = first; at != utilities.end(); ++at) {
    for (AnswerRows& model : at->rewards) {
      for (std::vector<double>& row : model) {
        for (double& r : row) {
          r *= at->weight;
        }
      }
    }
    if (at->mixture()) {
      models.push_back(at->rewards);
    }
  }
  utilities.erase(std::remove_if(first + 1, utilities.end(), is_mixture), utilities.end());
  first->weight = 1;
  first->rewards = models[0];
  for (std::size_t part = 1; part < models.size(); ++part) {
    std::vector<AnswerRows> pairs;
    for (const AnswerRows& one : first->rewards) {
      for (AnswerRows sum : models[part]) {
        for (std::size_t x = 0; x < sum.size(); ++x) {
          for (std::size_t z = 0; z < sum[x].size(); ++z) {
            sum[x][z] += one[x][z];
          }
        }
        pairs.push_back(std::move(sum));
      }
    }
    first->rewards = std::move(pairs);
  }
}

}  // namespace

double farthest(const AnswerRows& a, const AnswerRows& b) {
  double most = 0;
  for (std::size_t x = 0; x < a.size(); ++x) {
    for (std::size_t z = 0; z < a[x].size(); ++z) {
      most = std::max(most, std::abs(a[x][z] - b[x][z]));
    }
  }
  return most;
}

AnswerProblem read_answer_problem(const Json& json) {
  need(json.is_object(), "a problem is an object");
  AnswerProblem problem;
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>()
                                                       : std::string();
  };
  problem.id = text("id");
  problem.kind = json.contains("parts") ? "sum" : text("kind");
  problem.beta = number_of(json, "beta", 0);
  need(problem.beta > 0, "beta is > 0");
  need(json.contains("nu0") && json["nu0"].is_array() && !json["nu0"].empty(), "nu0 has numbers");
  problem.rows = json["nu0"][0].is_array();
  problem.reference =
      problem.rows ? matrix_of(json["nu0"], "nu0") : AnswerRows{numbers_of(json["nu0"], "nu0")};
  const auto normalise = [](std::vector<double>& row) {
    Sum sum;
    for (const double p : row) {
      sum.add(p);
    }
    need(sum.value() > 0, "nu0 and weights add up to 1");
    for (double& p : row) {
      p /= sum.value();
    }
  };
  for (std::vector<double>& row : problem.reference) {
    normalise(row);
  }
  problem.weights = json.contains("weights") ? numbers_of(json["weights"], "weights")
                                             : std::vector<double>(problem.reference.size(), 1.0);
  need(problem.weights.size() == problem.reference.size(), "weights has one a context");
  normalise(problem.weights);
  if (problem.kind == "preference") {
    AnswerUtility u;
    u.kind = problem.kind;
    need(json.contains("win_rates"), "win_rates is missing");
    u.matrix = matrix_of(json["win_rates"], "win_rates");
    problem.utilities.push_back(std::move(u));
  } else if (json.contains("parts")) {
    need(json["parts"].is_array(), "parts is a list");
    for (const Json& part : json["parts"]) {
      add(part, number_of(json, "weight", 1), problem.reference, problem.utilities);
    }
  } else {
    add(json, 1, problem.reference, problem.utilities);
  }
  for (const AnswerUtility& u : problem.utilities) {
    const std::size_t n = problem.reference[0].size();
    bool square = u.matrix.empty() || u.matrix.size() == n;
    for (const std::vector<double>& row : u.matrix) {
      square = square && row.size() == n;
    }
    need(square, "a matrix has a row and a column an answer");
    const auto has = [&](const AnswerRows& rows, std::initializer_list<const char*> kinds) {
      const bool uses = std::find(kinds.begin(), kinds.end(), u.kind) != kinds.end();
      need(!uses || !rows.empty(), u.kind + " lacks a field of its own");
    };
    has(u.reward, {"expected_reward", "max_at_k"});
    has(u.correct, {"max_rl", "event_q_logarithm", "correct_entropy", "correct_uniformity",
                    "maj_at_k", "log_likelihood", "pass_at_k"});
    has(u.target,
        {"reverse_kl", "forward_kl", "chi_square", "jensen_shannon", "alpha", "mmd", "transport"});
    has(u.feature, {"soft_constraint", "moment_constraints"});
    has(u.matrix, {"mmd", "transport", "preference"});
    need(!u.mixture() || !u.rewards.empty(), "robust_reward has rewards");
  }
  merge_mixtures(problem.utilities);
  return problem;
}

std::optional<AnswerRewards> rewards_at(const AnswerProblem& problem, const AnswerRows& nu,
                                        const std::vector<double>& mixture,
                                        const std::vector<double>& multipliers) {
  Tally tally{{}, problem};
  for (const std::vector<double>& row : nu) {
    tally.out.reward.emplace_back(row.size(), 0.0);
  }
  std::size_t mixed = 0;
  std::size_t bounded = 0;
  for (const AnswerUtility& u : problem.utilities) {
    if (u.constraint() || u.mixture()) {
      against(u, tally, nu, u.mixture() ? mixture : multipliers, u.mixture() ? mixed : bounded);
    } else if (u.kind == "maj_at_k") {
      if (!majority_of_k(u, tally, nu)) {
        return std::nullopt;
      }
    } else if (u.kind == "transport") {
      if (!transport(u, tally, nu)) {
        return std::nullopt;
      }
    } else if (u.kind == "max_at_k") {
      best_of_k(u, tally, nu);
    } else if (u.kind == "soft_constraint") {
      soft_bound(u, tally, nu);
    } else if (u.kind == "mmd") {
      kernel_distance(u, tally, nu);
    } else if (u.kind == "preference") {
      for (std::size_t z = 0; z < nu[0].size(); ++z) {
        Sum wins;
        for (std::size_t j = 0; j < nu[0].size(); ++j) {
          wins.add_product(u.matrix[z][j], nu[0][j]);
        }
        tally.reward(0, z, wins.value());
      }
      tally.value(u.matrix[0][0]);
    } else if (!across(u, tally, nu)) {
      within(u, tally, nu);
    }
  }
  need(mixed == mixture.size() && bounded == multipliers.size(),
       "the result has a mixture and multipliers as the problem asks for");
  return tally.out;
}

}  // namespace cli
