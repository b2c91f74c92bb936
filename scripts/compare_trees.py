#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""CFR+ on game trees beside OpenSpiel, in one run: time of an iteration, exploitability reached.

    compare_trees.py PROGRAM [GAME...]
    compare_trees.py --rounds PROGRAM    our solvers: rounds and time to relative gaps 1e-2, 1e-4, 1e-6

PROGRAM is the built dag. OpenSpiel comes from PyPI (`pip install open_spiel` into the interpreter
that runs this); without it only our own figures are printed. Runs take turns (ours, theirs, ours,
...), and the least time of each counts, so that a busy machine changes the ratio little. Our time
includes the program's checks of convergence, theirs does not.
"""
import json
import subprocess
import sys
import tempfile
import time

# our name, OpenSpiel's, iterations of ours and of theirs a run
GAMES = {
    "kuhn_poker": ("kuhn_poker", 20000, 200),
    "leduc_poker": ("leduc_poker(suit_isomorphism=True)", 3000, 5),
    "leduc_poker:936": ("leduc_poker", 1000, 2),
    "goofspiel:4": ("turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=4,"
                    "points_order=descending))", 2000, 3),
    "goofspiel:5": ("turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=5,"
                    "points_order=descending))", 200, 1),
    "liars_dice:4": ("liars_dice(numdice=1,dice_sides=4)", 1000, 2),
}


def ours(program, game, iterations):
    out = subprocess.run([program, "solve", game, "--solver", "cfr_plus", "--tolerance", "0",
                          "--max-iterations", str(iterations), "--quiet", "--json", "-"],
                         capture_output=True, text=True, check=False).stdout
    found = json.loads(out)
    return found["seconds"] / found["iterations"], found["exploitability"]


def theirs(pyspiel, game, iterations):
    solver = pyspiel.CFRPlusSolver(game)
    begin = time.perf_counter()
    for _ in range(iterations):
        solver.evaluate_and_update_policy()
    return (time.perf_counter() - begin) / iterations


SOLVERS = ("cfr", "cfr_plus", "linear_cfr", "discounted_cfr", "predictive_cfr_plus",
           "asymmetric_predictive_cfr_plus", "restarted_cfr_plus", "external_sampling",
           "mirror_prox", "extragradient", "optimistic_mirror_descent", "magnetic_mirror_descent",
           "fictitious_play")


def rounds(program):
    for game in ("kuhn_poker", "leduc_poker", "liars_dice:3", "goofspiel:4"):
        print(f"| {game} | 1e-2 | 1e-4 | 1e-6 |\n|---|---|---|---|")
        for solver in SOLVERS:
            with tempfile.TemporaryDirectory() as folder:
                trace = f"{folder}/t.json"
                subprocess.run([program, "solve", game, "--solver", solver, "--tolerance", "1e-6",
                                "--time-limit", "4", "--quiet", "--trace", trace], check=False)
                with open(trace, encoding="utf-8") as file:
                    records = json.load(file)[0]["trace"]
            cells = []
            for level in (1e-2, 1e-4, 1e-6):
                hit = next((r for r in records if r["relative_gap"] <= level), None)
                cells.append(f"{hit['iteration']}, {1e3 * hit['seconds']:.2g} ms" if hit else "-")
            print(f"| `{solver}` | " + " | ".join(cells) + " |", flush=True)
        print()


def main():
    if sys.argv[1] == "--rounds":
        return rounds(sys.argv[2])
    program = sys.argv[1]
    try:
        import pyspiel
    except ImportError:
        pyspiel = None
        print("OpenSpiel is not here: pip install open_spiel")
    print("| game | ours, us | OpenSpiel, us | ratio |\n|---|---|---|---|")
    for name in sys.argv[2:] or GAMES:
        peer, own_iterations, peer_iterations = GAMES[name]
        own, other = [], []
        for _ in range(5):
            own.append(ours(program, name, own_iterations)[0])
            if pyspiel:
                other.append(theirs(pyspiel, pyspiel.load_game(peer), peer_iterations))
        line = f"| {name} | {1e6 * min(own):.3g} | "
        line += f"{1e6 * min(other):.4g} | {min(other) / min(own):.0f} |" if other else "- | - |"
        print(line, flush=True)


if __name__ == "__main__":
    main()
