# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Lists called complete against a count of our own: all extreme equilibria of small two-player games by brute force in
fractions, from the payoffs as written. Games of the kinds that break floating point: constants, outliers, huge
integers, rank one, twins and near twins of strategies, ties, denormals. Each result is held by `dag check`."""

import itertools
import json
import os
import random
from fractions import Fraction

from support import Case, dag, main


def solution(rows, right):
    """The one solution of a square system in fractions, or None."""
    rows = [list(row) + [value] for row, value in zip(rows, right)]
    size = len(rows)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i in range(size):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
    return [row[-1] for row in rows]


def vertices(payoffs):
    """Vertices of {(x, v): x >= 0, sum x = 1, payoffs'x <= v}: (x, unplayed strategies, best replies)."""
    size, others = len(payoffs), len(payoffs[0])
    found = {}
    for labels in itertools.combinations(range(size + others), size):
        if all(label < size for label in labels):
            continue
        rows, right = [[Fraction(1)] * size + [Fraction(0)]], [Fraction(1)]
        for label in labels:
            rows.append([Fraction(int(i == label)) for i in range(size)] + [Fraction(0)] if label < size else
                        [payoffs[i][label - size] for i in range(size)] + [Fraction(-1)])
            right.append(Fraction(0))
        point = solution(rows, right)
        if point is None or min(point[:-1]) < 0:
            continue
        earned = [sum(p * payoffs[i][j] for i, p in enumerate(point[:-1])) for j in range(others)]
        if max(earned) > point[-1]:
            continue
        found[tuple(point[:-1])] = ({i for i, p in enumerate(point[:-1]) if p == 0},
                                    {j for j, e in enumerate(earned) if e == point[-1]})
    return found


def extreme_equilibria(a, b):
    """Pairs of vertices with every label covered. a, b: payoffs of players 1 and 2, rows of player 1."""
    first, second = vertices(b), vertices([list(column) for column in zip(*a)])
    return [(x, y) for x, (idle, replies) in first.items() for y, (idle_2, replies_2) in second.items()
            if idle | replies_2 == set(range(len(a))) and replies | idle_2 == set(range(len(a[0])))]


def games(count, seed):
    """(name, payoffs of player 1 and 2 as texts)."""
    rng = random.Random(seed)
    for k in range(count):
        m, n = rng.randint(2, 4), rng.randint(2, 3)
        kind = ["constant", "outlier", "huge", "rank_one", "twins", "near_twins", "ties", "denormal", "decimals", "units"][k % 10]

        def table(draw):
            return [[draw() for _ in range(n)] for _ in range(m)]
        if kind == "constant":
            tables = [table(lambda: str(10**rng.choice((6, 9, 12, 15)) * 0 + rng.randint(0, 6))) for _ in range(2)]
            constants = [10**rng.choice((6, 9, 12, 15)), -10**rng.choice((6, 9, 12, 15))]
            tables = [[[str(int(e) + c) for e in row] for row in t] for t, c in zip(tables, constants)]
        elif kind == "outlier":
            tables = [table(lambda: str(rng.choice((-10**9, 10**6)) if rng.random() < 0.15 else rng.randint(-5, 5))) for _ in range(2)]
        elif kind == "huge":
            tables = [table(lambda: str(2**60 + rng.randint(-3, 3))) for _ in range(2)]
        elif kind == "rank_one":
            tables = []
            for _ in range(2):
                u, v = [rng.randint(-9, 9) for _ in range(m)], [rng.randint(-9, 9) for _ in range(n)]
                tables.append([[str(p * q) for q in v] for p in u])
        elif kind in ("twins", "near_twins"):
            tables = [table(lambda: str(rng.randint(-4, 4))) for _ in range(2)]
            for own in tables:
                own[-1] = [e if kind == "twins" else e + ".0000000000001" for e in own[0]]
        elif kind == "ties":
            tables = [table(lambda: str(rng.randint(0, 1))) for _ in range(2)]
        elif kind == "denormal":
            tables = [table(lambda: f"{rng.randint(-9, 9)}e-310") for _ in range(2)]
        elif kind == "decimals":
            tables = [table(lambda: f"{rng.uniform(-1, 1):.3f}") for _ in range(2)]
        else:
            tables = [table(lambda: f"{rng.randint(-9, 9)}e200"), table(lambda: f"{rng.randint(-9, 9)}e-200")]
        yield f"{kind} {m}x{n} #{k}", tables[0], tables[1]


class Counts(Case):
    def test_lists_are_complete(self):
        complete = 0
        for name, a, b in games(int(os.environ.get("DAG_GAMES", "60")), 20261128):
            m, n = len(a), len(a[0])
            path = self.folder / "g.nfg"
            path.write_text(f'NFG 1 R "{name}" {{ "1" "2" }} {{ {m} {n} }}\n' +
                            " ".join(f"{a[i][j]} {b[i][j]}" for j in range(n) for i in range(m)) + "\n")
            exact = extreme_equilibria(*[[[Fraction(e) for e in row] for row in t] for t in (a, b)])
            for solver in ("vertex_enumeration", "support_enumeration", "lemke_howson", "auto"):
                with self.subTest(game=name, solver=solver, a=a, b=b):
                    out = self.folder / "r.json"
                    result = dag("solve", path, "--solver", solver, "--json", out, "-q", "--time-limit", "20")
                    self.assertIn(result.code, (0, 1), str(result))
                    found = json.loads(out.read_text())
                    checked = dag("check", out, path)
                    self.assertEqual(checked.code, 0, str(checked))
                    if found.get("complete"):
                        complete += solver != "auto"
                        self.assertEqual(len(found["equilibria"]), len(exact))
                        for own in found["equilibria"]:
                            near = [e for e in exact if all(abs(Fraction(p) - q) <= Fraction(1, 10**12) for s, t in
                                                            zip(own["strategies"], e) for p, q in zip(s, t))]
                            self.assertGreaterEqual(len(near), 1, own)
                    elif found.get("equilibria") is not None and solver == "vertex_enumeration":
                        self.fail("a small game is not listed: " + found["status"])
        self.assertGreater(complete, 60)


if __name__ == "__main__":
    main()
