#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Fills the umbrellas of rooms: FOLDER.hpp includes every public header of FOLDER/.

An umbrella is a header beside a folder of its name. --check says what differs and changes nothing.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent / "include"


def text_of(folder):
    name = folder.relative_to(ROOT).as_posix()
    headers = sorted(header.relative_to(ROOT).as_posix() for header in folder.glob("*.hpp"))
    return ("// SPDX-FileCopyrightText: The dag authors\n// SPDX-License-Identifier: Apache-2.0\n#pragma once\n\n"
            f"/// All of {name}/; filled by scripts/sync_umbrellas.py.\n"
            + "".join(f"#include <{header}>\n" for header in headers))


def main():
    check = sys.argv[1:] == ["--check"]
    stale = []
    for umbrella in sorted(ROOT.glob("dag/**/*.hpp")):
        folder = umbrella.with_suffix("")
        if folder.is_dir() and umbrella.read_text() != text_of(folder):
            stale.append(umbrella.relative_to(ROOT).as_posix())
            if not check:
                umbrella.write_text(text_of(folder))
    for name in stale:
        print(f"{name}: {'differs from its folder; run scripts/sync_umbrellas.py' if check else 'filled'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
