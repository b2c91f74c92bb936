#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Game trees beside OpenSpiel, LiteEFG, HiGHS and pygambit, each in one run with ours.

    compare_trees.py PROGRAM [GAME...]            an iteration of CFR+ beside OpenSpiel's and LiteEFG's
    compare_trees.py --solutions PROGRAM [GAME...]  rounds and time to 1e-2, 1e-4, 1e-6 and to an exact solution
    compare_trees.py --quantal PROGRAM [FILE.efg...]  agent quantal responses beside pygambit's, at 8 lambda
    compare_trees.py --rounds PROGRAM             our solvers: rounds and time to relative gaps 1e-2, 1e-4, 1e-6

PROGRAM is the built dag. Peers come from PyPI (pip install open_spiel LiteEFG highspy pygambit into the
interpreter that runs this); those that are absent are left out. Contestants take turns and the least time
of each counts, so that a busy machine changes ratios little. Gaps are NashConv over the payoff range; our
times include the checks of convergence, theirs do not.
"""
import ast
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time

# our name, OpenSpiel's, iterations of ours, of LiteEFG's and of OpenSpiel's a run
GAMES = {
    "kuhn_poker": ("kuhn_poker", 20000, 5000, 200),
    "leduc_poker": ("leduc_poker(suit_isomorphism=True)", 3000, 300, 5),
    "leduc_poker:936": ("leduc_poker", 1000, 60, 2),
    "goofspiel:4": ("turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=4,"
                    "points_order=descending))", 2000, 300, 3),
    "goofspiel:5": ("turn_based_simultaneous_game(game=goofspiel(imp_info=True,num_cards=5,"
                    "points_order=descending))", 200, 10, 1),
    "liars_dice:4": ("liars_dice(numdice=1,dice_sides=4)", 1000, 100, 2),
}
REPEATS = 3
SMALL = ("kuhn_poker", "leduc_poker", "goofspiel:4")  # the others run once to each solution
LEVELS = (1e-2, 1e-4, 1e-6)
LAMBDAS = [0.1, 0.3, 1, 2, 5, 10, 30, 100]
SOLVERS = ("cfr", "cfr_plus", "linear_cfr", "discounted_cfr", "predictive_cfr_plus",
           "asymmetric_predictive_cfr_plus", "adaptive_predictive_cfr_plus", "restarted_cfr_plus",
           "external_sampling", "primal_dual_hybrid_gradient", "mirror_prox", "extragradient",
           "optimistic_mirror_descent", "magnetic_mirror_descent", "fictitious_play",
           "sequence_form_interior_point")


def optional(name):
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return __import__(name)
    except ImportError:
        print(f"{name} is not here: left out")
        return None


def solve(program, game, solver, *options):
    out = subprocess.run([program, "solve", game, "--solver", solver, "--quiet", "--json", "-", *options],
                         capture_output=True, text=True, check=False).stdout
    return json.loads(out)


@contextlib.contextmanager
def silent():
    """LiteEFG prints below Python."""
    with tempfile.TemporaryFile() as sink:
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


class OpenSpiel:
    def __init__(self, pyspiel, game):
        self.pyspiel = pyspiel
        self.game = pyspiel.load_game(game)
        self.range = self.game.max_utility() - self.game.min_utility()

    def iteration(self, count):
        solver = self.pyspiel.CFRPlusSolver(self.game)
        begin = time.perf_counter()
        for _ in range(count):
            solver.evaluate_and_update_policy()
        return (time.perf_counter() - begin) / count

    def reach(self, levels, seconds):
        """(Iterations, their seconds) until NashConv / range is at each level; None where `seconds` end before."""
        solver = self.pyspiel.CFRPlusSolver(self.game)
        spent, rounds, check, found = 0.0, 0, 8, []
        while len(found) < len(levels) and spent < seconds:
            begin = time.perf_counter()
            while rounds < check:
                solver.evaluate_and_update_policy()
                rounds += 1
            spent += time.perf_counter() - begin
            gap = self.pyspiel.nash_conv(self.game, solver.average_policy()) / self.range
            while len(found) < len(levels) and gap <= levels[len(found)]:
                found.append((rounds, spent))
            check = rounds + 1 + rounds // 10
        return found + [None] * (len(levels) - len(found))


class LiteEFG:
    def __init__(self, library, pyspiel, game, span):
        from LiteEFG.baselines import CFRplus, PCFR
        self.kinds = {"CFR+": CFRplus, "PCFR+": PCFR}
        self.range = span
        self.make = lambda: library.OpenSpielEnv(pyspiel.load_game(game), traverse_type="Enumerate")

    def start(self, kind):
        """An environment of its own for every graph: a second graph in one ends the process."""
        with silent():
            graph = self.kinds[kind].graph()
            self.env = self.make()
            self.env.set_graph(graph)
        return graph

    def iteration(self, count):
        graph = self.start("CFR+")
        begin = time.perf_counter()
        for _ in range(count):
            graph.update_graph(self.env)
            self.env.update_strategy(graph.current_strategy())
        return (time.perf_counter() - begin) / count

    def reach(self, levels, seconds, kind):
        graph = self.start(kind)
        spent, rounds, check, found = 0.0, 0, 8, []
        while len(found) < len(levels) and spent < seconds:
            begin = time.perf_counter()
            while rounds < check:
                graph.update_graph(self.env)
                self.env.update_strategy(graph.current_strategy())
                rounds += 1
            spent += time.perf_counter() - begin
            gap = sum(self.env.exploitability(graph.current_strategy(), "linear-avg-iterate")) / self.range
            while len(found) < len(levels) and gap <= levels[len(found)]:
                found.append((rounds, spent))
            check = rounds + 1 + rounds // 10
        return found + [None] * (len(levels) - len(found))


def sequence_form(pyspiel, game):
    """Sequences and payoffs of player 1, from OpenSpiel's tree: a program of our own for HiGHS."""
    sets = [{}, {}]  # information state -> (parent sequence, [sequences])
    count = [1, 1]
    payoffs = {}

    def walk(state, at, chance):
        if state.is_terminal():
            key = tuple(at)
            payoffs[key] = payoffs.get(key, 0.0) + chance * state.returns()[0]
        elif state.is_chance_node():
            for action, p in state.chance_outcomes():
                walk(state.child(action), at, chance * p)
        else:
            player = state.current_player()
            name = state.information_state_string(player)
            actions = state.legal_actions()
            if name not in sets[player]:
                sets[player][name] = (at[player], list(range(count[player], count[player] + len(actions))))
                count[player] += len(actions)
            for action, sequence in zip(actions, sets[player][name][1]):
                below = list(at)
                below[player] = sequence
                walk(state.child(action), below, chance)
    walk(pyspiel.load_game(game).new_initial_state(), [0, 0], 1.0)
    return sets, count, payoffs


def highs_program(highspy, form):
    """max v_root: F'v <= A'x, E x = e, x >= 0."""
    sets, count, payoffs = form
    lists = [list(s.values()) for s in sets]
    columns = count[0] + len(lists[1]) + 1  # x, then v of player 2's sets, v of the root
    root = columns - 1
    rows, low, high = [], [], []
    infinity = highspy.kHighsInf
    owner = {0: root}
    for k, (_, sequences) in enumerate(lists[1]):
        owner.update({s: count[0] + k for s in sequences})
    by_second = [dict() for _ in range(count[1])]
    for (s, t), payoff in payoffs.items():
        if payoff:
            by_second[t][s] = -payoff
    for t in range(count[1]):
        row = by_second[t]
        row[owner[t]] = row.get(owner[t], 0.0) + 1.0
    for k, (parent, _) in enumerate(lists[1]):
        by_second[parent][count[0] + k] = by_second[parent].get(count[0] + k, 0.0) - 1.0
    for row in by_second:
        rows.append(row)
        low.append(-infinity)
        high.append(0.0)
    rows.append({0: 1.0})
    low.append(1.0)
    high.append(1.0)
    for parent, sequences in lists[0]:
        row = {s: 1.0 for s in sequences}
        row[parent] = row.get(parent, 0.0) - 1.0
        rows.append(row)
        low.append(0.0)
        high.append(0.0)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, len(rows)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = [0.0] * root + [1.0]
    lp.col_lower_ = [0.0] * count[0] + [-infinity] * (columns - count[0])
    lp.col_upper_ = [infinity] * columns
    lp.row_lower_, lp.row_upper_ = low, high
    starts, index, value = [0], [], []
    for row in rows:
        index += row.keys()
        value += row.values()
        starts.append(len(index))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, value
    return lp


def highs(highspy, lp, method, limit):
    """(Iterations, seconds, value) of HiGHS on one thread; no value where it is not done in time."""
    with silent():
        solver = highspy.Highs()
    for name, setting in (("output_flag", False), ("threads", 1), ("solver", method), ("time_limit", float(limit))):
        solver.setOptionValue(name, setting)
    solver.passModel(lp)
    begin = time.perf_counter()
    solver.run()
    spent = time.perf_counter() - begin
    info = solver.getInfo()
    done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return (info.simplex_iteration_count if method == "simplex" else info.ipm_iteration_count, spent,
            info.objective_function_value if done else None)


def milliseconds(seconds):
    return "-" if seconds is None else f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:.0f}"


def iterations(program, games):
    pyspiel, liteefg = optional("pyspiel"), optional("LiteEFG")
    print("| game | ours, us | LiteEFG, us | OpenSpiel, us | ratios |\n|---|---|---|---|---|")
    for name in games:
        peer, own_count, lite_count, spiel_count = GAMES[name]
        spiel = OpenSpiel(pyspiel, peer) if pyspiel else None
        lite = LiteEFG(liteefg, pyspiel, peer, spiel.range) if liteefg and pyspiel else None
        times = {"own": [], "lite": [], "spiel": []}
        for _ in range(REPEATS):
            found = solve(program, name, "cfr_plus", "--tolerance", "0", "--max-iterations", str(own_count))
            times["own"].append(found["seconds"] / found["iterations"])
            if lite:
                times["lite"].append(lite.iteration(lite_count))
            if spiel:
                times["spiel"].append(spiel.iteration(spiel_count))
        own, lite_time, spiel_time = (min(t) if t else math.nan for t in times.values())
        print(f"| {name} | {1e6 * own:.3g} | {1e6 * lite_time:.4g} | {1e6 * spiel_time:.4g} | "
              f"{lite_time / own:.0f}, {spiel_time / own:.0f} |", flush=True)


def crossings(program, game, solver, levels, seconds):
    """(Rounds, seconds) of ours at which the relative gap is at each level, from one run's trace."""
    with tempfile.TemporaryDirectory() as folder:
        trace = f"{folder}/t.json"
        subprocess.run([program, "solve", game, "--solver", solver, "--tolerance", str(levels[-1]), "--time-limit",
                        str(seconds), "--quiet", "--trace", trace], capture_output=True, check=False)
        with open(trace, encoding="utf-8") as file:
            records = json.load(file)[0]["trace"]
    hits = [next((r for r in records if r["relative_gap"] <= level), None) for level in levels]
    return [hit and (hit["iteration"], hit["seconds"]) for hit in hits]


def cell(found):
    return f"{found[0]}, {milliseconds(found[1])}" if found else "-"


def solutions(program, games, seconds=10.0):
    pyspiel, liteefg, highspy = optional("pyspiel"), optional("LiteEFG"), optional("highspy")
    print("\nRounds and milliseconds, the least of the runs; exact: to 1e-12 payoff ranges (HiGHS: its own tolerances).\n")
    print("| game | contestant | 1e-2 | 1e-4 | 1e-6 | exact |\n|---|---|---|---|---|---|")
    for name in games:
        best = {}

        def note(contestant, found, first=0):
            row = best.setdefault(contestant, [None] * (len(LEVELS) + 1))
            for column, hit in enumerate(found, first):
                if hit and (row[column] is None or hit[1] < row[column][1]):
                    row[column] = hit
        peer = GAMES[name][0]
        spiel = OpenSpiel(pyspiel, peer) if pyspiel else None
        lite = LiteEFG(liteefg, pyspiel, peer, spiel.range) if liteefg and pyspiel else None
        lp = highs_program(highspy, sequence_form(pyspiel, peer)) if highspy and pyspiel else None
        for _ in range(REPEATS if name in SMALL else 1):
            for solver in ("cfr_plus", "predictive_cfr_plus", "asymmetric_predictive_cfr_plus",
                           "adaptive_predictive_cfr_plus", "primal_dual_hybrid_gradient"):
                note(f"dag `{solver}`", crossings(program, name, solver, LEVELS, seconds))
            exact = solve(program, name, "sequence_form_interior_point", "--tolerance", "1e-12")
            if exact["status"] == "converged":
                note("dag `sequence_form_interior_point`", [(exact["iterations"], exact["seconds"])], len(LEVELS))
            for kind in ("CFR+", "PCFR+") if lite else ():
                note(f"LiteEFG {kind}", lite.reach(LEVELS, seconds, kind))
            if spiel:
                note("OpenSpiel CFR+", spiel.reach(LEVELS, seconds))
            for method in ("simplex", "ipm") if lp else ():
                rounds, spent, other = highs(highspy, lp, method, 60)
                note(f"HiGHS {method}", [other is not None and (rounds, spent)], len(LEVELS))
                if other is not None and abs(other - exact["value"]) > 1e-6 * spiel.range:
                    raise SystemExit(f"{name}: HiGHS says {other}, we say {exact['value']}")
        for contestant, row in best.items():
            print(f"| {name} | {contestant} | " + " | ".join(map(cell, row)) + " |", flush=True)


def quantal(program, files):
    import pygambit
    from pygambit import qre
    print(f"pygambit {pygambit.__version__}\n\n| game | sets | lambda reached by both | largest difference |\n"
          "|---|---|---|---|")
    worst = 0.0
    for file in files:
        try:
            game = pygambit.read_efg(file)
        except ValueError as error:
            print(f"| {os.path.basename(file)} | pygambit: {error} | | |")
            continue
        apart, reached = 0.0, 0
        for rate in LAMBDAS:
            found = solve(program, file, "agent_logit_branch", "--tau", repr(1 / rate))
            if found["status"] != "converged":
                continue
            # Gambit lands on a list of lambda one after the other; asked for one, it begins anew.
            point = qre.logit_solve_lambda(game, lam=[rate], use_strategic=False)[0]
            profile = getattr(point, "profile", point)
            reached += 1
            # As printed: players to lists of sets, actions to probabilities. Sets may come in another
            # order than in the file: compared sorted.
            for sets, own in zip(ast.literal_eval(str(profile)).values(), found["strategies"]):
                theirs = sorted(sorted(s.values()) for s in sets)
                ours = sorted(sorted(s["probabilities"]) for s in own)
                apart = max([apart] + [abs(p - q) for s, t in zip(theirs, ours) for p, q in zip(s, t)])
        worst = max(worst, apart)
        sets = sum(map(len, found["strategies"]))
        print(f"| {os.path.basename(file)} | {sets} | {reached} | {apart:.1e} |", flush=True)
    return 0 if worst < 1e-6 else 1


def rounds(program):
    for game in ("kuhn_poker", "leduc_poker", "liars_dice:3", "goofspiel:4"):
        print(f"| {game} | 1e-2 | 1e-4 | 1e-6 |\n|---|---|---|---|")
        for solver in SOLVERS:
            print(f"| `{solver}` | " + " | ".join(map(cell, crossings(program, game, solver, LEVELS, 4))) + " |", flush=True)
        print()


def main():
    modes = {"--rounds": lambda program, _: rounds(program), "--quantal": quantal,
             "--solutions": lambda program, games: solutions(program, games or list(GAMES))}
    if len(sys.argv) < 2 or (sys.argv[1] in modes and len(sys.argv) < 3):
        raise SystemExit(__doc__)
    if sys.argv[1] in modes:
        return modes[sys.argv[1]](sys.argv[2], sys.argv[3:])
    return iterations(sys.argv[1], sys.argv[2:] or list(GAMES))


if __name__ == "__main__":
    sys.exit(main())
