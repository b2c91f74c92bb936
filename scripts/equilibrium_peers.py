#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""All equilibria and quantal responses beside pygambit's (pip install pygambit), in one run.

    scripts/equilibrium_peers.py build/release/bin/dag [GAMES [SECONDS]]

Random games of three and four players with whole payoffs, many of them with payoffs 0, 1 (2) and so
with sets of equilibria, then the strategic games of pygambit's own catalogue and games of two players,
each for at most SECONDS (10) in pygambit. Fails where pygambit finds an equilibrium that
dag does not list nor has in a set with the same supports (but for points of a regret above 1e-13 of
the range within 1e-4 of a listed point or box: near sets its answers may be close to equilibria only), where an equilibrium that dag lists has a regret above 1e-12 of the payoff range,
recomputed in fractions from the payoffs (of those that dag proves rational: above zero), or where a
quantal response at one of 20 lambda differs by more than 1e-8. Seconds are those of the solvers alone.
"""

import itertools
import json
import multiprocessing
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

SHAPES = [(2, 2, 2), (3, 2, 2), (3, 3, 2), (2, 2, 2, 2)]
# Sizes and largest payoff: games with many ties, 50 each where 200 games are asked for.
TIES = [((2, 2, 2), 1), ((3, 2, 2), 1), ((2, 2, 2, 2), 1), ((2, 2, 2, 2), 2), ((3, 3, 2), 2)]
TWO = [((2, 2), None), ((3, 3), None), ((5, 5), None), ((7, 7), None), ((9, 9), None), ((3, 12), None),
       ((3, 3), 2), ((5, 5), 2), ((7, 7), 2)]
LAMBDAS = [0.005 * k * k for k in range(1, 21)]


def write_game(path, shape, draw, top=None):
    count = len(shape)
    for size in shape:
        count *= size
    players = " ".join(f'"p{i}"' for i in range(len(shape)))
    payoffs = [draw.randint(-99, 99) if top is None else draw.randint(0, top) for _ in range(count)]
    path.write_text(f'NFG 1 R "random" {{ {players} }} {{ {" ".join(map(str, shape))} }}\n\n'
                    + " ".join(map(str, payoffs)) + "\n")
    return payoffs


def ask(program, *arguments):
    done = subprocess.run([program, *arguments, "--json", "-", "--quiet"], capture_output=True,
                          text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def flat(profile):
    return [float(p) for strategy in profile for _, p in strategy]


def shaped(point, shape):
    rest = list(point)
    return [[rest.pop(0) for _ in range(n)] for n in shape]


def distance(one, other):
    return max(abs(a - b) for a, b in zip(one, other))


def exact_regret(shape, payoffs, profile):
    """The largest gain by deviating alone, a fraction; probabilities are divided by their sums."""
    profile = [[p / sum(s) for p in s] for s in ([Fraction(p) for p in s] for s in profile)]
    players = len(shape)
    worst = Fraction(0)
    for i in range(players):
        earned = [Fraction(0)] * shape[i]
        for at, choice in enumerate(itertools.product(*(range(n) for n in reversed(shape)))):
            choice = choice[::-1]  # the first player's strategy fastest
            weight = Fraction(1)
            for j in range(players):
                if j != i:
                    weight *= profile[j][choice[j]]
            earned[choice[i]] += weight * payoffs[at * players + i]
        worst = max(worst, max(earned) - sum(p * e for p, e in zip(profile[i], earned)))
    return worst


def away(point, equilibrium):
    """How far the point is from the equilibrium or the box around its set."""
    box = equilibrium.get("box", {"low": equilibrium["strategies"], "high": equilibrium["strategies"]})
    low, high = ([p for s in box[end] for p in s] for end in ("low", "high"))
    return max(max(a - p, p - b, 0) for p, a, b in zip(point, low, high))


def inside(point, equilibrium):
    """Whether the point is the equilibrium, or of its set: in its box, with its supports."""
    listed = [p for s in equilibrium["strategies"] for p in s]
    return away(point, equilibrium) <= 1e-6 and ("box" not in equilibrium or all(
        (p > 1e-9) == (q > 0) for p, q in zip(point, listed)) or distance(point, listed) <= 1e-6)


def enumerated(path, solver, answer):
    import pygambit
    game = pygambit.read_nfg(path)
    start = time.perf_counter()
    found = getattr(pygambit.nash, solver)(game).equilibria
    answer.put((time.perf_counter() - start, [flat(e) for e in found]))


def enumerated_in(path, seconds, solver="enumpoly_solve"):
    """(seconds, equilibria) of pygambit's solver, or nothing where it does not end in time."""
    answer = multiprocessing.Queue()
    worker = multiprocessing.Process(target=enumerated, args=(str(path), solver, answer))
    worker.start()
    try:
        return answer.get(timeout=seconds)
    except Exception:  # pylint: disable=broad-except
        return None
    finally:
        worker.terminate()
        worker.join()


class Tally:
    def __init__(self):
        self.games = self.ended = self.same = self.more = self.missed = self.proved = 0
        self.complete = self.sets = 0
        self.equilibria = 0
        self.regret = 0.0
        self.seconds = [0.0, 0.0]

    def add(self, program, path, shape, payoffs, seconds):
        found = ask(program, "solve", str(path), "--solver", "polynomial_equilibria")
        self.games += 1
        self.complete += found["complete"]
        self.sets += any(e["dimension"] > 0 for e in found["equilibria"])
        spread = max(max(payoffs[i::len(shape)]) - min(payoffs[i::len(shape)])
                     for i in range(len(shape))) or 1
        ours = []
        fractions = found.get("exact") or [None] * len(found["equilibria"])
        for equilibrium, proof in zip(found["equilibria"], fractions):
            profile = equilibrium["strategies"]
            exact = proof and proof["strategies"]
            self.proved += exact is not None
            regret = exact_regret(shape, payoffs, exact or profile)
            if exact is not None and regret != 0:
                raise SystemExit(f"{path}: a regret of {regret} where dag says exact")
            self.regret = max(self.regret, float(regret / spread))
            ours.append([p for s in profile for p in s])
        self.equilibria += len(ours)
        theirs = enumerated_in(path, seconds)
        if theirs is None:
            return
        self.ended += 1
        self.seconds[0] += found["seconds"]
        self.seconds[1] += theirs[0]
        missed = sum(not any(inside(e, o) for o in found["equilibria"]) and not
                     (any(away(e, o) < 1e-4 for o in found["equilibria"]) and
                      exact_regret(shape, payoffs, shaped(e, shape)) > spread * Fraction(1, 10**13))
                     for e in theirs[1])
        if missed and found["complete"]:
            print(f"missed: {missed} in {path.read_text()}")
        self.missed += missed
        listed = all(min((distance(e, o) for o in theirs[1]), default=1) <= 1e-6 for e in ours)
        self.same += listed
        self.more += not listed

    def row(self, name):
        return (f"| {name} | {self.games} | {self.complete} | {self.sets} | {self.ended} | {self.equilibria} | {self.same} | {self.more} | "
                f"{self.missed} | {self.proved} | {self.regret:.0e} | {self.seconds[0]:.3f} | "
                f"{self.seconds[1]:.3f} |")


def payoffs_of(program, path, folder):
    """Sizes and payoffs of a file, as fractions, profile by profile."""
    out = pathlib.Path(folder) / "game.json"
    ask(program, "convert", str(path), str(out))
    game = json.loads(out.read_text(), parse_float=Fraction)
    shape = [p["strategies"] if isinstance(p["strategies"], int) else len(p["strategies"])
             for p in game["players"]]
    if "payoffs" in game:
        lines = game["payoffs"]
    else:
        lines = [[0] * len(shape) if k == 0 else game["outcomes"][k - 1]["payoffs"] for k in game["profiles"]]
    return shape, [Fraction(p) for line in lines for p in line]


def quantal_apart(program, path):
    import pygambit
    from pygambit import qre
    points = ask(program, "quantal", str(path), "--lambda", ",".join(map(repr, LAMBDAS)))["equilibria"]
    known = qre.logit_solve_lambda(pygambit.read_nfg(str(path)), [p["lambda"] for p in points])
    if len(points) != len(LAMBDAS):
        raise SystemExit(f"dag reached {len(points)} of {len(LAMBDAS)} lambda in {path.read_text()}")
    return max(distance([p for s in point["strategies"] for p in s],
                        flat(getattr(other, "profile", other)))
               for point, other in zip(points, known))


def two_players(program, path, games, seconds, draw):
    """Extreme equilibria beside pygambit's enummixed, in fractions too; how many lists differ."""
    print("\n| two players | number | equilibria | lists that differ | dag s | pygambit s |\n|---|---|---|---|---|---|")
    differ = 0
    for shape, top in TWO:
        took = [0.0, 0.0]
        count = ended = apart = 0
        for _ in range(games):
            write_game(path, shape, draw, top)
            found = ask(program, "solve", str(path), "--solver", "vertex_enumeration")
            theirs = enumerated_in(path, seconds, "enummixed_solve")
            if theirs is None:
                continue
            ended += 1
            ours = [[p for s in e["strategies"] for p in s] for e in found["equilibria"]]
            count += found["equilibria_count"]
            apart += any(min(distance(e, o) for o in other) > 1e-9  # pygambit lists some twice
                         for list_, other in ((theirs[1], ours), (ours, theirs[1])) for e in list_)
            took[0] += found["seconds"]
            took[1] += theirs[0]
        print(f"| {' x '.join(map(str, shape))}{'' if top is None else f', payoffs 0 to {top}'} | {ended} | {count} | "
              f"{apart} | {took[0]:.4f} | {took[1]:.4f} |", flush=True)
        differ += apart
    return differ


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    try:
        import pygambit
    except ImportError:
        print("skipped: pygambit is not installed (pip install pygambit)")
        return 77
    program = sys.argv[1]
    games = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    draw = random.Random(20240)
    tallies = []
    apart = 0.0
    compared = 0
    print(f"pygambit {pygambit.__version__}\n\n| games | number | complete | with sets | pygambit ended | equilibria | same list | dag lists "
          "more | dag misses | proved rational | largest regret / range | dag s | pygambit s |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "game.nfg"
        for k, shape in enumerate(SHAPES):
            tallies.append(Tally())
            for _ in range(games * (k + 1) // len(SHAPES) - games * k // len(SHAPES)):
                payoffs = write_game(path, shape, draw)
                tallies[-1].add(program, path, shape, payoffs, seconds)
                if tallies[-1].games <= 60 // len(SHAPES):
                    apart = max(apart, quantal_apart(program, path))
                    compared += 1
            print(tallies[-1].row(" x ".join(map(str, shape))), flush=True)
        for shape, top in TIES:
            tallies.append(Tally())
            for _ in range(games // len(SHAPES)):
                payoffs = write_game(path, shape, draw, top)
                tallies[-1].add(program, path, shape, payoffs, seconds)
            print(tallies[-1].row(f"{' x '.join(map(str, shape))}, payoffs 0 to {top}"), flush=True)
        tallies.append(Tally())
        catalogue = pathlib.Path(pygambit.__file__).parent / "catalog_data"
        for source in sorted(catalogue.rglob("*.nfg")):
            shape, payoffs = payoffs_of(program, source, folder)
            if max(shape) > 5:
                continue  # two players, many strategies: vertex enumeration's business
            tallies[-1].add(program, source, shape, payoffs, seconds)
        print(tallies[-1].row("catalogue"))
        apart_two = two_players(program, path, games // 10, seconds, draw)
    print(f"\nquantal responses: {compared} games, {len(LAMBDAS)} lambda each, largest difference {apart:.1e}")
    good = apart_two == 0 and all(t.missed == 0 and t.regret <= 1e-12 for t in tallies) and apart < 1e-8
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
