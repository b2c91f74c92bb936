# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag-reasoning on a model too small to learn anything: a killed run ends as a whole one, runs are
kept and reported, bad input is refused.

    python3 reasoning.py PROGRAM
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
SIZE = ["--width", "8", "--heads", "2", "--layers", "1", "--target", "0"]
SHORT = ["--questions", "2", "--group", "2", "--checkpoint-every", "5"]


def program(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300)


class Reasoning(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dag-reasoning-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def align(self, folder, *arguments):
        result = program("align", "--folder", self.folder / folder, *SIZE, *SHORT, "--json", "-",
                         *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def refused(self, text, *arguments):
        result = program(*arguments)
        self.assertEqual(result.returncode, 2)
        self.assertIn(text, result.stderr)
        self.assertEqual(result.stdout, "")

    def test_a_killed_run_ends_as_a_whole_one(self):
        method = ["--task", "pairs", "--method", "constrained", "--steps", "150"]
        whole = self.align("whole", *method)
        self.assertFalse(whole["resumed"])
        self.assertEqual(whole["samples"], 150 * 2 * 2)
        killed = self.folder / "killed"
        process = subprocess.Popen([PROGRAM, "align", "--folder", killed, *SIZE, *SHORT, *method,
                                    "--quiet"], stdin=subprocess.DEVNULL)
        while not list(killed.glob("A-pairs*.ckpt")) and process.poll() is None:
            time.sleep(0.002)
        process.kill()
        process.wait()
        rest = self.align("killed", *method)
        self.assertTrue(rest["resumed"])
        for part in ["test", "validation", "key"]:
            self.assertEqual(rest[part], whole[part])
        steps = len(rest["curve"]["step"])
        self.assertEqual(rest["curve"]["kl"], whole["curve"]["kl"][-steps:])
        self.assertEqual(list(killed.glob("A-pairs*")), [])  # checkpoints are cleared away

    def test_runs_are_reported(self):
        for method, table in [("coherence", "aqp"), ("trace", "-"), ("frozen", "plug-in")]:
            run = self.align("runs", "--method", method, "--table", table, "--steps", "2")
            self.assertEqual(len(run["test"]["greedy_by_form"]), 4)
            with open(self.folder / "runs" / "runs-x.jsonl", "a") as out:
                out.write(json.dumps(run) + "\n")
        result = program("report", "--folder", self.folder / "runs")
        self.assertEqual(result.returncode, 0, result.stderr)
        for label in ["coherence/aqp (1)", "trace (1)", "frozen/plug-in (1)"]:
            self.assertIn(label, result.stdout)

    def test_refusals(self):
        self.refused("no runs in", "report", "--folder", self.folder)
        self.refused("no method 'fame'", "align", "--method", "fame", "--folder", self.folder)
        self.refused("--base must be", "pretrain", "--base", "C", "--folder", self.folder)
        self.refused("--shard", "grid", "small", "--shard", "2/2", "--folder", self.folder)
        self.refused("the grid must be", "grid", "huge", "--folder", self.folder)
        (self.folder / "runs-bad.jsonl").write_text("{}\n")
        self.refused("runs-bad.jsonl:1", "report", "--folder", self.folder)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["runs-bad.jsonl"])


if __name__ == "__main__":
    unittest.main()
