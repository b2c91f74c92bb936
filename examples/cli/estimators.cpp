// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <dag/core/error.hpp>
#include <dag/estimate/measure.hpp>
#include <dag/estimate/reward_table.hpp>

#include "commands.hpp"
#include "output.hpp"
#include "plot.hpp"

namespace cli {
namespace {

struct EstimatorOptions {
  Common common;
  std::string kind = "aqp";
  std::string function = "log";
  std::size_t group_size = 16;
  double slack = 0;
  std::string plot;
};

/// log, inverse, power:ORDER, pass:K.
dag::RewardFunction parse_function(const std::string& text) {
  if (text == "log") {
    return dag::RewardFunction::logarithm();
  }
  if (text == "inverse") {
    return dag::RewardFunction::inverse();
  }
  const auto number = [&](std::size_t prefix) {
    std::size_t used = 0;
    double value = 0;
    try {
      value = std::stod(text.substr(prefix), &used);
    } catch (const std::exception&) {
      used = 0;
    }
    dag::require(used > 0 && prefix + used == text.size() && value > 0 && std::isfinite(value),
                 dag::Errc::invalid_argument, "--function ", std::string_view(text),
                 ": a number > 0 must follow the colon");
    return value;
  };
  if (text.rfind("power:", 0) == 0) {
    return dag::RewardFunction::power(number(6));
  }
  if (text.rfind("pass:", 0) == 0) {
    const double k = number(5);
    dag::require(k == std::floor(k) && k <= 4096, dag::Errc::invalid_argument, "--function ",
                 std::string_view(text), ": k must be a whole number up to 4096");
    return dag::RewardFunction::pass_at_k(static_cast<int>(k));
  }
  if (text.rfind("max-rl:", 0) == 0) {
    const double order = number(7);
    dag::require(order == std::floor(order) && order <= 4096, dag::Errc::invalid_argument,
                 "--function ", std::string_view(text), ": T must be a whole number up to 4096");
    return dag::RewardFunction::truncated_inverse(order);
  }
  dag::fail(dag::Errc::invalid_argument,
            "--function must be log, inverse, power:ORDER, pass:K or max-rl:T, got '",
            std::string_view(text), "'");
}

/// Bias p E[c] - p g(p) and standard deviation sqrt(p Var c) against p.
Plot moments_plot(const dag::RewardTable& table) {
  Plot plot;
  plot.title = fmt::format("{} table for groups of {}", to_string(table.kind), table.group_size);
  plot.x_label = "probability p of the answer";
  plot.y_label = "bias p E[c] - p g(p);  sqrt(p Var c)  (nats)";
  plot.legend_below = true;
  PlotSeries bias{"bias", {}, {}};
  PlotSeries deviation{"standard deviation, weighted by p", {}, {}};
  deviation.style = PlotSeries::Style::dashed;
  for (int i = 0; i <= 400; ++i) {
    const double p = i / 400.0;
    const dag::TableMoments moments = dag::table_moments(table.table, p);
    bias.x.push_back(p);
    bias.y.push_back(dag::table_bias(table.table, p, table.function));
    deviation.x.push_back(p);
    deviation.y.push_back(std::sqrt(p * moments.variance));
  }
  plot.series = {std::move(bias), std::move(deviation)};
  return plot;
}

int estimators(const EstimatorOptions& options) {
  require_distinct({}, {{"--plot", options.plot}, {"--json", options.common.json}});
  if (!options.plot.empty()) {
    (void)plot_format(options.plot);
    require_gnuplot();
  }
  const dag::RewardTable table = dag::make_reward_table(
      dag::estimator_kind(options.kind), options.group_size,
      {.function = parse_function(options.function), .slack = options.slack});
  Outputs outputs;
  if (!options.plot.empty()) {
    outputs.add(options.plot, draw(moments_plot(table), plot_format(options.plot)));
  }
  if (!options.common.json.empty()) {
    nlohmann::ordered_json json;
    json["kind"] = options.kind;
    json["group_size"] = table.group_size;
    json["slack"] = table.slack;
    json["table"] = table.table;
    json["sup_bias"] = table.sup_bias;
    json["integrated_variance"] = table.integrated_variance;
    json["max_variance"] = table.max_variance;
    json["function"] = options.function;
    json["sound"] = table.sound;
    outputs.add(options.common.json, json_text(json));
  }
  outputs.write();
  if (options.common.talks()) {
    std::string text = fmt::format(
        "{} table for groups of {}, reward {}\nsup bias {:.6g}   integrated variance {:.6g}   "
        "maximal variance {:.6g}\n",
        options.kind, table.group_size, options.function, table.sup_bias, table.integrated_variance,
        table.max_variance);
    if (table.slack > 0) {
      text += fmt::format("slack {:g}: the bias may be that many times the smallest possible\n",
                          table.slack);
    }
    if (!table.sound) {
      text +=
          "Not numerically sound: its coefficients do not survive rounding to float. Use aqp.\n";
    }
    Table rows({"others with the answer", "reward"});
    for (std::size_t k = 0; k < table.table.size(); ++k) {
      rows.add({fmt::format("{}", k), fmt::format("{:.10g}", table.table[k])});
    }
    say(text + '\n' + rows.text());
  }
  return exit_done;
}

}  // namespace

Command add_estimators(CLI::App& app) {
  auto options = std::make_shared<EstimatorOptions>();
  CLI::App* sub = app.add_subcommand("estimators", "Reward tables from counts, and what they do");
  sub->add_option("--kind", options->kind,
                  "plug-in, leave-one-out, u-statistic, digamma, minimax or aqp (variance-optimal)")
      ->type_name("K")
      ->capture_default_str();
  sub->add_option("--group-size", options->group_size, "Samples in a group, 2 to 1024")
      ->type_name("N")
      ->check(CLI::Range(2, 1024))
      ->capture_default_str();
  sub->add_option("--slack", options->slack,
                  "aqp: bias allowed, in units of the smallest possible; 0 chooses")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--function", options->function,
                  "What the reward is a function of p: log, inverse, power:ORDER, pass:K")
      ->type_name("G")
      ->capture_default_str();
  sub->add_option("--plot", options->plot, "Draw bias and deviation against p (needs gnuplot)")
      ->type_name("FILE.svg|.png");
  add_common(*sub, options->common);
  sub->footer("Example:\n  dag estimators --kind aqp --group-size 16 --plot bias.svg");
  return [options] { return estimators(*options); };
}

}  // namespace cli
