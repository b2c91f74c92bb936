#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""One file of many: the CPU core as dag.hpp, or a program with all that it includes.

    single_header.py OUT.hpp [HEADER...]        default: dag/eigen.hpp, solve_zero_sum, rewards of groups
    single_header.py OUT.cpp --program FILE.cpp
    single_header.py --self-test

Every <dag/...> stands once, where it is first included; the standard library, Eigen and other
includes stay. An include of dag's own inside #if is refused, since the rest of the file could miss it.
"""
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORE = ["dag/eigen.hpp", "dag/alignment/equilibrium.hpp", "dag/solver/rate.hpp", "dag/solver/matrix/zero_sum.hpp",
        "dag/answers/group.hpp", "dag/answers/reward.hpp", "dag/answers/consensus_reward.hpp", "dag/testing/check_game.hpp"]
INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>")
BRANCH = re.compile(r"^\s*#\s*(if|ifdef|ifndef|endif)\b")


class Joined:
    """Text of files put into one, each header once."""

    def __init__(self, root):
        self.root, self.done, self.outside, self.lines = root, set(), set(), []

    def take(self, text, name):
        depth = 0
        for line in text.splitlines():
            branch, include = BRANCH.match(line), INCLUDE.match(line)
            if branch:
                depth += -1 if branch.group(1) == "endif" else 1
            if line.startswith("// SPDX-") or line.strip() == "#pragma once":
                continue
            if include and include.group(1).startswith("dag/"):
                self.header(include.group(1), depth, name)
            elif include and depth == 0 and include.group(1) in self.outside:
                continue
            else:
                if include and depth == 0:
                    self.outside.add(include.group(1))
                self.lines.append(line)

    def header(self, name, depth=0, reader="the command line"):
        if name in self.done:
            return
        if depth > 0:
            raise SystemExit(f"{reader}: <{name}> is included inside #if and nowhere before it")
        path = self.root / "include" / name
        if not path.is_file():
            raise SystemExit(f"{reader}: there is no <{name}>")
        self.done.add(name)
        self.lines.append(f"// {name}")
        self.take(path.read_text(encoding="utf-8"), name)


def version(root):
    return re.search(r'DAG_VERSION_STRING "([0-9.]+)"', (root / "include/dag/version.hpp").read_text()).group(1)


def joined(root, headers, program=None):
    one = Joined(root)
    for header in headers:
        one.header(header)
    if program:
        one.take(pathlib.Path(program).read_text(encoding="utf-8"), program)
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(one.lines))
    head = ["// SPDX-FileCopyrightText: The dag authors", "// SPDX-License-Identifier: Apache-2.0",
            f"// dag {version(root)} in one file, made by scripts/single_header.py from {len(one.done)} headers.",
            "// Needs Eigen 3.4 or newer; compile with -std=c++20 -I <folder of Eigen>."]
    return "\n".join(head + ([] if program else ["#pragma once"])) + "\n\n" + text.strip("\n") + "\n"


def self_test():
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "include/dag").mkdir(parents=True)
        (root / "include/dag/version.hpp").write_text('#define DAG_VERSION_STRING "1.2.3"\n')
        (root / "include/dag/a.hpp").write_text("#pragma once\n#include <cmath>\nint a();\n")
        (root / "include/dag/b.hpp").write_text("#include <cmath>\n#include <dag/a.hpp>\nint b();\n")
        (root / "include/dag/bad.hpp").write_text("#if X\n#include <dag/a.hpp>\n#endif\n")
        text = joined(root, ["dag/b.hpp", "dag/a.hpp"])
        if text.count("int a();") != 1 or text.count("<cmath>") != 1 or text.index("a()") > text.index("b()"):
            faults.append("not each header once, in order")
        for wrong in (["dag/bad.hpp"], ["dag/none.hpp"]):
            try:
                joined(root, wrong)
                faults.append(f"{wrong} was taken")
            except SystemExit:
                pass
        # What is known before an #if may be named inside it.
        joined(root, ["dag/a.hpp", "dag/bad.hpp"])
    print("\n".join(faults) or "single header self-test: 4 cases, 0 failures")
    return len(faults)


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    out, rest = pathlib.Path(arguments[0]), arguments[1:]
    program = None
    if rest[:1] == ["--program"]:
        program, rest = rest[1], []
    text = joined(ROOT, rest or ([] if program else CORE), program)
    part = out.with_name(out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(out)
    print(f"{out}: {text.count(chr(10))} lines, {len(text.encode()) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
