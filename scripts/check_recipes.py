#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Follows the recipes of CONTRIBUTING.md in a copy of the sources: adds the toy solver, utility and divergence of
tests/recipes, and holds that each takes no more than CONTRIBUTING says.

Usage: check_recipes.py COMPILER INCLUDE...     (folders of Eigen, doctest, nlohmann)

Each recipe is a table: where its new files go, and which row goes into which list. After it the checks of the tree
must pass, the toy's own test must run, and a program that names no toy must find it. Compiled at -O0, nothing else is
built.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECIPES = {
    "solver": {
        "new": {"toy_descent.hpp": "include/dag/solver/first_order/toy_descent.hpp",
                "toy_descent.cpp": "tests/theorem/toy_descent.cpp", "toy_descent.md": "docs/solvers/toy_descent.md"},
        "row": ("include/dag/solver/list.hpp", '    SolverRow{{.name = "replicator",'),
        "filled": {"include/dag/solver/first_order.hpp"},  # by scripts/sync_umbrellas.py
        "programs": ["tests/theorem/toy_descent.cpp", "tests/recipes/solver/found.cpp"],
    },
    "utility": {
        "new": {"toy_utility.hpp": "include/dag/utility/toy_utility.hpp", "toy_utility.cpp": "tests/unit/toy_utility.cpp"},
        "row": ("include/dag/utility/detail/utility_entries.hpp", '      UtilityRow{{"gini",'),
        "filled": set(),  # scripts/sync_umbrellas.py fills the includes of the file with the row
        "programs": ["tests/unit/toy_utility.cpp"],
    },
    "divergence": {
        "new": {"toy_divergence.hpp": "include/dag/divergence/toy_divergence.hpp",
                "toy_divergence.cpp": "tests/unit/toy_divergence.cpp"},
        "filled": set(),
        "programs": ["tests/unit/toy_divergence.cpp"],
    },
}


def run(*words, cwd):
    result = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"FAILED: {' '.join(map(str, words))}\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result.stdout


def files(copy):
    return {p.relative_to(copy).as_posix(): p.read_bytes() for folder in ("include", "tests", "docs", "scripts")
            for p in (copy / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def follow(name, copy):
    """The steps of a recipe; what was touched by hand."""
    recipe, parts = RECIPES[name], copy / "tests/recipes" / name
    for source, target in recipe["new"].items():
        shutil.copy(parts / source, copy / target)
    touched = set(recipe["new"].values())
    if "row" in recipe:
        path, before = recipe["row"]
        text = (copy / path).read_text()
        if before not in text:
            sys.exit(f"FAILED: {path} has no line '{before}' to put a row before")
        text = text.replace(before, (parts / "row.txt").read_text() + before, 1)
        (copy / path).write_text(text)
        touched.add(path)
    run(sys.executable, "scripts/sync_umbrellas.py", cwd=copy)
    return touched


def main():
    compiler, includes = sys.argv[1], [f"-I{folder}" for folder in sys.argv[2:] if folder]
    with tempfile.TemporaryDirectory(prefix="dag-recipes-") as folder:
        for name, recipe in RECIPES.items():
            if not (ROOT / "tests/recipes" / name).is_dir():
                continue
            copy = pathlib.Path(folder, name)
            for part in ("include", "tests", "docs", "scripts"):
                shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "img"))
            before = files(copy)
            touched = follow(name, copy)
            after = files(copy)
            changed = {path for path in after if after[path] != before.get(path)}
            if changed != touched | recipe["filled"]:
                sys.exit(f"FAILED: {name}: touched {sorted(changed)}, the recipe says {sorted(touched | recipe['filled'])}")
            run(sys.executable, "scripts/check_layers.py", cwd=copy)
            run(sys.executable, "scripts/sync_umbrellas.py", "--check", cwd=copy)
            for source in recipe["programs"]:
                program = pathlib.Path(folder, f"{name}-{pathlib.Path(source).stem}")
                sources = [copy / source] + ([copy / "tests/support/main.cpp"] if "recipes" not in source else [])
                run(compiler, "-std=c++20", "-O0", "-w", f"-I{copy}/include", f"-I{copy}/tests", *includes, *sources,
                    "-o", program, cwd=copy)
                run(program, cwd=copy)
            print(f"{name}: {len(touched)} files by hand ({', '.join(sorted(touched))}), {len(recipe['filled'])} filled "
                  f"by scripts, {len(recipe['programs'])} programs ran")


if __name__ == "__main__":
    main()
