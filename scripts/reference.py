#!/usr/bin/env python3
# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0
"""What Doxygen needs beside the sources to make the reference.

  scripts/reference.py filter FILE   a header or page as Doxygen is to read it, on stdout (docs/Doxyfile):
                                     rooms become groups, private parts vanish, comments are taken
                                     literally, links to headings of pages get labels
  scripts/reference.py finish HTML   after Doxygen: takes out links within a page that it makes to
                                     nothing; fails and names every other link that leads nowhere
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
                found[folder] = text.replace("`", "")
    return found


def literal(comment):
    """A comment's text with what Doxygen would take for a command or tag escaped, code marks left alone."""
    parts = re.split(r"(`[^`]*`)", comment)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([\\@#<>&])", r"\\\1", parts[i])
    return "".join(parts)


def header(path):
    folder = path.relative_to(ROOT / "include/dag").parts[0]
    out, private = [], False
    for line in path.read_text().splitlines():
        if line.startswith("namespace detail {") or re.match(r"namespace dag::detail\b.*{$", line):
            private = True
        if private:
            private = not re.match(r"}  // namespace (dag::)?detail", line)
            out.append("")
            continue
        comment = re.match(r"(.*?///<? ?)(.*)$", line)
        if comment:
            line = comment[1] + literal(comment[2])
        elif re.match(r"namespace dag[\w:]* {$", line) and folder in rooms():
            line = f"/** @addtogroup {folder} */ /** @{{ */ {line}"
        elif re.match(r"}  // namespace dag", line) and folder in rooms():
            line = f"}} /** @}} */  {line[1:].strip()}"
        out.append(line)
    if path.name == "dag.hpp":
        out += [f"/** @defgroup {name} {name}/\n * {literal(text)}. */" for name, text in rooms().items()]
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
        words, target, anchor = match[1], match[2], match[3] or ""
        to = (path.parent / target).resolve() if target else path
        if to.suffix == ".md" and to.is_file() and ROOT in to.parents:
            return f"[{words}](@ref {label(to, anchor.lstrip('#'))})"
        return words if target and not (target.startswith("http") or to.suffix in (".svg", ".png")) else match[0]

    out, code, first = [], False, True
    for line in text.splitlines():
        if line.startswith("```"):
            code = not code
        elif not code:
            heading = re.match(r"(#+) (.*)$", line)
            # Doxygen reads commands in tables even inside code marks: there escapes are taken off again.
            line = re.sub(r"(?<=\w)@(?=[a-zA-Z])", "@@", line)
            if line.startswith("|"):
                line = re.sub(r"\\(?=[a-zA-Z])", r"\\\\", line)
            line = re.sub(r"(?<!!)\[([^]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", link, line)
            if heading:
                line += f" {{#{label(path, '' if first else slug(heading[2]))}}}"
                first = False
        out.append(line)
    return "\n".join(out) + "\n"


def finish(folder):
    ids, broken = {}, []
    pages = sorted(folder.glob("*.html"))
    for file in pages:
        ids[file.name] = set(re.findall(r'(?:id|name)="([^"]+)"', file.read_text(errors="replace")))
    for file in pages:
        text = file.read_text(errors="replace")
        mended = re.sub(
            r'<a href="#([\w-]+)">([^<]*)</a>( &#124;\s*)?',
            lambda m: m[0] if m[1] in ids[file.name] else "", text)
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


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("filter", "finish"):
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[2]).resolve()
    if sys.argv[1] == "finish":
        sys.exit(finish(path))
    sys.stdout.write(page(path) if path.suffix == ".md" else header(path))


if __name__ == "__main__":
    main()
