#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What agreement as a reward will do to real models, foreseen from a labelled tenth of the questions, beside what the vote
does on the others: the table and the plot of docs/label_free.md, made by `dag rewards --verdict --json`.

    verdicts.py PROGRAM ROLLOUTS [--docs FOLDER]

PROGRAM is the built program dag, ROLLOUTS a folder of *.jsonl. Questions in the order of their names, the k-th, k+10th, ...
labelled, k from 1 to 10: ten trials a file.
Without --docs the table goes to standard output; with it it replaces what stands between the marker lines of
label_free.md there, and img/verdicts.svg is drawn (gnuplot).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

MARGINS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.5, 2, 3, 5, 10]
BEGIN, END = "<!-- made by scripts/verdicts.py -->", "<!-- end of verdicts -->"
DRAWN = ["gsm8k_reread_answers", "svamp_multi", "csqa_reread", "date_faithfulcot_42ctx", "truthfulqa_paraphrase_verdicts",
         "simpleqa_paraphrase_verdicts"]
COLOURS = ["#1b4f9c", "#d1495b", "#2e8b57", "#edae49", "#7d3c98", "#00a5b5"]


def verdict(program, path):
    command = [program, "rewards", str(path), "--verdict", "--allow-singletons", "--quiet", "--json", "-", "--betas",
               ",".join(str(1 / m) for m in MARGINS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def parts(path, trial):
    """The lines of every tenth question, and the others."""
    lines = [(json.loads(line)["question_id"], line) for line in path.read_text(encoding="utf-8").splitlines()]
    labelled = set(sorted({name for name, _ in lines})[trial::10])
    return [[line for name, line in lines if (name in labelled) == wanted] for wanted in (True, False)]


def draw(results, target):
    """Accuracy of a sample after alignment against s/beta; a cross where the median question locks in."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "data")
        names = [name for name in DRAWN if name in results]
        with open(data, "w", encoding="utf-8") as file:
            for i, margin in enumerate(MARGINS):
                cells = [results[name]["verdict"]["by_beta"][i]["acc_sampled"] for name in names]
                file.write(" ".join(str(c) for c in [margin] + cells) + "\n")
        lines = [f"'{data}' using 1:{i + 2} with lines lw 2 lc rgb '{COLOURS[i]}' title '{name.split('_')[0]}'"
                 for i, name in enumerate(names)]
        marks = []
        for i, name in enumerate(names):
            lock = results[name]["verdict"]["median_lock_in"]
            after = [e for e in results[name]["verdict"]["by_beta"] if e["margin"] >= lock][0]
            before = [e for e in results[name]["verdict"]["by_beta"] if e["margin"] <= lock][-1]
            span = after["margin"] - before["margin"]
            part = (lock - before["margin"]) / span if span > 0 else 0
            height = before["acc_sampled"] + part * (after["acc_sampled"] - before["acc_sampled"])
            marks.append(f"'-' using 1:2 with points pt 2 ps 1.4 lw 2.5 lc rgb '{COLOURS[i]}' notitle")
            lines.append(marks[-1])
            results[name]["mark"] = f"{lock} {height}\ne"
        script = ["set terminal svg size 820,440 background 'white' font 'sans,13'", f"set output '{target}'",
                  "set logscale x", "set xrange [0.1:10]", "set yrange [0:1]", "set grid lc rgb '#dddddd'",
                  "set key outside right center spacing 1.3",
                  "set xlabel 's / beta (to the right agreement outweighs the anchor)'",
                  "set ylabel 'accuracy of a sample, predicted'",
                  "set title 'crosses: half of the questions have locked in'",
                  "plot " + ", \\\n".join(lines)] + [results[name]["mark"] for name in names]
        subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("rollouts", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path)
    arguments = parser.parse_args()
    header = ["file", "questions", "a sample", "vote", "change", "95 % of it", "foreseen by sign", "foreseen surely",
              "surely, but wrongly"]
    rows, results = [], {}
    for path in sorted(arguments.rollouts.glob("*.jsonl")):
        whole = verdict(arguments.program, path)
        results[path.stem] = whole
        gain, share = whole["verdict"]["vote_gain"], whole["verdict"]["majority_right"]["share"]
        sign, surely, wrongly, trials = 0, 0, 0, 0
        with tempfile.TemporaryDirectory() as folder:
            for trial in range(10 if gain["questions"] >= 20 else 0):
                found = []
                for lines in parts(path, trial):
                    part = pathlib.Path(folder, "part.jsonl")
                    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
                    found.append(verdict(arguments.program, part)["verdict"]["vote_gain"])
                few, rest = found
                trials += 1
                sign += few["mean"] * rest["mean"] > 0
                if few["low"] > 0 or few["high"] < 0:
                    surely += few["mean"] * rest["mean"] > 0
                    wrongly += few["mean"] * rest["mean"] <= 0
        still = gain["mean"] == 0  # one sample a question, or two that differ: nothing to foresee
        rows.append([path.stem, str(gain["questions"]), f"{share - gain['mean']:.3f}", f"{share:.3f}", f"{gain['mean']:+.3f}",
                     f"{gain['low']:+.3f} to {gain['high']:+.3f}"] +
                    (["", "", ""] if still or trials == 0 else [f"{sign} of {trials}", f"{surely} of {trials}", str(wrongly)]))
        print(f"{path.stem}: done", file=sys.stderr)
    text = "\n".join(["| " + " | ".join(header) + " |", "|---" * len(header) + "|"] +
                     ["| " + " | ".join(row) + " |" for row in rows])
    text += "\n"
    if arguments.docs is None:
        print(text)
        return
    page = arguments.docs / "label_free.md"
    head, found, tail = page.read_text(encoding="utf-8").partition(BEGIN)
    _, closed, tail = tail.partition(END)
    if not found or not closed:
        sys.exit(f"{page}: no lines '{BEGIN}' and '{END}'")
    draw(results, arguments.docs / "img" / "verdicts.svg")
    page.write_text(head + BEGIN + "\n\n" + text + "\n" + END + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
