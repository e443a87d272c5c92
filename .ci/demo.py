"""The demos as processes, for the tests and the figures.

    with Server("todo_flask", folder) as server:
        member = server.sign_up("ada")
        server.seed((f"To-do {n}", n % 2) for n in range(100))
        assert "To-do 99" in member.get("/").text

What the environment says to other programs (PORT, FLASK_DEBUG and the like)
does not reach a demo.
"""

import contextlib
import itertools
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import tenacity

ROOT = Path(__file__).resolve().parent.parent
PAIRS = [[f"{p}_flask", f"{p}_django"] for p in ("hello", "site", "todo")]
RUN = "{python} {name}.py"
LIVE = {  # the commands for live coding
    "flask": "{python} -m flask --app {name} run --debug --port {port}",
    "django": "{python} {name}.py runserver {port}",
}
TABLES = {
    "todo_flask": {"todo": "todo", "user": "user"},
    "todo_django": {"todo": "todo_todo", "user": "auth_user"},
}
PASSWORD = "correct horse"
PATIENCE = 60  # seconds until something counts as hanging
FOREIGN = re.compile("DJANGO|FLASK|PORT$|PYTHON|SECRET_KEY|WERKZEUG")
# The rest is an error: waitress alone may leave open what it has at the end.
WARNINGS = "error,ignore:unclosed file <waitress,ignore:unclosed <socket"
# Systems give no client one of these.
PORTS = itertools.count(20_000 + os.getpid() * 37 % 9_000)


def eventually(attempt, *args):
    """Return what a function returns, once it does not fail."""
    failures = (AssertionError, OSError, httpx.TransportError)
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(failures),
        stop=tenacity.stop_after_delay(PATIENCE),
        wait=tenacity.wait_fixed(0.005),
        reraise=True,
    )(attempt, *args)


def claim_port():
    """Return a port that nobody has, and what keeps others here from it."""
    for port in PORTS:
        claim = socket.socket(type=socket.SOCK_DGRAM)  # which no demo needs
        try:
            claim.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
            return port, claim
        except OSError:
            claim.close()


class Server:
    """A script as a process, alone in a folder, on a port of its own.

    It is being started: `with`, wait(), client() and sign_up() wait for it.
    A variable of the environment that is given as None is not there.
    """

    def __init__(self, name, folder, command=RUN, **environ):
        self.name = name
        self.port, self.claim = claim_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.may_fail = False  # or its traceback is a fault: see conftest.py
        self.file = folder / f"{name}.py"
        self.database = folder / f"{name}.sqlite3"
        if not self.file.exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / self.file.name, folder)
        words = {"python": sys.executable, "name": name, "port": self.port}
        own = {"PORT": str(self.port), "PYTHONWARNINGS": WARNINGS, **environ}
        env = {k: os.environ[k] for k in os.environ if not FOREIGN.match(k)}
        env |= {k: own[k] for k in own if own[k] is not None}
        self.out = folder.with_name(f"{folder.name}.{self.port}.out")
        self.err = self.out.with_suffix(".err")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                [word.format(**words) for word in command.split()],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def output(self):
        """Return what it has printed so far."""
        logs = (self.out, self.err)
        return "".join(log.read_text("utf-8", "replace") for log in logs)

    def wait(self):
        """Wait until it listens; return it."""

        def connect():
            if self.process.poll() is not None:
                raise RuntimeError(f"it has ended: {self.output()}")
            socket.create_connection(("127.0.0.1", self.port)).close()

        eventually(connect)
        return self

    def client(self, cookies=None):
        """Return an HTTP client that sends what browsers and forms send."""
        client = httpx.Client(
            base_url=self.wait().url,
            cookies=cookies,
            headers={"Origin": self.url},
            timeout=PATIENCE,
            trust_env=False,
            verify=False,  # quicker to make, and nothing here is encrypted
        )

        def add_token(request):  # of Django's forms
            token = client.cookies.get("todo_django_csrf", "")
            request.headers["X-CSRFToken"] = token

        client.event_hooks = {"request": [add_token]}
        return client

    def sign_up(self, username, path="/signup/"):
        """Return a client that has signed up, or logged in at /login/."""
        client = self.client()
        client.get(path)
        passwords = ("password", "password1", "password2")
        form = {"username": username} | dict.fromkeys(passwords, PASSWORD)
        assert client.post(path, data=form).status_code == 302
        return client

    def query(self, sql, rows=None):
        """Run SQL, about {todo} and {user}; for each of the rows, if given."""
        sql = sql.format(**TABLES[self.name])
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            if rows is None:
                return db.execute(sql).fetchall()
            return db.executemany(sql, rows)

    def seed(self, todos, username="ada"):
        """Add (title, completed) pairs to a list; the last will be on top."""
        owner = f"(SELECT id FROM {{user}} WHERE username = '{username}')"
        sql = "INSERT INTO {todo} (owner_id, title, completed) VALUES"
        self.query(f"{sql} ({owner}, ?, ?)", todos)

    def interrupt(self):
        """Press Ctrl-C; return its status. (uv leaves that to the script.)"""
        first = psutil.Process(self.process.pid)
        [first, *first.children()][-1].send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def stop(self):
        """Kill it, with what it has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.process.pid)
            for process in [first, *first.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self.process.wait(PATIENCE)
        self.claim.close()

    __enter__ = wait

    def __exit__(self, *error):
        self.stop()
