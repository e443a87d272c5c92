"""The steps of the talk: what steps.md says, as scripts that grow.

read_steps() gives them one by one; .ci/talk.py makes commits of them,
.ci/page.py a page. steps.md begins with the rules that are followed here.
"""

import re
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
    lines, typed = {}, {}
    text = (ROOT / ".ci/steps.md").read_text(encoding="utf-8")
    heading = r"^### ((\w+)-\d+): (.+)\n"
    for tag, pair, title, body in chunks(re.split(heading, text, flags=re.M)):
        promise, *halves = re.split(r"^- (\w+): ", body, flags=re.M)
        scripts, new = {}, {}
        for framework in FRAMEWORKS:
            name = f"{pair}_{framework.lower()}.py"
            if name not in lines:
                source = (ROOT / name).read_text(encoding="utf-8")
                lines[name], typed[name] = source.splitlines(), set()
            before = set(typed[name])
            if framework in halves:
                blocks = halves[halves.index(framework) + 1]
                blocks = " ".join(blocks.partition("\n#")[0].split())
                typed[name] |= type_blocks(blocks, lines[name])
            numbers = assemble(lines[name], typed[name])
            scripts[name] = [text for _, text in numbers]
            new[name] = {
                index
                for index, (number, _) in enumerate(numbers)
                if number not in before
            }
        yield Step(tag, title, promise.strip(), scripts, new)


def chunks(parts):
    """Yield four parts at a time, after the first, which is the rules."""
    return zip(*[iter(parts[1:])] * 4, strict=True)


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
    name = re.escape(name)
    for start in rf'(def |class |HTML\["){name}["(:]', rf" *{name}":
        if hits := [n for n in within if re.match(start, lines[n])]:
            return {n for hit in hits for n in block(lines, hit)}
    raise ValueError(f"nothing begins with {name}")


def find_all(names, lines, within):
    """Return the numbers of the lines that names and ranges stand for."""
    found = set(range(len(lines))) if names == "the rest" else set()
    for one, another in re.findall("`([^`]+)`(?: … `([^`]+)`)?", names):
        numbers = find(one, lines, within)
        if another:
            last = max(find(another, lines, within))
            numbers = range(min(numbers), last + 1)
        found.update(numbers)
    return found


def around(chosen, lines, within):
    """Return these lines' numbers, and where blocks around begin and end."""
    found, end = set(chosen), re.compile(r' *([)\]}]|</|{% end|""")')
    for first in (n for n in within if lines[n].strip('"')):
        inside = block(lines, first)
        if chosen & {*range(first + 1, inside.stop)}:
            above = range(inside.start, first + 1)
            found |= {n for n in above if not lines[n].startswith("#")}
            found |= {inside[-1]} if end.match(lines[inside[-1]]) else set()
    return found


def type_blocks(blocks, lines):
    """Return the numbers of the lines that a step names."""
    typed = set()
    for part in blocks.split("; "):
        names, word, others = [*re.split(" (without|only) ", part), "", ""][:3]
        added = find_all(names, lines, range(len(lines)))
        some = find_all(others, lines, sorted(added))
        typed |= around(some, lines, added) if word == "only" else added - some
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
