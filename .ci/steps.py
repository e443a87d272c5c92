"""Tests of README.md's section "Live coding", which they follow literally.

All of them:        python .ci/steps.py

A step names blocks of a finished script. The lines of all blocks so far, in
the order of the script, are imported as the commands for live coding would,
and visited as the step says: by one visitor all the way, in one session.
"""

import itertools
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from contextlib import contextmanager, suppress
from importlib import import_module
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
    """Return the numbers of the lines in the blocks that go by a name."""
    name = re.escape(name)
    for start in rf'(def |class |TEMPLATES\["){name}["(:]', rf" *{name}":
        if hits := [n for n in within if re.match(start, lines[n])]:
            return {n for hit in hits for n in block(lines, hit)}
    raise AssertionError(f"nothing begins with {name}")


def find_all(names, lines, within):
    """Return the numbers of the lines that names and ranges stand for."""
    found = set(range(len(lines))) if names == "the whole script" else set()
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
            found |= {*range(inside.start, first + 1)}
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
    django = "django" in script
    keep = {"SECRET_KEY": "live"} if debug else {}  # as a reloader does
    with (
        tempfile.TemporaryDirectory() as source,
        mock.patch.object(test_all, "HERE", Path(source)),
        mock.patch.object(sys, "argv", [script] + ["runserver"] * debug),
        mock.patch.dict(os.environ, FLASK_DEBUG=str(int(debug)), **keep),
    ):
        Path(source, f"{script}.py").write_text(text, encoding="utf-8")
        case = test_all.DjangoTest() if django else test_all.FlaskTest()
        case.module = test_all.load(script, folder)
        if django:  # as runserver does
            assert not import_module("django.core.checks").run_checks()

        def visitor(session=""):
            client = case.new_client()
            put = client.cookies.__setitem__ if django else client.set_cookie
            put(script, session)
            return test_all.Visitor(client)

        try:
            yield visitor
        finally:
            if django:
                import_module("django.db").connections.close_all()


def play(visitor, promise, seen):
    """Reload, do what a step says; yield words to see, and what is there."""
    page = visitor.open(seen[-1]) if seen else None
    verb = None
    for text, word in re.findall(DEED, promise.partition(".** ")[2], re.I):
        verb = word.lower() or verb
        if word and verb == "sign up":
            visitor.follow("Sign up")
            page = visitor.sign_up("ada")
        elif word and verb == "log in":
            page = visitor.log_in(visitor.username or "nobody")
        elif text == "createsuperuser":
            users = import_module("django.contrib.auth.models").User.objects
            users.create_superuser("admin", password=test_all.PASSWORD)
            visitor.username = "admin"
        elif text and verb != "see":
            page = getattr(visitor, verb)(text)
        if page:
            assert page.status < 500, (text or word, page.status)
            seen.append(page.address)
            yield text if verb == "see" else "", test_all.text(page.root)


class LiveCoding(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)  # where the databases stay

    def test_steps(self):
        for pair, framework in itertools.product(TITLES, ("Flask", "Django")):
            script = f"{pair}_{framework.lower()}"
            text = (ROOT / f"{script}.py").read_text(encoding="utf-8")
            lines, typed, before = text.splitlines(), set(), ""
            self.session, self.seen = "", []
            for promise, blocks, count in read_steps(TITLES[pair], framework):
                with self.subTest(script, step=promise):
                    more = type_blocks(blocks, lines) - typed
                    typed |= more
                    last, before = before, assemble(lines, typed)
                    self.visit(script, last, before, promise)
                    self.assertEqual(min(len(more), 60), count, "lines")
            self.assertEqual(before, text)

    def visit(self, script, before, after, promise):
        """See what a step promises, and that no page seen so far broke."""
        debug, seen, old = "Without debugging" not in promise, self.seen, []
        with suppress(Exception), tempfile.TemporaryDirectory() as copy:
            # Before: up to a page or a button that is yet to come.
            shutil.copytree(self.folder, copy, dirs_exist_ok=True)
            with running(script, before, Path(copy), debug) as enter:
                for _, text in play(enter(self.session), promise, seen[:]):
                    old.append(text)
        with running(script, after, self.folder, debug) as enter:
            words = play(visitor := enter(self.session), promise, seen)
            for number, (word, text) in enumerate(words):
                self.assertTrue(word in text, f"{word} is not there")
                was = word and word in [*old[number:], *old[-1:], ""][0]
                self.assertFalse(was, f"{word} was there before")
            self.assertRegex(promise, r"\.\*\* .*see .*`", "nothing to see")
            jar = getattr(visitor.client, "cookies", None)  # Django's
            cookie = jar[script] if jar else visitor.client.get_cookie(script)
            self.session = cookie.value if cookie else ""
            for who, page in itertools.product((visitor, enter()), seen):
                self.assertLess(who.open(page).status, 500, page)

    def test_search(self):
        for script in ("todo_flask", "todo_django"):
            file = Path(shutil.copy(ROOT / f"{script}.py", self.folder))
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
            todos = [found[words]] if words in found else []
            page = visitor.open("/?" + urlencode({"q": words}))
            self.assertEqual((page.values["q"], page.todos), (words, todos))
        visitor.open("/?q=mil")
        self.assertEqual(visitor.follow("Older").todos, ["Milk 0"])
        place = {"q": "mil", "page": "2"}
        self.assertEqual(visitor.press("Complete Milk 0").query, place)
        visitor.follow("Milk 0")
        self.assertEqual(visitor.press("Save").query, place)
        self.assertEqual(visitor.follow("Completed").todos, ["Milk 0 ✓"])
        self.assertEqual(visitor.page.query["q"], "mil")
        self.assertEqual(visitor.press("Add", title=" ").values["q"], "mil")
        visitor.press("Complete all")
        self.assertEqual(visitor.press("Clear completed").todos, [])
        self.assertEqual(visitor.add("Tea").todos[:2], ["Tea", "<b>"])


if __name__ == "__main__":
    logging.disable()  # what the frameworks say of bad requests
    unittest.main()
