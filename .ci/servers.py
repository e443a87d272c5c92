"""The scripts as processes, for the checks and the pictures."""

import itertools
import os
import re
import shutil
import socket
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path
from subprocess import STDOUT

import httpx
import psutil
import tenacity

ROOT = Path(__file__).resolve().parent.parent
TODO_TABLES = {"todo_flask": "todo", "todo_django": "todo_todo"}
USER_TABLES = {"todo_flask": "user", "todo_django": "auth_user"}
PASSWORD = "correct horse"
PATIENCE = 60  # seconds until something counts as hanging
# Settings that are meant for other programs: a script does not get them.
FOREIGN = re.compile("DJANGO|FLASK|PORT$|PYTHON|SECRET_KEY|WERKZEUG")
# Warnings are errors, but for what waitress leaves open when it ends.
WARNINGS = "error,ignore:unclosed file <waitress,ignore:unclosed <socket"
# Below the ports that systems give to clients.
PORTS = itertools.count(20_000 + os.getpid() * 37 % 9_000)
# Nothing here is encrypted; to read certificates would only take time.
HTTP = {"timeout": PATIENCE, "trust_env": False, "verify": False}
FAILURES = (AssertionError, OSError, httpx.TransportError)

# eventually(f, x) calls f(x) until it does not fail; returns what it returns.
eventually = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(FAILURES),
    stop=tenacity.stop_after_delay(PATIENCE),
    wait=tenacity.wait_fixed(0.005),
    reraise=True,
)


def claim_port():
    """Return a free port, and a socket that keeps other tests away from it."""
    for port in PORTS:
        claim = socket.socket(type=socket.SOCK_DGRAM)  # no script uses UDP
        with suppress(OSError):
            claim.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
            return port, claim


class Server:
    """A script that is being started; wait() and client() wait for it."""

    def __init__(self, name, folder, command="{name}.py", **environ):
        self.name = name
        self.port, self.claim = claim_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.may_fail = False  # whether a traceback in its output is expected
        self.file = folder / f"{name}.py"
        self.database = folder / f"{name}.sqlite3"
        self.log = folder / f"{self.port}.log"
        if not self.file.exists():
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / self.file.name, folder)
        command = command.format(name=name, port=self.port)
        words = [sys.executable, *command.split()]
        env = {k: os.environ[k] for k in os.environ if not FOREIGN.match(k)}
        env |= {"PORT": str(self.port), "PYTHONWARNINGS": WARNINGS, **environ}
        with open(self.log, "wb") as log:
            self.process = psutil.Popen(
                words, cwd=folder, env=env, stdout=log, stderr=STDOUT
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
        url = self.wait().url
        token = (cookies or {}).get("todo_django_csrf", "")
        headers = {"Origin": url, "X-CSRFToken": token}
        return httpx.Client(
            base_url=url, cookies=cookies, headers=headers, **HTTP
        )

    def sign_up(self, name):
        """Return a client that has signed up."""
        visitor = self.client(self.client().get("/signup/").cookies)
        form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
        assert visitor.post("/signup/", data=form).is_redirect
        return self.client(visitor.cookies)

    def query(self, sql, rows=None):
        """Run SQL on {todo} and {user}; once for each of the rows, if any."""
        todo, user = TODO_TABLES[self.name], USER_TABLES[self.name]
        sql = sql.format(todo=todo, user=user)
        with closing(sqlite3.connect(self.database)) as db, db:
            if rows is None:
                return db.execute(sql).fetchall()
            return db.executemany(sql, rows)

    def seed(self, todos):
        """Add (title, completed) pairs to ada's; the last will be on top."""
        sql = """INSERT INTO {todo} (owner_id, title, completed)
            SELECT id, ?, ? FROM {user} WHERE username = 'ada'"""
        self.query(sql, todos)

    def stop(self, *error):
        """Kill it, with what it has started."""
        processes = [self.process]
        with suppress(psutil.NoSuchProcess):
            processes += self.process.children(recursive=True)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(PATIENCE)
        self.claim.close()

    __enter__, __exit__ = wait, stop  # for "with"
