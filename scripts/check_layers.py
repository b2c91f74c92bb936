#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Include layers: a header includes only lower ranks, or its own folder.

    check_layers.py [ROOT]            check ROOT/include/dag (ROOT: the repository)
    check_layers.py --self-test       plant bad headers and see each of them caught
    check_layers.py --list [NAME...]  headers that compile with the named optional dependencies
                                      (eigen, json, xtensor) and the standard library

It fails on a header in a folder it does not know, on a third-party header outside the rooms where
that is allowed, on includes that lead in a circle, on a dag.hpp that reaches a third-party header by
any path, on a header above 450 lines that gives no reason, on a private header that one header reads
alone (unless both together are above 450 lines), and on a file name that stands twice.
"""
import pathlib
import re
import sys
import tempfile

# A folder's rank (docs/architecture.md tells the house, and scripts/architecture.py compares them).
RANKS = {
    "version.hpp": 0, "detail": 0,
    "core": 1,
    "numeric": 2,
    "backend": 3,
    "geometry": 4, "divergence": 4, "estimate": 4,
    "game": 5, "utility": 5,
    "solver": 6, "text": 6, "policy": 6,
    "alignment": 7, "problem": 7, "model": 7,
    "answers": 8, "testing": 8,
    "train": 9, "io": 9, "interop": 9, "gpu": 9,
    "compiled.hpp": 11, "dag.hpp": 10, "eigen.hpp": 10, "cuda.cuh": 10,
}
# Doors between rooms of one rank: the first may include the second, never the other way.
DOORS = {("train", "io"), ("interop", "io"), ("detail", "version.hpp"), ("eigen.hpp", "dag.hpp"), ("cuda.cuh", "dag.hpp")}
# Rooms that nobody enters but through the named umbrella.
SEALED = {"gpu": {"cuda.cuh"}}

# Who may include what from outside: folders and single headers.
DENSE_ALGEBRA = {"solver/matrix/interior_point.hpp",
                 "solver/matrix/detail/restricted_payoff.hpp", "solver/table/path_limit.hpp",
                 "solver/matrix/newton.hpp"}
THIRD_PARTY = [
    # name for --list, first part of the include, rooms, single headers
    ("eigen", r"(unsupported/)?Eigen/", {"backend"}, DENSE_ALGEBRA),
    ("cuda", r"(thrust|cub|cuda|nv)/|cuda\w*\.h|cooperative_groups|nccl\.h", {"gpu"}, set()),
    ("json", r"nlohmann/", {"io", "interop"}, set()),
    ("xtensor", r"xt(ensor|l|tl|simd)?/", {"io", "interop"}, {"game/normal_form.hpp"}),
    ("utf8proc", r"utf8proc\.h", {"interop"}, set()),
    ("re2", r"re2/", set(), {"text/regex_extractor.hpp"}),
    ("zlib", r"zlib\.h", {"io"}, set()),
    ("torch", r"(torch|ATen|c10)/", {"io", "interop"}, {"gpu/torch_token_log_probs.hpp"}),
    ("mpi", r"mpi\.h", set(), {"interop/mpi_communicator.hpp"}),
]
# The operating system, for files that must be mapped, synced and renamed.
SYSTEM = {"sys/mman.h": {"io"}, "sys/stat.h": {"io"}, "fcntl.h": {"io"}, "unistd.h": {"io"},
          "sys/file.h": {"io"}, "dirent.h": {"io"}, "io.h": {"io"}, "process.h": {"io"}, "share.h": {"io"}}

# A header is one concept. Above so many lines it says here why it is still one.
LONGEST = 450
LONG = [  # pattern of the header, reason
    (r"utility/detail/utility_entries\.hpp", "a table: an entry a utility, one after the other"),
    (r"solver/list\.hpp", "a table: an entry a solver, one after the other"),
    (r"text/detail/evaluator\.hpp", "one function over the tree of an expression, a case an operation"),
    (r"text/detail/ball\.hpp", "one number type: arithmetic and elementary functions with bounds"),
    (r"text/detail/lexer\.hpp", "one scanner: characters to tokens"),
]
# A private header with one reader is part of it: where the two are short enough, these say why not.
ALONE = {
    "solver/first_order/detail/diagonal_metric.hpp": "has a test of its own",
}
# A file name stands once, so that an include, a test and a search name one concept.
TWICE = {
    "first_order.hpp": "an umbrella of a room and the private frame of its solvers",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


def room(name):
    """The folder of a header, or its own name at the top; None for a room that is not known."""
    first = name.split("/")[0]
    return first if first in RANKS and (("/" in name) == (not first.endswith(("hpp", "cuh")))) else None


def third_party(include):
    for entry in THIRD_PARTY:
        if re.match(entry[1], include):
            return entry
    return None


def check_include(name, kind, include):
    """What is wrong with one include of the header `name`, or None."""
    here = room(name)
    if include.startswith("dag/"):
        there = room(include[4:])
        if there is None:
            return f"includes <{include}>, which lies in no known room"
        private = re.match(r"(.*?)/?detail/", include[4:])
        if private and private.group(1) and not name.startswith(private.group(1) + "/"):
            return f"includes <{include}>, private to {private.group(1)}/"
        if there in SEALED and here != there and here not in SEALED[there]:
            return f"includes <{include}>: {there}/ is entered by {sorted(SEALED[there])} only"
        if RANKS[there] > RANKS[here]:
            return f"rank {RANKS[here]} includes <{include}> of rank {RANKS[there]}"
        if RANKS[there] == RANKS[here] and there != here and (here, there) not in DOORS:
            return f"includes <{include}>: {here} and {there} share rank {RANKS[here]}"
        return None
    if kind == '"':
        return f'includes "{include}": write <dag/...>'
    known = third_party(include)
    if known:
        allowed = here in known[2] or name in known[3]
        return None if allowed else f"includes <{include}>, allowed only in {sorted(known[2] | known[3])}"
    if include in SYSTEM:
        return None if here in SYSTEM[include] else f"includes <{include}>, allowed only in {sorted(SYSTEM[include])}"
    if re.fullmatch(r"[a-z0-9_]+", include):
        return None  # the standard library
    return f"includes <{include}>, a header this check does not know"


LINES = {}  # of the headers that were read last


def one_concept(headers):
    """Headers that are too long, and file names that stand twice."""
    found, seen = [], {}
    for name in headers:
        if LINES[name] > LONGEST and not any(re.fullmatch(entry[0], name) for entry in LONG):
            found.append((name, f"has {LINES[name]} lines, over {LONGEST}: make two concepts of it, or say in LONG "
                                "why it is one"))
        base = name.rsplit("/", 1)[-1]
        if base in seen and base not in TWICE:
            found.append((name, f"has the file name of {seen[base]}: name it after its own concept"))
        seen.setdefault(base, name)
    return found


def one_reader(headers):
    """Private headers that one other reads, where all of them fit into that one."""
    alone = {}
    for name in headers:
        readers = [other for other, includes in headers.items() if ("<", "dag/" + name) in includes]
        if "/detail/" in name and name not in ALONE and len(readers) == 1:
            alone.setdefault(readers[0], []).append(name)
    return [(name, f"is read by {reader} alone: make it part of that, or say in ALONE why not")
            for reader, names in alone.items() if LINES[reader] + sum(LINES[n] for n in names) <= LONGEST
            for name in names]


def read(root):
    """{header: [(bracket, include)]} of root/include/dag; lengths go to LINES."""
    base = pathlib.Path(root, "include", "dag")
    headers = {}
    LINES.clear()
    for path in sorted(base.rglob("*")):
        if path.is_file():
            source = path.read_text(encoding="utf-8")
            LINES[path.relative_to(base).as_posix()] = source.count("\n")
            text = COMMENT.sub("", source)
            headers[path.relative_to(base).as_posix()] = INCLUDE.findall(text)
    return headers


def closure(headers, name):
    """The third-party includes that `name` reaches, each with the header that has it."""
    seen, todo, found = set(), [name], []
    while todo:
        current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        for _, include in headers.get(current, []):
            if include.startswith("dag/"):
                todo.append(include[4:])
            elif third_party(include):
                found.append((third_party(include)[0], include, current))
    return found


def circles(headers):
    """One message for each include that closes a circle."""
    state, found = {}, []

    def visit(name, path):
        state[name] = "open"
        for _, include in headers.get(name, []):
            target = include[4:] if include.startswith("dag/") else None
            if target not in headers:
                continue
            if state.get(target) == "open":
                found.append((name, "includes in a circle: " + " -> ".join(path[path.index(target):] + [target])))
            elif target not in state:
                visit(target, path + [target])
        state[name] = "done"

    for name in headers:
        if name not in state:
            visit(name, [name])
    return found


def check(root):
    headers = read(root)
    faults = []
    for name, includes in headers.items():
        if not name.endswith((".hpp", ".cuh")):
            faults.append((name, "is neither .hpp nor .cuh"))
        elif room(name) is None:
            faults.append((name, "lies in no known room; add the folder to RANKS or move the header"))
        else:
            for kind, include in includes:
                problem = check_include(name, kind, include)
                if problem is None and include.startswith("dag/") and include[4:] not in headers:
                    problem = f"includes <{include}>, which does not exist"
                if problem:
                    faults.append((name, problem))
    faults += circles(headers) + one_concept(headers) + one_reader(headers)
    for _, include, where in closure(headers, "dag.hpp") if "dag.hpp" in headers else []:
        faults.append(("dag.hpp", f"reaches <{include}> through {where}; it must need the standard library only"))
    return headers, faults


def self_test():
    """Each planted header must be caught, with the word that names its fault; the sound one not."""
    sound = {
        "version.hpp": "", "detail/config.hpp": "#include <cstddef>",
        "core/a.hpp": "#include <dag/detail/config.hpp>\n#include <vector>",
        "backend/eigen_backend.hpp": "#include <dag/core/a.hpp>\n#include <Eigen/Core>",
        "utility/u.hpp": "#include <dag/core/a.hpp>",
        "game/matrix.hpp": "#include <dag/core/a.hpp>\n// #include <dag/solver/none.hpp>",
        "game/detail/part.hpp": "", "gpu/reduction.hpp": "#include <thrust/reduce.h>",
        "game/normal_form.hpp": "#include <xtensor/xarray.hpp>",
        "solver/matrix/newton.hpp": "#include <Eigen/Dense>\n#include <dag/game/matrix.hpp>",
        "io/read.hpp": "#include <nlohmann/json.hpp>",
        "dag.hpp": "#include <dag/game/matrix.hpp>",
        "eigen.hpp": "#include <dag/dag.hpp>\n#include <dag/backend/eigen_backend.hpp>",
    }
    planted = [
        ("core/bad.hpp", "#include <dag/game/matrix.hpp>", "rank 1 includes"),
        ("core/bad.hpp", "#  include <dag/backend/eigen_backend.hpp>", "rank 1 includes"),
        ("numeric/bad.hpp", "#include <dag/backend/none.hpp>", "rank 2 includes"),
        ("utility/bad.hpp", "#include <dag/game/matrix.hpp>", "share rank 5"),
        ("divergence/bad.hpp", "#include <dag/geometry/x.hpp>", "share rank 4"),
        ("solver/bad.hpp", "#include <dag/game/detail/part.hpp>", "private to game/"),
        ("solver/first_order/bad.hpp", "#include <dag/solver/matrix/detail/x.hpp>", "private to solver/matrix/"),
        ("train/bad.hpp", "#include <dag/gpu/reduction.hpp>", "is entered by"),
        ("solver/bad.hpp", "#include <Eigen/Dense>", "allowed only in"),
        ("game/bad.hpp", "#include <nlohmann/json.hpp>", "allowed only in"),
        ("game/bad.hpp", "#include <xtensor/xarray.hpp>", "allowed only in"),
        ("backend/bad.hpp", "#include <thrust/reduce.h>", "allowed only in"),
        ("cellar/bad.hpp", "", "no known room"),
        ("bad.hpp", "", "no known room"),
        ("core/bad.hpp", "#include <dag/core/none.hpp>", "does not exist"),
        ("core/bad.hpp", "#include <dag/cellar/none.hpp>", "no known room"),
        ("core/bad.hpp", '#include "a.hpp"', "write <dag/...>"),
        ("core/bad.hpp", "#include <boost/any.hpp>", "does not know"),
        ("core/bad.hpp", "#include <dag/core/bad.hpp>", "in a circle"),
        ("core/bad.h", "", "neither .hpp nor .cuh"),
        ("core/bad.hpp", "// a line\n" * LONGEST, "over 450"),
        ("utility/matrix.hpp", "", "has the file name of game/matrix.hpp"),
        ("dag.hpp", "#include <dag/solver/matrix/newton.hpp>", "standard library only"),
        ("game/table.hpp", "#include <dag/game/detail/part.hpp>", ""),
    ]
    failures = []
    for name, text, word in [("", "", "")] + planted:
        with tempfile.TemporaryDirectory() as root:
            for header, content in {**sound, **({name: text} if name else {})}.items():
                path = pathlib.Path(root, "include", "dag", header)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content + "\n", encoding="utf-8")
            faults = check(root)[1]
            if not name and faults:
                failures.append(f"the sound tree was refused: {faults}")
            if name == "game/table.hpp":
                if ("game/detail/part.hpp", "is read by game/table.hpp alone: make it part of that, or say in ALONE "
                        "why not") not in faults:
                    failures.append(f"a private header with one reader was not caught; found {faults}")
            elif name and not any(where == name and word in what for where, what in faults):
                failures.append(f"planted {name} ({text!r}) was not caught; found {faults}")
    for failure in failures:
        print(failure)
    print(f"layers self-test: {len(planted)} planted headers, {len(failures)} failures")
    return 1 if failures else 0


def main(arguments):
    here = pathlib.Path(__file__).resolve().parent.parent
    if arguments[:1] == ["--self-test"]:
        return self_test()
    if arguments[:1] == ["--list"]:
        headers = read(here)
        have = set(arguments[1:])
        for name in headers:
            if name.endswith(".hpp") and all(need[0] in have for need in closure(headers, name)):
                print(f"dag/{name}")
        return 0
    headers, faults = check(arguments[0] if arguments else here)
    for name, what in faults:
        print(f"include/dag/{name}: {what}")
    print(f"layers: {len(headers)} headers, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
