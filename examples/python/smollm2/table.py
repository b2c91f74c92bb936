#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""The results of smollm2.py as tables in Markdown, and as a picture.

    python examples/python/smollm2/table.py RESULTS.jsonl... [--plot docs/img/smollm2.png [--only METHOD,...]]      # the picture needs matplotlib

First table: means over seeds with Student's interval of 95 %. Second (runs with --every): the same runs, stopped by rules that
know no label. A rule sees the training questions alone: `entropy` stops where a question's pooled answers have lost half of their entropy,
`information` takes the look at which an answer says most of its question. `hindsight` is the look that is best on the held-out
questions, which no rule can know.
"""
import argparse
import collections
import json
import math

STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


def mean_of(values):
    values = [v for v in values if v is not None]
    if not values:
        return ""
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.2f}"
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return f"{mean:.2f} ± {STUDENT.get(len(values), 1.96) * deviation / math.sqrt(len(values)):.2f}"


def stops(looks):
    """The look at which each rule stops; looks: of one run, by step."""
    start = looks[0]["train_entropy"]
    halved = next((look for look in looks if look["train_entropy"] < 0.5 * start), looks[-1])
    return {"end": looks[-1], "entropy": halved, "information": max(looks, key=lambda look: look["train_information"]),
            "hindsight": max(looks, key=lambda look: look["greedy"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", nargs="+")
    parser.add_argument("--plot")
    parser.add_argument("--only", default="", help="methods of the picture; empty: all")
    options = parser.parse_args()
    rows, looks = collections.defaultdict(list), collections.defaultdict(dict)
    for path in options.results:
        with open(path, encoding="utf-8") as file:
            for text in file:
                line = json.loads(text)
                if "step" in line:
                    looks[line["task"], line["seed"]].setdefault(line.get("method"), []).append(line)
                else:
                    rows[line["task"], line["method"]].append(line)
    print("| task | method | seeds | greedy | by seed | sampled | pooled | agree | format |\n|---|---|---|---|---|---|---|---|---|")
    tasks = list(dict.fromkeys(task for task, _ in rows))
    methods = list(dict.fromkeys(method for _, method in rows))
    for task, method in ((t, m) for t in tasks for m in methods if (t, m) in rows):
        lines = rows[task, method]
        cells = [mean_of([line.get(key) for line in lines]) for key in ("greedy", "sampled", "pooled", "agree", "format")]
        seeds = ", ".join(f"{line['greedy']:.2f}" for line in lines)
        print(f"| {task} | {method} | {len(lines)} | {cells[0]} | {seeds} | {' | '.join(cells[1:])} |")
    runs = collections.defaultdict(list)
    for (task, _), by_method in looks.items():
        (start,) = by_method[None]
        for method, seen in by_method.items():
            if method is not None and len(seen) > 1:
                runs[task, method].append([start] + sorted(seen, key=lambda look: look["step"]))
    if runs:
        print("\n| task | method | seeds | before | end | entropy | at step | information | at step | hindsight |\n"
              "|---|---|---|---|---|---|---|---|---|---|")
    for task, method in ((t, m) for t in tasks for m in methods if (t, m) in runs):
        all_looks = runs[task, method]
        found = [stops(run) for run in all_looks]
        cells = [str(len(found)), mean_of([run[0]["greedy"] for run in all_looks])]
        for rule in ("end", "entropy", "information", "hindsight"):
            cells.append(mean_of([stop[rule]["greedy"] for stop in found]))
            if rule in ("entropy", "information"):
                cells.append(", ".join(str(stop[rule]["step"]) for stop in found))
        print(f"| {task} | {method} | {' | '.join(cells)} |")
    if options.plot:
        picture(runs, options.plot, [m for m in options.only.split(",") if m])


def picture(runs, path, only):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    tasks = list(dict.fromkeys(task for task, _ in runs))
    shown = [("greedy", "held-out accuracy, greedy"), ("train_agree", "agreement of phrasings"),
             ("train_information", "information of an answer on its question, nats")]
    figure, axes = pyplot.subplots(len(tasks), len(shown), figsize=(11, 3 * len(tasks)), squeeze=False)
    methods = [method for method in dict.fromkeys(method for _, method in runs) if not only or method in only]
    for row, task in zip(axes, tasks):
        for place, (key, title) in zip(row, shown):
            for number, method in enumerate(methods):
                seeds = runs.get((task, method), [])
                if not seeds:
                    continue
                steps = [look["step"] for look in seeds[0]]
                values = [[run[i][key] for run in seeds] for i in range(len(steps))]
                place.plot(steps, [sum(v) / len(v) for v in values], color=f"C{number}", linewidth=1.4, label=method)
                place.fill_between(steps, [min(v) for v in values], [max(v) for v in values], color=f"C{number}", alpha=0.13,
                                   linewidth=0)  # from the worst seed to the best
            place.set_title(f"{task}: {title}", fontsize=8)
            place.set_xlabel("step", fontsize=8)
            place.tick_params(labelsize=7)
        row[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
