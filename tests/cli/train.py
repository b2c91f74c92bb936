# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag train: reaches the exact equilibrium, resumes bit for bit, refuses what it cannot read."""

import json
import os
import shutil
import subprocess
import time

import support
from support import Case, main


class Train(Case):
    def config(self, **values):
        path = self.folder / "config.json"
        path.write_text(json.dumps(values))
        return path

    def distance(self, below, /, **values):
        found = self.json("train", self.config(**values))
        with self.subTest(found["objective"]):
            self.assertEqual(found["samples"],
                             found["steps"] * found["group_size"] * found["contexts"])
            self.assertLess(found["total_variation"], below)
            self.assertGreater(found["total_variation_before"], 2 * below)
        return found

    def test_the_sampled_game_reaches_the_exact_equilibrium(self):
        # Policies over 8^20 traces. Budget: 1000 groups of 64 unless said; variation below 0.02.
        target = [.02, .05, .08, .2, .05, .1, .1, .15, .05, .2]
        reward = [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
        for game in [dict(objective="reward", reward=reward), dict(objective="shannon"),
                     dict(objective="gini"), dict(objective="tsallis", order=3),
                     dict(objective="log-likelihood", correct=[0, 3, 6, 9]),
                     dict(objective="pass-at-k", correct=[0, 3]),
                     dict(objective="reverse-kl", target=target),
                     dict(objective="forward-kl", target=target),
                     dict(objective="chi-square", target=target),
                     dict(objective="jensen-shannon", target=target),
                     dict(objective="alpha", order=0.5, target=target),
                     dict(objective="log-barrier", tau=0.02),
                     dict(objective="mmd", tau=4, target=target,
                          kernel=[[.5 ** abs(i - j) for j in range(10)] for i in range(10)]),
                     dict(objective="transport", tau=4, epsilon=.2, target=target, steps=500,
                          cost=[[abs(i - j) / 9 for j in range(10)] for i in range(10)]),
                     dict(objective="soft-constraint", tau=2, bound=.2, group_size=128,
                          feature=[1, 0, 0, 1, 0, 0, 0, 0, 0, 0])]:
            self.distance(0.02, **{"steps": 1000, **game})

    def test_coherence_reaches_the_exact_equilibrium(self):
        # Two contexts of 8^20 traces each; 153,600 traces.
        for objective in ["coherence", "coherence-geometric", "coherence-euclidean",
                          "coherence-pairwise", "frozen", "frozen-geometric", "frozen-euclidean"]:
            self.distance(0.02, preset="coherence_grpo", objective=objective, contexts=2,
                          steps=400, group_size=192)

    def test_agreement_ends_on_the_side_of_the_jump_that_the_exact_game_predicts(self):
        # Four contexts of 8^20 traces; at s = 1.8505 the exact equilibrium jumps.
        moved = []
        for s in [1.7580, 1.9430]:
            found = self.distance(0.03, objective="agreement", contexts=4, answers=3, model_seed=5,
                                  tau=s, beta=1, layers=20, states=8, steps=1500, group_size=64)
            moved.append(found["total_variation_before"])
        self.assertLess(moved[0], 0.12)
        self.assertGreater(moved[1], 0.36)

    def test_constraints_and_mixtures_reach_their_multipliers(self):
        found = self.distance(0.02, preset="constrained")
        self.assertAlmostEqual(found["target"][0], found["exact_target"][0], delta=0.1)
        self.assertLess(found["violation"], 0.01)
        fair = [dict(answers=[0, 3], contexts=[0], equal_to=[1])]
        found = self.distance(0.02, preset="constrained", contexts=2, constraints=fair, steps=800)
        self.assertAlmostEqual(found["target"][0], found["exact_target"][0], delta=0.05)
        self.assertLess(found["violation"], 0.02)
        found = self.distance(0.02, preset="robust", steps=1000)
        self.assertAlmostEqual(found["target"][0], found["exact_target"][0], delta=0.05)

    def test_sums_schedules_losses_and_rules_of_the_configuration(self):
        small = dict(layers=6, states=4, answers=5, steps=40, group_size=16)
        parts = [dict(name="gini", tau=0.5),
                 dict(name="reward", reward=[1, 0, 0, 0, 0],
                      weight={"from": 0, "to": 1, "begin": 5, "end": 20})]
        found = self.json("train", self.config(objective=parts, **small))
        self.assertEqual(found["objective"], "gini+reward")
        self.ok("train", self.config(objective="gini", epochs=2, policy_loss="dapo",
                                     advantage="trl-group", dead_group="drop", optimizer="sgd",
                                     schedule="constant", noise_every=10, evaluate_every=20,
                                     clip_norm=1, **small),
                "--metrics", "run.jsonl", "-q", cwd=self.folder)
        lines = [json.loads(x) for x in (self.folder / "run.jsonl").read_text().splitlines()]
        by_token = self.config(objective="gini", epochs=2, advantage="opo", noise_every=20,
                               loss=dict(preset="dr_grpo", fixed_length=6, epsilon_high=0.3), **small)
        self.ok("train", by_token, "--metrics", "tokens.jsonl", "-q", cwd=self.folder)
        self.assertEqual(len((self.folder / "tokens.jsonl").read_text().splitlines()), 40)
        self.ok("train", self.config(objective="gini", beta=0, loss=dict(
            preset="grpo", beta=0.1, kl="k2", aggregation="token_mean"), **small), "-q")
        self.ok("train", self.config(objective="gini", epochs=2, loss=dict(
            preset="kl_cov", cov_seed=3, aggregation="group_mean_token_mean", count_empty=False), **small), "-q")
        self.assertEqual([x["step"] for x in lines if "signal_to_noise" in x], [10, 20, 30, 40])
        self.assertEqual([x["step"] for x in lines if "total_variation" in x], [20, 40])
        self.assertEqual({x["learning_rate"] for x in lines[20:]}, {0.03})
        self.assertTrue(all(x["gap"] >= 0 for x in lines))
        self.assertIsNone(self.json("train", self.config(objective="gini", refresh_every=5, **small)
                                    )["total_variation"])  # another game than the referee's

    def every_utility(self):
        """Small configurations, one a utility, filled by what the list says of its fields."""
        steps = [[abs(i - j) for j in range(4)] for i in range(4)]
        values = {"correct": [0, 2], "target": [.1, .2, .3, .4], "reward": [.3, -.2, .9, 0],
                  "feature": [1, 0, .2, 0], "bound": .1, "rewards": [[1, 0, 0, 0], [0, 1, 0, 2]],
                  "kernel": [[.5 ** d for d in row] for row in steps],
                  "cost": [[d / 3 for d in row] for row in steps]}
        for entry in self.json("utilities"):
            fields = {f["name"] for f in entry["fields"]}
            yield entry, dict(
                objective=entry["name"], layers=4, states=3, answers=4, contexts=2, steps=2,
                group_size=32, optimizer="sgd", schedule="constant", warm_up=0, beta=0.1,
                **{k: v for k, v in values.items() if k in fields})

    def test_every_utility_trains_and_its_weight_is_felt(self):
        def second_step(**config):
            self.ok("train", self.config(**config), "--metrics", "run.jsonl", "-q",
                    cwd=self.folder)
            lines = (self.folder / "run.jsonl").read_text().splitlines()
            return {k: json.loads(lines[1])[k] for k in ["kl", "answer_entropy"]}
        for entry, config in self.every_utility():
            with self.subTest(entry["name"]):
                found = self.json("train", self.config(**config))
                self.assertIsNotNone(found["total_variation"])
                for alias in entry["aliases"]:
                    self.ok("train", self.config(**dict(config, objective=alias)), "-q")
                if entry["name"] == "moment_constraints":
                    self.refused("train", self.config(weight=2, **config), says="weight")
                    continue
                # A step of plain ascent without the anchor is linear in the signals.
                free = dict(config, beta=0, learning_rate=0.0625)
                strong = second_step(**free, weight=2)
                self.assertEqual(strong, second_step(**dict(free, learning_rate=0.125)))
                self.assertEqual(strong, second_step(**free, tau=2))
                self.assertNotEqual(strong, second_step(**free))

    def test_keys_of_other_utilities_are_refused(self):
        keys = {f["name"] for entry, _ in self.every_utility() for f in entry["fields"]}
        for entry, config in self.every_utility():
            own = {f["name"] for f in entry["fields"]}
            for key in sorted(keys - own - {"weight"}):
                value = {"rule": "equal", "correct": [0]}.get(key, 2)
                if key in ["target", "reward", "feature", "rewards", "kernel", "cost"]:
                    value = [[1, 0, 0, 0]] * 4 if key in ["rewards", "kernel", "cost"] else [.25] * 4
                self.refused("train", self.config(**config, **{key: value}), says=f'"{key}"')
        small = dict(layers=4, states=3, answers=4, steps=2, group_size=8)
        for config, says in [
                (dict(objective="gini", estimator="minimax"), "estimator"),
                (dict(objective="shannon", smoothing=1), "smoothing"),
                (dict(objective="gini", step=1), "step"),
                (dict(objective="tsallis3", order=2), "order"),
                (dict(objective="gini+shannon", order=2), "order"),
                (dict(objective=[dict(name="gini")], tau=2), "tau"),
                (dict(objective="2*moment_le", feature=[1, 0, 0, 0], bound=.5), "hard constraint")]:
            self.refused("train", self.config(**config, **small), says=says)

    def test_sums_by_name(self):
        small = dict(layers=4, states=3, answers=4, steps=20, group_size=16, contexts=2)
        reward = [.3, -.2, .9, 0]
        text = self.json("train", self.config(objective="gini+0.5*expected-reward+coherence",
                                              reward=reward, weight=2, **small))
        parts = self.json("train", self.config(objective=[
            dict(name="gini", weight=2), dict(name="expected_reward", reward=reward, tau=2,
                                              weight=0.5), dict(name="coherence", tau=2)], **small))
        self.assertEqual(text["objective"], "gini+expected_reward+coherence_arithmetic")
        self.assertAlmostEqual(text["total_variation"], parts["total_variation"], delta=1e-12)

    def test_a_killed_run_goes_on_bit_for_bit(self):
        # Multipliers, a clipped loss over two epochs and a moving reference: all is in the file.
        config = self.config(layers=6, states=4, answers=5, steps=1500, group_size=16,
                             checkpoint_every=25, objective="gini", epochs=2, policy_loss="dapo",
                             refresh_every=40, refresh_mixup=0.5,
                             constraints=[dict(answers=[0, 1], at_most=0.2)])
        self.ok("train", config, "--metrics", "whole.jsonl", "-q", cwd=self.folder)
        checkpoint = self.folder / "run.ckpt"
        process = subprocess.Popen([support.PROGRAM, "train", str(config), "--quiet",
                                    "--metrics", "rest.jsonl", "--checkpoint", str(checkpoint)],
                                   cwd=self.folder,
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
        self.assertGreater(whole[-1]["target"][0], 0)
        self.assertEqual(rest, whole)

    def test_a_damaged_checkpoint_is_refused_and_the_one_before_it_used(self):
        config = self.config(layers=4, states=3, answers=5, steps=20, group_size=8,
                             checkpoint_every=5, objective="gini")
        checkpoint = self.folder / "run.ckpt"
        self.ok("train", config, "--checkpoint", checkpoint, "--metrics", "whole.jsonl", "-q",
                cwd=self.folder)
        whole = (self.folder / "whole.jsonl").read_text().splitlines()
        data = bytearray(checkpoint.read_bytes())
        data[len(data) // 2] ^= 1
        checkpoint.write_bytes(data)
        self.ok("train", config, "--checkpoint", checkpoint, "--metrics", "rest.jsonl", "-q",
                cwd=self.folder)
        rest = (self.folder / "rest.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["step"] for x in rest], list(range(16, 21)))
        self.assertEqual(json.loads(rest[-1])["kl"], json.loads(whole[-1])["kl"])
        for path in [checkpoint, self.folder / "run.ckpt.previous"]:
            path.write_bytes(path.read_bytes()[:-1])
        self.refused("train", config, "--checkpoint", checkpoint, says="checksum")

    def test_the_transformer_needs_its_program_beside_this_one(self):
        # A copy on its own is what a build without libtorch leaves.
        (self.folder / "bin").mkdir()
        alone = shutil.copy(support.PROGRAM, self.folder / "bin" / "dag")
        for arguments in [["--preset", "reasoning"],
                          [self.config(model=dict(kind="transformer"))]]:
            result = subprocess.run([alone, "train", *map(str, arguments), "--metrics", "m.jsonl"],
                                    cwd=self.folder, capture_output=True, text=True, check=False)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("libtorch-dev", result.stderr)
            self.assertIn("build again", result.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["bin", "config.json"])

    def test_ranks_need_their_program_beside_this_one(self):
        # A copy on its own is what a build without MPI leaves.
        (self.folder / "bin").mkdir()
        alone = shutil.copy(support.PROGRAM, self.folder / "bin" / "dag")
        config = self.config(objective="gini", steps=2, layers=4, states=3, answers=4)

        def run(*arguments, **variables):
            return subprocess.run([alone, "train", *map(str, arguments), "--metrics", "m.jsonl"],
                                  cwd=self.folder, capture_output=True, text=True, check=False,
                                  env=dict(os.environ, **variables))
        for names in [("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
                      ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")]:
            result = run(config, **dict(zip(names, ["0", "2"])))
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("libopenmpi-dev", result.stderr)
            result = run(config, **dict(zip(names, ["1", "2"])))
            self.assertEqual((result.returncode, result.stdout, result.stderr), (2, "", ""))
            self.assertFalse((self.folder / "m.jsonl").exists())
            self.assertEqual(run(config, **dict(zip(names, ["0", "1"]))).returncode, 0)
            (self.folder / "m.jsonl").unlink()
        # The script of a Slurm batch is no step of srun.
        self.assertEqual(run(config, SLURM_PROCID="0", SLURM_NTASKS="4").returncode, 0)

    def test_sigterm_ends_in_order(self):
        config = self.config(layers=6, states=4, answers=5, steps=100000, group_size=16,
                             objective="gini", checkpoint_every=10)
        checkpoint = self.folder / "run.ckpt"
        process = subprocess.Popen([support.PROGRAM, "train", str(config), "--quiet", "--json", "-",
                                    "--checkpoint", str(checkpoint), "--metrics", "run.jsonl"],
                                   cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.002)
        process.terminate()
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        steps = json.loads(said)["steps"]
        self.assertEqual(len((self.folder / "run.jsonl").read_text().splitlines()), steps)
        self.json("train", config, "--checkpoint", checkpoint, "--metrics", "run.jsonl",
                  "--time-limit", "0.05", code=1, cwd=self.folder)
        lines = (self.folder / "run.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["step"] for x in lines], list(range(1, len(lines) + 1)))
        self.assertGreater(len(lines), steps)

    def test_parts_are_what_bits_depend_on(self):
        small = dict(objective="gini", steps=5, layers=6, states=4, answers=5, group_size=160)
        found = {parts: self.json("train", self.config(**small, **({"parts": parts} if parts else {})))
                 for parts in [0, 1, 2]}
        for result in found.values():
            result.pop("seconds")
        self.assertEqual(found[0], found[2])  # one for 64 traces
        self.assertNotEqual(found[1], found[2])
        self.refused("train", self.config(**small, parts=161), says="parts")

    def test_models_by_name(self):
        sizes = dict(layers=6, states=4, answers=5)
        flat = self.json("train", self.config(objective="gini", steps=5, model_seed=3, **sizes))
        named = self.json("train", self.config(objective="gini", steps=5,
                                               model=dict(kind="layered", seed=3, **sizes)))
        self.assertEqual(named["total_variation"], flat["total_variation"])
        torch = dict(kind="transformer")
        self.refused("train", self.config(model=dict(kind="tree")), says="tree")
        self.refused("train", self.config(model=dict(kind="layered", width=8)), says="width")
        self.refused("train", self.config(preset="robust", model=torch), says="robust")
        self.refused("train", self.config(model=torch), "--preset", "robust", says="robust")
        self.refused("train", self.config(model=dict(width=9, heads=2, **torch)), says="heads")
        self.refused("train", self.config(model=torch, layers=3), says="layers")
        self.refused("train", self.config(model=torch, task=dict(name="poems")), says="poems")
        self.refused("train", self.config(model=torch, task=dict(name="pairs")), says="contexts")
        self.refused("train", self.config(model=torch, objective="mmd"), says="mmd")
        self.refused("train", self.config(model=torch, reward=[1, 0]), says="labels")
        self.refused("train", self.config(model=torch, supervised=dict(forms=[1, 0])), says="forms")
        forbidden = [dict(answers="forbidden", at_most=0.1)]
        self.refused("train", self.config(model=torch, constraints=forbidden), says="pairs")
        self.refused("train", self.config(constraints=forbidden), says="forbidden")

    def test_refusals(self):
        self.refused("train")
        self.refused("train", "--preset", "fast")
        self.refused("train", self.config(objective="fame"))
        self.refused("train", self.config(stepz=3))
        self.refused("train", self.config(beta="large"))
        self.refused("train", self.config(group_size=1))
        self.refused("train", self.config(objective="coherence"), says="contexts")
        self.refused("train", self.config(objective="reward"), says="reward")
        self.refused("train", self.config(objective="pass-at-k", correct=[12]), says="12")
        self.refused("train", self.config(objective="forward-kl", target=[0.1] * 9), says="target")
        self.refused("train", self.config(objective=[dict(name="gini", wight=1)]), says="wight")
        self.refused("train", self.config(constraints=[dict(answers=[0])]), says="at_most")
        self.refused("train", self.config(multipliers=dict(speed=1)), says="speed")
        self.refused("train", self.config(policy_loss="ppo9"), says="ppo9")
        self.refused("train", self.config(advantage="opo"), says="length")
        self.refused("train", self.config(loss="dapo"), says="loss")
        self.refused("train", self.config(loss=dict(level="token")), says="preset")
        self.refused("train", self.config(loss=dict(preset="dr_grpo")), says="fixed_length")
        self.refused("train", self.config(loss=dict(preset="dapo", level="word")), says="word")
        self.refused("train", self.config(loss=dict(preset="dapo", clip=1)), says="clip")
        self.refused("train", self.config(loss=dict(preset="grpo", beta=0.1)), says="beta")
        self.refused("train", self.config(loss=dict(preset="grpo", kl="k9")), says="k9")
        self.refused("train", self.config(loss=dict(preset="grpo", count_empty=1)), says="count_empty")
        self.refused("train", self.config(schedule="linear"), says="linear")
        self.refused("train", self.config(dead_group="revive"), says="revive")
        self.refused("train", self.config(beta=-1), "--metrics", "run.jsonl", says="beta")
        self.assertFalse((self.folder / "run.jsonl").exists())
        path = self.folder / "broken.json"
        path.write_text("{")
        self.refused("train", path)


if __name__ == "__main__":
    main()
