#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""A program that must not compile, for the right reason.

    run.py FILE_fail.cpp COMPILER [FLAG...]

The file holds one or more lines `// expect: REGEX`. As it stands it must fail to compile and the
compiler's output must match every REGEX; with -DDAG_EXPECT_SUCCESS it must compile, so that nothing
but the part under test is at fault.
"""
import os
import pathlib
import re
import subprocess
import sys


def compile_file(compiler, flags, source, *more):
    command = [compiler, "-std=c++20", "-fsyntax-only", *flags, *more, str(source)]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    return done.returncode, done.stdout + done.stderr


def main():
    source, compiler, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    expected = re.findall(r"^// expect: (.+)$", source.read_text(encoding="utf-8"), re.M)
    if not expected:
        print(f"{source}: no line `// expect: REGEX`")
        return 1
    flags += ["-I", str(source.parents[2] / "include"), "-I", str(source.parents[1])]
    code, output = compile_file(compiler, flags, source, "-DDAG_EXPECT_SUCCESS")
    if code != 0:
        print(f"{source}: must compile with -DDAG_EXPECT_SUCCESS, but:\n{output}")
        return 1
    code, output = compile_file(compiler, flags, source)
    if code == 0:
        print(f"{source}: compiles, but must not")
        return 1
    missing = [regex for regex in expected if not re.search(regex, output)]
    for regex in missing:
        print(f"{source}: the compiler's output does not match {regex!r}")
    if missing:
        print(output)
        return 1
    print(f"{source.name}: refused, and says so")
    return 0


if __name__ == "__main__":
    sys.exit(main())
