#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""Code in the documentation is a marked region of a compiled file.

    sync_docs.py [--check] [--self-test] [FILE.md...]     default: README.md, CONTRIBUTING.md, docs/*.md

In a compiled file (examples/, tests/) two equal comment lines mark a region:

    //! [two_by_two]
    const dag::MatrixGame game{payoff};
    //! [two_by_two]

In Markdown the line before a fenced block names the file and the region:

    <!-- code: examples/first.cpp [two_by_two] -->
    ```cpp
    ```

sync_docs.py fills the block (the region's common indentation taken off; marks of other regions
inside it left out); --check changes nothing and fails where a block differs. A ```cpp block without
such a line is refused, unless the line before it is `<!-- code: not compiled, REASON -->`.

    <!-- call: include/dag/solver/table/lemke_howson.hpp [lemke_howson] -->
    ```cpp
    ```

is filled with the line that includes the header and the declarations of the functions named.
"""
import pathlib
import re
import sys
import tempfile
import textwrap

MARK = re.compile(r"^[ \t]*//! \[(\w+)\][ \t]*$")
SOURCE = re.compile(r"^<!-- code: (\S+) \[(\w+)\] -->$")
CALL = re.compile(r"^<!-- call: include/(\S+\.hpp) \[(\w+(?: \w+)*)\] -->$")
EXEMPT = re.compile(r"^<!-- code: not compiled, \S.* -->$")
FENCE = re.compile(r"^(```+|~~~+)(\w*)")
COMPILED = ("examples/", "tests/", "benchmarks/")


class Fault(Exception):
    pass


def region(root, name, mark):
    """The lines of a marked region."""
    if not name.startswith(COMPILED):
        raise Fault(f"{name} is not compiled: use a file under {', '.join(COMPILED)}")
    path = root / name
    if not path.is_file():
        raise Fault(f"{name} does not exist")
    lines = path.read_text(encoding="utf-8").splitlines()
    at = [i for i, line in enumerate(lines) if (m := MARK.match(line)) and m.group(1) == mark]
    if len(at) != 2:
        raise Fault(f"{name} has {len(at)} lines //! [{mark}], expected 2")
    body = [line for line in lines[at[0] + 1:at[1]] if not MARK.match(line)]
    return textwrap.dedent("\n".join(body)).strip("\n").splitlines()


def call(root, name, functions):
    """How functions of a header are called: its include line and their declarations."""
    path = root / "include" / name
    if not path.is_file():
        raise Fault(f"include/{name} does not exist")
    text, out = path.read_text(encoding="utf-8"), [f"#include <{name}>"]
    for function in functions.split():
        found = re.search(r"^(?:template <.*\n(?:requires[^\[\n]*\s+)?)?(?:\[\[nodiscard\]\] )?(?:inline )?[\w:<>, ]+?\s" + function + r"\(",
                          text, re.MULTILINE)
        if not found:
            raise Fault(f"include/{name} declares no function {function} at the left margin")
        end, depth = found.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        declaration = re.sub(r"\s*\[\[nodiscard\]\] (?:inline )?", "\n", text[found.start():end], flags=re.MULTILINE).lstrip("\n")
        out += ["", *re.sub(r"\n\s+", "\n    ", declaration).splitlines()]
        out[-1] += ";"
    return out


def filled(root, text):
    """The page with every block filled."""
    out, lines, i = [], text.splitlines(), 0
    while i < len(lines):
        line = lines[i]
        source, exempt, called = SOURCE.match(line), EXEMPT.match(line), CALL.match(line)
        if line.startswith("<!-- code:") and not (source or exempt):
            raise Fault(f"line {i + 1}: expected <!-- code: FILE [REGION] -->, got {line}")
        if line.startswith("<!-- call:") and not called:
            raise Fault(f"line {i + 1}: expected <!-- call: include/HEADER.hpp [FUNCTION ...] -->, got {line}")
        out.append(line)
        i += 1
        if source or exempt or called:
            if i == len(lines) or not FENCE.match(lines[i]):
                raise Fault(f"line {i}: the next line must open a fenced block")
        fence = FENCE.match(lines[i]) if (source or exempt or called) else FENCE.match(line)
        if not fence:
            continue
        if source or exempt or called:
            out.append(lines[i])
            i += 1
        elif fence.group(2) in ("cpp", "c++", "cuda"):
            raise Fault(f"line {i}: a {fence.group(2)} block needs <!-- code: FILE [REGION] --> before it")
        start = i
        while i < len(lines) and lines[i].rstrip() != fence.group(1):
            i += 1
        if i == len(lines):
            raise Fault(f"line {start}: the fenced block never ends")
        out += (region(root, *source.groups()) if source else call(root, *called.groups()) if called else
                lines[start:i])
        out.append(lines[i])
        i += 1
    return "\n".join(out) + "\n"


def run(root, pages, check):
    faults = 0
    for page in pages:
        text = page.read_text(encoding="utf-8")
        try:
            new = filled(root, text)
        except Fault as fault:
            print(f"{page.relative_to(root)}: {fault}")
            faults += 1
            continue
        if new != text and check:
            print(f"{page.relative_to(root)}: differs from its compiled regions; run scripts/sync_docs.py")
            faults += 1
        elif new != text:
            page.write_text(new, encoding="utf-8")
            print(f"{page.relative_to(root)}: filled")
    print(f"docs: {len(pages)} pages, {faults} faults")
    return 1 if faults else 0


def self_test():
    code = "int main() {\n  //! [a]\n  int x = 1;\n  //! [b]\n    int y = 2;\n  //! [b]\n  //! [a]\n}\n"
    good = "# T\n<!-- code: examples/e.cpp [a] -->\n```cpp\n```\n```sh\nls\n```\n"
    wanted = "# T\n<!-- code: examples/e.cpp [a] -->\n```cpp\nint x = 1;\n  int y = 2;\n```\n```sh\nls\n```\n"
    bad = {
        "unknown file": good.replace("e.cpp", "none.cpp"),
        "unknown region": good.replace("[a]", "[c]"),
        "a file that is not compiled": good.replace("examples/", "include/"),
        "cpp without a source": "```cpp\nint x;\n```\n",
        "no block after the line": "<!-- code: examples/e.cpp [a] -->\ntext\n",
        "a call of nothing": "<!-- call: include/h.hpp [none] -->\n```cpp\n```\n",
        "slip in a call": "<!-- call: h.hpp [f] -->\n```cpp\n```\n",
        "open block": "<!-- code: examples/e.cpp [a] -->\n```cpp\n",
        "slip in the line": "<!-- code: examples/e.cpp a -->\n```cpp\n```\n",
    }
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "examples").mkdir()
        (root / "examples/e.cpp").write_text(code, encoding="utf-8")
        (root / "include").mkdir()
        (root / "include/h.hpp").write_text("/// F.\ntemplate <class T>\n[[nodiscard]] inline Set<T> f(const T& a,\n"
                                            "                                 int b = {}) {\n  return f(a);\n}\n", encoding="utf-8")
        head = "<!-- call: include/h.hpp [f] -->\n```cpp\n"
        if filled(root, head + "```\n") != head + "#include <h.hpp>\n\ntemplate <class T>\nSet<T> f(const T& a,\n    int b = {});\n```\n":
            failures.append("a call was not filled as it should be")
        if filled(root, good) != wanted or filled(root, wanted) != wanted:
            failures.append("the sound page was not filled as it should be")
        page = root / "p.md"
        page.write_text(good, encoding="utf-8")
        if run(root, [page], True) != 1 or page.read_text(encoding="utf-8") != good:
            failures.append("--check let a stale page pass, or changed it")
        if run(root, [page], False) != 0 or run(root, [page], True) != 0:
            failures.append("a filled page was refused")
        for what, text in bad.items():
            try:
                filled(root, text)
                failures.append(f"not caught: {what}")
            except Fault:
                pass
    for failure in failures:
        print(failure)
    print(f"docs self-test: {len(bad) + 4} cases, {len(failures)} failures")
    return 1 if failures else 0


def main(arguments):
    if "--self-test" in arguments:
        return self_test()
    root = pathlib.Path(__file__).resolve().parent.parent
    pages = [pathlib.Path(name).resolve() for name in arguments if name != "--check"]
    if not pages:
        pages = [root / name for name in ("README.md", "CONTRIBUTING.md") if (root / name).exists()]
        pages += sorted((root / "docs").rglob("*.md"))
    return run(root, pages, "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
