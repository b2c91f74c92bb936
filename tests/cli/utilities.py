# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag utilities: the list, one page, its JSON, the table of the documentation, refusals.

    utilities.py PROGRAM DATA             the tests
    utilities.py PROGRAM DATA --fix       writes the table into docs/utilities.md
"""

import json
import pathlib
import sys

import support
from support import Case, main


PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "utilities.md"


def page(registry):
    """The documentation with the table of this list."""
    lines = ["| name | other names | F | reward | fields | exactly by | estimators | source |",
             "|---|---|---|---|---|---|---|---|"]
    for e in registry:
        fields = ", ".join(f"`{f['name']}`" + ("" if f["default"] is None else f" ({f['default']:g})"
                                               if f["type"] == "number" else f" ({f['default']})")
                           for f in e["fields"])
        cells = [f"`{e['name']}`", ", ".join(f"`{a}`" for a in e["aliases"]), e["formula"],
                 e["help"], fields, e["method"], ", ".join(e["estimators"]), e["source"]]
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    head, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- utilities -->")
    tail = rest.partition("<!-- /utilities -->")[2]
    return head + "<!-- utilities -->\n" + "\n".join(lines) + "\n<!-- /utilities -->" + tail


class Utilities(Case):
    def test_the_table_of_the_documentation(self):
        self.assertEqual(page(self.json("utilities")), PAGE.read_text(encoding="utf-8"),
                         "run tests/cli/utilities.py PROGRAM DATA --fix")

    def test_the_list(self):
        registry = self.json("utilities")
        names = [entry["name"] for entry in registry]
        self.assertEqual(len(names), len(set(names)))
        text = self.ok("utilities").out
        for entry in registry:
            self.assertIn(entry["name"], text)
            for key in ["help", "formula", "source", "subcommands", "fields", "estimators"]:
                self.assertTrue(entry[key], key)
            self.assertRegex(entry["name"], "^[a-z0-9_]+$")
            for field in entry["fields"]:
                self.assertLessEqual({"name", "unit", "default", "range", "type"}, set(field))
        every = names + [alias for entry in registry for alias in entry["aliases"]]
        self.assertEqual(len(every), len(set(every)))

    def test_one(self):
        for name in ["tsallis", "tsallis3"]:
            [entry] = self.json("utilities", name)
            self.assertEqual(entry["name"], "tsallis")
            self.assertEqual([f["name"] for f in entry["fields"]], ["weight", "order"])
        text = self.ok("utilities", "pass-at-k").out
        for words in ["pass_at_k", "1 - (1 - nu(C))^k", "event_root", "plug-in", ">= 1"]:
            self.assertIn(words, text)
        self.ok("utilities", "chi2", "--json", "out.json", "-q", cwd=self.folder)
        self.assertTrue((self.folder / "out.json").exists())

    def test_refusals(self):
        self.refused("utilities", "greed", says="greed")
        self.refused("utilities", "gini", "more")
        self.refused("utilities", "--json", "no/such/folder.json")


if __name__ == "__main__":
    if "--fix" in sys.argv:
        PAGE.write_text(page(json.loads(support.dag("utilities", "--json", "-").out)),
                        encoding="utf-8")
    else:
        main()
