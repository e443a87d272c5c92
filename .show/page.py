# /// script
# requires-python = ">=3.10"
# dependencies = ["jinja2", "markdown-it-py", "pygments"]
# ///
"""Make the page "Flask or Django?": one file, which asks no site for anything.

Make it:    uv run .show/page.py OUT.html
Or:         pip install jinja2 markdown-it-py pygments
            python .show/page.py OUT.html

The verdict comes from README.md, the topics from .github/side-by-side.md, the
steps from .show/steps.md, all code from the scripts. What it looks like stands
in .show/page.html.
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

from steps import FRAMEWORKS, ROOT, is_heading, read_steps, type_blocks

CONTEXT = 2  # lines shown around what a step adds


def read(name):
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


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


def show_fence(renderer, tokens, number, options, env):
    """Return code in Markdown as HTML; Python and HTML can be copied."""
    language = tokens[number].info
    css = ' class="new"' if language in ("python", "html") else ""
    lines = highlight(dedent(tokens[number].content), language)
    html = "".join(f"<span{css}>{line}\n</span>" for line in lines)
    return f'\n<pre tabindex="0"><code>{html}</code></pre>\n'


markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
markdown.add_render_rule("fence", show_fence)


def read_sections(name):
    """Return the sections of a Markdown file: [(title, text), ...]."""
    _, *parts = re.split(r"^## (.+)\n", read(name), flags=re.M)
    return list(zip(parts[::2], parts[1::2], strict=True))


def read_topics():
    """Yield the topics of side-by-side.md: prose, and a half for each."""
    half = re.compile(r"^\*\*(Flask|Django)\*\*[: ]*(.*)\n", re.M)
    for title, text in read_sections(".github/side-by-side.md"):
        prose, *parts = half.split(text)
        labels = map(markdown.renderInline, parts[1::3])
        bodies = map(markdown.render, parts[2::3])
        halves = list(zip(parts[::3], labels, bodies, strict=True))
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        yield title, anchor, markdown.render(prose), halves


def show_step(lines, new):
    """Yield what a step adds: a line, and whether it is new; None for …"""
    html = highlight("".join(f"{line}\n" for line in lines))
    near = {n + d for n in new for d in range(-CONTEXT, CONTEXT + 1)}
    shown = [number for number in range(len(lines)) if number in near]
    for number in shown:
        if number - 1 not in shown:
            yield place(lines, number), None
        yield html[number], number in new


def place(lines, number):
    """Return what a line stands in: a section, a function, a template."""
    start = re.compile(r'(?:def |class |HTML\["|(?=settings|urlp))([\w.]+)')
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
            numbers = type_blocks(part.strip(), lines)
            counts.append(len(numbers - seen))
            seen.update(numbers)
        yield concern, *counts


def read_readme():
    """Return what README.md says of each framework, and what they bring."""
    sections = dict(read_sections("README.md"))
    _, *halves = re.split(
        r"^(?=\*\*Choose)", sections["Which one?"], flags=re.M
    )
    verdict = zip(FRAMEWORKS, map(markdown.render, halves), strict=True)
    return verdict, markdown.render(sections["What comes with it"])


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
    verdict, batteries = read_readme()
    html = environment.get_template("page.html").render(
        batteries=batteries,
        compare=compare,
        concerns=sorted(count_lines(), key=lambda row: row[2] - row[1]),
        frameworks=FRAMEWORKS,
        picture=picture,
        render=markdown.render,
        show_step=show_step,
        steps=list(read_steps()),
        topics=list(read_topics()),
        verdict=verdict,
    )
    Path(sys.argv[1]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
