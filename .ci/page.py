# /// script
# requires-python = ">=3.10"
# dependencies = ["jinja2", "markdown-it-py", "pygments"]
# ///
"""Make the page "Flask or Django?": one file, which asks no site for anything.

Make it:    uv run .ci/page.py OUT.html
Or:         pip install jinja2 markdown-it-py pygments
            python .ci/page.py OUT.html

The verdict comes from README.md, the topics from .github/side-by-side.md, the
steps from .ci/steps.md, all code from the scripts. What it looks like stands
in .ci/page.html.
"""

import base64
import difflib
import itertools
import re
import sys
from pathlib import Path
from textwrap import dedent

from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from steps import FRAMEWORKS, ROOT, read_steps, type_blocks

PAIRS = {
    "hello": "Hello World",
    "site": "A website",
    "todo": "A to-do list",
}
CONTEXT = 2  # lines shown around what a step adds

markdown = MarkdownIt("commonmark", {"html": True})


def read(name):
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def slug(title):
    """Return the id of a heading, as where the repository is shown."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def highlight(code, language="python"):
    """Return the lines of some code as HTML; templates as what they are."""
    parts = re.split(r'("""\\\n)((?:.*\n)*?)(""")', code)
    languages = itertools.cycle([language, "text", "html+django", "text"])
    html = ""
    for part, name in zip(parts, languages, strict=False):
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        for kind, text in lexer.get_tokens(part):
            css = STANDARD_TYPES[kind]
            for piece in re.split(r"(\n)", str(escape(text))):
                is_plain = not css or not piece.strip()
                html += piece if is_plain else f'<i class="{css}">{piece}</i>'
    return [Markup(line) for line in html.split("\n")[: code.count("\n")]]


def render(text):
    """Return Markdown as HTML."""
    return Markup(markdown.render(text))


def read_topics():
    """Yield the topics of side-by-side.md: prose, and a half for each."""
    text = read(".github/side-by-side.md")
    for topic in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, text = topic.partition("\n")
        prose, *parts = re.split(r"^\*\*(Flask|Django)\*\*", text, flags=re.M)
        halves = []
        for name, part in zip(parts[::2], parts[1::2], strict=True):
            label, _, half = part.partition("\n")
            pieces = re.split(
                r"^```(\w+)\n(.*?)^```\n", half, flags=re.M | re.S
            )
            blocks = [
                (
                    render(words),
                    highlight(dedent(code), language),
                    language in ("python", "html"),
                )
                for words, language, code in zip(
                    pieces[::3],
                    [*pieces[1::3], "text"],
                    [*pieces[2::3], ""],
                    strict=True,
                )
            ]
            halves.append(
                (name, markdown.renderInline(label.lstrip(": ")), blocks)
            )
        yield title, slug(title), render(prose), halves


def show_step(lines, new):
    """Yield what a step adds: a line, and whether it is new; None for …"""
    html = highlight("".join(f"{line}\n" for line in lines))
    near = {n + d for n in new for d in range(-CONTEXT, CONTEXT + 1)}
    last = None
    for number in sorted(near & set(range(len(lines)))):
        if last is None or number > last + 1:
            yield place(lines, number), None
        yield html[number], number in new
        last = number


def place(lines, number):
    """Return what a line stands in: a section, a function, a template."""
    start = re.compile(r'(?:def |class |# |HTML\[")([\w. -]+)(?:["(:]|$)')
    names = (start.match(lines[n]) for n in range(number, -1, -1))
    return next((name[1] for name in names if name), "the first lines")


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
    for concern, *blocks in re.findall(row, read(".ci/steps.md"), re.M):
        counts = []
        for (lines, seen), part in zip(scripts, blocks, strict=True):
            numbers = type_blocks(part.strip(), lines)
            counts.append(len(numbers - seen))
            seen.update(numbers)
        yield concern, *counts


def read_verdict():
    """Return what README.md says of choosing Flask, and of Django."""
    text = re.search(
        r"^## Which one\?\n(.*?)^## ", read("README.md"), re.M | re.S
    )
    halves = re.split(r"^(?=\*\*Choose)", text[1], flags=re.M)[1:]
    return zip(FRAMEWORKS, map(render, halves), strict=True)


def picture(name):
    """Return a picture as an address that needs no other file."""
    data = (ROOT / ".github/screenshots" / name).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()


def main():
    """Write the page to the file that the argument names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).parent),
        lstrip_blocks=True,
        trim_blocks=True,
    )
    environment.globals.update(
        compare=compare, picture=picture, render=render, show_step=show_step
    )
    html = environment.get_template("page.html").render(
        frameworks=FRAMEWORKS,
        pairs=PAIRS,
        concerns=sorted(count_lines(), key=lambda row: row[2] - row[1]),
        steps=list(read_steps()),
        topics=list(read_topics()),
        verdict=read_verdict(),
    )
    Path(sys.argv[1]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
