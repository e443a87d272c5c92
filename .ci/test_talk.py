"""The talk, given by a machine: each step shows what its message says.

python -m pytest .ci/test_talk.py

A speaker would be hurt by a step that breaks a page in front of people. So
both live-coding servers run while the tags are checked out, forwards and back,
with one database and one visitor all the way.
"""

import re
import subprocess
import sys
from urllib.parse import urlencode

import psutil
import pytest
from demo import LIVE, PASSWORD, ROOT, eventually
from steps import FRAMEWORKS, read_steps
from talk import write_talk

sys.path.insert(0, str(ROOT))
from test_all import Visitor, text  # noqa: E402

STEPS = list(read_steps())
DEED = r"(?:\b(open|follow|press|add|see)|\band)\s`(.+?)`|(sign up|log in)"
NOT_YET = (AssertionError, AttributeError, LookupError)


def git(folder, *arguments):
    """Return what git says about a talk."""
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def talk(tmp_path):
    """Give the folder of a talk."""
    write_talk(tmp_path / "talk")
    return tmp_path / "talk"


class Person(Visitor):
    """A visitor of a server, who comes from its own pages."""

    def __init__(self, server):
        super().__init__(server.client())
        self.origin, self.username = server.url, "nobody"

    def post(self, address, data=()):
        return super().post(address, data, self.origin)


class Speaker:
    """One framework's server for live coding, and who looks at its pages."""

    def __init__(self, serve, pair, framework):
        self.name, self.framework = f"{pair}_{framework.lower()}", framework
        self.serve = serve
        self.server = self.start(LIVE[framework.lower()])
        self.person = Person(self.server)
        self.seen = ["/"]

    def start(self, *command):
        """Return a server of the script in the folder of the talk."""
        server = self.serve(self.name, *command, folder="talk")
        server.may_fail = True  # what is not there yet may be an error
        return server

    def state(self):
        """Return what is served, and by which processes."""
        children = psutil.Process(self.server.process.pid).children
        return self.server.file.read_bytes(), set(children(recursive=True))

    def wait(self, before):
        """Wait until all processes are new ones, if the script has changed."""

        def expect_reload():
            script, processes = self.state()
            is_new = processes and not processes & before[1]
            assert script == before[0] or is_new

        eventually(expect_reload)
        self.server.wait()

    def play(self, promise):
        """Do what a step says, see what it says."""
        promise = promise.replace(f"{self.framework}'s `", "`")
        person, verb = self.person, None
        if f"PORT=8001 python {self.name}.py" in promise:
            person = Person(self.start())
        else:
            page = person.open(self.seen[-1])
        for word, quoted, deed in re.findall(DEED, promise, re.I):
            verb = (word or deed).lower() or verb
            if verb == "see":
                assert quoted in text(page.root), quoted
                continue
            if verb == "log in" and "createsuperuser" in promise:
                self.make_superuser()
            page = self.do(person, verb, quoted)
            assert page.status < 500, (verb, quoted, page.status)
            self.seen += [page.address] * (person is self.person)

    def do(self, person, verb, what):
        """Return the page after something that a visitor does."""
        if verb == "sign up":
            person.username = "ada"
            person.follow("Sign up")
            return person.sign_up(person.username)
        if verb == "log in":
            typed = {"username": person.username, "password": PASSWORD}
            return person.press("Log in", **typed)
        return getattr(person, verb)(what)

    def make_superuser(self):
        """Run createsuperuser; log in as admin from now on."""
        options = ["--noinput", "--username=admin", "--email=a@example.com"]
        command = [sys.executable, self.server.file, "createsuperuser"]
        environ = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        subprocess.run([*command, *options], env=environ, check=False)
        self.person.username = "admin"

    def look(self, addresses):
        """Open pages, logged in and not: none may be an error."""
        for person in (self.person, Person(self.server)):
            for address in addresses:
                page = person.client.get(address, follow_redirects=True)
                assert page.status_code < 500, address


def test_a_commit_is_a_step(talk):
    tags = [step.tag for step in STEPS] + ["todo-search"]
    log = git(talk, "log", "--reverse", "--format=%D", "main")
    assert re.findall(r"tag: ([\w-]+)", log) == tags
    for step in STEPS:
        message = git(talk, "log", "-1", "--format=%B", step.tag)
        assert message.strip() == f"{step.title}\n\n{step.text}"
        for name in step.scripts:
            script = git(talk, "show", f"{step.tag}:{name}")
            compile(script, name, "exec")
    for path in ROOT.glob("*_*.py"):
        if path.name != "test_all.py":
            last = git(talk, "show", f"todo-11:{path.name}")
            assert last == path.read_text("utf-8"), path.name


def test_a_folder_that_is_in_use_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(OSError, match="not empty"):
        write_talk(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def check_out(tag, talk, speakers):
    """Go to a step, under both running servers."""
    states = [speaker.state() for speaker in speakers]
    git(talk, "checkout", tag)
    for speaker, state in zip(speakers, states, strict=True):
        speaker.wait(state)


@pytest.mark.parametrize("pair", ["hello", "site", "todo"])
def test_each_step_shows_what_it_says(pair, talk, serve):
    steps = [step for step in STEPS if re.match(f"{pair}-[^0]", step.tag)]
    git(talk, "checkout", steps[0].tag)
    speakers = [Speaker(serve, pair, framework) for framework in FRAMEWORKS]
    seen = {}
    for step in steps:
        busy = [who for who in speakers if step.new[f"{who.name}.py"]]
        if step is not steps[0]:
            for speaker in busy:
                with pytest.raises(NOT_YET):  # or it shows nothing new
                    speaker.play(step.text)
            check_out(step.tag, talk, speakers)
        for speaker in busy:
            speaker.play(step.text)
        for speaker in speakers:
            speaker.look(speaker.seen)
        seen[step.tag] = [list(speaker.seen) for speaker in speakers]
    for tag in reversed(seen):
        check_out(tag, talk, speakers)
        for speaker, addresses in zip(speakers, seen[tag], strict=True):
            speaker.look(addresses)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_search_finds(framework, talk, serve):
    git(talk, "checkout", "todo-search")
    speaker = Speaker(serve, "todo", framework)
    person = speaker.person
    person.sign_up("ada")
    person.add("50%", "a_b", "<b>")
    speaker.server.seed((f"Milk {number}", False) for number in range(51))
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
