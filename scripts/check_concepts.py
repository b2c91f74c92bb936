#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Every public concept has a test that it refuses.

A concept of include/dag is public unless it lies in namespace dag::detail, is an atom (its name begins
with Has, or its comment with "Atom"), or is listed below with a reason. Such a concept NAME needs a
line `// concept: NAME` in one of tests/compile_fail/*_fail.cpp.
"""
import pathlib
import re
import sys

EXEMPT = {}

root = pathlib.Path(__file__).resolve().parent.parent
covered = set()
for path in (root / "tests/compile_fail").glob("*_fail.cpp"):
    covered |= set(re.findall(r"^// concept: (\w+)$", path.read_text(encoding="utf-8"), re.M))

public, missing = {}, []
for path in sorted((root / "include/dag").rglob("*.hpp")):
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^[ \t]*concept (\w+) =", text, re.M):
        name, before = match.group(1), text[:match.start()]
        namespaces = re.findall(r"^namespace ([\w:]+) \{|^\}  // namespace ([\w:]+)$", before, re.M)
        open_ones = []
        for opened, closed in namespaces:
            open_ones.append(opened) if opened else open_ones and open_ones.pop()
        comment = re.search(r"((?:^[ \t]*///[^\n]*\n)*)[ \t]*template <[^\n]*\n$", before, re.M)
        atom = name.startswith("Has") or (comment and comment.group(1).lstrip().startswith("/// Atom"))
        if any("detail" in scope for scope in open_ones) or atom or name in EXEMPT:
            continue
        public[name] = path.relative_to(root).as_posix()
        if name not in covered:
            missing.append(f"{public[name]}: concept {name} has no tests/compile_fail/*_fail.cpp "
                           f"with a line `// concept: {name}`")
missing += [f"tests/compile_fail: no public concept {name} exists" for name in covered - set(public)]
for line in missing:
    print(line)
print(f"concepts: {len(public)} public, {len(missing)} faults")
sys.exit(1 if missing or not public else 0)
