#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What Doxygen needs beside the sources to make the reference.

  scripts/reference.py prepare FOLDER   writes the headers and pages there as Doxygen is to read them: rooms
                                        become groups, private parts vanish, comments are taken literally,
                                        links to headings of pages get labels
  scripts/reference.py finish HTML      after Doxygen: takes out links that it makes to nothing of its own;
                                        fails and names every other link that leads nowhere
"""
import pathlib
import re
import sys
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent


def rooms():
    """Folder -> what lives there, of the table in docs/architecture.md."""
    found = {}
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        row = re.match(r"\| \d+ \| (.*?) \| (.*?) \|$", line)
        if row:
            folders = re.findall(r"`(\w+)/`", row[1])
            # "convex sets; divergences; tables" of three folders is one text each.
            texts = row[2].split("; ")
            for i, folder in enumerate(folders):
                text = texts[i] if len(texts) == len(folders) > 1 else row[2]
                if folder != "detail":
                    found[folder] = text.replace("`", "")
    return found


def literal(comment):
    """A comment's text with what Doxygen would take for a command or tag escaped, code marks left alone."""
    parts = re.split(r"(`[^`]*`)", comment)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"([\\@#<>&])", r"\\\1", part)
        elif re.search(r'[\\"]', part):  # code marks do not hold these
            parts[i] = "<code>" + re.sub(r'([\\@#<>&"])', r"\\\1", part[1:-1]) + "</code>"
    return "".join(parts)


def header(path, groups):
    folder = path.relative_to(ROOT / "include/dag").parts[0]
    out, private = [], 0  # private: lines since the private part began
    for line in path.read_text().splitlines():
        if private or re.match(r"namespace (dag::)?detail\b.*{$", line):
            private += 1
            # A namespace of one line is closed without its name.
            if re.match(r"}  // namespace (?!DAG_BINARY|with)", line) or (line == "}" and private == 3):
                private = 0
            out.append("")
            continue
        comment = re.match(r"(.*?///<? ?)(.*)$", line)
        if comment:
            line = comment[1] + literal(comment[2])
        elif re.match(r"namespace dag[\w:]* {$", line) and folder in groups:
            line += f" /** @addtogroup {folder} */ /** @{{ */"
        elif re.match(r"}  // namespace dag", line) and folder in groups:
            line = "/** @} */ " + line
        out.append(line)
    if path.name == "dag.hpp":
        out += [f"/** @defgroup {name} {name}/\n * {literal(text)}. */" for name, text in groups.items()]
    return "\n".join(out) + "\n"


def slug(heading):
    text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def label(page, anchor):
    name = str(page.relative_to(ROOT).with_suffix("")).replace("/", "-")
    return f"{name}--{anchor}" if anchor else name


def page(path):
    text = path.read_text()

    def link(match):
        if match[2].endswith((".svg", ".png")):  # found by name, docs/Doxyfile's IMAGE_PATH
            return match[0].replace("../", "")
        words, target, anchor = match[1], match[2], match[3] or ""
        to = (path.parent / target).resolve() if target else path
        if to.suffix == ".md" and to.is_file() and ROOT in to.parents:
            return f"[{words}](@ref {label(to, anchor.lstrip('#'))})"
        return words if target and not target.startswith("http") else match[0]

    out, code, seen = [], False, set()
    for line in re.sub(r"\[([^]`]*)\n([^]`]*\]\([^)]*\))", r"[\1 \2", text).splitlines():
        if line.startswith("```"):
            code = not code
        elif not code:
            heading = re.match(r"(#+) (.*)$", line)
            # Doxygen reads commands in tables even inside code marks.
            parts = [line] if line.startswith("|") else re.split(r"(`[^`]*`)", line)
            for i in range(0, len(parts), 2):
                parts[i] = re.sub(r"(?<=\w)@(?=[a-zA-Z])", "@@", parts[i])
                parts[i] = re.sub(r"\\(?=[a-zA-Z])", r"\\\\", parts[i])
            line = re.sub(r"\[([^]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", link, "".join(parts))
            if heading:
                name = label(path, slug(heading[2]) if seen else "")
                line += f" {{#{name}}}" if name not in seen else ""
                seen.add(name)
        out.append(line)
    return "\n".join(out) + "\n"


def finish(folder):
    ids, broken = {}, []
    pages = sorted(folder.glob("*.html"))
    for file in pages:
        ids[file.name] = set(re.findall(r'(?:id|name)="([^"]+)"', file.read_text(errors="replace")))
    for file in pages:
        text = file.read_text(errors="replace")
        # Sections of private types, and what a group documents or nobody.
        mended = re.sub(r'<a href="#([\w-]+)">([^<]*)</a>( &#124;\s*)?',
                        lambda m: m[0] if m[1] in ids[file.name] else "", text)
        mended = re.sub(r'<a (?:class="[\w ]*" )?href="(\w+\.html)(?:#(\w+))?"[^>]*>([^<]*)</a>',
                        lambda m: m[0] if m[1] in ids and (not m[2] or m[2] in ids[m[1]]) else m[3], mended)
        if mended != text:
            file.write_text(mended)
        for target in re.findall(r'(?:href|src|data)="([^"]+)"', mended):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            name = urllib.parse.unquote(name) or file.name
            if not (folder / name).is_file() or (anchor and name in ids and anchor not in ids[name]):
                broken.append(f"{file.name}: {target}")
    for line in broken:
        print(f"reference: no such place: {line}", file=sys.stderr)
    print(f"reference: {len(pages)} pages, {len(broken)} broken links")
    return 1 if broken else 0


def prepare(out):
    groups = rooms()
    files = [f for f in (ROOT / "include").rglob("*")
             if f.suffix in (".hpp", ".cuh") and "detail" not in f.relative_to(ROOT).parts]
    files += [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"]
    for file in files:
        copy = out / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(page(file) if file.suffix == ".md" else header(file, groups))


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("prepare", "finish"):
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[2]).resolve()
    if sys.argv[1] == "finish":
        sys.exit(finish(path))
    prepare(path)


if __name__ == "__main__":
    main()
