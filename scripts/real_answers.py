#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Votes, consensus and equilibria on rollouts of real models: the tables and the plot of
docs/real_answers.md, made by `dag rewards --json`.

    real_answers.py PROGRAM ROLLOUTS [--docs FOLDER]

PROGRAM is the built program dag, ROLLOUTS a folder of *.jsonl. Without --docs the tables go to
standard output; with it they replace what stands between the marker lines of real_answers.md there,
and img/real_answers.svg is drawn (gnuplot).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

SMOOTHING = 0.1
FINE = 0.01
BETAS = ["0.01", "0.03", "0.1", "0.3", "1", "3", "10", "30", "100"]
SHOWN = ["0.01", "0.1", "0.3", "1", "10"]
COLOURS = ["#1b4f9c", "#d1495b", "#2e8b57", "#edae49", "#7d3c98", "#00a5b5", "#8c564b", "#555555",
           "#e377c2"]
BEGIN = "<!-- made by scripts/real_answers.py: {} -->"
END = "<!-- end of {} -->"
DRAWN = ["gsm8k_reread_answers", "gsm8k_faithfulcot_41ctx", "svamp_multi", "csqa_reread",
         "clutrr_faithfulcot_41ctx", "aqua_faithfulcot_30ctx", "date_faithfulcot_42ctx",
         "truthfulqa_paraphrase_verdicts", "simpleqa_paraphrase_verdicts"]


def rewards(program, path, utility, smoothing, betas):
    command = [program, "rewards", str(path), "--utility", utility, "--smoothing", str(smoothing),
               "--json", "-", "--quiet", "--allow-singletons"]
    if betas:
        command += ["--betas", ",".join(betas)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def shown(value):
    return "" if value is None else f"{value:.3f}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def votes_row(name, arithmetic, geometric):
    a = arithmetic
    low, high = a["samples_per_group_min"], a["samples_per_group_max"]
    single = a["contexts_per_question"] == 1
    gain = a["acc_consensus"] - a["acc_random_sample"]
    return [name, str(a["questions"]), f"{a['contexts_per_question']:.1f}",
            str(low) if low == high else f"{low} to {high}", shown(a["null_answer_rate"]),
            shown(a["acc_random_sample"]), shown(a["acc_majority_in_group"]),
            shown(a["acc_consensus"]), shown(geometric["acc_consensus"]),
            "" if single else shown(a["acc_best_context"]), f"{gain:+.3f}"]


def equilibrium_row(name, arithmetic, geometric, euclidean):
    def greedy(result, beta):
        return next(shown(e["acc_greedy"]) for e in result["equilibrium"]
                    if e["beta"] == float(beta))
    return ([name, shown(arithmetic["acc_majority_in_group"])] +
            [greedy(arithmetic, beta) for beta in reversed(SHOWN)] +
            [greedy(geometric, "0.1"), greedy(euclidean, "0.1"), greedy(euclidean, "0.01")])


def draw(results, fine, target):
    """Accuracy against beta, one line a file: most probable answer, and a sample."""
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder, "data")
        names = [name for name in DRAWN if name in results]
        with open(data, "w", encoding="utf-8") as file:
            for i, beta in enumerate(BETAS):
                cells = [beta]
                for name in names:
                    cells.append(str(results[name]["equilibrium"][i]["acc_greedy"]))
                    cells.append(str(fine[name]["equilibrium"][i]["acc_sampled"]))
                file.write(" ".join(cells) + "\n")
        script = ["set terminal svg size 1150,460 background 'white' font 'sans,13'",
                  f"set output '{target}'", "set multiplot", "set logscale x",
                  "set xrange [0.008:125]", "set yrange [0:1]", "set grid lc rgb '#dddddd'",
                  "set xlabel 'beta (to the left the anchor weakens)'", "set ylabel 'accuracy'"]
        for column, title, where in (
                (0, f"most probable answer, smoothing {SMOOTHING}",
                 "set size 0.41,1; set origin 0,0; unset key"),
                (1, f"a sample of the policy, smoothing {FINE}",
                 "set size 0.59,1; set origin 0.41,0; set key outside right center spacing 1.3")):
            lines = [f"'{data}' using 1:{2 + 2 * i + column} with linespoints pt 7 ps 0.4 lw 1.8 "
                     f"lc rgb '{COLOURS[i]}' title '{name.replace('_', ' ').split(' 4')[0]}'"
                     for i, name in enumerate(names)]
            script += [where, f"set title '{title}'", "plot " + ", \\\n".join(lines)]
        subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)


def replace(text, section, content):
    begin, end = BEGIN.format(section), END.format(section)
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        sys.exit(f"real_answers.md: no lines '{begin}' and '{end}'")
    return head + begin + "\n\n" + content + "\n\n" + end + tail


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("rollouts", type=pathlib.Path)
    parser.add_argument("--docs", type=pathlib.Path)
    arguments = parser.parse_args()
    results, fine, votes, equilibria = {}, {}, [], []
    worst, unconverged = 0.0, 0
    for path in sorted(arguments.rollouts.glob("*.jsonl")):
        name = path.stem
        pools = [rewards(arguments.program, path, f"coherence_{pool}", SMOOTHING, betas)
                 for pool, betas in (("arithmetic", BETAS), ("geometric", SHOWN),
                                     ("euclidean", SHOWN))]
        plain = rewards(arguments.program, path, "coherence_arithmetic", 0, [])
        votes.append(votes_row(name, plain, pools[1]))
        results[name] = pools[0]
        if plain["contexts_per_question"] > 1:
            equilibria.append(equilibrium_row(name, *pools))
        if name in DRAWN:
            fine[name] = rewards(arguments.program, path, "coherence_arithmetic", FINE, BETAS)
        for result in pools:
            worst = max([worst] + [e["worst_residual"] for e in result["equilibrium"]])
            unconverged += sum(e["unconverged"] for e in result["equilibrium"])
        print(f"{name}: done", file=sys.stderr)
    first = table(["file", "questions", "contexts", "K", "missing", "sample", "majority",
                   "arithmetic = Euclidean", "geometric", "best context", "consensus - sample"],
                  votes)
    second = table(["file", "majority"] + [f"beta {beta}" for beta in reversed(SHOWN)] +
                   ["geometric 0.1", "Euclidean 0.1", "Euclidean 0.01"], equilibria)
    second += (f"\n\nLargest natural residual of all these equilibria: {worst:.1e}; "
               f"{unconverged} not converged.")
    if not arguments.docs:
        print(first + "\n\n" + second)
        return
    page = arguments.docs / "real_answers.md"
    text = page.read_text(encoding="utf-8")
    text = replace(replace(text, "votes", first), "equilibria", second)
    page.write_text(text, encoding="utf-8")
    (arguments.docs / "img").mkdir(exist_ok=True)
    draw(results, fine, arguments.docs / "img" / "real_answers.svg")


if __name__ == "__main__":
    main()
