# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag train: reaches the exact equilibrium, resumes bit for bit, refuses what it cannot read."""

import json
import subprocess
import time

import support
from support import Case, main


class Train(Case):
    def config(self, **values):
        path = self.folder / "config.json"
        path.write_text(json.dumps(values))
        return path

    def test_training_approaches_the_exact_equilibrium(self):
        small = dict(layers=6, states=4, answers=5, steps=300, group_size=24)
        for objective in ["gini", "shannon", "reward"]:
            with self.subTest(objective=objective):
                result = self.ok("train", self.config(objective=objective, **small), "--json", "-")
                found = json.loads(result.out)
                self.assertEqual(found["steps"], 300)
                self.assertEqual(found["samples"], 300 * 24)
                self.assertLess(found["total_variation"], 0.5 * found["total_variation_before"])

    def test_a_killed_run_goes_on_bit_for_bit(self):
        config = self.config(layers=6, states=4, answers=5, steps=1500, group_size=16,
                             checkpoint_every=25)
        self.ok("train", config, "--metrics", "whole.jsonl", "-q", cwd=self.folder)
        checkpoint = self.folder / "run.ckpt"
        process = subprocess.Popen([support.PROGRAM, "train", str(config), "--quiet",
                                    "--checkpoint", str(checkpoint)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(0.02)  # anywhere, also in the middle of a write
        process.kill()
        process.wait()
        self.ok("train", config, "--checkpoint", checkpoint, "--metrics", "rest.jsonl", "-q",
                cwd=self.folder)

        def records(name):
            lines = (self.folder / name).read_text().splitlines()
            return [{k: v for k, v in json.loads(x).items() if k != "seconds"} for x in lines]
        whole, rest = records("whole.jsonl"), records("rest.jsonl")
        self.assertEqual([r["step"] for r in whole], list(range(1, 1501)))
        self.assertLess(len(rest), len(whole))
        self.assertEqual(rest, whole[len(whole) - len(rest):])

    def test_refusals(self):
        self.refused("train")
        self.refused("train", "--preset", "fast")
        self.refused("train", self.config(objective="fame"))
        self.refused("train", self.config(stepz=3))
        self.refused("train", self.config(beta="large"))
        self.refused("train", self.config(group_size=1))
        path = self.folder / "broken.json"
        path.write_text("{")
        self.refused("train", path)


if __name__ == "__main__":
    main()
