// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dag/backend/eigen_backend.hpp>
#include <dag/game/regularized_matrix.hpp>
#include <dag/solver/certificate.hpp>
#include <dag/solver/first_order.hpp>
#include <dag/solver/matrix/newton.hpp>
#include <dag/solver/response.hpp>
#include <dag/solver/table/path_limit.hpp>

#include "walking_solvers.hpp"
#include "zero_sum_solvers.hpp"

namespace cli {
namespace {

using Options = dag::SolverOptions<double>;
/// From this tau / range times the square of the smaller player's strategies on, mirror-prox is
/// faster than Newton; measured to 1e-6 on random uniform games (docs/cli.md has the table).
constexpr double strong_pull = 300;
using Pulled = dag::RegularizedMatrixGame<double, dag::eigen>;

/// Quantal response equilibria of falling weight, each the start of the next.
class LogitPath {
 public:
  LogitPath(const PlainGame& game, std::vector<double> reference, std::vector<double> start)
      : game_(game), reference_(std::move(reference)), start_(std::move(start)) {
    const std::size_t rows = game.players().blocks().size(0);
    row_ = Eigen::Map<const Vector>(reference_.data(), static_cast<Eigen::Index>(rows));
    column_ = Eigen::Map<const Vector>(reference_.data() + rows,
                                       static_cast<Eigen::Index>(reference_.size() - rows));
  }
  dag::Solution<Pulled> at(double tau, Options options) {
    options.start = start_;
    auto found = dag::newton(Pulled(game_, tau, tau, row_, column_), options);
    const auto point = std::as_const(found.state).view().point;
    start_.assign(point.begin(), point.end());
    for (std::size_t k = 0; k < start_.size(); ++k) {
      if (reference_[k] > 0) {  // what has underflowed may come back
        start_[k] = std::max(start_[k], 1e-300);
      }
    }
    return found;
  }
  /// The last point, but for what has underflowed.
  [[nodiscard]] const std::vector<double>& last() const { return start_; }
  [[nodiscard]] const std::vector<double>& reference() const { return reference_; }

 private:
  using Vector = dag::eigen::vector<double>;
  const PlainGame& game_;
  std::vector<double> reference_;
  std::vector<double> start_;
  Vector row_;
  Vector column_;
};

std::vector<double> uniform(const PlainGame& game) {
  const dag::Blocks& blocks = game.players().blocks();
  std::vector<double> point;
  for (std::size_t b = 0; b < blocks.count(); ++b) {
    point.insert(point.end(), blocks.size(b), 1.0 / static_cast<double>(blocks.size(b)));
  }
  return point;
}

/// Newton's method; a weight far below the payoff range is reached over its doubles.
Found newton(const PlainGame& game, const Settings& settings) {
  constexpr double direct = 0.05;  // of the range: from here on Newton starts well anywhere
  const double range = game.range() > 0 ? game.range() : 1.0;
  Found spent;
  const auto start = settings.options.start;
  LogitPath path(game, settings.reference.empty() ? uniform(game) : settings.reference,
                 std::vector<double>(start.begin(), start.end()));
  double first = settings.tau;
  while (start.empty() && first < direct * range) {
    first *= 2;
  }
  for (double tau = first; tau > settings.tau; tau /= 2) {
    Options rough = settings.options;
    rough.tolerance = 1e-3 * tau / range;
    rough.observer = {};
    rough.time_limit = std::max(0.0, settings.options.time_limit - spent.seconds);
    const auto found = path.at(tau, rough);
    spent.iterations += found.iterations;
    spent.products += found.products;
    spent.seconds += found.seconds;
  }
  const Continued continued{settings.options.observer, spent};
  Options options = settings.options;
  options.observer = continued;
  options.time_limit = std::max(0.0, options.time_limit - spent.seconds);
  Found found = plain_data("newton", path.at(settings.tau, options));
  found.iterations += spent.iterations;
  found.products += spent.products;
  found.seconds += spent.seconds;
  return found;
}

}  // namespace

Found pulled_solver(std::string_view name, const PlainGame& game, const Settings& settings) {
  const dag::Blocks& blocks = game.players().blocks();
  const auto smaller = static_cast<double>(std::min(blocks.size(0), blocks.size(1)));
  const bool strong = settings.tau * smaller * smaller >= strong_pull * game.range();
  if (name == "newton" || (name == "auto" && !strong)) {
    return newton(game, settings);
  }
  if (name == "auto") {
    name = "mirror_prox";
  }
  const auto half = static_cast<Eigen::Index>(blocks.size(0));
  const std::vector<double> reference =
      settings.reference.empty() ? uniform(game) : settings.reference;
  const Eigen::Map<const Eigen::VectorXd> both(reference.data(),
                                               static_cast<Eigen::Index>(reference.size()));
  const Pulled pulled(game, settings.tau, settings.tau, both.head(half),
                      both.tail(both.size() - half));
  constexpr unsigned pull = dag::knobs::pull;
  if (auto found =
          walk<dag::Room::first_order, dag::kinds::zero_sum, pull>(name, pulled, settings)) {
    return *std::move(found);
  }
  if (auto found = walk<dag::Room::response, dag::kinds::zero_sum, pull>(name, pulled, settings)) {
    return *std::move(found);
  }
  std::string names;
  for (const dag::SolverInfo& row : dag::solver_list) {
    if ((row.knobs & pull) != 0 && row.room != dag::Room::table) {
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  dag::fail(dag::Errc::unsupported, name, ": it does not take the pull of --tau; there are ",
            names);
}

/// The path's limit where two weights in turn agree on it and its gap is that of rounding.
class Limit {
 public:
  explicit Limit(const PlainGame& game) : game_(game), state_(game.backend(), total()) {}

  /// From the path's points at tau and tau / 2. True once `point` is the limit.
  bool settles(const LogitPath& path, const std::vector<double>& coarse) {
    const std::optional<std::vector<double>> limit = dag::path_limit<double>(
        game_, std::span<const double>(path.reference()), std::span<const double>(coarse),
        std::span<const double>(path.last()));
    std::vector<double> before = std::exchange(point_, limit.value_or(std::vector<double>{}));
    if (point_.empty()) {
      return false;
    }
    game_.backend().copy(std::span<const double>(point_), state_.view().point);
    game_.players().enter(game_.backend(), state_.view());
    certificate = dag::certify(game_, std::as_const(state_).view());
    double apart = before.empty() ? 1.0 : 0.0;
    for (std::size_t k = 0; k < before.size(); ++k) {
      apart = std::max(apart, std::abs(before[k] - point_[k]));
    }
    return apart <= same && certificate.relative_gap <= exact;
  }
  [[nodiscard]] dag::MixedProfile strategies() const {
    dag::MixedProfile profile;
    for (std::size_t b = 0; b < game_.players().blocks().count(); ++b) {
      const auto strategy = game_.players().blocks().of(std::span<const double>(point_), b);
      profile.emplace_back(strategy.begin(), strategy.end());
    }
    return profile;
  }
  dag::Certificate<double> certificate;

 private:
  static constexpr double same = 1e-9;    // of two limits
  static constexpr double exact = 1e-12;  // relative gap
  [[nodiscard]] std::size_t total() const { return game_.players().blocks().total(); }

  const PlainGame& game_;
  dag::State<dag::eigen, double> state_;
  std::vector<double> point_;
};

Found selected_equilibrium(const PlainGame& game, const Settings& settings) {
  const Options& options = settings.options;
  const bool reference = settings.select == "reference";
  const double range = game.range() > 0 ? game.range() : 1.0;
  const dag::Stopwatch watch;
  std::vector<double> start(options.start.begin(), options.start.end());
  LogitPath path(game, reference ? start : uniform(game), start);
  Found best;
  best.solver = "newton";
  best.status = dag::Status::stalled;
  best.gap = best.relative_gap = std::numeric_limits<double>::infinity();
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  int worse = 0;
  Limit limit(game);
  for (double tau = range; worse < 3 && tau > 1e-14 * range; tau /= 2) {
    Options own = options;
    own.tolerance = 1e-7 * tau / range;  // so that the supports of the limit show
    own.observer = {};
    own.max_iterations = std::clamp<std::int64_t>(options.max_iterations - iterations, 0, 200);
    own.time_limit = std::max(0.0, options.time_limit - watch.seconds());
    const std::vector<double> coarse = path.last();
    const auto found = path.at(tau, own);
    const auto certificate = dag::certify(game, std::as_const(found.state).view());
    iterations += found.iterations;
    products += found.products + 1;
    ++worse;
    if (certificate.gap < best.gap) {
      best = plain_data("newton", found);
      best.status = dag::Status::stalled;
      best.value = certificate.value;
      best.gap = certificate.gap;
      best.relative_gap = certificate.relative_gap;
      best.residual = certificate.residual;
      worse = 0;
    }
    if (!coarse.empty() && limit.settles(path, coarse) && limit.certificate.gap <= best.gap) {
      best.strategies = limit.strategies();
      best.value = limit.certificate.value;
      best.gap = limit.certificate.gap;
      best.relative_gap = limit.certificate.relative_gap;
      best.residual = limit.certificate.residual;
    }
    best.iterations = iterations;
    best.products = products;
    best.seconds = watch.seconds();
    const bool go_on =
        options.observer(dag::Record{iterations, products, best.seconds, best.value, best.gap,
                                     best.relative_gap, best.residual, tau});
    if (best.relative_gap <= options.tolerance) {
      best.status = dag::Status::converged;
      break;
    }
    if (!go_on || options.stop.stop_requested()) {
      best.status = dag::Status::stopped;
      break;
    }
    if (iterations >= options.max_iterations || best.seconds >= options.time_limit) {
      best.status = iterations >= options.max_iterations ? dag::Status::iteration_limit
                                                         : dag::Status::time_limit;
      break;
    }
  }
  best.note = reference ? "the equilibrium nearest to the start (relative entropy)"
                        : "the equilibrium of largest entropy";
  if (best.status != dag::Status::converged && reference &&
      std::find(start.begin(), start.end(), 0.0) != start.end()) {
    best.note =
        "the reference of --start gives some strategies probability 0: nothing that plays them is "
        "near it in relative entropy, and no equilibrium without them was found";
  }
  return best;
}

}  // namespace cli
