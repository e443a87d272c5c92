"""What the talk stands on: a git repository, servers, and another site."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from steps import ROOT

HOST = "127.0.0.1"  # at localhost:5000, macOS may answer for AirPlay
MADE = ".git/made"  # a file that only a talk has, and only when it is whole
LIVE = {  # without reloaders: Windows would not end what those start
    "flask": "-m flask --app {name} run --debug --no-reload --port {port}",
    "django": "{name}.py runserver --noreload {port}",
}


def git(folder, *words):
    """Return what git says of a folder; raise OSError if that is no."""
    quiet = {"stdin": subprocess.DEVNULL, "capture_output": True}
    quiet["start_new_session"] = True  # no Ctrl-C stops it halfway
    command = ["git", "-C", folder, *words]
    run = subprocess.run(command, check=False, encoding="utf-8", **quiet)
    if run.returncode:
        raise OSError(run.stderr.strip())
    return run.stdout


def write_talk(folder, steps):
    """Write all steps into a new folder, with the settings in .show/git."""
    git(".", "init", "--quiet", f"--template={ROOT / '.show/git'}", folder)
    for step in steps:
        for name, lines in step.scripts.items():
            script = "".join(f"{line}\n" for line in lines)
            (folder / name).write_bytes(script.encode())  # \n on all systems
        git(folder, "add", ".")
        title = f"{step.tag}: {step.title}"
        git(folder, "commit", "--quiet", "-m", title, "-m", step.text)
        git(folder, "tag", step.tag)
    git(folder, "checkout", "--quiet", "hello-1")
    (folder / MADE).touch()


def compare(folder, step):
    """Return how much of a step was not typed; nothing, if all was not."""
    if not git(folder, "diff", "HEAD", "--", *step.scripts):
        return ""
    options = ["-R", "-w", "--ignore-blank-lines", "--shortstat", step.tag]
    left = git(folder, "diff", *options, "--", *step.scripts)
    return f"Completed {step.tag}:{left or ' nothing was missing'}"


def check_out(folder, tag, with_data):
    """Go to a step, or stay and return why; delete the databases if told."""
    for _ in range(30):  # Windows may refuse it while a process is ending
        try:
            for path in [] if with_data else folder.glob("*.sqlite3*"):
                path.unlink()
            return git(folder, "checkout", "--quiet", "--force", tag)
        except OSError as error:
            told = f"Not done: {error}"
            time.sleep(0.1)
    return told


def is_free(port):
    """Return whether nobody listens on a port."""
    with suppress(OSError):
        socket.create_server((HOST, port)).close()
        return True
    return False


def stamp(path):
    """Return what a change of a file changes; None while there is no file."""
    with suppress(OSError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size


class Server:
    """What serves a script: watch() starts it, and anew after each save."""

    def __init__(self, script, port, is_live):
        self.script, self.port = script, port
        self.log = script.parent / f".git/{script.name}.log"
        framework = script.stem.partition("_")[2]
        command = LIVE[framework] if is_live else "{name}.py"
        self.command = command.format(name=script.stem, port=port)
        self.process = self.started = self.seen = None

    def stop(self):
        """End it, and wait for that: on Windows two may share a port."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def start(self, command):
        """Start a command, away from the speaker's keys and screen."""
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command.split()],
                cwd=self.script.parent,
                env={**os.environ, "PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def watch(self):
        """Start it when that is due; return its last words if it has ended."""
        last, self.seen = self.seen, stamp(self.script)
        # Not "newer": a checkout goes back. An editor may write in two goes.
        if self.started != self.seen == last:
            self.stop()
            if is_free(self.port):
                self.start(self.command)
                self.started = self.seen
        elif self.process and self.process.poll() is not None:
            self.process = None
            log = self.log.read_text("utf-8", "replace")
            # Of a traceback, what is about the script.
            others = rf'^  File "(?!.*{self.script.name}).*\n(?:    .*\n)*'
            return re.sub(others, "", log, flags=re.M) or "without a word"
        return ""


def serve_attack(flask, django, port):
    """Serve another site, whose only page attacks the two lists."""
    page = (ROOT / ".show/attack.html").read_text(encoding="utf-8")
    page = page.replace(":5000", f":{flask}").replace(":8000", f":{django}")

    class OtherSite(BaseHTTPRequestHandler):
        def do_GET(self):
            self.wfile.write(f"HTTP/1.0 200 OK\r\n\r\n{page}".encode())

    server = ThreadingHTTPServer((HOST, port), OtherSite)
    Thread(target=server.serve_forever, daemon=True).start()
