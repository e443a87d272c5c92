"""Show the scripts side by side on one page: Flask left, Django right.

Run it:  python .ci/page.py OUT.html
Needs:   pip install pygments, and the pictures that
         python .ci/browser.py --screenshots draws

The page is made of the scripts as they are, section by section; inside a
section, blocks of the same name stand beside each other, and what only one
script has stands alone. It needs no other file, and asks no site for anything.
"""

import ast
import base64
import difflib
import re
import sys
from collections import Counter, namedtuple
from html import escape, unescape
from pathlib import Path
from string import Template

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import HtmlDjangoLexer, PythonLexer

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / ".github" / "screenshots"
FRAMEWORKS = ["flask", "django"]

# A pair: its title, what it shows, and whether there are pictures of it.
PAIRS = {
    "hello": ("Hello World", "one page, a greeting.", False),
    "site": ("A personal website", "two pages, and one for 404.", True),
    "todo": ("A to-do list", "accounts, forms, filters, pages.", True),
}

# The scripts, taken apart and aligned

HEADING = re.compile(r"^\n# (.+)\n\n", re.MULTILINE)
NAME = re.compile(r'(?:class |def |TEMPLATES\[")([\w.]+)')
STARTS = {
    '"""': "docstring",
    "import ": "imports",
    "from ": "imports",
    "if __name__": "__main__",
}
TEMPLATE = re.compile(r'((?:#.*\n|\n)*TEMPLATES\[.*"""\\\n)((?:.*\n)+)("""\n)')

Block = namedtuple("Block", "key names code")  # the same key: the same row


def describe(line):
    """Return the key of a statement and the name to show for it."""
    if name := NAME.match(line):
        return name[1], name[1]
    for start, key in STARTS.items():
        if line.startswith(start):
            return key, key
    return "code", line.split()[0].rstrip("(")


def take_apart(source):
    """Return [(section, [block, ...]), ...], which together are the source.

    Comments belong to the statement below them; imports that follow each
    other are one block, and so is what else stands between two definitions.
    """
    lines = [line + "\n" for line in source.split("\n")]
    sections = [("Head", [])]
    end = 0
    for node in ast.parse(source).body:
        decorators = getattr(node, "decorator_list", [])
        start = min(part.lineno for part in [node, *decorators])
        if heading := HEADING.search("".join(lines[end : start - 1])):
            sections.append((heading[1], []))
        key, name = describe(lines[node.lineno - 1])
        block = Block(key, [name], "".join(lines[end : node.end_lineno]))
        blocks = sections[-1][1]
        if key in ("imports", "code") and blocks and blocks[-1].key == key:
            last = blocks.pop()
            names = list(dict.fromkeys([*last.names, name]))
            block = Block(key, names, last.code + block.code)
        blocks.append(block)
        end = node.end_lineno
    code = [block.code for _, blocks in sections for block in blocks]
    assert "".join(code) == source.rstrip() + "\n", "not all is in a block"
    if len(sections) == 1:
        return [("The script", blocks)]
    return sections


def align(left, right):
    """Return pairs of what begins alike in two lists; None stands for none."""
    keys = [[item[0] for item in items] for items in (left, right)]
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    pairs = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(left[a:b], right[c:d], strict=True)
        else:
            pairs += [(item, None) for item in left[a:b]]
            pairs += [(None, item) for item in right[c:d]]
    return pairs


# The page


def slug(text):
    """Return a text as a part of an id."""
    return re.sub(r"[^\w.]+", "-", text).strip("-").lower()


def show_code(code):
    """Return code as HTML; what a template holds is coloured as a template."""
    code = code.strip("\n") + "\n"
    parts = [(PythonLexer, code)]
    if template := TEMPLATE.fullmatch(code):
        lexers = (PythonLexer, HtmlDjangoLexer, PythonLexer)
        parts = zip(lexers, template.groups(), strict=True)
    html = "".join(
        highlight(text, lexer(stripnl=False), HtmlFormatter(nowrap=True))
        for lexer, text in parts
    )
    assert unescape(re.sub("<[^>]*>", "", html)) == code, "a character is lost"
    return html


def show_block(block, framework, place, is_alone):
    """Return a block as HTML; the place is its id."""
    label = escape(f"{framework.title()}: {', '.join(block.names)}")
    note = f"\n<i>only in {framework.title()}</i>" if is_alone else ""
    return f"""\
<div class="block {framework}" id="{place}">
<div class="bar"><h4><a href="#{place}">{label}</a></h4>{note}</div>
<pre tabindex="0" role="group" aria-label="{label}"><code>\
{show_code(block.code)}</code></pre>
</div>
"""


def show_pictures(pair, title):
    """Return the picture of a pair, light and dark, as HTML."""
    urls = []
    for name in (f"{pair}.png", f"{pair}-dark.png"):
        path = PICTURES / name
        if not path.exists():
            sys.exit(f"{path}: missing, see .ci/browser.py --screenshots")
        data = path.read_bytes()
        urls.append("data:image/png;base64," + base64.b64encode(data).decode())
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    return f"""<picture>
<source media="screen and (prefers-color-scheme: dark)" srcset="{urls[1]}">
<img src="{urls[0]}" width="{width}" height="{height}"
  alt="{title} in a browser: Flask on the left, Django on the right">
</picture>
"""


def show_pair(pair):
    """Return a pair as HTML: its part of the contents, and the pair."""
    title, text, has_pictures = PAIRS[pair]
    files = [f"{pair}_{framework}.py" for framework in FRAMEWORKS]
    scripts = [
        take_apart((ROOT / file).read_text(encoding="utf-8")) for file in files
    ]
    contents = f'<li><a href="#{pair}">{title}</a>\n<ul>\n'
    html = f'<section id="{pair}">\n<h2>{title}</h2>\n'
    html += f"<p><code>{files[0]}</code> and <code>{files[1]}</code>: {text}"
    html += "</p>\n" + (show_pictures(pair, title) if has_pictures else "")
    places = Counter()
    for sections in align(*scripts):
        section = next(filter(None, sections))[0]
        place = f"{pair}-{slug(section)}"
        contents += f'<li><a href="#{place}">{escape(section)}</a></li>\n'
        html += f'<section id="{place}">\n<h3>{escape(section)}</h3>\n'
        for blocks in align(*(part[1] if part else [] for part in sections)):
            html += '<div class="pair">\n'
            for framework, block in zip(FRAMEWORKS, blocks, strict=True):
                if block:
                    place = f"{pair}-{framework}-{slug(block.names[0])}"
                    places[place] += 1
                    if places[place] > 1:
                        place += f"-{places[place]}"
                    html += show_block(block, framework, place, None in blocks)
            html += "</div>\n"
        html += "</section>\n"
    return contents + "</ul>\n</li>\n", html + "</section>\n"


PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="The same three demos in Flask and in Django,
 each one Python file, aligned function by function.">
<title>Flask and Django, side by side</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scroll-padding: .5rem;
  color: light-dark(#222, #eee); background: light-dark(#f1f1ed, #161618);
  --accent: light-dark(#9b1c31, #ff9aa8); --card: light-dark(#fff, #232326);
  --quiet: light-dark(#505050, #b8b8b8); --green: light-dark(#0b5a2e, #9fdcae);
  --blue: light-dark(#1a4480, #a3c9ff); --violet: light-dark(#6b2c91, #dcb8ff);
  font: clamp(1.125rem, 1rem + .4vw, 1.75rem)/1.5 system-ui, sans-serif }
* { box-sizing: border-box }
body { margin: 0; padding: .5rem; overflow-wrap: anywhere }
h1, h2, h3, nav a { line-height: 1.2 }
h1, h2 { color: var(--accent) }
h2 { margin: 2em 0 0; padding-top: .5em; border-top: 2px solid }
h4 { flex: 1; margin: 0; font-size: 1em }
i, .c1, .c, .ch, .cm, .sd { color: var(--quiet) }
a, button { color: var(--accent) }
h4 a { color: inherit; text-decoration: none }
h4 a:hover { text-decoration: underline }
nav > ul { display: flex; flex-wrap: wrap; gap: 0 3em; padding: 0;
  list-style: none }
nav ul ul { padding-left: 1.2em }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
img { display: block; max-width: min(100%, 60rem); height: auto }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem;
  margin: .75rem 0 }
.block { border-radius: .5em; background: var(--card) }
.block:target { outline: 2px solid var(--accent) }
.bar { position: sticky; top: 0; display: flex; align-items: baseline;
  gap: 1em; padding: .4rem .6rem 0; border-radius: .5em; font-size: .8em;
  background: var(--card) }
button { padding: .2em .6em; border: 1px solid; border-radius: .25em;
  background: none; font: inherit; cursor: pointer }
pre { margin: 0; padding: .6rem; overflow-x: auto; overflow-wrap: normal;
  font-size: clamp(.75rem, 1.85vw, 1.25rem); line-height: 1.45 }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas,
  monospace }
[role=status] { position: fixed; right: 0; bottom: 0; margin: 0;
  color: var(--card); background: var(--accent) }
[role=status]:not(:empty) { padding: .5em 1em }
[class^=k], .ow, .nt { color: var(--accent) }
[class^=s]:not(.sd) { color: var(--green) }
[class^=m], .na, .nb, .bp, .nd { color: var(--blue) }
.nf, .nc, .fm { color: var(--blue); font-weight: bold }
.cp, .nv, .si, .se, .kt { color: var(--violet) }
@media print, (min-width: 80em) { /* two columns, each of 79 characters */
  body { padding: 1rem }
  .pair { grid-template-columns: repeat(2, minmax(0, 1fr)) }
  .django { grid-column: 2 }
  pre { font-size: min(.94vw, 2rem) }
}
@media print {
  @page { size: landscape; margin: 1cm }
  :root { color-scheme: light; background: none; font-size: 11pt }
  body { padding: 0 }
  h2 { margin: 0; break-before: page }
  h3, .bar { break-after: avoid }
  .pair { break-inside: avoid }
  pre { font-size: 7.2pt; white-space: pre-wrap; overflow-wrap: anywhere }
  button, [role=status] { display: none }
  .bar { position: static }
}
</style>
</head>
<body>
<main>
<h1>Flask and Django, side by side</h1>
<p>Six demos, each one Python file that you run with <code>python</code>: a
Hello World, a personal website and a to-do list with accounts, in Flask and
in Django. The two scripts of a pair do the same, in the same order and under
the same names, so that what differs between them is the framework.</p>
<p>Read on in the documentation of
<a href="https://flask.palletsprojects.com/">Flask</a> and of
<a href="https://docs.djangoproject.com/">Django</a>.</p>
<nav aria-label="Contents">
<ul>
$contents</ul>
</nav>
$pairs<p role="status"></p>
</main>
<script>
const say = text => document.querySelector("[role=status]").textContent = text;

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    say("Copied");
  } catch { // not every browser and address allows it
    getSelection().selectAllChildren(code);
    say("Selected: copy it with the keyboard");
  }
  setTimeout(say, 3000, "");
}

for (const block of document.querySelectorAll(".block")) {
  const button = document.createElement("button");
  const label = block.querySelector("h4 a").textContent;
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + label);
  button.onclick = () => copy(block.querySelector("code"));
  block.querySelector(".bar").append(button);
}

// Only what scrolls has to be reached with the keyboard.
onresize = () => document.querySelectorAll("pre").forEach(
  pre => pre.tabIndex = pre.scrollWidth > pre.clientWidth ? 0 : -1);
onresize();
</script>
</body>
</html>
""")


def main():
    """Write the page to the file that the argument names."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    contents, pairs = zip(*map(show_pair, PAIRS), strict=True)
    html = PAGE.substitute(contents="".join(contents), pairs="".join(pairs))
    Path(sys.argv[1]).write_text(html, encoding="utf-8")


if __name__ == "__main__":
    main()
