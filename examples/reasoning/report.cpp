// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0

#include "report.hpp"

#include "../cli/plot.hpp"
#include "methods.hpp"

#include <dag/core/error.hpp>
#include <dag/io/atomic_file.hpp>
#include <dag/io/json_text.hpp>
#include <dag/io/text_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <sstream>

namespace reasoning {
namespace {

/// Runs that differ in their seed only.
struct Cell {
  std::string base, task, label, note;
  std::vector<const Json*> runs;
};

std::string label_of(const Json& run) {
  return Method{run["method"].get<std::string>(), run["table"].get<std::string>()}.label();
}

/// In the order of the methods' list; what has a note comes apart.
std::vector<Cell> cells(const std::vector<Json>& runs, const std::string& task,
                        const std::string& base, bool main_grid) {
  std::vector<Cell> out;
  const auto add = [&](const std::string& label) {
    std::map<std::string, Cell> by_note;
    for (const Json& run : runs) {
      const std::string note = run["note"].get<std::string>();
      if (run["task"] == task && run["base"] == base && label_of(run) == label &&
          note.empty() == main_grid && note != "pilot") {
        Cell& cell = by_note[note];
        cell.base = base;
        cell.task = task;
        cell.label = label;
        cell.note = note;
        cell.runs.push_back(&run);
      }
    }
    for (auto& [note, cell] : by_note) {
      out.push_back(std::move(cell));
    }
  };
  for (const Method& method : task == "sums" ? sum_methods() : pair_methods()) {
    add(method.label());
  }
  return out;
}

struct Estimate {
  double mean = 0, half = 0;  ///< half width of the 95 % t interval; 0 for one run
  std::size_t count = 0;
};

Estimate estimate(const std::vector<double>& values) {
  static constexpr double quantile[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                        2.447,  2.365, 2.306, 2.262};
  Estimate out{.count = values.size()};
  for (const double v : values) {
    out.mean += v / static_cast<double>(values.size());
  }
  if (values.size() > 1) {
    double squares = 0;
    for (const double v : values) {
      squares += (v - out.mean) * (v - out.mean);
    }
    const std::size_t freedom = values.size() - 1;
    out.half = (freedom <= 9 ? quantile[freedom - 1] : 2.0) *
               std::sqrt(squares / static_cast<double>(freedom * values.size()));
  }
  return out;
}

Estimate estimate(const Cell& cell, const std::function<double(const Json&)>& read) {
  std::vector<double> values;
  for (const Json* run : cell.runs) {
    values.push_back(read(*run));
  }
  return estimate(values);
}
std::function<double(const Json&)> test(const char* key) {
  return [key](const Json& run) { return run["test"][key].get<double>(); };
}
std::function<double(const Json&)> top(const char* key) {
  return [key](const Json& run) { return run[key].get<double>(); };
}
/// Processor seconds a step; of runs that went through in one piece.
double cost(const Cell& cell) {
  double sum = 0, count = 0;
  for (const Json* run : cell.runs) {
    if (run->contains("cpu_seconds_per_step")) {
      sum += (*run)["cpu_seconds_per_step"].get<double>();
      count += 1;
    }
  }
  return sum / count;
}

std::string number(double value, int digits = 3) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}
std::string with_interval(const Estimate& e, int digits = 3) {
  return number(e.mean, digits) + (e.count > 1 ? "±" + number(e.half, digits) : "");
}

/// The exact game's accuracy for a method at the run's beta, interpolated in log beta; NaN: none.
double predicted(const std::vector<Json>& predictions, const std::string& base,
                 const std::string& method, double beta) {
  for (const Json& p : predictions) {
    if (p["base"] != base || !p["accuracy"].contains(method) || beta <= 0) {
      continue;
    }
    const auto betas = p["beta"].get<std::vector<double>>();
    const auto values = p["accuracy"][method].get<std::vector<double>>();
    for (std::size_t i = 0; i < betas.size(); ++i) {
      if (beta <= betas[i] * (1 + 1e-9)) {
        if (i == 0) {
          return values[0];
        }
        const double share = std::log(beta / betas[i - 1]) / std::log(betas[i] / betas[i - 1]);
        return values[i - 1] + share * (values[i] - values[i - 1]);
      }
    }
  }
  return std::nan("");
}

std::string method_of(const Cell& cell) {
  return cell.runs.front()->at("method").get<std::string>();
}

void sums_table(std::ostringstream& out, const std::vector<Json>& runs,
                const std::vector<Json>& predictions, const std::string& base, bool main_grid) {
  const auto all = cells(runs, "sums", base, main_grid);
  if (all.empty()) {
    return;
  }
  out << "\n| method (seeds)" << (main_grid ? "" : " | change")
      << " | greedy | sampled | pass@8 | agree greedy | agree sampled | pooled majority | answer "
         "entropy | style entropy | KL | SNR | s/step | exact game |\n|---"
      << (main_grid ? "" : "|---") << "|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const Json& p : predictions) {
    if (p["base"] == base && main_grid) {
      const Json& t = p["test_sums"];
      out << "| base, no update";
      for (const char* key :
           {"greedy", "sampled", "pass8", "agree_greedy", "agree_sampled", "majority"}) {
        out << " | " << number(t[key].get<double>());
      }
      out << " | " << number(t["entropy"].get<double>(), 2) << " | "
          << number(t["style_entropy"].get<double>(), 2) << " | 0 | - | - | "
          << number(p["start"].get<double>()) << " |\n";
    }
  }
  for (const Cell& cell : all) {
    const double exact =
        predicted(predictions, base, method_of(cell), cell.runs.front()->at("beta").get<double>());
    out << "| " << cell.label << " (" << cell.runs.size() << ")"
        << (main_grid ? "" : " | " + cell.note);
    for (const char* key :
         {"greedy", "sampled", "pass8", "agree_greedy", "agree_sampled", "majority"}) {
      out << " | " << with_interval(estimate(cell, test(key)));
    }
    out << " | " << number(estimate(cell, test("entropy")).mean, 2) << " | "
        << number(estimate(cell, test("style_entropy")).mean, 2) << " | "
        << number(estimate(cell, test("kl")).mean, 2) << " | "
        << number(estimate(cell, top("snr")).mean, 2) << " | " << number(cost(cell), 2) << " | "
        << (std::isnan(exact) ? "-" : number(exact)) << " |\n";
  }
}

void forms_table(std::ostringstream& out, const std::vector<Json>& runs,
                 const std::vector<Json>& predictions, const std::string& base) {
  out << "\n| method | greedy: " << form_names[0];
  for (std::size_t f = 1; f < form_count; ++f) {
    out << " | " << form_names[f];
  }
  for (std::size_t f = 0; f < form_count; ++f) {
    out << " | " << (f == 0 ? "sampled: " : "") << form_names[f];
  }
  out << " |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Json& p : predictions) {
    if (p["base"] == base) {
      out << "| base, no update";
      for (const char* key : {"greedy_by_form", "sampled_by_form"}) {
        for (std::size_t f = 0; f < form_count; ++f) {
          out << " | " << number(p["test_sums"][key][f].get<double>(), 2);
        }
      }
      out << " |\n";
    }
  }
  for (const Cell& cell : cells(runs, "sums", base, true)) {
    out << "| " << cell.label;
    for (const char* key : {"greedy_by_form", "sampled_by_form"}) {
      for (std::size_t f = 0; f < form_count; ++f) {
        out << " | "
            << number(estimate(cell,
                               [&](const Json& run) { return run["test"][key][f].get<double>(); })
                          .mean,
                      2);
      }
    }
    out << " |\n";
  }
}

void pairs_table(std::ostringstream& out, const std::vector<Json>& runs,
                 const std::vector<Json>& predictions, const std::string& base, bool main_grid) {
  const auto all = cells(runs, "pairs", base, main_grid);
  if (all.empty()) {
    return;
  }
  out << "\n| method (seeds)" << (main_grid ? "" : " | change")
      << " | greedy | sampled | pass@8 | different right answers in 8 | answer "
         "entropy | forbidden | KL | SNR | s/step |\n|---"
      << (main_grid ? "" : "|---") << "|---|---|---|---|---|---|---|---|---|\n";
  for (const Json& p : predictions) {
    if (p["base"] == base && main_grid) {
      out << "| base, no update";
      for (const char* key : {"greedy", "sampled", "pass8", "distinct8", "entropy", "forbidden"}) {
        out << " | " << number(p["test_pairs"][key].get<double>());
      }
      out << " | 0 | - | - |\n";
    }
  }
  for (const Cell& cell : all) {
    out << "| " << cell.label << " (" << cell.runs.size() << ")"
        << (main_grid ? "" : " | " + cell.note);
    for (const char* key : {"greedy", "sampled", "pass8", "distinct8", "entropy", "forbidden"}) {
      out << " | " << with_interval(estimate(cell, test(key)));
    }
    out << " | " << number(estimate(cell, test("kl")).mean, 2) << " | "
        << number(estimate(cell, top("snr")).mean, 2) << " | " << number(cost(cell), 2) << " |\n";
  }
}

/// Mean over seeds of a curve, and over windows of `window` steps.
cli::PlotSeries curve(const Cell& cell, const char* key, std::size_t window,
                      const std::string& title) {
  cli::PlotSeries out{.title = title};
  std::size_t length = 0;
  for (const Json* run : cell.runs) {
    length = std::max(length, run->at("curve").at(key).size());
  }
  for (std::size_t first = 0; first + window <= length; first += window) {
    double sum = 0, count = 0;
    for (const Json* run : cell.runs) {
      const Json& values = run->at("curve").at(key);
      for (std::size_t i = first; i < first + window && values.size() == length; ++i) {
        sum += values[i].get<double>();
        count += 1;
      }
    }
    out.x.push_back(static_cast<double>(first) + static_cast<double>(window + 1) / 2);
    out.y.push_back(sum / count);
  }
  return out;
}

const Cell* find(const std::vector<Cell>& all, const std::string& label) {
  for (const Cell& cell : all) {
    if (cell.label == label) {
      return &cell;
    }
  }
  return nullptr;
}

class Plots {
 public:
  explicit Plots(std::string directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
  }
  void add(const std::string& name, const cli::Plot& plot) {
    if (plot.series.empty()) {
      return;
    }
    const std::string path = directory_ + "/reasoning_" + name + ".svg";
    dag::write_file_atomically(path, cli::draw(plot, cli::PlotFormat::svg, "reasoning_" + name));
    paths_.push_back(path);
  }
  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

 private:
  std::string directory_;
  std::vector<std::string> paths_;
};

}  // namespace

std::vector<Json> read_runs(const std::string& folder) {
  std::vector<Json> out;
  std::vector<std::string> paths;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("runs-") && name.ends_with(".jsonl")) {
        paths.push_back(entry.path().string());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::istringstream lines(dag::read_text_file(path));
    std::size_t at = 0;
    for (std::string line; std::getline(lines, line);) {
      ++at;
      try {
        out.push_back(dag::parse_json<Json>(line, path));
        (void)out.back().at("key").get<std::string>();
      } catch (const nlohmann::json::exception& error) {
        dag::fail(dag::Errc::parse, path, ":", at, ": no run: ", std::string_view(error.what()));
      }
    }
  }
  return out;
}

std::string report_tables(const std::vector<Json>& runs, const std::vector<Json>& predictions) {
  std::ostringstream out;
  std::vector<std::string> names;
  for (const Json& run : runs) {
    const std::string base = run["base"].get<std::string>();
    if (std::find(names.begin(), names.end(), base) == names.end()) {
      names.push_back(base);
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string& base : names) {
    out << "\n## Sums, base " << base << "\n";
    sums_table(out, runs, predictions, base, true);
    out << "\nBy form:\n";
    forms_table(out, runs, predictions, base);
    out << "\n## Pairs, base " << base << "\n";
    pairs_table(out, runs, predictions, base, true);
    out << "\n## Departures, base " << base << "\n";
    sums_table(out, runs, predictions, base, false);
    pairs_table(out, runs, predictions, base, false);
  }
  out << "\n## Pilots (validation questions)\n\n| run | greedy | sampled | agree greedy | pooled "
         "majority | KL |\n|---|---|---|---|---|---|\n";
  for (const Json& run : runs) {
    if (run["note"] == "pilot") {
      const Json& v = run["validation"];
      out << "| " << run["key"].get<std::string>();
      for (const char* key : {"greedy", "sampled", "agree_greedy", "majority", "kl"}) {
        out << " | " << number(v[key].get<double>());
      }
      out << " |\n";
    }
  }
  return out.str();
}

std::vector<std::string> report_plots(const std::vector<Json>& runs,
                                      const std::vector<Json>& predictions,
                                      const std::string& directory) {
  Plots plots(directory);
  for (const std::string base : {"A", "B"}) {
    const std::string ending = base == "A" ? "_a" : "_b";
    const auto sums = cells(runs, "sums", base, true);
    cli::Plot accuracy{
        .title = "Accuracy on test questions, base " + base + " (mean, 95 % interval over seeds)",
        .x_label = "",
        .y_label = "share right",
        .width = 980,
        .height = 460};
    for (const char* key : {"greedy", "sampled", "majority"}) {
      cli::PlotSeries series{.title = std::string(key) == "majority" ? "pooled majority" : key,
                             .style = cli::PlotSeries::Style::error_bars};
      for (std::size_t i = 0; i < sums.size(); ++i) {
        const Estimate e = estimate(sums[i], test(key));
        series.x.push_back(static_cast<double>(i));
        series.y.push_back(e.mean);
        series.low.push_back(std::max(0.0, e.mean - e.half));
        series.high.push_back(std::min(1.0, e.mean + e.half));
      }
      if (!series.x.empty()) {
        accuracy.series.push_back(series);
      }
    }
    for (const Cell& cell : sums) {
      accuracy.x_names.push_back(cell.label);
    }
    accuracy.legend_below = true;
    plots.add("accuracy" + ending, accuracy);

    cli::Plot learning{.title = "Right samples during training, base " + base +
                                " (mean over seeds, windows of 5 steps)",
                       .x_label = "step",
                       .y_label = "share of samples right"};
    learning.legend_below = true;
    for (const char* label : {"coherence/plug-in", "coherence/aqp", "frozen/aqp", "correctness",
                              "majority", "own-majority", "random", "trace"}) {
      if (const Cell* cell = find(sums, label)) {
        learning.series.push_back(curve(*cell, "accuracy", 5, label));
      }
    }
    plots.add("learning" + ending, learning);

    cli::Plot agreement{.title = "Agreement and accuracy: every run from base " + base,
                        .x_label = "greedy agreement of the forms",
                        .y_label = "greedy accuracy"};
    const auto cloud = [&](const std::string& title, const std::vector<std::string>& labels) {
      cli::PlotSeries series{.title = title, .style = cli::PlotSeries::Style::points};
      for (const std::string& label : labels) {
        if (const Cell* cell = find(sums, label)) {
          for (const Json* run : cell->runs) {
            series.x.push_back((*run)["test"]["agree_greedy"].get<double>());
            series.y.push_back((*run)["test"]["greedy"].get<double>());
          }
        }
      }
      if (!series.x.empty()) {
        agreement.series.push_back(series);
      }
    };
    cloud("coherence family", {"coherence/plug-in", "coherence/aqp", "geometric", "euclidean",
                               "pairwise/plug-in", "pairwise/aqp"});
    cloud("frozen consensus", {"frozen/plug-in", "frozen/aqp", "frozen-mean/aqp"});
    cloud("labels", {"correctness", "log-likelihood", "pass@4"});
    cloud("majority", {"majority"});
    cloud("controls", {"own-majority", "random"});
    cloud("traces", {"trace"});
    agreement.legend_below = true;
    plots.add("agreement" + ending, agreement);

    const auto pairs = cells(runs, "pairs", base, true);
    cli::Plot diversity{.title = "Several right answers, base " + base + ": every run",
                        .x_label = "share of samples right",
                        .y_label = "different right answers in 8 samples"};
    for (const Cell& cell : pairs) {
      cli::PlotSeries series{.title = cell.label, .style = cli::PlotSeries::Style::points};
      for (const Json* run : cell.runs) {
        series.x.push_back((*run)["test"]["sampled"].get<double>());
        series.y.push_back((*run)["test"]["distinct8"].get<double>());
      }
      diversity.series.push_back(series);
    }
    diversity.legend_below = true;
    plots.add("diversity" + ending, diversity);

    if (const Cell* cell = find(pairs, "constrained")) {
      cli::Plot path{.title = "A forbidden answer class, at most 1 %: base " + base,
                     .x_label = "step",
                     .y_label = "multiplier; share of forbidden samples less 1 %",
                     .log_y = false};
      for (std::size_t i = 0; i < cell->runs.size(); ++i) {
        Cell one = *cell;
        one.runs = {cell->runs[i]};
        cli::PlotSeries multiplier =
            curve(one, "multiplier", 1, i == 0 ? "multiplier, by seed" : "");
        multiplier.color = 0;
        cli::PlotSeries violation = curve(one, "violation", 1, i == 0 ? "violation, by seed" : "");
        violation.color = 1;
        path.series.push_back(multiplier);
        path.series.push_back(violation);
      }
      path.legend_below = true;
      plots.add("multiplier" + ending, path);
    }

    for (const Json& p : predictions) {
      if (p["base"] != base) {
        continue;
      }
      cli::Plot exact{.title = "What the exact game says, base " + base +
                               ": equilibria (lines), trained policies' samples (dots)",
                      .x_label = "beta",
                      .y_label = "share right",
                      .log_x = true};
      int color = 0;
      for (const char* method :
           {"coherence", "geometric", "euclidean", "frozen", "frozen-mean", "correctness"}) {
        exact.series.push_back({.title = method,
                                .x = p["beta"].get<std::vector<double>>(),
                                .y = p["accuracy"][method].get<std::vector<double>>(),
                                .color = color});
        cli::PlotSeries trained{
            .title = "", .style = cli::PlotSeries::Style::points, .color = color};
        for (const Cell& cell : sums) {
          if (method_of(cell) == method) {
            trained.x.push_back((*cell.runs.front())["beta"].get<double>());
            trained.y.push_back(estimate(cell, test("sampled")).mean);
          }
        }
        if (!trained.x.empty()) {
          exact.series.push_back(trained);
        }
        ++color;
      }
      exact.legend_below = true;
      plots.add("exact" + ending, exact);
    }
  }
  return plots.paths();
}

}  // namespace reasoning
