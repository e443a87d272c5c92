# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Give the talk: both servers, each step, what to say, and a clock.

Give it:    python .show/talk.py ../talk
Needs:      git; pip install flask django waitress

The folder becomes a git repository with a commit and a tag for each step. If
it is one already, the talk goes on from there.
"""

import argparse
import os
import signal
import sys
import time
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from secrets import token_hex
from shutil import get_terminal_size, which
from textwrap import fill
from threading import Thread

from stage import HOST, MADE, Server, check_out, compare, git, is_free
from stage import serve_attack, stamp, write_talk
from steps import read_steps

KEYS = """
Enter  next   a tag  that step                   v  as visitors see it
b      back   r      anew, with empty lists      o  open both pages
q      end    ?      all steps, and these keys
"""


class Talk:
    """Where the talk stands, and what its speaker sees and does."""

    def __init__(self, folder, steps, route, ports):
        self.folder, self.steps, self.route = folder, steps, route
        self.ports, self.servers = ports, []
        self.typed, self.begun = SimpleQueue(), None

    def run(self):
        """Do what is typed until the end, and leave no process behind."""
        # Handlers raise nothing: a server may just be starting, or ending.
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if number := getattr(signal, name, None):
                signal.signal(number, lambda *_: self.typed.put("q"))
        Thread(target=self.listen, daemon=True).start()
        try:
            self.show()
            while (key := self.wait()) != "q":
                self.obey(key)
        finally:
            self.stop()
            print()

    def listen(self):
        """Read what is typed, in a thread; where it ends, the talk ends."""
        try:
            # Unbuffered: Python could not end while a thread has a buffer.
            with open(0, "rb", buffering=0, closefd=False) as lines:
                for line in lines:
                    self.typed.put(line.decode("utf-8", "replace").strip())
        finally:
            self.typed.put("q")

    def wait(self):
        """Return what is typed next; until then, keep all else right."""
        shown = ""
        while self.typed.empty():
            if stamp(self.folder / ".git/HEAD") not in (self.head, None):
                shown = self.show()  # somebody has used git
            for server in self.servers:
                if words := server.watch():
                    print(f"\n\n{server.script.name} has ended:\n\n{words}")
                    shown = ""
            if shown != (shown := self.clock()):
                print(f"\r{shown} > ", end="", flush=True)
            time.sleep(0.1)  # what waits for longer misses Ctrl-C on Windows
        return self.typed.get()

    def clock(self):
        """Return how many minutes are gone, and what the plan says to it."""
        if self.begun is None:
            return "Enter starts the clock, ? shows the keys"
        gone = (time.monotonic() - self.begun) / 60
        late = gone - min(max(gone, self.plan), self.plan + self.step.minutes)
        pace = f"{abs(late):.0f} {'behind' if late > 0 else 'ahead'}"
        total = sum(step.minutes for step in self.route)
        return f"{gone:.0f} of {total:.0f} min, {pace if late else 'in time'}"

    def obey(self, key):
        """Do what the speaker has typed."""
        named = [step for step in self.steps if step.tag == key]
        match key:
            case "" if self.begun is None:
                self.begun = time.monotonic() - 60 * self.plan
            case "" if self.after:
                typed = compare(self.folder, self.after[0])
                self.go(self.after[0], note=typed)
            case "":
                print("That was the last step; q ends the talk.")
            case "b" if self.before:
                self.go(self.before[-1])
            case "r":
                self.go(self.step, False, "Anew, with empty lists.")
            case "v":
                mode = "As visitors see it" if self.is_live else "For you"
                self.show(not self.is_live, f"{mode}; v changes that.")
            case "o":
                for port in self.ports[:2]:
                    print(address := f"http://{HOST}:{port}/")
                    webbrowser.open(address)
            case _ if named:
                self.go(*named)
            case _:
                if key not in ("?", "b"):
                    print(f"There is no {key}.")
                for step in self.steps:
                    here = ">" if step == self.step else " "
                    print(f"{here} {step.tag:12}{step.title}")
                print(KEYS)

    def go(self, step, with_data=True, note=""):
        """Go to a step, and show it."""
        if not note and git(self.folder, "diff", "HEAD"):
            note = "What you had changed in the scripts is gone."
        self.stop()
        self.show(note=check_out(self.folder, step.tag, with_data) or note)

    def stop(self):
        """End both servers."""
        for server in self.servers:
            server.stop()

    def show(self, is_live=True, note=""):
        """Serve and show the step where the folder stands."""
        self.stop()
        self.head, self.is_live = stamp(self.folder / ".git/HEAD"), is_live
        tags = git(self.folder, "tag", "--merged").split()
        *before, step = [step for step in self.steps if step.tag in tags]
        self.before = [s for s in before if s in self.route]
        self.after = [s for s in self.route if s.tag not in tags]
        self.step, self.plan = step, sum(s.minutes for s in self.before)
        self.servers = [
            Server(self.folder / name, port, is_live)
            for name, port in zip(step.scripts, self.ports, strict=False)
        ]
        if step.run:
            self.servers[1].start(step.run)
            self.servers[1].process.wait()
            self.servers[1].stop()  # it has ended, and that is no news
        print("\n" * get_terminal_size().lines)
        title = f"{step.tag}: {step.title} ({step.minutes:g} min)"
        say = f"Say: {step.say or 'nothing'}"
        coming = [f"Next: {s.tag}, {s.title}" for s in self.after[:1]]
        typing = [f"To type it: {s.type}" for s in self.after[:1] if s.type]
        for text in (title, step.text, say, *coming, *typing, note):
            words = text.replace(":9000", f":{self.ports[2]}").split()
            print(fill(" ".join(words), 72), end="\n\n")


def main():
    """Make the talk if it is not there, and give it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--short", action="store_true", help="15 minutes")
    ports = {"nargs": 3, "type": int, "default": [5000, 8000, 9000]}
    parser.add_argument("--ports", **ports, metavar="PORT")
    wanted = parser.parse_args()
    folder, steps, ports = wanted.folder, list(read_steps()), wanted.ports
    if not all(map(find_spec, ["flask", "django", "waitress"])):
        sys.exit("Something is missing: pip install flask django waitress")
    if not which("git"):
        sys.exit("There is no git: get it from https://git-scm.com")
    if taken := [port for port in ports if not is_free(port)]:
        sys.exit(f"Port {taken[0]} is taken: end what has it, or see --help")
    if not folder.exists():
        write_talk(folder, steps)
    elif not (folder / MADE).exists():
        sys.exit(f"{folder} is there and no talk: name another, or delete it")
    serve_attack(*ports)
    # With bytecode, two saves in one second could run the first one's.
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "1", "SECRET_KEY": token_hex()}
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = "admin"
    route = [s for s in steps if s.is_short or s.minutes and not wanted.short]
    Talk(folder, steps, route, ports).run()


if __name__ == "__main__":
    main()
