# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed, files that are damaged, writers that meet: the good checkpoint survives, the
numbers are those of an undisturbed run, and what happened is said."""

import json
import os
import random
import signal
import subprocess
import time

from support import PROGRAM, Case, dag, main

CONFIG = {"preset": "diversity_grpo", "steps": 60, "layers": 6, "states": 4, "group_size": 16, "checkpoint_every": 2}


class Crash(Case):
    def setUp(self):
        super().setUp()
        self.write()
        self.random = random.Random(20261128)

    def write(self, **changes):
        (self.folder / "c.json").write_text(json.dumps(dict(CONFIG, **changes)))

    def train(self, checkpoint="k", metrics="m.jsonl", code=0, *more):
        result = dag("train", "c.json", "--checkpoint", checkpoint, "--metrics", metrics, "-q", *more, cwd=self.folder)
        self.assertEqual(result.code, code, str(result))
        return result

    def start(self, *words):
        return subprocess.Popen([PROGRAM, "train", "c.json", "-q", *words], cwd=self.folder, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def lines(self, name="m.jsonl"):
        """Records without what measures the machine."""
        out = []
        for line in (self.folder / name).read_text().splitlines():
            record = json.loads(line)
            record.pop("seconds", None)
            out.append(record)
        return out

    def leftovers(self):
        return [p.name for p in self.folder.iterdir() if ".tmp." in p.name or p.name.endswith(".lock")]

    def test_killed_at_any_moment(self):
        """kill -9 at random moments, the newest file damaged now and then: what is resumed in the end
        has the records of a run that nobody disturbed, and nothing is left lying about."""
        self.train("whole", "whole.jsonl")
        want = self.lines("whole.jsonl")
        self.write()
        fallbacks = 0
        for kill in range(int(os.environ.get("DAG_KILLS", "25"))):  # 200 by hand: docs/reliability.md
            process = self.start("--checkpoint", "k", "--metrics", "m.jsonl")
            time.sleep(self.random.uniform(0.0, 0.25))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            path = self.folder / "k"
            if kill % 4 == 3 and path.exists() and (self.folder / "k.previous").exists():
                data = bytearray(path.read_bytes())
                data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
                path.write_bytes(data)
                fallbacks += 1
        self.train()
        self.assertEqual(self.lines(), want)
        self.assertEqual((self.folder / "k").read_bytes(), (self.folder / "whole").read_bytes())
        self.assertEqual(self.leftovers(), [])

    def test_a_good_checkpoint_is_not_displaced_by_a_damaged_one(self):
        self.train()
        good = (self.folder / "k.previous").read_bytes()
        for damage in ("flip", "cut", "empty", "grow"):
            with self.subTest(damage=damage):
                data = bytearray((self.folder / "k").read_bytes())
                if damage == "flip":
                    data[len(data) // 2] ^= 1
                damaged = {"flip": bytes(data), "cut": bytes(data[:-3]), "empty": b"", "grow": bytes(data) + b"x"}[damage]
                (self.folder / "d").write_bytes(damaged)
                (self.folder / "d.previous").write_bytes(good)
                (self.folder / "m2.jsonl").write_text("")
                result = self.train("d", "m2.jsonl")
                self.assertIn("goes on from 'd.previous', step 58", result.err)
                self.assertNotEqual((self.folder / "d.previous").read_bytes(), damaged)
                self.assertEqual((self.folder / "d").read_bytes(), (self.folder / "k").read_bytes())

    def test_killed_between_a_fallback_and_the_next_save(self):
        self.train()
        good = (self.folder / "k.previous").read_bytes()
        (self.folder / "k").write_bytes(b"dagckpt damaged")
        self.write(checkpoint_every=1)
        for _ in range(10):
            process = self.start("--checkpoint", "k", "--metrics", "m.jsonl")
            time.sleep(self.random.uniform(0.0, 0.08))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            names = [n for n in ("k", "k.previous") if (self.folder / n).exists()]
            whole = [n for n in names if (self.folder / n).read_bytes()[:7] == b"dagckpt" and len((self.folder / n).read_bytes()) > 100]
            self.assertTrue(whole, "no whole checkpoint is left")
        self.assertTrue(good)

    def test_another_configuration_is_refused_and_the_fields_are_named(self):
        self.train()
        for changes, says in [({"beta": 0.25}, "beta: 0.5 there, 0.25 here"), ({"group_size": 8}, "group_size: 16 there, 8 here"),
                              ({"steps": 70}, "steps: 60 there, 70 here"), ({"learning_rate": 0.01}, "learning_rate"),
                              ({"optimizer": "sgd"}, "optimizer: adam there, sgd here"), ({"clip_norm": 1}, "clip_norm"),
                              ({"questions_per_step": 1, "refresh_every": 5}, "refresh_every: 0 there, 5 here")]:
            with self.subTest(changes=changes):
                self.write(**changes)
                before = (self.folder / "k").read_bytes()
                result = self.train(code=2)
                self.assertIn(says, result.err)
                self.assertEqual((self.folder / "k").read_bytes(), before)
        self.write(checkpoint_every=5, evaluate_every=7)  # these change no number
        self.train()

    def test_two_writers_are_refused_by_a_lock(self):
        self.write(steps=100000)
        first = self.start("--checkpoint", "k", "--metrics", "m.jsonl")
        deadline = time.time() + 20
        while not (self.folder / "k").exists() and time.time() < deadline:
            time.sleep(0.02)
        try:
            for words in [("--checkpoint", "k"), ("--metrics", "m.jsonl"), ("--checkpoint", "k2", "--metrics", "m.jsonl")]:
                result = dag("train", "c.json", "-q", *words, cwd=self.folder)
                self.assertEqual(result.code, 2, str(result))
                self.assertIn("another run writes", result.err)
        finally:
            first.kill()
            first.communicate()
        # A dead run's lock stops nobody.
        self.write(steps=100000)
        again = self.start("--checkpoint", "k", "--metrics", "m.jsonl", "--time-limit", "0.5")
        _, err = again.communicate(timeout=60)
        self.assertEqual(again.returncode, 1, err)
        self.assertEqual(self.leftovers(), [])

    def test_temporary_files_of_the_dead_go_and_those_of_others_stay(self):
        (self.folder / "k.tmp.999999.0").write_text("left by a kill")
        (self.folder / "k.tmp.notes").write_text("somebody's own")
        self.train()
        self.assertFalse((self.folder / "k.tmp.999999.0").exists())
        self.assertTrue((self.folder / "k.tmp.notes").exists())

    def test_no_room_and_no_right(self):
        if os.path.exists("/dev/full"):
            result = dag("train", "c.json", "--metrics", "/dev/full", "-q", cwd=self.folder)
            self.assertEqual(result.code, 2, str(result))
        result = dag("train", "c.json", "--checkpoint", "no/such/folder/k", "-q", cwd=self.folder)
        self.assertEqual(result.code, 2, str(result))
        self.assertIn("no/such/folder", result.err)
        if os.geteuid() != 0:
            (self.folder / "closed").mkdir(mode=0o555)
            self.assertEqual(dag("train", "c.json", "--checkpoint", "closed/k", "-q", cwd=self.folder).code, 2)


if __name__ == "__main__":
    main()
