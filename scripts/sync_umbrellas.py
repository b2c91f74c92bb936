#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Fills the umbrellas of rooms: FOLDER.hpp includes every public header of FOLDER/.

An umbrella is a header beside a folder of its name. A list of a room includes, between two comment lines, every public
header of the room that does not lead back to the list. --check says what differs and changes nothing.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "include"


def text_of(folder):
    name = folder.relative_to(ROOT).as_posix()
    headers = sorted(header.relative_to(ROOT).as_posix() for header in folder.glob("*.hpp"))
    return ("// SPDX-FileCopyrightText: The dag authors\n// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n"
            f"/// All of {name}/; filled by scripts/sync_umbrellas.py.\n"
            + "".join(f"#include <{header}>\n" for header in headers))


LISTS = {"dag/utility/detail/utility_entries.hpp": "dag/utility"}


def list_text(name, folder):
    """The list with its includes filled in."""
    def includes(header):
        return set(re.findall(r"#include <(dag/[^>]+)>", (ROOT / header).read_text()))

    def leads_back(header, seen):
        seen.add(header)
        return any(to == name or (to not in seen and leads_back(to, seen)) for to in includes(header))

    headers = sorted(header.relative_to(ROOT).as_posix() for header in (ROOT / folder).glob("*.hpp"))
    lines = "".join(f"#include <{header}>\n" for header in headers if not leads_back(header, set()))
    return re.sub(r"(// All of [^\n]+\n).*?(// end of)", lambda m: m[1] + lines + m[2], (ROOT / name).read_text(), flags=re.S)


def main():
    check = sys.argv[1:] == ["--check"]
    wanted = {name: list_text(name, folder) for name, folder in LISTS.items()}
    for umbrella in sorted(ROOT.glob("dag/**/*.hpp")):
        folder = umbrella.with_suffix("")
        if folder.is_dir():
            wanted[umbrella.relative_to(ROOT).as_posix()] = text_of(folder)
    stale = [name for name, text in wanted.items() if (ROOT / name).read_text() != text]
    for name in stale if not check else ():
        (ROOT / name).write_text(wanted[name])
    for name in stale:
        print(f"{name}: {'differs from its folder; run scripts/sync_umbrellas.py' if check else 'filled'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
