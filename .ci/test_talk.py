"""The talk, given by a machine: each step shows what its message says.

A speaker would be hurt by a step that breaks a page in front of people. So
a live-coding server runs while the tags are checked out, forwards and back,
with one database and one visitor all the way.
"""

import re
import shutil
import subprocess
from urllib.parse import urlencode

import psutil
import pytest
from servers import LIVE, PASSWORD, PATIENCE, ROOT, RUN, eventually
from steps import read_steps
from talk import write_talk
from test_all import Visitor, text


STEPS = list(read_steps())
EITHER = r"Flask's (`.+?`) or Django's (`.+?`)"
DEED = r"\b(?:(open|follow|press|add|see|and) `(.+?)`|(sign up|log in))"
NOT_YET = (AssertionError, AttributeError, LookupError)
ADMIN = f"{RUN} createsuperuser --noinput --username=admin --email=a@b.example"


def git(folder, *arguments):
    """Return what git says about a talk."""
    command = ["git", *arguments]
    return subprocess.check_output(command, cwd=folder, encoding="utf-8")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Give the folder of a talk, to be copied."""
    folder = tmp_path_factory.mktemp("original") / "talk"
    write_talk(folder)
    return folder


@pytest.fixture
def talk(original, tmp_path):
    """Give the folder of a talk."""
    return shutil.copytree(original, tmp_path / "talk")


class Person(Visitor):
    """A visitor of a server, who comes from its own pages."""

    def __init__(self, server):
        super().__init__(server.client())
        self.origin, self.username = server.url, "nobody"

    def post(self, address, data=()):
        return super().post(address, data, self.origin)


class Speaker:
    """A server for live coding, and who looks at its pages."""

    def __init__(self, start, talk, name):
        self.start, self.talk, self.name = start, talk, name
        self.server = self.run(LIVE[name.partition("_")[2]])
        self.person = Person(self.server)
        self.person.open("/")
        self.seen = {"/"}

    def run(self, command, **environ):
        """Return the script, being started in the folder of the talk."""
        server = self.start(self.name, command, folder=self.talk, **environ)
        server.may_fail = True  # what is not there yet may be an error
        return server

    def check_out(self, tag):
        """Go to a step, wait until new processes serve it."""
        old = self.server.process.children(recursive=True)
        git(self.talk, "checkout", tag)
        for attempt in eventually:
            with attempt:
                self.server.file.touch()  # it may not have been watched before
                _, alive = psutil.wait_procs(old, timeout=10)
                assert not alive
        self.server.wait()

    def play(self, promise):
        """Do what a step says, see what it says."""
        own = r"\1" if "flask" in self.name else r"\2"
        promise = re.sub(EITHER, own, " ".join(promise.split()))
        person, verb = self.person, None
        if f"PORT=8001 python {self.name}.py" in promise:
            person = Person(self.run(RUN))
        else:
            person.open(person.page.address)
        if "createsuperuser" in promise:
            command = self.run(ADMIN, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
            command.process.wait(PATIENCE)
            person.username = "admin"
        for word, quoted, phrase in re.findall(DEED, promise, re.I):
            verb = verb if word == "and" else (word or phrase).lower()
            match verb:
                case "see":
                    assert quoted in text(person.page.root), quoted
                case "sign up":
                    person.sign_up("ada")
                case "log in":
                    typed = {"username": person.username, "password": PASSWORD}
                    person.press("Log in", **typed)
                case _:
                    getattr(person, verb)(quoted)
            assert person.page.status < 500, (verb, quoted)
            self.seen.add(person.page.address)

    def look(self):
        """Open all pages seen so far, logged in and not: none is an error."""
        for person in (self.person, Person(self.server)):
            for address in sorted(self.seen):
                page = person.client.get(address, follow_redirects=True)
                assert page.status_code < 500, address


def test_a_commit_is_a_step(talk):
    text = (ROOT / ".show/steps.md").read_text("utf-8")
    assert len(STEPS) == text.count("\n### ")
    options = ["--reverse", "--decorate-refs=refs/tags", "--format=%D%n%B"]
    log = git(talk, "log", *options, "todo-search~")
    assert log == "".join(
        f"tag: {step.tag}\n{step.title}\n\n{step.text}\n\n" for step in STEPS
    )
    scripts = {}
    for step in STEPS:
        for name in step.scripts:
            scripts[name] = git(talk, "show", f"{step.tag}:{name}")
            compile(scripts[name], name, "exec")
    for name, script in scripts.items():
        assert script == (ROOT / name).read_text("utf-8"), name
    with pytest.raises(OSError):  # nothing is written into what is there
        write_talk(talk)


@pytest.mark.parametrize("framework", LIVE)
@pytest.mark.parametrize("pair", ["todo", "site", "hello"])  # longest first
def test_each_step_shows_what_it_says(pair, framework, talk, start):
    other = "Django" if framework == "flask" else "Flask"
    _starter, first, *steps = [
        step
        for step in STEPS
        if step.tag.startswith(pair) and f"{other} alone" not in step.title
    ]
    git(talk, "checkout", first.tag)
    speaker = Speaker(start, talk, f"{pair}_{framework}")
    speaker.play(first.text)
    speaker.look()
    for step in steps:
        print(f"Before and at {step.tag}:")  # shown with what fails
        with pytest.raises(NOT_YET):  # or it shows nothing new
            speaker.play(step.text)
        speaker.check_out(step.tag)
        speaker.play(step.text)
        speaker.look()
    for step in [first, *steps[:-1]][::-1]:
        speaker.check_out(step.tag)
        speaker.look()


@pytest.mark.parametrize("name", ["todo_flask", "todo_django"])
def test_the_search_finds(name, talk, start):
    git(talk, "checkout", "todo-search")
    server = start(name, folder=talk)
    person = Person(server)
    person.sign_up("ada")
    person.add("50%", "a_b", "<b>")
    server.seed((f"Milk {number}", False) for number in range(51))
    found = {"mILK 50": "Milk 50", "%": "50%", "_": "a_b", "<b>": "<b>"}
    for words in [*found, "x", '"', "' OR 1 --"]:
        todos = [found[words]] if words in found else []
        page = person.open("/?" + urlencode({"q": words}))
        assert (page.values["q"], page.todos) == (words, todos)
    person.open("/?q=mil")
    assert person.follow("Older").todos == ["Milk 0"]
    person.press("Complete Milk 0")
    person.follow("Milk 0")
    assert person.press("Save").todos == ["Milk 0 ✓"]
    assert person.follow("Completed").todos == ["Milk 0 ✓"]
    assert person.press("Add", title=" ").values["q"] == "mil"
    person.press("Complete all")
    person.press("Clear completed")
    assert person.open("/").todos == ["<b>", "a_b", "50%"]
