#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""docs/architecture.md and the tree say the same.

    architecture.py               redraw the picture of the rooms from the ranks of check_layers.py
    architecture.py --check       change nothing; fail where the page and the tree differ
    architecture.py --self-test   plant faults in copies of the page and see each of them caught

Compared: the picture; the table of rooms (each folder of RANKS once, with its rank); every header the
page names (it exists); every name beside a header, as in `answers/merge.hpp`: `merge` (it stands in
that header).
"""
import pathlib
import re
import sys

import check_layers

HERE = pathlib.Path(__file__).resolve().parent.parent
PAGE = HERE / "docs" / "architecture.md"
BEGIN, END = "<!-- picture: scripts/architecture.py -->\n", "<!-- end of picture -->\n"
# What stands beside a room's name in the picture.
WINGS = {"solver": "games", "problem": "games", "estimate": "answers", "text": "answers", "policy": "answers",
         "alignment": "answers", "model": "answers", "answers": "answers", "train": "answers"}
WIDTH = 32  # of a wing


def picture():
    """Floors from the roof down: what all share in the middle of a floor, the wings at its sides."""
    lines = ["```text", f"{'':10}{'wing of games':{WIDTH}}{'shared, and the doors':{WIDTH}}{'wing of answers':{WIDTH}}".rstrip()]
    ranks = check_layers.RANKS
    for rank in sorted(set(ranks.values()), reverse=True):
        rooms = [room for room in ranks if ranks[room] == rank]
        side = {"games": [], "shared": [], "answers": []}
        for room in rooms:
            side[WINGS.get(room, "shared")].append(room)
        cells = ["  ".join(side[wing]) for wing in ("games", "shared", "answers")]
        if max(len(cell) for cell in cells) > WIDTH - 2:
            sys.exit(f"the rooms of rank {rank} do not fit into the picture: {cells}")
        lines.append(f"rank {rank:<5}" + "".join(f"{cell:{WIDTH}}" for cell in cells).rstrip())
    lines.append(f"{'':10}a header includes what lies below it, or its own room")
    return "\n".join([line.rstrip() for line in lines] + ["```"]) + "\n"


def with_picture(text):
    if BEGIN not in text or END not in text:
        sys.exit(f"{PAGE.name}: no place for the picture between {BEGIN!r} and {END!r}")
    head, rest = text.split(BEGIN, 1)
    return head + BEGIN + picture() + END + rest.split(END, 1)[1]


def faults(text, root=HERE):
    found = []
    if with_picture(text) != text:
        found.append("the picture is not that of check_layers.py; run scripts/architecture.py")
    table = {}
    for rank, folders in re.findall(r"^\| (\d+) \| ([^|]*) \|", text, re.M):
        for folder in re.findall(r"`([\w.]+)/?`", folders):
            if folder in table:
                found.append(f"the table has {folder} twice")
            table[folder] = int(rank)
    for room, rank in check_layers.RANKS.items():
        if table.get(room) != rank:
            found.append(f"the table has {room} at rank {table.get(room)}, check_layers.py at {rank}")
    for room in table:
        if room not in check_layers.RANKS:
            found.append(f"the table has {room}, which check_layers.py does not know")
    base = root / "include" / "dag"
    for header in sorted(set(re.findall(r"`((?:\w+/)+\w+\.(?:hpp|cuh))`", text))):
        if not (base / header).is_file():
            found.append(f"{header} does not exist")
    for header, names in re.findall(r"`((?:\w+/)+\w+\.(?:hpp|cuh))`: ((?:`\w+`(?:, )?)+)", text):
        if (base / header).is_file():
            code = (base / header).read_text(encoding="utf-8")
            for name in re.findall(r"`(\w+)`", names):
                if not re.search(rf"\b{name}\b", code):
                    found.append(f"{header} has no {name}")
    return found


def self_test():
    text = PAGE.read_text(encoding="utf-8")
    header, name = re.search(r"`((?:\w+/)+\w+\.hpp)`: `(\w+)`", text).groups()
    planted = [
        (text.replace("rank 8 ", "rank 7 ", 1), "the picture is not"),
        (re.sub(r"^\| 8 \|", "| 7 |", text, count=1, flags=re.M), "at rank 7, check_layers.py at 8"),
        (text.replace(header, header.replace(".hpp", "_gone.hpp")), "does not exist"),
        (text.replace(f"`{header}`: `{name}`", f"`{header}`: `{name}_gone`"), f"has no {name}_gone"),
        (text + "\n| 3 | `cellar/` | none |\n", "does not know"),
        (text + "\n| 1 | `core/` | again |\n", "core twice"),
    ]
    failures = [word for changed, word in planted if not any(word in fault for fault in faults(changed))]
    failures += faults(text)
    for failure in failures:
        print(failure)
    print(f"architecture self-test: {len(planted)} planted faults, {len(failures)} failures")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    text = PAGE.read_text(encoding="utf-8")
    if arguments != ["--check"]:
        PAGE.write_text(with_picture(text), encoding="utf-8")
        text = PAGE.read_text(encoding="utf-8")
    found = faults(text)
    for fault in found:
        print(f"docs/architecture.md: {fault}")
    print(f"architecture: {len(check_layers.RANKS)} rooms, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
