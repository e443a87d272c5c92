"""Tests of README.md's section "Live coding", which they follow literally.

All of them:        python .ci/steps.py

A step names blocks of a finished script. The lines of all blocks so far, in
the order of the script, are what has been typed: a script that is imported as
the commands for live coding would, and visited as the step says.
"""

import importlib
import itertools
import logging
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import test_all  # noqa: E402

README = ROOT / "README.md"
TITLES = {"hello": "Hello World", "site": "A website", "todo": "A to-do list"}
DEED = r"`([^`]+)`|\b(open|follow|press|add|see|sign up|log in)\b"
NUMBERS = itertools.count()  # of visitors: each has a name of their own


def chapter(title):
    """Return what stands under a title in README.md's "Live coding"."""
    text = README.read_text(encoding="utf-8")
    text = re.search(r"^## Live coding\n(.*?)(^## |\Z)", text, re.M | re.S)[1]
    return re.search(rf"^### {title}\n(.*?)(^### |\Z)", text, re.M | re.S)[1]


def read_steps(title, framework):
    """Yield the steps of a script: what to do, the blocks, how many lines."""
    for step in re.findall(r"^\d+\. .+(?:\n+ +.+)*", chapter(title), re.M):
        half = r" - (Flask|Django), (\d+) lines: "
        promise, *halves = re.split(half, " ".join(step.split()))
        if framework in halves:
            promise = re.sub(rf"(?!{framework})\b\w+'s `[^`]+`", "", promise)
            at = halves.index(framework)
            yield promise, halves[at + 2], int(halves[at + 1])


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
    """Return the numbers of the lines in the blocks that begin with a name."""
    start = r'(def |class |TEMPLATES\["| *)' + re.escape(name)
    if re.fullmatch(r"[\w.]+", name):
        start += r"(?![\w.])"
    hits = [number for number in within if re.match(start, lines[number])]
    assert hits, f"nothing begins with {name}"
    return {number for hit in hits for number in block(lines, hit)}


def find_all(names, lines, within):
    """Return the numbers of the lines that names and ranges stand for."""
    found = set()
    for one, another in re.findall("`([^`]+)`(?: … `([^`]+)`)?", names):
        numbers = find(one, lines, within)
        if another:
            last = max(find(another, lines, within))
            numbers = range(min(numbers), last + 1)
        found.update(numbers)
    return found


def type_blocks(blocks, lines):
    """Return the numbers of the lines that a step names."""
    typed = set()
    for part in blocks.split("; "):
        names, _, without = part.partition(" without ")
        added = find_all(names, lines, range(len(lines)))
        typed |= added - find_all(without, lines, sorted(added))
    return {n for n in typed if lines[n] and not is_heading(lines, n)}


def assemble(lines, typed):
    """Return the text of these lines, with empty ones and headings above."""
    text = above = ""
    for number, line in enumerate(lines):
        if not line or is_heading(lines, number):
            above += line + "\n"
        else:
            text += above + line + "\n" if number in typed else ""
            above = ""
    return text


@contextmanager
def running(script, text, folder, debug=True):
    """Import a script; give what makes its visitors. Its database stays."""
    with (
        tempfile.TemporaryDirectory() as source,
        mock.patch.object(test_all, "HERE", Path(source)),
        mock.patch.object(sys, "argv", [script] + ["runserver"] * debug),
        mock.patch.dict(os.environ, FLASK_DEBUG=str(int(debug))),
    ):
        Path(source, f"{script}.py").write_text(text, encoding="utf-8")
        module = test_all.load(script, folder)
        case = test_all.FlaskTest()
        if "django" in script:
            case = test_all.DjangoTest()
            hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
            module.settings.PASSWORD_HASHERS = [hasher]  # not a slow one
            checks = importlib.import_module("django.core.checks")
            assert not checks.run_checks()  # as runserver does
        case.module = module
        try:
            yield lambda: test_all.Visitor(case.new_client())
        finally:
            if "django" in script:
                importlib.import_module("django.db").connections.close_all()


def play(visitor, promise):
    """Do what a step says; yield each word to see, and what is there."""
    page = verb = None
    for text, word in re.findall(DEED, promise.partition(".** ")[2], re.I):
        verb = word.lower() or verb
        if verb == "sign up" and word:
            page = visitor.sign_up(f"visitor{next(NUMBERS)}")
        elif verb == "log in" and word:
            page = visitor.log_in(visitor.username or "nobody")
        elif verb == "see" and text:
            yield text, test_all.text(page.root)
        elif text:
            page = getattr(visitor, verb)(text)
        assert page is None or page.status < 500, (text or word, page.status)


class LiveCoding(unittest.TestCase):
    """Each test has a folder, where the databases of its scripts stay."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_steps(self):
        for pair, framework in itertools.product(TITLES, ("Flask", "Django")):
            script = f"{pair}_{framework.lower()}"
            text = (ROOT / f"{script}.py").read_text(encoding="utf-8")
            lines, typed, before, promises = text.splitlines(), set(), "", []
            for promise, blocks, count in read_steps(TITLES[pair], framework):
                with self.subTest(script, step=promise):
                    more = type_blocks(blocks, lines) - typed
                    typed |= more
                    promises.append(promise)
                    last, before = before, assemble(lines, typed)
                    self.visit(script, last, before, promises)
                    self.assertEqual(len(more), count, "lines")
                    self.assertLessEqual(count, 60)
            self.assertEqual(before, text)

    def visit(self, script, before, after, promises):
        """See what the last step promises, and that nothing else broke."""
        *earlier, promise = promises
        where = self.folder, "Without debugging" not in promise
        shown = []  # before: up to a page or a button that is yet to come
        with suppress(Exception), running(script, before, *where) as visitor:
            guest = visitor()
            with suppress(Exception):
                shown.extend(text for _, text in play(guest, promise))
            shown.append(test_all.text(guest.page.root))
        with running(script, after, *where) as visitor:
            for number, (word, text) in enumerate(play(visitor(), promise)):
                old = [*shown[number:], *shown[-1:], ""][0]
                self.assertTrue(word in text, f"{word} is not there")
                self.assertFalse(word in old, f"{word} was there before")
            for other in earlier:
                list(play(visitor(), other))

    def test_search(self):
        for script in ("todo_flask", "todo_django"):
            file = self.folder / f"{script}.py"
            file.write_bytes((ROOT / file.name).read_bytes())
            diff = rf"^```diff\n(--- a/{file.name}\n.*?)^```"
            diff = re.search(diff, chapter("A search"), re.M | re.S)[1]
            git, change = ["git", "apply", "-"], diff.encode()
            subprocess.run(git, cwd=self.folder, input=change, check=True)
            text = file.read_text(encoding="utf-8")
            with running(script, text, self.folder) as visitor:
                self.search(visitor())

    def search(self, visitor):
        """Search the list; walk and press buttons among what is found."""
        visitor.sign_up("ada")
        visitor.add("50%", "a_b", "<b>", *(f"Milk {n}" for n in range(51)))
        found = {"mILK 50": "Milk 50", "%": "50%", "_": "a_b", "<b>": "<b>"}
        for words in [*found, "x", '"', "' OR 1 --"]:
            page = visitor.open("/?" + urlencode({"q": words}))
            todos = [found[words]] if words in found else []
            self.assertEqual((page.values["q"], page.todos), (words, todos))
        visitor.open("/?q=mil")
        self.assertEqual(visitor.follow("Older").todos, ["Milk 0"])
        place = {"q": "mil", "page": "2"}
        self.assertEqual(visitor.press("Complete Milk 0").query, place)
        visitor.follow("Milk 0")
        self.assertEqual(visitor.press("Save").query, place)
        page = visitor.follow("Completed")
        self.assertEqual(page.query, {"q": "mil", "show": "completed"})
        self.assertEqual(page.todos, ["Milk 0 ✓"])
        self.assertEqual(visitor.press("Add", title=" ").values["q"], "mil")
        visitor.press("Complete all")
        self.assertEqual(visitor.press("Clear completed").todos, [])
        page = visitor.add("Tea")  # not what is searched for, and yet seen
        self.assertEqual(page.todos, ["Tea", "<b>", "a_b", "50%"])


if __name__ == "__main__":
    logging.disable()  # what the frameworks say of bad requests
    unittest.main()
