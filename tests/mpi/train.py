# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""mpirun -n N dag train: the bits of one process, checkpoints that know nothing of ranks, one voice.

    python3 train.py PROGRAM MPIEXEC FLAG [OPTION...]      MPIEXEC FLAG N OPTION... starts N ranks
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import support  # noqa: E402
from support import Case, main  # noqa: E402

LAUNCHER = sys.argv[2:]
SMALL = dict(layers=5, states=4, answers=5)
# What a step may do: moving references, multipliers, epochs, tokens, dropped groups, noise.
CONFIGS = [
    dict(objective="coherence", contexts=3, group_size=40, parts=11, steps=12, noise_every=5,
         evaluate_every=5, refresh_every=4, refresh_mixup=0.5, **SMALL),
    dict(objective="gini", contexts=2, group_size=192, steps=12, epochs=2, policy_loss="dapo",
         constraints=[dict(answers=[0, 1], at_most=0.2)], optimizer="sgd", **SMALL),
    dict(objective="reward", reward=[1, 0, 0, 0, 0], contexts=4, group_size=16, parts=8, steps=12,
         epochs=2, loss=dict(preset="grpo"), advantage="opo", dead_group="drop", noise_every=5, **SMALL)]


def ranks(count, *arguments):
    return [LAUNCHER[0], LAUNCHER[1], str(count), *LAUNCHER[2:], support.PROGRAM, "train",
            *map(str, arguments)]


class TrainRanks(Case):
    def config(self, **values):
        path = self.folder / "config.json"
        path.write_text(json.dumps(values))
        return path

    def run_ranks(self, count, *arguments, code=0):
        result = subprocess.run(ranks(count, *arguments), cwd=self.folder, capture_output=True,
                                text=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def start_ranks(self, count, *arguments, patience=1):
        """patience: seconds from mpirun's SIGTERM to its SIGKILL."""
        return subprocess.Popen(ranks(count, *arguments), cwd=self.folder,
                                env=dict(os.environ,
                                         OMPI_MCA_odls_base_sigkill_timeout=str(patience)),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def records(self, name):
        lines = (self.folder / name).read_text().splitlines()
        return [{k: v for k, v in json.loads(x).items() if k != "seconds"} for x in lines]

    def wait_for(self, path, process):
        while not path.exists() and process.poll() is None:
            time.sleep(0.01)
        self.assertIsNone(process.poll())

    def test_1_2_4_and_7_ranks_have_the_bits_of_one_process(self):
        for values in CONFIGS:
            config = self.config(**values)
            found = {}
            for count in [0, 1, 2, 4, 7]:  # 0: without a launcher
                files = [self.folder / f"{count}.{kind}" for kind in ["jsonl", "json", "ckpt"]]
                arguments = [config, "--metrics", files[0], "--json", files[1], "--checkpoint",
                             files[2], "--seed", 3]
                said = (self.run_ranks(count, *arguments) if count else
                        self.ok("train", *arguments))
                said = said.stdout if count else said.out
                result = json.loads(files[1].read_text())
                result.pop("seconds")
                found[count] = (said, self.records(files[0].name), result, files[2].read_bytes())
                for file in files:
                    file.unlink()
            self.assertEqual(len(found[0][1]), 12)
            for count in [1, 2, 4, 7]:
                with self.subTest(values["objective"], ranks=count):
                    self.assertEqual(found[count], found[0])
            self.assertEqual([p.name for p in self.folder.iterdir()], ["config.json"])

    def long_run(self, steps):
        """A configuration that runs for some seconds, and the records of the whole run."""
        config = self.config(**dict(CONFIGS[1], steps=steps, checkpoint_every=25))
        self.ok("train", config, "--metrics", "whole.jsonl", "-q", cwd=self.folder)
        return config, self.records("whole.jsonl")

    def test_a_killed_rank_ends_all_and_any_number_goes_on_bit_for_bit(self):
        config, whole = self.long_run(1500)
        checkpoint = self.folder / "run.ckpt"
        arguments = [config, "--metrics", "run.jsonl", "--checkpoint", checkpoint, "-q"]
        for count, victim in [(3, -1), (2, 0)]:
            for path in self.folder.glob("run.*"):
                path.unlink()
            process = self.start_ranks(count, *arguments)
            self.wait_for(checkpoint, process)
            time.sleep(0.03)  # anywhere, also in the middle of a write
            children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True,
                                      text=True, check=False).stdout.split()
            self.assertEqual(len(children), count)
            os.kill(int(children[victim]), signal.SIGKILL)
            said, _ = process.communicate(timeout=300)
            self.assertNotEqual(process.returncode, 0)
            self.assertIn("signal 9", said)  # the launcher says who died
            self.assertLess(len(self.records("run.jsonl")), 1500)
            self.run_ranks(2, *arguments)
            self.assertEqual(self.records("run.jsonl"), whole)
            self.assertEqual({p.name for p in self.folder.iterdir()},
                             {"config.json", "whole.jsonl", "run.jsonl", "run.ckpt",
                              "run.ckpt.previous"})

    def test_all_end_at_one_step_when_asked_to(self):
        config, whole = self.long_run(8000)
        checkpoint = self.folder / "run.ckpt"
        arguments = [config, "--metrics", "run.jsonl", "--checkpoint", checkpoint, "-q"]
        process = self.start_ranks(3, *arguments, patience=20)
        self.wait_for(checkpoint, process)
        # To one rank: mpirun itself passes a signal on when it pleases, here after its patience.
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True,
                                  check=False).stdout.split()
        self.assertEqual(len(children), 3)
        os.kill(int(children[1]), signal.SIGTERM)
        process.communicate(timeout=300)
        self.assertNotEqual(process.returncode, 0)
        steps = len(self.records("run.jsonl"))
        self.assertLess(steps, 8000)
        # By the clock, from that very step: no line is lost, so the checkpoint was written.
        found = self.run_ranks(4, *arguments, "--time-limit", "0.1", "--json", "-", code=1)
        found = json.loads(found.stdout)
        self.assertEqual(found["status"], "stopped")
        self.assertGreater(found["steps"], steps)
        self.assertEqual(found["steps"], len(self.records("run.jsonl")))
        self.ok("train", *arguments, cwd=self.folder)
        self.assertEqual(self.records("run.jsonl"), whole)

    def test_one_voice_says_what_is_wrong(self):
        def refused(*arguments, says):
            result = self.run_ranks(3, *arguments, code=2)
            said = [x for x in result.stderr.splitlines() if x.startswith("dag train:")]
            self.assertEqual(len(said), 1, result.stderr)
            self.assertIn(says, said[0])
            self.assertEqual(result.stdout, "")
        good = dict(objective="gini", steps=3, **SMALL)
        refused(self.config(**dict(good, objective="fame")), says="fame")
        refused(self.config(**dict(good, beta=-1)), says="beta")
        refused(self.config(**good), "--metrics", "/no/such/folder/run.jsonl", says="/no/such/folder")
        refused(self.config(**good), "--json", "/no/such/folder/run.json", says="/no/such/folder")
        refused(self.config(**good), "--checkpoint", "/no/such/folder/c", says="/no/such/folder")
        refused("--preset", "reasoning", says="transformer")


if __name__ == "__main__":
    main()
