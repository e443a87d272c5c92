"""The talk, given by a machine: through the command, as a speaker gives it.

A speaker would be hurt by a step that breaks a page in front of people, by a
text that promises what is not so, and by what a command leaves behind.
"""

import contextlib
import os
import re
import signal
import socket
import sys
from symtable import symtable

import httpx
import psutil
import pytest
from pexpect.popen_spawn import PopenSpawn
from servers import HTTP, PATIENCE, ROOT, claim_port, eventually
from stage import git, is_free, write_talk
from steps import find_names, read_steps
from test_all import PASSWORD, Page, Visitor, text

STEPS = {step.tag: step for step in read_steps()}
# What is done and seen at each step: in Flask | in Django, if not the same.
DEEDS = (ROOT / ".ci/talk.txt").read_text(encoding="utf-8")
DEEDS = dict(line.split(": ", 1) for line in DEEDS.splitlines())
NOT_YET = (AssertionError, AttributeError, LookupError)


class Person(Visitor):
    """Who does what a step says: 0 in Flask's half, 1 in Django's."""

    def __init__(self, number, ports):
        self.number, self.ports, self.seen = number, ports, {"/"}
        self.url = f"http://127.0.0.1:{ports[number]}"
        super().__init__(self.new_client())

    def new_client(self):
        return httpx.Client(base_url=self.url, **HTTP)

    def send(self, address, data=()):
        return super().send(address, data, self.url)

    def log_in(self, username, password=PASSWORD):
        self.open("/login/")
        return self.press("Log in", username=username, password=password)

    def see(self, words):
        said = text(self.page.root)  # with the style sheet, far above
        assert words in said, f"no {words!r} (.ci/talk.txt): {said[-500:]}"

    def vote(self, button):
        """Press a button of the other site, in vain."""
        site = f"http://127.0.0.1:{self.ports[2]}"
        address, data = Page(httpx.get(site, **HTTP), site).form(button)
        assert super().send(address, data, site).status_code == 403

    def play(self, tag):
        """Do what is done at a step, see what is seen."""
        for deed in DEEDS[tag].split("; "):
            verb, _, words = deed.partition(" ")
            words = words.split(" | ")
            words = words[self.number % len(words)].split(" & ")
            getattr(self, verb)(*words)
            assert self.page.status < 500, deed
            if "edit" not in self.page.address:  # which comes after its link
                self.seen.add(self.page.address)

    def look(self):
        """Open all pages seen so far, logged in and not: none is an error."""
        eventually(self.client.get, "/")  # which may just be starting
        for client in (self.client, self.new_client()):
            for address in sorted(self.seen):
                page = client.get(address, follow_redirects=True)
                assert page.status_code < 500, address


class Speaker(PopenSpawn):
    """Who types into the command, and reads what it shows."""

    def __init__(self, folder, *options, python=(), **environ):
        claims = [claim_port() for _ in range(3)]
        self.ports, self.claims = zip(*claims, strict=True)
        self.people = [Person(n, self.ports) for n in (0, 1)]
        command = [sys.executable, *python, ROOT / ".show/talk.py", folder]
        words = map(str, [*command, "--ports", *self.ports, *options])
        env = {**os.environ, "PYTHONIOENCODING": "utf-8", **environ}
        start = {"cwd": folder.parent, "env": env, "encoding": "utf-8"}
        super().__init__([*words], PATIENCE, **start)
        self.delayafterread = 0.01  # seconds between two looks
        self.processes = [psutil.Process(self.pid)]

    def see(self, words):
        self.expect_exact(words)
        self.processes += self.processes[0].children(recursive=True)

    def type(self, key, words):
        self.sendline(key)
        self.see(words)

    def close(self):
        """End its input, if it is not over: nothing of it may be left."""
        self.sendeof()
        _, alive = psutil.wait_procs(self.processes, PATIENCE)
        for process in alive:
            process.kill()
        assert not alive and all(map(is_free, self.ports))


def test_a_commit_is_a_step(tmp_path, monkeypatch):
    settings = tmp_path / "settings"
    settings.write_text("[commit]\ngpgSign = true\n[tag]\ngpgSign = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    talk = tmp_path / "talk"
    write_talk(talk, STEPS.values())
    for tag, step in STEPS.items():
        slide = git(talk, "show", tag)
        assert slide.startswith(f"{tag}: {step.title}\n\n{step.text}\n")
        assert max(map(len, step.text.splitlines())) <= 76, tag
    slide = git(talk, "show", "todo-4")
    halves = re.findall(r"^diff --git a/(\w+)", slide, re.M)
    assert halves == ["todo_flask", "todo_django"]
    for tag in ("hello-1", "site-5", "todo-11"):
        for name in STEPS[tag].scripts:
            script = (ROOT / name).read_text("utf-8")
            assert git(talk, "show", f"{tag}:{name}") == script


def test_a_step_defines_all_names_that_it_uses():
    shown = [step for step in STEPS.values() if step.minutes]
    for step, name in [(s, name) for s in shown for name in s.scripts]:
        script = symtable("\n".join(step.scripts[name]), name, "exec")
        own = {it.get_name() for it in script.get_symbols() if it.is_local()}
        unknown = find_names(script) - own - {"__file__"}
        assert not unknown, f"{name} needs {unknown} at {step.tag}"


def test_a_text_promises_what_is_done_and_seen():
    assert "todo-search" in STEPS, "python .show/talk.py ../talk says why"
    assert sum(step.minutes for step in STEPS.values()) == 45
    assert sum(s.minutes for s in STEPS.values() if s.is_short) == 15
    assert DEEDS.keys() == {tag for tag in STEPS if STEPS[tag].minutes}
    for tag, step in STEPS.items():
        scripts = sum(step.scripts.values(), [*step.scripts])
        known = "\n".join([*DEEDS.values(), *scripts])
        for words in re.findall("`(.+?)`", " ".join(step.text.split())):
            assert words in known, (tag, words)


@pytest.mark.parametrize("options", [[], ["--short"]])
def test_each_step_shows_what_it_says(options, tmp_path):
    titles = {
        tag: f"\n{tag}: {step.title}"
        for tag, step in STEPS.items()
        if step.is_short or (step.minutes and not options)
    }
    with contextlib.closing(Speaker(tmp_path / "talk", *options)) as speaker:
        speaker.see("Enter starts the clock")
        speaker.type("", "0 of 15" if options else "0 of 45")
        for tag, title in titles.items():
            people = speaker.people[tag == "todo-11" :]
            if tag != "hello-1":
                for person in people:
                    with pytest.raises(NOT_YET):  # or it shows nothing new
                        person.play(tag)
                speaker.type("", title)
            if tag in ("site-5", "todo-10"):
                speaker.type("v", title)
            for person in people:
                person.look()
                person.play(tag)
        for title in [*titles.values()][-2::-1]:
            speaker.type("b", title)
            for person in speaker.people:
                person.look()


def test_what_goes_wrong_is_one_key_away_from_right(tmp_path):
    talk = tmp_path / "talk"

    def save(name, lines):
        (talk / name).write_bytes("\n".join([*lines, ""]).encode())

    with contextlib.closing(Speaker(talk, BROWSER="mkdir -p %s")) as speaker:
        speaker.type("site-2", "\nsite-2: ")
        scripts = STEPS["site-2"].scripts.items()
        for person, (name, lines) in zip(speaker.people, scripts, strict=True):
            person.look()
            save(name, [*lines, "("])
            speaker.see(f"{name} has ended")
            save(name, lines)
            eventually(person.play, "site-2")
        speaker.type("todo-5", "\ntodo-5: ")
        for name, lines in STEPS["todo-6"].scripts.items():
            save(name, [line for line in lines if "    title " not in line])
        speaker.see("todo_django.py has ended")
        speaker.type("", " of 45 min")
        speaker.type("", "Completed todo-6: 2 files changed")
        speaker.type("r", "\ntodo-6: ")
        for person in speaker.people:
            person.look()
            person.sign_up("ada")
            person.play("todo-6")
        for name, lines in STEPS["todo-7"].scripts.items():
            save(name, lines)
        speaker.type("", "Completed todo-7: nothing was missing")
        git(talk, "checkout", "--quiet", "--force", "site-1")
        speaker.see("\nsite-1: ")
        if os.name == "posix":
            speaker.type("o", "")
            eventually((tmp_path / person.url.replace("//", "/")).stat)
            for _ in range(2):
                speaker.kill(signal.SIGINT)


def test_what_is_in_the_way_is_said_in_a_line(tmp_path):
    talk = tmp_path / "talk"
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        for words, speaker in (
            ("is there and no talk", Speaker(tmp_path)),
            ("is taken", Speaker(talk, "--ports", taken, 0, 0)),
            ("There is no git", Speaker(talk, PATH="")),
            ("pip install flask", Speaker(talk, python=["-S"])),
        ):
            said = speaker.read()
            assert words in said and said.count("\n") == 1
            assert speaker.wait() == 1 and not talk.exists()
