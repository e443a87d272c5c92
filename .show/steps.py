"""The steps of the talk: what steps.md says, as scripts that grow.

read_steps() gives them one by one; .show/talk.py makes commits of them,
.show/page.py a page. steps.md begins with the rules that are followed here.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FRAMEWORKS = ["Flask", "Django"]


class Step(NamedTuple):
    tag: str  # todo-4
    title: str
    text: str  # what to do, and what one sees
    scripts: dict  # {"todo_flask.py": its lines so far, ...}
    new: dict  # {"todo_flask.py": the indexes of the new ones, ...}


def read_steps():
    """Yield all steps, with both scripts of their pair as they are then."""
    typed = defaultdict(set)
    text = (ROOT / ".show/steps.md").read_text(encoding="utf-8")
    step = r"^### ((\w+)-\d+): ([^\n]+)\n(.*?)(?=^##|\Z)"
    for tag, pair, title, body in re.findall(step, text, re.M | re.S):
        promise, *halves = re.split(r"^- (\w+): ", body, flags=re.M)
        blocks = dict(zip(halves[::2], halves[1::2], strict=True))
        scripts, new = {}, {}
        for framework in FRAMEWORKS:
            name = f"{pair}_{framework.lower()}.py"
            lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
            before = set(typed[name])
            typed[name] |= type_blocks(blocks.get(framework, ""), lines)
            numbers = assemble(lines, typed[name])
            scripts[name] = [line for _, line in numbers]
            new[name] = {
                index
                for index, (number, _) in enumerate(numbers)
                if number not in before
            }
        yield Step(tag, title, promise.strip(), scripts, new)


def is_heading(lines, number):
    """Return whether a line is the heading of a section."""
    return lines[number].startswith("# ") and lines[number + 1] == ""


def block(lines, first):
    """Return the numbers of the lines in the block that a line begins."""
    line, after = lines[first], range(first + 1, len(lines))
    indent = re.match(" *", line)[0]
    if is_heading(lines, first):
        end = next((n for n in after if is_heading(lines, n)), len(lines))
    elif tag := re.match(r"(?:<|{% (?=if|for|block|macro))(\w+)", line):
        tag = rf"(?:<|{{% )(/|end|){tag[1]}\b"
        for end in after:
            found = re.findall(tag, "\n".join(lines[first:end]))
            if len(found) == 2 * found.count(""):
                break  # as many are closed as opened
    elif line.count('"""') == 1:
        end = 1 + next(n for n in after if lines[n].startswith('"""'))
    else:  # what is indented, and a bracket that closes
        deeper = re.compile(rf"$|{indent} ").match
        end = next((n for n in after if not deeper(lines[n])), len(lines))
        if re.match(indent + r"[)\]}]", "".join(lines[end : end + 1])):
            end += 1
    while first and re.match(indent + "[#@]", lines[first - 1]):
        first -= 1  # comments and decorators
    return range(first, end)


def find(name, lines, within):
    """Return the numbers of the lines in the blocks that go by a name."""
    own = re.escape(name)
    for start in rf'(def |class |HTML\["){own}["(:]', rf" *{own}":
        if hits := [n for n in within if re.match(start, lines[n])]:
            return {n for hit in hits for n in block(lines, hit)}
    raise ValueError(f"nothing begins with {name}")


def find_all(names, lines, within):
    """Return the numbers of the lines in the blocks that are named."""
    if names == "the rest":
        return within
    names = re.findall("`(.+?)`", names)
    return {n for name in names for n in find(name, lines, within)}


def type_blocks(blocks, lines):
    """Return the numbers of the lines that a step names."""
    typed = set()
    for part in " ".join(blocks.split()).split("; "):
        names, _, others = part.partition(" without ")
        added = find_all(names, lines, set(range(len(lines))))
        typed |= added - find_all(others, lines, added)
    return {n for n in typed if lines[n] and not is_heading(lines, n)}


def assemble(lines, typed):
    """Return [(number, line), ...], with the space and headings between.

    Those have the number of the line below them.
    """
    script, heading, space = [], [], []
    for number, line in enumerate(lines):
        if number in typed:
            script += [(number, text) for text in [*heading, *space, line]]
            heading, space = [], []
        elif is_heading(lines, number):
            heading, space = [*space, line], []
        elif not line:
            space = [""] * (1 + (lines[number - 1] == ""))
    return script
