#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""CFR+ on game trees beside OpenSpiel, in one run: time of an iteration, exploitability reached.

    compare_trees.py PROGRAM [GAME...]

PROGRAM is the built dag. OpenSpiel comes from PyPI (`pip install open_spiel` into the interpreter
that runs this); without it only our own figures are printed. Runs take turns (ours, theirs, ours,
...), and the least time of each counts, so that a busy machine changes the ratio little. Our time
includes the program's checks of convergence, theirs does not.
"""
import json
import subprocess
import sys
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


def main():
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
