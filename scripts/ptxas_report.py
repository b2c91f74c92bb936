#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Registers, memory and spills of every device kernel, as nvcc's assembler reports them.

    ptxas_report.py [--write] [--arch sm_90] [--log FILE] [SOURCE]

Compiles SOURCE (default: benchmarks/cuda/benchmark.cu, which uses all tuned kernels) with
-Xptxas -v, or reads such output from FILE, and prints a table; --write puts it into docs/cuda.md.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- ptxas: begin (scripts/ptxas_report.py --write) -->", "<!-- ptxas: end -->"


def compile_log(source, arch):
    nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([nvcc, "-std=c++20", "-O3", f"-arch={arch}", "-Xptxas", "-v", f"-I{ROOT}/include",
                               "-c", str(source), "-o", f"{folder}/out.o"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout + done.stderr


def demangle(names):
    tool = shutil.which("c++filt") or shutil.which("cu++filt") or "/usr/local/cuda/bin/cu++filt"
    return subprocess.run([tool], input="\n".join(names), capture_output=True, text=True, check=True).stdout.split("\n")


def arguments(text):
    """Template arguments of the first <...> of text."""
    depth, out, word = 0, [], ""
    for c in text[text.index("<"):]:
        depth += (c == "<") - (c == ">")
        if depth == 0:
            break
        if c == "," and depth == 1:
            out.append(word.strip())
            word = ""
        elif not (c == "<" and depth == 1 and not word):
            word += c
    return out + [word.strip()]


METHODS = ["mirror_prox", "optimistic", "predictive_regret_matching_plus", "newton"]
PARTS = ["value", "first", "second"]


def tidy(name):
    """'void dag::device::run<dag::device::DeviceWarp, dag::device::X<float>, 128u>(...)' -> ('X<float>', 128)."""
    found = re.search(r"dag::device::run<", name)
    if not found:
        return None
    body, threads = arguments(name[found.start() + len("dag::device::run"):])[1:3]
    body = body.replace("dag::device::", "").replace("dag::", "").replace("(anonymous namespace)::", "")
    body = re.sub(r"\(BatchMethod\)(\d)", lambda m: METHODS[int(m.group(1))], body)
    body = re.sub(r"\(DivergencePart\)(\d)", lambda m: PARTS[int(m.group(1))], body)
    return re.sub(r"(\d)ul?\b", r"\1", body), int(threads.rstrip("u"))


def table(log):
    entries = re.split(r"Compiling entry function '", log)[1:]
    names = demangle([entry.split("'")[0] for entry in entries])
    rows = set()
    for name, entry in zip(names, entries):
        kernel = tidy(name)
        if kernel is None or kernel[0].startswith(("Fill", "Narrow", "Reduce")):
            continue
        number = lambda pattern: int((re.search(pattern, entry) or [0, 0])[1])
        rows.add((kernel[0], kernel[1], number(r"Used (\d+) registers"), number(r"(\d+) bytes smem"),
                  number(r"(\d+) bytes stack frame"), number(r"(\d+) bytes spill stores"),
                  number(r"(\d+) bytes spill loads")))
    lines = ["| kernel | threads a block | registers | static shared memory, B | stack, B | spill stores, B | spill loads, B |",
             "|---|---|---|---|---|---|---|"]
    return "\n".join(lines + [f"| `{row[0]}` | " + " | ".join(map(str, row[1:])) + " |" for row in sorted(rows)])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--write", action="store_true")
    options.add_argument("--arch", default="sm_90")
    options.add_argument("--log")
    options.add_argument("source", nargs="?", default=ROOT / "benchmarks/cuda/benchmark.cu")
    chosen = options.parse_args()
    log = pathlib.Path(chosen.log).read_text() if chosen.log else compile_log(chosen.source, chosen.arch)
    text = table(log)
    print(text)
    if chosen.write:
        page = ROOT / "docs/cuda.md"
        before, rest = page.read_text().split(BEGIN)
        page.write_text(before + BEGIN + "\n\n" + text + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
