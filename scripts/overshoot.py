#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""How much later than asked the program ends: every solver on large games of every kind, by --time-limit and by SIGINT
(Ctrl-C).

Usage: scripts/overshoot.py PROGRAM [--limit SECONDS] [--only SOLVER] [--kind KIND]

`limit`: the solver's own seconds less the limit (reading the game and the check of the result are not the solver's).
`signal`: processor seconds from the signal to the end of the process, the answer's check and its report included (so
that a busy machine changes nothing). Exact solvers
that are done before the limit are not counted. Prints a Markdown table of the worst; exit 1 above --allowed.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

GAMES = {"zero-sum": ["random:1200x1200:1", "random:300x300:1"],
         "two players": ["general:60x60:1", "general:13x13:1"],
         "many": ["general:9x9x9x9:1", "general:3x3x3x3x3x3:2"],
         "trees": ["random_tree:20:2:0.5:1", "goofspiel:5"]}


def solvers(program):
    kinds = {"zero-sum": [], "two players": [], "many": []}
    for line in subprocess.run([program, "solvers"], capture_output=True, text=True, check=True).stdout.splitlines():
        for name, games in [(line.split("  ")[0].strip(), line)]:
            if not name.replace("_", "").isalpha() or "_" not in name and name not in (
                    "hedge", "extragradient", "replicator", "newton"):
                continue
            words = " ".join(games.split()[1:4])
            if words.startswith("all"):
                for own in kinds.values():
                    own.append(name)
            elif words.startswith("zero-sum"):
                kinds["zero-sum"].append(name)
            else:
                kinds["zero-sum"].append(name)
                kinds["two players"].append(name)
    listed = json.loads(subprocess.run([program, "solvers", "--json", "-"], capture_output=True, check=True).stdout)
    kinds["trees"] = [row["name"] for row in listed if row["room"] != "matrix"]
    for own in kinds.values():
        own.append("auto")
    return kinds


def spent(pid):
    """Processor seconds of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(program, game, solver, limit):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "r.json"
        words = [program, "solve", game, "--solver", solver, "-q", "--tolerance", "0", "--json", out]
        if solver == "newton":
            words += ["--tau", "0.01"]
        late = None
        done = subprocess.run([*words, "--time-limit", str(limit)], capture_output=True, timeout=120)
        if done.returncode == 2:
            return None, None, done.stderr.decode()[-90:]
        try:
            found = json.loads(out.read_text())
            if found["status"] == "time_limit":
                late = found["seconds"] - limit
        except (OSError, KeyError, ValueError):
            pass
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(limit + 0.6)
        after = None
        if process.poll() is None:
            before = spent(process.pid)
            process.send_signal(signal.SIGINT)
            while spent(process.pid) - before < 60 and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                time.sleep(0.02)
            after = spent(process.pid) - before  # also of one that has ended and was not waited for
            process.kill()
            process.wait()
        return late, after, ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--limit", type=float, default=0.3)
    parser.add_argument("--only", default="")
    parser.add_argument("--kind", default="", help="zero-sum, two players, many or trees")
    parser.add_argument("--allowed", type=float, default=1.0)
    words = parser.parse_args()
    program = os.path.abspath(words.program)
    worst = 0.0
    print("| solver | game | over the limit, s | after the signal, s |\n|---|---|---|---|", flush=True)
    for kind, names in solvers(program).items():
        for name in names:
            if (words.only and name != words.only) or (words.kind and kind != words.kind):
                continue
            for game in GAMES[kind]:
                late, after, refused = run(program, game, name, words.limit)
                if late is None and after is None:
                    if refused:
                        print(f"| {name} | {game} | refused | refused |", flush=True)
                    continue
                worst = max(worst, late or 0.0, after or 0.0)
                print(f"| {name} | {game} | {'' if late is None else f'{late:.3f}'} | "
                      f"{'' if after is None else f'{after:.3f}'} |", flush=True)
    print(f"worst: {worst:.3f} s")
    return 1 if worst > words.allowed else 0


if __name__ == "__main__":
    sys.exit(main())
