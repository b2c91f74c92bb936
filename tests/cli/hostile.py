# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing that a file, a name or an option holds runs a command, reaches the terminal as a control
character, writes over an input or another output, or ends in anything but a sentence."""

import csv
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import unittest

from support import DATA, PROGRAM, Case, dag, main

GNUPLOT = shutil.which("gnuplot")
HOSTILE = ["`touch PWNED`", "$(touch PWNED)", "'; system('touch PWNED') #", '"; system("touch PWNED") #',
           "'.system(\"touch PWNED\").'", "\\\"`touch PWNED`", "@x ''`touch PWNED`", "<script>alert(1)</script>",
           "\x1b]0;title\x07\x1b[31m", "\x9b31m", "\u202eevil", "a\tb", "{/Symbol a}", "%s%n", "| touch PWNED"]


def nfg(labels, players=("Row", "Column"), title="t"):
    def word(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    names = " ".join("{ " + " ".join(map(word, own)) + " }" for own in labels)
    numbers = "1 -1 -1 1 -1 1 1 -1" if len(labels[0]) == 2 else "0 0 1 -1 -1 1 -1 1 0 0 1 -1 1 -1 -1 1 0 0"
    return f"NFG 1 R {word(title)} {{ {word(players[0])} {word(players[1])} }} {{ {names} }}\n{numbers}\n"


class Hostile(Case):
    def assertQuiet(self, result):
        """No control characters but line breaks, no commands run."""
        for text in (result.out, result.err):
            bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E]
            self.assertEqual(bad, [], str(result))
        self.assertFalse(list(self.folder.rglob("PWNED*")), str(result))

    def assertUnread(self, *words):
        """Into a pipe that nobody reads: closed before, or what is written first would still find room."""
        reader, writer = os.pipe()
        os.close(reader)
        try:
            process = subprocess.run([PROGRAM, *words], cwd=self.folder, stdout=writer, stderr=subprocess.PIPE, text=True)
        finally:
            os.close(writer)
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertIn("cannot write", process.stderr)

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return name

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_labels_in_pictures(self):
        """Every hostile text as a player, a strategy and a title, in both kinds of picture."""
        for k, text in enumerate(HOSTILE):
            with self.subTest(text=text):
                two = self.write(f"two{k}.nfg", nfg([[text, "d"], [text, text]], (text, text), text))
                three = self.write(f"three{k}.nfg", nfg([["a", text, "c"], [text, "b", text]], (text, "x"), text))
                for game, picture in ((two, "--portrait"), (three, "--portrait"), (two, "--plot")):
                    result = dag("solve", game, picture, "out.svg", "--max-iterations", 500, cwd=self.folder)
                    self.assertIn(result.code, (0, 1), str(result))
                    self.assertQuiet(result)
                    svg = (self.folder / "out.svg").read_text(errors="replace")
                    self.assertNotIn("<script", svg)

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_headers_and_file_names_in_pictures(self):
        for k, text in enumerate(HOSTILE[:9]):
            if '"' in text:
                continue
            with self.subTest(text=text):
                table = self.write(f"header{k}.csv", f'"","{text}","r"\n"{text}",1,-1\n"d",-1,1\n')
                result = dag("solve", table, "--portrait", "out.svg", "--plot", "gap.svg", cwd=self.folder)
                self.assertEqual(result.code, 0, str(result))
                self.assertQuiet(result)
                name = text.replace("/", "_") + ".csv"
                self.write(name, "1,-1\n-1,1\n")
                result = dag("solve", name, "--plot", "gap.svg", "--portrait", "p.svg", cwd=self.folder)
                self.assertIn(result.code, (0, 1), str(result))
                self.assertQuiet(result)

    @unittest.skipUnless(GNUPLOT, "gnuplot is not installed")
    def test_the_files_that_ran_commands(self):
        for name in ("evil.nfg", "evil2.nfg", "evil3.nfg"):
            path = DATA / "hard_games" / name
            if path.exists():
                for picture in ("--portrait", "--plot"):
                    self.assertQuiet(dag("solve", path, picture, "o.svg", cwd=self.folder))
                self.assertFalse(list(self.folder.glob("PWNED*")))

    def test_labels_in_text_and_json(self):
        for k, text in enumerate(HOSTILE):
            game = self.write(f"g{k}.nfg", nfg([[text, "d"], ["l", text]], (text, "c"), text))
            with self.subTest(text=text):
                self.assertQuiet(self.ok("solve", game, cwd=self.folder))
                found = json.loads(self.ok("solve", game, "--json", "-", cwd=self.folder).out)
                self.assertEqual(found["player_names"][0], text)
                self.assertEqual(found["strategy_names"][1][1], text)
                self.assertQuiet(dag("solve", game, "--json", "-", cwd=self.folder))
                bad = self.write(f"b{k}.nfg", nfg([[text, "d"], ["l", text]]) + text)
                self.assertQuiet(dag("solve", bad, cwd=self.folder))
                self.assertQuiet(dag("solve", text, cwd=self.folder))
                self.assertQuiet(dag("solve", "rps", "--solver", text, cwd=self.folder))
                self.assertQuiet(dag("solve", "rps", "--start", text, cwd=self.folder))

    def test_file_names_that_are_not_utf8(self):
        name = os.fsdecode(b"g\xff\xfe.csv")
        (self.folder / name).write_text("1,-1\n-1,1\n")
        found = json.loads(self.ok("solve", name, "--json", "-", cwd=self.folder).out)
        self.assertEqual(found["status"], "converged")
        self.assertQuiet(self.ok("solve", name, cwd=self.folder))

    def test_an_input_is_never_written_over(self):
        (self.folder / "link.csv").symlink_to("g.csv")
        (self.folder / "sub").mkdir()
        cases = [("solve", "g.csv", "--json", "g.csv"), ("solve", "g.csv", "--json", "./sub/../g.csv"),
                 ("solve", "link.csv", "--json", "g.csv"), ("solve", "g.csv", "--trace", "link.csv"),
                 ("convert", "g.csv", "g.csv"), ("align", "g.csv", "--json", "g.csv"),
                 ("solve", "g.csv", "h.csv", "--json", "h.csv"), ("train", "g.csv", "--metrics", "g.csv"),
                 ("train", "g.csv", "--checkpoint", "g.csv"), ("rewards", "g.csv", "--utility", "gini", "--out", "g.csv"),
                 ("check", "g.csv", "rps", "--json", "g.csv")]
        for words in cases:
            with self.subTest(words=words):
                for name in ("g.csv", "h.csv"):
                    (self.folder / name).write_text("1,-1\n-1,1\n")
                result = dag(*words, cwd=self.folder)
                self.assertEqual(result.code, 2, str(result))
                self.assertIn("overwritten", result.err, str(result))
                self.assertEqual((self.folder / "g.csv").read_text(), "1,-1\n-1,1\n")

    def test_two_outputs_are_two_files(self):
        for words in [("solve", "rps", "--json", "o.csv", "--trace", "o.csv"),
                      ("solve", "rps", "--json", "o.csv", "--trace", "./o.csv"),
                      ("train", "--preset", "diversity_grpo", "--metrics", "m", "--checkpoint", "m"),
                      ("convert", "rps", "o.nfg", "--json", "o.nfg")]:
            with self.subTest(words=words):
                self.refused(*words, says="one of them would be lost")
                self.assertNoFiles()
        self.ok("solve", "rps", "--json", "/dev/null", "--trace", "t.csv", cwd=self.folder)

    def test_words_of_the_command_line(self):
        for words, says in [
                (("solve", "rps", "--time-limit", "nan"), "expected a number >= 0"),
                (("solve", "rps", "--time-limit", "-1"), "expected a number >= 0"),
                (("solve", "rps", "--tolerance", "-1"), "expected a number >= 0, got '-1'"),
                (("solve", "rps", "--tolerance", "nan"), "expected a number >= 0"),
                (("solve", "rps", "--tolerance", "1e400"), "expected a number >= 0"),
                (("solve", "rps", "--tau", "nan"), "expected a number >= 0"),
                (("solve", "rps", "--seed", "-1"), "expected a whole number"),
                (("solve", "rps", "--seed", "18446744073709551616"), "expected a whole number"),
                (("solve", "rps", "--repeats", "-1"), "--repeats must be between 1 and 10000"),
                (("solve", "rps", "--max-iterations", "-1"), "expected a whole number"),
                (("solve", "rps", "--json", ""), "must not be empty"),
                (("solve", "rps", "--plot", ""), "must not be empty"),
                (("solve", "rps", "--max-memory", "0"), "expected a number > 0"),
                (("solve", "rps", "--max-memory", "nan"), "expected a number > 0"),
                (("align", "x.jsonl", "--json", ""), "must not be empty"),
                (("solve", ""), "empty")]:
            with self.subTest(words=words):
                result = self.refused(*words, says=says)
                self.assertLess(len(result.err), 400, result.err)

    def test_messages_are_sentences(self):
        """No name of a function of the standard library or of a JSON exception."""
        raw = re.compile(r"_M_|std::|json\.exception|basic_string|vector::|bad_alloc|terminate")
        big = {"preset": "diversity_grpo"}
        for key in ("answers", "contexts", "layers", "states", "group_size"):
            for size in (10**18, 2**63, 10**12):
                path = self.write("c.json", json.dumps(dict(big, **{key: size})))
                result = dag("train", path, cwd=self.folder, timeout=60, megabytes=4000)
                with self.subTest(key=key, size=size):
                    self.assertEqual(result.code, 2, str(result))
                    self.assertIsNone(raw.search(result.err), result.err)
        for key in ("preset", "objective", "estimator", "vote_of", "optimizer", "x" * 50_000):
            path = self.write("c.json", json.dumps({"preset": "diversity_grpo", key: "y" * 50_000}))
            result = self.refused("train", path)
            self.assertLess(len(result.err), 1500, key[:20])
        for words in [("solve", "general:99999x99999x99999:1"), ("solve", "random:99999999x99999999:1")]:
            result = self.refused(*words)
            self.assertIsNone(raw.search(result.err), result.err)

    def test_nesting_has_a_limit(self):
        for depth in (65, 1000, 100_000, 1_000_000):
            deep = "[" * depth + "]" * depth
            for text in (deep, '{"weight":' + deep + "}", '{"a":' * depth + "1" + "}" * depth, "[" * depth):
                path = self.write("deep.json", text)
                for words in [("train", path), ("align", path), ("check", path, "rps")]:
                    result = dag(*words, cwd=self.folder, timeout=60)
                    with self.subTest(depth=depth, words=words):
                        self.assertEqual(result.code, 2, str(result)[:300])
                        self.assertLess(len(result.err), 1000)

    def test_malformed_files(self):
        path = self.data("malformed", "manifest.csv")
        for row in csv.DictReader(path.open()):
            file = path.parent / row["file"]
            words = {"nfg": ("solve", file), "efg": ("solve", file), "jsonl": ("rewards", file, "--utility", "shannon_entropy", "--out", "o.jsonl")}
            if row["kind"] not in words:
                continue
            with self.subTest(file=row["file"]):
                result = dag(*words[row["kind"]], cwd=self.folder, timeout=60, megabytes=2000)
                self.assertIn(result.code, (0, 1, 2), str(result))
                if row["expect"] == "reject":
                    self.assertEqual(result.code, 2, str(result))
                self.assertQuiet(result)
                self.assertNotIn("internal error", result.err)

    def test_memory_is_refused_before_it_is_taken(self):
        result = self.refused("solve", "random:20000x20000:1", "--max-memory", "500", megabytes=2000)
        self.assertRegex(result.err, r"needs about \d+ MiB; --max-memory allows 500 MiB")
        self.assertLess(result.seconds, 2)
        big = self.folder / "big.csv"
        with big.open("wb") as file:
            file.truncate(400 << 20)
        result = dag("solve", big, "--max-memory", "600", cwd=self.folder, megabytes=2000)
        self.assertEqual(result.code, 2)
        self.assertRegex(result.err, r"needs about \d+ MiB; --max-memory allows 600 MiB")
        self.ok("solve", "random:50x50:1", "--max-memory", "600")

    def test_every_command_has_limits(self):
        commands = re.findall(r"^  ([a-z]+)  ", dag("--help").out.split("Subcommands:")[1], re.M)
        self.assertGreaterEqual(len(commands), 13)
        for command in commands:
            help_text = dag(command, "--help").out
            with self.subTest(command=command):
                self.assertIn("--time-limit", help_text)
                self.assertIn("--max-memory", help_text)
                self.refused(command, "--time-limit", "nan", says="expected a number > 0" if command != "solve" else ">= 0")
                self.refused(command, "--max-memory", "-3", says="expected a number > 0")
        self.ok("solvers", "--time-limit", "60")
        self.refused("convert", "random:1500x1500:1", "out.nfg", "--time-limit", "0.02", says="--time-limit is reached")
        self.assertFalse((self.folder / "out.nfg").exists())

    def test_closed_pipes_and_full_disks(self):
        self.assertUnread("games")
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                process = subprocess.run([PROGRAM, "games"], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(process.returncode, 2)
            self.assertIn(b"cannot write", process.stderr)
            self.refused("solve", "rps", "--json", "/dev/full", says="cannot")

    def inputs(self):
        """Files for every command that writes: a matrix, problems, rollouts, a training run."""
        sample = {"text": "x" * 400 + "\\boxed{1}", "answer": "1"}
        line = json.dumps({"question_id": "q", "gold": "1", "samples": [sample] * 8}) + "\n"
        self.write("r.jsonl", line * 40)
        self.write("a.jsonl", (json.dumps({"text": "so \\boxed{1}", "gold": "1"}) + "\n") * 100)
        problem = {"id": "a", "kind": "gini", "nu0": [1 / 64] * 64, "weight": 1, "beta": 1}
        self.write("p.jsonl", (json.dumps(problem) + "\n") * 40)
        self.write("c.json", json.dumps({"preset": "diversity_grpo", "steps": 40, "layers": 6, "states": 4,
                                         "group_size": 16, "checkpoint_every": 10}))

    # What writes, to FILE, more than 8 kB each.
    WRITERS = ["solve general:40x40:1 --solver mirror_prox --max-iterations 300 --json FILE",
               "solve general:40x40:1 --solver mirror_prox --max-iterations 900 --trace FILE",
               "convert random:30x30:1 FILE", "align p.jsonl --json FILE", "correlated general:9x9:1 --json FILE",
               "rewards r.jsonl --extract boxed --utility expected_reward --out FILE", "answers a.jsonl --json FILE",
               "train c.json --metrics FILE", "train c.json --checkpoint FILE"]

    def disturbed(self, limit=None, folder=None):
        """Every writer in a folder where it cannot write all: an error that names the file; what was there
        stays (a log of metrics is begun anew), nothing is left beside it."""
        folder = folder or self.folder
        self.inputs()
        target = folder / "written.nfg"
        for command in self.WRITERS:
            appended = "--metrics" in command or "--checkpoint" in command
            if not appended:
                target.write_text("kept\n")
            before = {path.name for path in folder.iterdir()} | {target.name}
            words = command.replace("FILE", str(target)).split()
            process = subprocess.run([PROGRAM, *words, "-q"], stderr=subprocess.PIPE, cwd=self.folder, preexec_fn=limit)
            with self.subTest(command=command):
                self.assertEqual(process.returncode, 2, process.stderr)
                self.assertIn(target.name.encode(), process.stderr)
                if not appended:
                    self.assertEqual(target.read_text(), "kept\n")
                self.assertEqual({path.name for path in folder.iterdir()} - before, set())
            target.unlink(missing_ok=True)

    def test_files_that_may_not_grow(self):
        self.disturbed(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600)))

    def test_a_full_disk(self):
        small = self.folder / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", small], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("a small file system cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        (small / "filler").write_text("x" * 4096)  # a page is left, for what is there before
        self.disturbed(folder=small)

    def test_folders_that_may_not_be_written(self):
        """By a user who is not root."""
        closed = self.folder / "closed"
        closed.mkdir()
        self.inputs()
        os.chmod(self.folder, 0o755)
        os.chmod(closed, 0o555)
        nobody = (lambda: os.setuid(65534)) if os.geteuid() == 0 else None
        try:
            subprocess.run([PROGRAM, "--version"], preexec_fn=nobody, capture_output=True, check=True)
        except (OSError, subprocess.SubprocessError):
            self.skipTest("another user cannot run the program here")
        for command in self.WRITERS:
            words = command.replace("FILE", str(closed / "written.nfg")).split()
            process = subprocess.run([PROGRAM, *words, "-q"], stderr=subprocess.PIPE, cwd=self.folder, preexec_fn=nobody)
            with self.subTest(command=command):
                self.assertEqual(process.returncode, 2, process.stderr)
                self.assertIn(b"written.nfg", process.stderr)
                self.assertEqual(list(closed.iterdir()), [])

    def test_pipes_that_close(self):
        """Nobody reads: an error, whatever the command."""
        self.inputs()
        for words in (("align", "p.jsonl"), ("solve", "general:40x40:1", "--json", "-"), ("answers", "a.jsonl", "--json", "-"),
                      ("rewards", "r.jsonl", "--extract", "boxed", "--utility", "expected_reward", "--out", "-")):
            with self.subTest(words=words):
                self.assertUnread(*words)

    def test_two_writers_of_one_result(self):
        """Whoever is last has written all of it."""
        self.inputs()
        words = [PROGRAM, "solve", "general:60x60:1", "--solver", "mirror_prox", "--max-iterations", "200", "-q", "--json", "o.json"]
        for _ in range(3):
            processes = [subprocess.Popen([*words, "--tolerance", f"1e-{20 + k}"], cwd=self.folder) for k in range(4)]
            for process in processes:
                self.assertEqual(process.wait(), 1)
            found = json.loads((self.folder / "o.json").read_text())
            self.assertIn(found["tolerance"], [1e-20, 1e-21, 1e-22, 1e-23])
            self.assertEqual([p.name for p in self.folder.iterdir() if ".tmp" in p.name], [])

    def test_any_amount_of_memory(self):
        """From too little to begin to enough: the result of all commands, or exit code 2 with a message and no file."""
        self.inputs()
        for words in (("solve", "general:40x40:1", "--json", "o"), ("align", "p.jsonl", "--json", "o"), ("train", "c.json", "--metrics", "o"),
                      ("rewards", "r.jsonl", "--extract", "boxed", "--utility", "shannon", "--out", "o"), ("solve", "kuhn_poker", "--json", "o")):
            codes = set()
            for megabytes in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 512):
                result = dag(*words, "-q", "--max-memory", megabytes, cwd=self.folder)
                codes.add(result.code)
                with self.subTest(words=words, megabytes=megabytes):
                    self.assertIn(result.code, (0, 1, 2), str(result))
                    self.assertEqual((self.folder / "o").exists(), result.code != 2)
                    self.assertTrue(result.code != 2 or "memory" in result.err, str(result))
                (self.folder / "o").unlink(missing_ok=True)
            self.assertNotEqual(codes, {2}, words)

    def test_no_memory(self):
        """Less memory than is needed: a message, exit code 2, no file."""
        self.refused("solve", "general:250x250:1", "--json", "m.json", "--max-memory", "1", says="memory")
        (self.folder / "r.jsonl").write_text('{"question_id": "q", "samples": [' +
                                             ",".join(['{"answer": "' + "a" * 500 + '"}'] * 20000) + "]}\n")
        self.refused("rewards", "r.jsonl", "--utility", "coherence", "--out", "o.jsonl", "--max-memory", "8", says="memory")
        self.assertFalse((self.folder / "o.jsonl").exists())


class Readable(Case):
    """Tables as people have them; a payoff is never dropped in silence."""

    def solved(self, text, name="g.csv", *more):
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return json.loads(self.ok("solve", name, *more, "--json", "-", cwd=self.folder).out)

    def test_forms_of_one_matrix(self):
        want = self.solved("5,-6\n-7,8\n")
        for name, text in [("a.csv", ",0,1\n0,5,-6\n1,-7,8\n"), ("b.csv", ",L,R\n0,5,-6\n1,-7,8\n"),
                           ("c.txt", "5 -6\n-7 8\n"), ("d.tsv", "5\t-6\n-7\t8\n"), ("e.txt", "5;-6\n-7;8\n"),
                           ("f.tsv", "\tL\tR\nU\t5\t-6\nD\t-7\t8\n"), ("g.csv", "5,\u22126\n\u22127,8\n"),
                           ("h.csv", '"5","-6"\n"-7","8"\n'), ("i.csv", "\ufeff5,-6\r\n-7,8\r\n"),
                           ("j", "5 -6\n-7 8\n"), ("k.txt", "5.0   -6.0\n\n  -7.0 8e0 \n")]:
            with self.subTest(text=text):
                found = self.solved(text, name)
                self.assertEqual(found["strategies"], want["strategies"])
                self.assertEqual(found["value"], want["value"])

    def test_pairs_and_two_matrices(self):
        want = {"payoffs": [1.0, 1.0], "kind": "bimatrix"}
        for name, text in [("a.csv", '"3,3","0,5"\n"5,0","1,1"\n'), ("b.csv", "(3,3),(0,5)\n(5,0),(1,1)\n"),
                           ("c.txt", "(3,3) (0,5)\n(5, 0) (1,1)\n"), ("d.csv", ',C,D\nC,"3,3","0,5"\nD,"5,0","1,1"\n')]:
            with self.subTest(text=text):
                found = self.solved(text, name)
                for key, value in want.items():
                    self.assertEqual(found[key], value)
        (self.folder / "r.csv").write_text("3,0\n5,1\n")
        (self.folder / "c.csv").write_text("3,5\n0,1\n")
        found = json.loads(self.ok("solve", "r.csv", "c.csv", "--json", "-", cwd=self.folder).out)
        self.assertEqual(found["payoffs"], [1.0, 1.0])
        self.assertEqual(found["strategies"], [[0.0, 1.0], [0.0, 1.0]])
        (self.folder / "c.csv").write_text("3,5,7\n0,1,8\n")
        self.assertIn("2 x 2 and 2 x 3", dag("solve", "r.csv", "c.csv", cwd=self.folder).err)

    def test_what_could_be_two_things_is_refused(self):
        for text, says in [('"1,000",2\n"3,000",4\n', "thousands"), ('"1,000","2,000"\n"3,000","4,000"\n', "thousands"),
                           ("2,\"1,000\"\n3,4\n", "thousands"), ('"5",-6\n"-7",8\n', "name or a payoff"),
                           ("\u20ac5,6\n\u20ac7,8\n", "expected a payoff"), ("3,3;0,5\n5,0;1,1\n", "decimals with a point"),
                           ("5,\n6,7\n", "expected a payoff"), ("1,2\n3\n", "found 1"), ("\u20135,6\n7,8\n", "expected a payoff")]:
            with self.subTest(text=text):
                (self.folder / "g.csv").write_bytes(text.encode())
                result = dag("solve", "g.csv", cwd=self.folder)
                self.assertEqual(result.code, 2, str(result))
                self.assertIn(says, result.err)

    def test_the_kept_files(self):
        for name, value in [("pandas.csv", None), ("uminus2.csv", None)]:
            found = self.json("solve", self.data("hard_games", name))
            self.assertEqual([len(s) for s in found["strategies"]], [2, 2], name)
        self.assertEqual(dag("solve", self.data("hard_games", "thou2.csv")).code, 2)

    def test_standard_input(self):
        for text in ("5 -6\n-7 8\n", nfg([["a", "b"], ["c", "d"]]), "(3,3) (0,5)\n(5,0) (1,1)\n"):
            process = subprocess.run([PROGRAM, "solve", "-", "--json", "-"], input=text, capture_output=True, text=True)
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertEqual(json.loads(process.stdout)["status"], "converged")

    def test_small_things(self):
        self.assertEqual(self.json("solve", "matching-pennies")["value"], 0)
        self.ok("solve", "rps", "--solver", "mirror_prox", "--start", "0.3333,0.3333,0.3333;0.333,0.333,0.333")
        self.refused("solve", "rps", "--solver", "mirror_prox", "--start", "0.3,0.3,0.3;1,0,0", says="within 0.001")
        self.ok("solve", "rps", "--trace", "t.csv", "--solver", "logit_branch", cwd=self.folder)
        rows = list(csv.DictReader((self.folder / "t.csv").open()))
        self.assertEqual(float(rows[0]["lambda"]), 0)
        self.assertTrue(all(float(b["lambda"]) > 0 for b in rows[1:]))
        self.ok("solve", "rps", "--trace", "t.json", "--solver", "logit_branch", cwd=self.folder)
        trace = json.loads((self.folder / "t.json").read_text())[0]["trace"]
        self.assertTrue(all("lambda" in record for record in trace))
        (self.folder / "pure.csv").write_text("2,1\n1,0\n")
        result = dag("solve", "pure.csv", "--select", "reference", "--start", "0,1;0,1", cwd=self.folder)
        if result.code != 0:
            self.assertIn("probability 0", result.out + result.err)
        if GNUPLOT:
            self.ok("solve", "matching-pennies", "--portrait", "p.svg", "--start", "0.7,0.3;0.4,0.6", cwd=self.folder)


if __name__ == "__main__":
    main()
