#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""dag without CMake: the installed prefix by pkg-config, and all of it as one header.

    plain.py COMPILER PREFIX FOLDER -IDIR...    FOLDER: where to put the programs
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def built_and_run(what, command, program):
    built = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    ran = built.returncode == 0 and subprocess.run([str(program)], stdout=subprocess.DEVNULL).returncode == 0
    print(("ok      " if ran else "FAILED  ") + what + ("" if ran else "\n" + built.stderr[:2000]))
    return ran


def main():
    compiler, prefix, folder, includes = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]
    folder.mkdir(parents=True, exist_ok=True)
    held = True
    if shutil.which("pkg-config"):
        found = next(prefix.rglob("dag.pc"))
        flags = subprocess.run(["pkg-config", "--cflags", "dag"], capture_output=True, text=True, check=True,
                               env={**os.environ, "PKG_CONFIG_PATH": str(found.parent)}).stdout.split()
        here = ROOT / "tests" / "consumer"
        held = built_and_run("pkg-config", [compiler, "-std=c++20", "-O0", str(here / "first.cpp"), str(here / "second.cpp"),
                                            *flags], folder / "by_pkg_config")
    else:
        print("skipped: no pkg-config")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "single_header.py"), str(folder / "dag.hpp")], check=True,
                   stdout=subprocess.DEVNULL)
    source = folder / "single.cpp"
    text = (ROOT / "examples" / "first_game.cpp").read_text(encoding="utf-8")
    source.write_text(text.replace("<dag/eigen.hpp>", '"dag.hpp"'), encoding="utf-8")
    outside = [flag for flag in includes if pathlib.Path(flag[2:]) != ROOT / "include"]
    held = built_and_run("one header", [compiler, "-std=c++20", "-O0", *outside, str(source)], folder / "single") and held
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
