#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Takeovers in finite populations beside EGTTools' (pip install egttools), in one run.

    scripts/evolution_peers.py build/release/bin/dag [GAMES]

Random symmetric games of two to six strategies: fixation probabilities and the stationary distribution
of rare mutations of `dag evolve` against EGTTools' pairwise comparison, and fixation against the Moran
process with fitness exp(intensity payoff), whose absorption is solved here as a linear system. Fails
where a probability differs by more than 1e-9 of itself (also of the Moran process, whose system has about 16 digits
in all), or a share by more than 1e-9. EGTTools makes takeovers rarer than 1e-7 impossible: these
are counted, and left out with the shares of their game; the linear system's are left out below 1e-6.
"""
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

SETTINGS = [(5, 1.0), (10, 0.1), (50, 0.01), (50, 0.3), (200, 0.05)]


def evolved(program, folder, payoff, population, intensity):
    """The numbers of `dag evolve` for a symmetric game, own strategies as rows."""
    own, other = (pathlib.Path(folder) / name for name in ("own.csv", "other.csv"))
    own.write_text("".join(",".join(map(repr, row)) + "\n" for row in payoff))
    other.write_text("".join(",".join(map(repr, row)) + "\n" for row in zip(*payoff)))
    done = subprocess.run([program, "evolve", f"{own},{other}", "--population", str(population),
                           "--intensity", repr(intensity), "--json", "-"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def moran(numpy, payoff, resident, mutant, population, intensity):
    """The chance of one mutant in the Moran process: absorption of its birth and death chain."""
    n = population
    system = numpy.eye(n + 1)
    right = numpy.zeros(n + 1)
    right[n] = 1
    for i in range(1, n):
        ours = ((i - 1) * payoff[mutant][mutant] + (n - i) * payoff[mutant][resident]) / (n - 1)
        theirs = (i * payoff[resident][mutant] + (n - i - 1) * payoff[resident][resident]) / (n - 1)
        fit, rest = i * math.exp(intensity * ours), (n - i) * math.exp(intensity * theirs)
        up = fit / (fit + rest) * (n - i) / n
        down = rest / (fit + rest) * i / n
        system[i, i - 1] = -down / (up + down)
        system[i, i + 1] = -up / (up + down)
    return numpy.linalg.solve(system, right)[1]


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    try:
        import egttools
        import numpy
        from egttools.analytical import PairwiseComparison
        from egttools.games import Matrix2PlayerGameHolder
    except ImportError:
        print("skipped: EGTTools is not installed (pip install egttools)")
        return 77
    games = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    draw = random.Random(7)
    print(f"EGTTools {egttools.__version__}\n\n| population | intensity | games | takeovers | cut to 0 there | largest difference, relative "
          "| Moran, relative | shares, absolute |\n|---|---|---|---|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for population, intensity in SETTINGS:
            count = cut = 0
            apart = [0.0, 0.0, 0.0]
            for k in range(games // len(SETTINGS)):
                n = 2 + k % 5
                payoff = [[draw.uniform(-2, 2) for _ in range(n)] for _ in range(n)]
                found = evolved(sys.argv[1], folder, payoff, population, intensity)
                held = Matrix2PlayerGameHolder(n, numpy.array(payoff))  # the process does not keep it alive
                process = PairwiseComparison(population, held)
                cut_before = cut
                for resident in range(n):
                    for mutant in range(n):
                        ours = math.exp(found["log_fixation"][resident][mutant])
                        if resident == mutant:
                            continue
                        count += 1
                        theirs = process.calculate_fixation_probability(mutant, resident, intensity)
                        if theirs == 0 and ours < 1.001e-7:
                            cut += 1
                        else:
                            apart[0] = max(apart[0], abs(theirs / ours - 1))
                        if ours < 1e-6:
                            continue
                        solved = moran(numpy, payoff, resident, mutant, population, intensity)
                        apart[1] = max(apart[1], abs(ours / solved - 1))
                if cut > cut_before:
                    continue
                chain, _ = process.calculate_transition_and_fixation_matrix_sml(intensity)
                shares = egttools.utils.calculate_stationary_distribution(chain.T)
                apart[2] = max([apart[2]] + [abs(a - b) for a, b in zip(found["rare_mutations"], shares)])
            good = good and apart[0] <= 1e-9 and apart[1] <= 1e-9 and apart[2] <= 1e-9
            print(f"| {population} | {intensity} | {games // len(SETTINGS)} | {count} | {cut} | "
                  + " | ".join(f"{a:.1e}" for a in apart) + " |")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
