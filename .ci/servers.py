"""The demos as processes, for the tests, the figures and the pictures.

Needs: pip install flask django waitress httpx psutil tenacity, and for tests
       pytest pytest-xdist uv
"""

import contextlib
import itertools
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import tenacity

ROOT = Path(__file__).resolve().parent.parent
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
# What the environment says to other programs does not reach a demo.
FOREIGN = re.compile("DJANGO|FLASK|PORT$|PYTHON|SECRET_KEY|WERKZEUG")
# The rest is an error: waitress alone may leave open what it has at the end.
WARNINGS = "error,ignore:unclosed file <waitress,ignore:unclosed <socket"
# Systems give no client one of these.
PORTS = itertools.count(20_000 + os.getpid() * 37 % 9_000)
FAILURES = (AssertionError, OSError, httpx.TransportError)

# eventually(f, x) returns what f(x) returns, once that does not fail.
eventually = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(FAILURES),
    stop=tenacity.stop_after_delay(PATIENCE),
    wait=tenacity.wait_fixed(0.005),
    reraise=True,
)


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
    """A demo that is being started; with, wait() and client() wait for it."""

    def __init__(self, name, folder, command=RUN, **environ):
        self.name = name
        self.port, self.claim = claim_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.may_fail = False  # or its traceback is a fault: see conftest.py
        self.file = folder / f"{name}.py"
        self.database = folder / f"{name}.sqlite3"
        self.log = folder / f"{self.port}.log"
        if not self.file.exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / self.file.name, folder)
        words = {"python": sys.executable, "name": name, "port": self.port}
        env = {k: os.environ[k] for k in os.environ if not FOREIGN.match(k)}
        env |= {"PORT": str(self.port), "PYTHONWARNINGS": WARNINGS, **environ}
        with open(self.log, "wb") as log:
            self.process = psutil.Popen(
                [word.format(**words) for word in command.split()],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def output(self):
        """Return what it has printed so far."""
        return self.log.read_text("utf-8", "replace")

    @eventually.wraps
    def wait(self):
        """Wait until it listens; return it."""
        if self.process.poll() is not None:
            raise RuntimeError(f"it has ended: {self.output()}")
        socket.create_connection(("127.0.0.1", self.port)).close()
        return self

    def client(self, cookies=None):
        """Return an HTTP client that sends what browsers and forms send."""
        token = (cookies or {}).get("todo_django_csrf", "")
        return httpx.Client(
            base_url=self.wait().url,
            cookies=cookies,
            headers={"Origin": self.url, "X-CSRFToken": token},
            timeout=PATIENCE,
            trust_env=False,
            verify=False,  # quicker to make, and nothing here is encrypted
        )

    def sign_up(self, username):
        """Return a client that has signed up."""
        visitor = self.client()
        visitor.get("/signup/")
        visitor = self.client(visitor.cookies)
        form = {"username": username}
        form["password1"] = form["password2"] = PASSWORD
        assert visitor.post("/signup/", data=form).status_code == 302
        return self.client(visitor.cookies)

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

    def stop(self):
        """Kill it, with what it has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in self.process.children(recursive=True):
                process.kill()
            self.process.kill()
        self.process.wait(PATIENCE)
        self.claim.close()

    __enter__ = wait

    def __exit__(self, *error):
        self.stop()
