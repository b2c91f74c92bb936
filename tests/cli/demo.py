# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag demo: its claims hold, in time, and the report is one page that needs nothing else."""

import html.parser
import json
import shutil
import time

from support import SANITIZED, Case, dag, main


class Page(html.parser.HTMLParser):
    """Checks that tags close in order, and collects what matters."""

    VOID = {"meta", "br", "use", "path", "circle"}

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.seen, self.links = [], [], {}, []

    def handle_starttag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.links += [v for k, v in attrs if k in ("src", "href") and not (v or "").startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


class Demo(Case):
    def test_demo(self):
        begin = time.monotonic()
        result = self.ok("demo", "--out", "made", "--json", "claims.json", cwd=self.folder)
        if not SANITIZED:
            self.assertLess(time.monotonic() - begin, 120)
        self.assertEqual(result.err, "")  # no progress bar in a pipe
        self.assertIn("Every claim holds", result.out)
        claims = json.loads((self.folder / "claims.json").read_text())
        self.assertTrue(claims["all_hold"])
        self.assertGreaterEqual(len(claims["claims"]), 10)
        for claim in claims["claims"]:
            self.assertTrue(claim["holds"], claim)
            self.assertIn(claim["claim"], result.out)
        page = (self.folder / "made" / "report.html").read_text()
        parser = Page()
        parser.feed(page)
        self.assertEqual((parser.faults, parser.open, parser.links), ([], [], []))
        for claim in claims["claims"]:
            self.assertIn("holds", page)
        drawings = sorted(p.name for p in (self.folder / "made").glob("*.svg"))
        if shutil.which("gnuplot"):
            self.assertEqual(len(drawings), 8)
            self.assertEqual(parser.seen["svg"], len(drawings))
            self.assertEqual(parser.seen["figure"], len(drawings))
        lines = (self.folder / "made" / "rollouts.jsonl").read_text().splitlines()
        self.assertEqual(set(json.loads(lines[0])),
                         {"question_id", "context_id", "prompt", "gold", "samples"})
        found = self.json("rewards", self.folder / "made" / "rollouts.jsonl", "--utility",
                          "coherence")
        self.assertEqual(found["groups"], len(lines))

    def test_without_gnuplot(self):
        result = self.ok("demo", "--out", "made", cwd=self.folder, env={"PATH": str(self.folder)})
        self.assertIn("gnuplot-nox", result.out)
        self.assertEqual(list((self.folder / "made").glob("*.svg")), [])
        self.assertTrue((self.folder / "made" / "report.html").exists())

    def test_rollouts_of_the_user(self):
        path = self.data("rollouts", "crosslingual_discrete.jsonl")
        self.ok("demo", "--out", "made", "--rollouts", path, "-q", cwd=self.folder)
        self.assertFalse((self.folder / "made" / "rollouts.jsonl").exists())

    def test_refusals(self):
        self.refused("demo", "--out", "made", "--rollouts", "missing.jsonl", says="missing.jsonl")
        self.assertNoFiles()
        blocked = self.folder / "file"
        blocked.write_text("")
        self.refused("demo", "--out", blocked, says=str(blocked))
        self.assertEqual(blocked.read_text(), "")


if __name__ == "__main__":
    main()
