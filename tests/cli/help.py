# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Every subcommand explains itself, and the examples of its help run as they stand."""

import json
import os
import re
import subprocess

from support import PROGRAM, Case, main

GAME = 'NFG 1 R "pennies" { "a" "b" } { 2 2 }\n1 -1 -1 1 -1 1 1 -1\n'
ROLLOUT = {"question_id": "q", "context_id": "x", "prompt": None, "gold": "1",
           "samples": [{"text": None, "answer": "1"}, {"text": None, "answer": "2"}]}


class Help(Case):
    def subcommands(self):
        text = self.ok("--help").out
        names = re.findall(r"^  (\w+) +\S", text[text.index("Subcommands:"):], re.M)
        return [name for name in names if name != "dag"]

    def test_version_and_subcommands(self):
        self.assertRegex(self.ok("--version").out, r"^dag \d+\.\d+\.\d+\n$")
        for name in ["solve", "align", "rewards", "demo"]:
            self.assertIn(name, self.subcommands())

    def test_common_options(self):
        for name in self.subcommands():
            text = self.ok(name, "--help").out
            for option in ["--json", "--quiet", "--seed", "--help", "Example"]:
                self.assertIn(option, text, name)

    def test_examples_run(self):
        (self.folder / "game.nfg").write_text(GAME)
        (self.folder / "rollouts.jsonl").write_text(json.dumps(ROLLOUT) + "\n")
        (self.folder / "rows.csv").write_text("3,0\n5,1\n")
        (self.folder / "columns.csv").write_text("3,5\n0,1\n")
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "dag").symlink_to(PROGRAM)
        environment = dict(os.environ, PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        for name in [None, *self.subcommands()]:
            text = self.ok(*([name] if name else []), "--help").out
            examples = re.findall(r"^  ((?:dag|echo) .+)$", text[text.index("Example"):], re.M)
            self.assertGreater(len(examples), 0, name)
            for example in examples:
                if "--plot" in example and subprocess.run(
                        ["sh", "-c", "command -v gnuplot"], capture_output=True,
                        check=False).returncode != 0:
                    continue
                done = subprocess.run(["sh", "-c", example], cwd=self.folder, env=environment,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, f"{example}\n{done.stderr}")


if __name__ == "__main__":
    main()
