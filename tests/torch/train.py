# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag train on a transformer small enough for seconds: a killed run goes on bit for bit from either
phase, damaged checkpoints are refused, every kind of objective of a task runs.

    python3 train.py PROGRAM
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import support  # noqa: E402
from support import Case, main  # noqa: E402

# About 2 % of the samples are right when the supervised phase ends: enough for signals.
SMALL = {"model": {"kind": "transformer", "width": 24, "heads": 2, "layers": 1, "batch": 64},
         "task": {"name": "sums", "pool": 40, "validation": 8, "test": 8, "samples": 2},
         "supervised": {"target": 0.02, "batch": 64, "look_every": 20, "pairs": 0.1,
                        "learning_rate": 0.01},
         "steps": 20, "questions_per_step": 2, "group_size": 4, "learning_rate": 0.001,
         "evaluate_every": 10, "checkpoint_every": 5}


class Train(Case):
    def config(self, name="config.json", **values):
        path = self.folder / name
        path.write_text(json.dumps({**SMALL, **values}))
        return path

    def records(self, name):
        lines = (self.folder / name).read_text().splitlines()
        return [{k: v for k, v in json.loads(x).items() if k != "seconds"} for x in lines]

    def kill(self, config, appears, *arguments, after=0.0):
        """Starts a run and kills it once the file `appears` is there."""
        process = subprocess.Popen([support.PROGRAM, "train", str(config), "--quiet",
                                    *map(str, arguments)], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while not (self.folder / appears).exists() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(after)
        process.kill()
        return process.wait()

    def test_a_run_reports_what_it_did(self):
        config = self.config()
        found = self.json("train", config, "--metrics", "run.jsonl", cwd=self.folder)
        self.assertEqual((found["model"], found["task"], found["objective"], found["status"]),
                         ("transformer", "sums", "coherence", "done"))
        self.assertEqual(found["samples"], 20 * 2 * 4 * 4)
        self.assertGreaterEqual(found["supervised"]["accuracy"], 0.02)
        self.assertEqual(found["before"]["kl"], 0)
        # A mean of log pi - log reference over a few samples: of either sign.
        self.assertNotEqual(found["after"]["kl"], 0)
        self.assertEqual(len(found["after"]["greedy_by_form"]), 4)
        lines = self.records("run.jsonl")
        self.assertEqual([x["step"] for x in lines], list(range(1, 21)))
        self.assertEqual([x["step"] for x in lines if "validation_greedy" in x], [10, 20])
        self.assertGreater(max(x["gradient_norm"] for x in lines), 0)
        quiet = self.ok("train", config, "--quiet", "--seed", "2", "--metrics", "other.jsonl",
                        cwd=self.folder)
        self.assertEqual(quiet.out + quiet.err, "")
        self.assertNotEqual(self.records("other.jsonl"), lines)

    def test_a_killed_run_goes_on_bit_for_bit(self):
        # Multipliers, a loss clipped by token over two epochs, a moving reference; killed in both phases.
        config = self.config(steps=120, epochs=2, loss=dict(preset="dapo"), refresh_every=30,
                             refresh_mixup=0.5,
                             constraints=[dict(answers="correct", contexts=[0], equal_to=[3])])
        self.ok("train", config, "--metrics", "whole.jsonl", "--json", "whole.json", "-q",
                cwd=self.folder)
        rest = ["--metrics", "rest.jsonl", "--json", "rest.json", "--checkpoint", "run.ckpt"]
        self.assertEqual(self.kill(config, "run.ckpt.supervised", *rest), -9)
        self.assertFalse((self.folder / "run.ckpt").exists())
        self.assertEqual(self.kill(config, "run.ckpt", *rest, after=0.02), -9)
        self.assertFalse((self.folder / "rest.json").exists())
        self.ok("train", config, *rest, "-q", cwd=self.folder)
        whole, again = self.records("whole.jsonl"), self.records("rest.jsonl")
        self.assertEqual([x["step"] for x in whole], list(range(1, 121)))
        self.assertNotEqual(whole[-1]["target"][0], 0)
        self.assertEqual(again, whole)
        results = [json.loads((self.folder / x).read_text()) for x in ["whole.json", "rest.json"]]
        for result in results:
            del result["seconds"]
        self.assertEqual(results[0], results[1])

    def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(self):
        config = self.config()
        run = ["train", config, "--checkpoint", "run.ckpt", "-q", "--metrics"]
        self.ok(*run, "whole.jsonl", cwd=self.folder)
        for name in ["run.ckpt", "run.ckpt.supervised"]:
            path = self.folder / name
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        self.ok(*run, "rest.jsonl", cwd=self.folder)
        self.assertEqual(self.records("rest.jsonl"), self.records("whole.jsonl")[15:])
        for name in ["run.ckpt", "run.ckpt.previous"]:
            path = self.folder / name
            path.write_bytes(path.read_bytes()[:-1])
        self.refused(*run, "rest.jsonl", says="checksum")
        (self.folder / "run.ckpt").unlink()
        (self.folder / "run.ckpt.previous").unlink()
        other = self.config("other.json", model={**SMALL["model"], "seed": 5})
        self.refused("train", other, "--checkpoint", "run.ckpt", says="run.ckpt.supervised")

    def test_objectives_of_a_task(self):
        short = dict(steps=3, evaluate_every=0)
        self.ok("train", self.config(**short), "-q", "--checkpoint", "base.ckpt", cwd=self.folder)
        for objective in ["reward", "log-likelihood", "coherence-geometric", "frozen",
                          "frozen-geometric", [dict(name="reward"), dict(name="gini", tau=0.1)]]:
            shutil.copy(self.folder / "base.ckpt.supervised", self.folder / "run.ckpt.supervised")
            found = self.json("train", self.config(objective=objective, **short), "--checkpoint",
                              "run.ckpt", cwd=self.folder)
            self.assertEqual(found["steps"], 3)
            self.assertNotEqual(found["after"]["kl"], 0)
            (self.folder / "run.ckpt").unlink()
        found = self.json("train", self.config(
            objective="pass-at-k", k=2, optimizer="sgd",
            task={**SMALL["task"], "name": "pairs"},
            supervised={**SMALL["supervised"], "pairs": 0.9, "target": 0},
            constraints=[dict(answers="forbidden", at_most=0.01)], **short))
        self.assertEqual(found["contexts"], 1)
        self.assertEqual(len(found["target"]), 1)
        self.assertIn("forbidden", found["after"])

    def test_what_torch_cannot_do_is_refused(self):
        device = self.config(model={**SMALL["model"], "device": "nowhere"})
        result = self.refused("train", device, "--metrics", "run.jsonl", says="nowhere")
        self.assertLess(len(result.err), 600)  # no trace of calls
        hard = self.config(supervised={**SMALL["supervised"], "target": 0.9, "steps": 20})
        self.refused("train", hard, says="supervised reference did not reach the accuracy 0.9")
        self.assertEqual([p.name for p in self.folder.iterdir()], ["config.json"])


if __name__ == "__main__":
    main()
