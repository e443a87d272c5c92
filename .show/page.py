# /// script
# requires-python = ">=3.10"
# dependencies = ["jinja2", "markdown-it-py", "pygments"]
# ///
"""Make the page "Flask or Django?": one file, which asks no site for anything.

Make it:    uv run .show/page.py OUT.html
Or:         pip install jinja2 markdown-it-py pygments
            python .show/page.py OUT.html

The verdict comes from README.md, the topics from .github/side-by-side.md, the
steps from .show/steps.md, all code from the scripts; the look is in page.html.
"""

import ast
import base64
import difflib
import os
import re
import sys
from itertools import cycle
from pathlib import Path
from symtable import symtable
from textwrap import indent

import pygments
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from steps import FRAMEWORKS, ROOT, find_names, is_heading, read_steps
from steps import type_blocks

CONTEXT = 2  # lines shown around what a step adds
COPIED = ("html", "python", "sql")  # pieces of a script
HALF = r"^\*\*(Flask with extensions|Flask|Django)\*\*[: ]*(.*)\n"
PIECE = r"(.*?)(?:^```(\w+)\n(.*?)^```\n|\Z)"  # prose, language, code


def read(name):
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def highlight(code, language="python"):
    """Return the lines of some code as HTML; templates as what they are."""
    parts = re.split(r'(?<="""\\\n)((?:.*\n)*?""".*\n)', code)
    html = ""
    for part, name in zip(parts, cycle([language, "html+django"])):
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        html += pygments.highlight(part, lexer, HtmlFormatter(nowrap=True))
    return [Markup(line) for line in html.splitlines()]


def find(piece, script):
    """Return the match of a piece in a script, however far indented."""
    lines = map(re.escape, piece.rstrip().split("\n"))
    return re.search("^ *" + "\n *".join(lines) + "$", script, re.M)


def find_needs(piece, name):
    """Return what a piece of a script needs: imports, and comments."""
    # In a function, what a piece makes itself is not from outside.
    function = "def piece():\n" + indent(piece, " ")
    names = find_names(*symtable(function, name, "exec").get_children())
    script, needs, note = read(name), [], []
    for node in ast.parse(script).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [it for it in node.names if it.name in names]
            names -= {it.name for it in node.names}
            needs += [*note, ast.unparse(node)] if node.names else []
        elif isinstance(node, ast.Assign):
            note = ["# Below the application:"]
    place = find(piece, script)
    if place and place[0].startswith(" "):
        above = script[: place.start()]
        where = get_place(script.splitlines(), above.count("\n"))
        if piece.startswith('"'):  # in a list
            where = re.findall(r"(\w+)\W*\[$", above, re.M)[-1]
        elif where == "settings.configure":
            where += "; in a project's settings.py without the commas"
        needs = [f"# {line.lstrip('# ')}" for line in needs]
        needs.insert(0, f"# Inside {where}")
    if names:
        needs.append(f"# From {Path(name).name}: {', '.join(sorted(names))}")
    return "".join(f"{line}\n" for line in needs)


def read_sections(name):
    """Return the sections of a Markdown file: {title: text, ...}."""
    _, *parts = re.split(r"^## (.+)\n", read(name), flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def read_topics():
    """Yield the topics of side-by-side.md: prose, and pieces of each half."""
    for title, text in read_sections(".github/side-by-side.md").items():
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        prose, *parts = re.split(HALF, text, flags=re.M)
        halves = []
        while parts:
            name, label, body, *parts = parts
            script = re.search(r"`(\S+\.py)`|$", label)[1]
            script = script or f"todo_{name.lower()}.py"
            pieces = re.findall(PIECE, body, re.M | re.S)
            halves.append((name, label, script, pieces))
        yield title, anchor, prose, halves


def find_step(halves, steps):
    """Return the first step that has all pieces of a topic, or None."""
    for step in steps:
        found = [
            find(code, "\n".join(step.scripts[script]))
            for _, _, script, pieces in halves
            for _, language, code in pieces
            if script in step.scripts and language in COPIED
        ]
        if all(found) and found and not step.tag.endswith("-0"):
            return step


def show_step(lines, new):
    """Yield what a step adds: a line, and whether it is new; None for …"""
    html = highlight("".join(f"{line}\n" for line in lines))
    near = {n + d for n in new for d in range(-CONTEXT, CONTEXT + 1)}
    shown = [number for number in range(len(lines)) if number in near]
    for number in shown:
        if number - 1 not in shown:
            yield get_place(lines, number), None
        yield html[number], number in new


def get_place(lines, number):
    """Return what a line stands in: a section, a function, a template."""
    start = re.compile(
        r'(?:def |class |HTML\["|(?=SCH|app.config.u|settings|urlp))([\w.]+)'
    )
    for n in range(number, -1, -1):
        if is_heading(lines, n):
            return lines[n].removeprefix("# ")
        if name := start.match(lines[n]):
            return name[1]
    return "the first lines"


def compare(pair):
    """Yield what both scripts of a pair share, and what stands in one."""
    texts = [read(f"{pair}_{name.lower()}.py") for name in FRAMEWORKS]
    html = [highlight(text) for text in texts]
    texts = [text.splitlines() for text in texts]
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield kind == "equal", html[0][a:b], html[1][c:d]


def count_lines():
    """Yield each concern with how many lines it takes in each framework."""
    names = [f"todo_{name.lower()}.py" for name in FRAMEWORKS]
    scripts = [(read(name).splitlines(), set()) for name in names]
    row = r"^\| ([A-Z][\w ]+) \|(.*?)\|(.*?)\|$"
    for concern, *blocks in re.findall(row, read(".show/steps.md"), re.M):
        counts = []
        for (lines, seen), part in zip(scripts, blocks, strict=True):
            numbers = type_blocks(part, lines)
            counts.append(len(numbers - seen))
            seen.update(numbers)
        yield concern, *counts


def picture(name):
    """Return a picture as an address that needs no other file."""
    data = (ROOT / ".github/screenshots" / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def main():
    """Write the page to the file that the argument names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    loader = FileSystemLoader(ROOT / ".show")
    environment = Environment(autoescape=True, loader=loader, trim_blocks=True)
    html = environment.get_template("page.html").render(
        compare=compare,
        concerns=sorted(count_lines(), key=lambda row: row[2] - row[1]),
        environ=os.environ,
        extensions=highlight(read(".show/flask_extensions.py")),
        find_needs=find_needs,
        find_step=find_step,
        frameworks=FRAMEWORKS,
        highlight=highlight,
        picture=picture,
        readme=read_sections("README.md"),
        render=MarkdownIt("commonmark").enable("table").render,
        show_step=show_step,
        steps=list(read_steps()),
        topics=list(read_topics()),
    )
    Path(sys.argv[1]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
