"""The steps of the talk: what steps.md says, as scripts that grow.

.show/talk.py makes commits of them and leads through them, .show/page.py makes
a page. steps.md begins with the rules that are followed here.
"""

import builtins
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
    minutes: float  # how long it takes; 0 for a starter
    is_short: bool  # whether the short talk has it, too
    say: str  # what is worth saying
    type: str  # what whoever types it has to know before
    run: str  # what talk.py has to run for it


def read_steps():
    """Yield all steps, with both scripts of their pair as they are then."""
    typed = defaultdict(set)
    steps = (ROOT / ".show/steps.md").read_text(encoding="utf-8")
    step = r"^### ((\w+)-\w+): ([^\n]+)\n(.*?)(?=^##|\Z)"
    for tag, pair, title, body in re.findall(step, steps, re.M | re.S):
        text, *parts = re.split(r"\s*^- (\w+): ", body.strip(), flags=re.M)
        parts = defaultdict(str, zip(parts[::2], parts[1::2], strict=True))
        minutes, _, talks = parts["Minutes"].partition(",")
        scripts, new = {}, {}
        for framework in FRAMEWORKS:
            name, blocks = f"{pair}_{framework.lower()}.py", parts[framework]
            try:
                scripts[name], new[name] = grow(name, typed[name], blocks)
            except LookupError as error:  # all other steps are as good
                print(f"There is no {tag}: {error}")
                return
        plan = float(minutes or 0), "short" in talks
        notes = parts["Say"], parts["Type"], parts["Run"]
        yield Step(tag, title, text, scripts, new, *plan, *notes)


def grow(name, typed, blocks):
    """Return the lines of a script after a step, and which of them are new."""
    script = (ROOT / name).read_text(encoding="utf-8")
    if blocks == "`search.patch`":
        return apply_patch(name, script)
    lines, before = script.splitlines(), set(typed)
    typed |= type_blocks(blocks, lines)
    numbers = assemble(lines, typed)
    new = {i for i, (number, _) in enumerate(numbers) if number not in before}
    return [line for _, line in numbers], new


def apply_patch(name, script):
    """Return the lines of a script with the search, and which are new."""
    patch = (ROOT / ".show/search.patch").read_text(encoding="utf-8")
    patch = patch.partition(f"\n+++ b/{name}\n")[2].partition("\ndiff ")[0]
    for hunk in re.split(r"^@@.*\n", patch, flags=re.M)[1:]:
        old = re.sub(r"^(?:\+.*\n|[ -])", "", hunk, flags=re.M)
        new = re.sub(r"^(?:-.*\n| )", "", hunk, flags=re.M)
        if script.count(old) != 1:
            raise LookupError(f"{name} has not once the lines of\n{hunk}")
        script = script.replace(old, new)
    lines = script.splitlines()  # what is new begins with a + still
    new = {index for index, line in enumerate(lines) if line[:1] == "+"}
    return [line.removeprefix("+") for line in lines], new


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
        end = 1 + next(n for n in after if '"""' in lines[n])
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


def find_names(table):
    """Return the names that code takes from outside, builtins excepted."""
    names = {it.get_name() for it in table.get_symbols() if it.is_global()}
    children = map(find_names, table.get_children())
    return names.union(*children).difference(dir(builtins))


def assemble(lines, typed):
    """Return [(number, line), ...], with the space and headings above each."""
    script, heading, space = [], [], []
    for number, line in enumerate(lines):
        last = script[-1][1] if script else ""
        if number in typed and last[-1:] + line.strip() in ("[]", "{}"):
            script[-1] = (number, last + line.strip())
        elif number in typed:
            script += [(number, text) for text in [*heading, *space, line]]
            heading, space = [], []
        elif is_heading(lines, number):
            gap = ["", ""] if last[:1] == " " else [""]
            heading, space = [*gap, line], []
        elif not line:
            space = [""] * (1 + (lines[number - 1] == ""))
    return script
