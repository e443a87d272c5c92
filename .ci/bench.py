"""Measure the demos, and print the table of figures that README.md carries.

Run it:     python .ci/bench.py     (under five minutes, on loopback only)
Needs:      pip install flask django waitress; wrk, if it can be had

What is compared is measured in the same run, in turns, and each figure is the
median of its rounds; a ratio is that of the two figures beside it. These are
figures of one machine: trust the ratios.
Without wrk the load comes from threads of Python, which need more of the
machine than the servers do; the row of the bare function shows that limit.
"""

import concurrent.futures
import contextlib
import datetime
import http.client
import os
import platform
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
KINDS = ["flask", "django"]
PAIRS = ["hello", "site", "todo"]
PASSWORD = "correct horse"
FORM = "application/x-www-form-urlencoded"
SIZES = [100, 10_000, 100_000]  # to-dos
FILTERS = {
    "All": "/",
    "Active": "/?show=active",
}
ROUNDS = 5
LOAD_SECONDS = 2
WRK = shutil.which("wrk")

BARE = """
from waitress import serve
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<p>Hello, World!</p>"]
serve(app, listen="127.0.0.1:PORT")
"""
SHORTEST = {
    "flask": """
from flask import Flask
from waitress import serve
app = Flask(__name__)
@app.route("/")
def hello_world():
    return "<p>Hello, World!</p>"
serve(app, listen="127.0.0.1:PORT")
""",
    "django": """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from waitress import serve
settings.configure(ROOT_URLCONF=__name__)
def hello_world(request):
    return HttpResponse("Hello, Django!")
urlpatterns = [path("", hello_world)]
serve(get_wsgi_application(), listen="127.0.0.1:PORT")
""",
}
DEVELOPMENT = {
    "flask": ["-m", "flask", "--app", "hello_flask", "run", "--port"],
    "django": ["hello_django.py", "runserver", "--noreload"],
}


def free_port():
    """Return a port of loopback that nobody listens on just now."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Server:
    """A process that serves on a free port, with its output thrown away."""

    def __init__(self, folder, arguments):
        self.port = free_port()
        text = [a.replace("PORT", str(self.port)) for a in arguments]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *text],
            cwd=folder,
            env={
                **os.environ,
                "PORT": str(self.port),
                "SECRET_KEY": "x" * 50,
                "PYTHONWARNINGS": "ignore",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, address="/"):
        """Return the seconds from the start to the first answer."""
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.process.args} did not start")
            with contextlib.suppress(OSError):
                self.request("GET", address)
                return time.perf_counter() - self.started
            time.sleep(0.001)

    def request(self, method, address, body=None, headers=None):
        """Send one request; return its response, read to the end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            connection.request(method, address, body, headers or {})
            response = connection.getresponse()
            response.text = response.read().decode()
            return response

    def sign_up(self, username):
        """Make an account; return the headers and the token of its member."""
        page = self.request("GET", "/signup/")
        cookies = cookies_of(page)
        form = {
            **token_of(page),
            "username": username,
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        page = self.request(
            "POST",
            "/signup/",
            urllib.parse.urlencode(form),
            {"Cookie": cookies, "Content-Type": FORM},
        )
        if page.status != 302:
            raise RuntimeError(f"status {page.status}")
        headers = {"Cookie": cookies_of(page), "Content-Type": FORM}
        return headers, token_of(self.request("GET", "/", headers=headers))

    def memory(self):
        """Return the resident memory in MB."""
        return resident(self.process.pid)

    def stop(self):
        """End the process."""
        self.process.kill()
        self.process.wait()


def cookies_of(response):
    """Return the cookies that a response sets, as a request sends them."""
    cookies = response.headers.get_all("Set-Cookie") or []
    return "; ".join(cookie.partition(";")[0] for cookie in cookies)


def token_of(page):
    """Return the hidden field of a page with forms: Django's token."""
    return dict(
        re.findall(r'name="(csrfmiddlewaretoken)" value="(\w+)"', page.text)[
            :1
        ]
    )


def resident(pid):
    """Return the resident memory of a process in MB."""
    done = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) / 1024


@contextlib.contextmanager
def serving(folder, *arguments, address="/"):
    """Yield a server that has answered once; stop it in the end."""
    server = Server(folder, arguments)
    try:
        server.wait(address)
        yield server
    finally:
        server.stop()


def load(server, connections, method="GET", headers=None, body=""):
    """Return the requests a second that a server answers for some time.

    Raise RuntimeError if it answers one with an error.
    """
    if WRK:
        return load_by_wrk(server, connections, method, headers or {}, body)
    end = time.perf_counter() + LOAD_SECONDS

    def client(_):
        link = http.client.HTTPConnection("127.0.0.1", server.port)
        count = 0
        with contextlib.closing(link):
            while time.perf_counter() < end:
                link.request(method, "/", body, headers or {})
                response = link.getresponse()
                response.read()
                if response.status >= 400:
                    raise RuntimeError(f"status {response.status}")
                count += 1
        return count

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(client, range(connections))) / LOAD_SECONDS


def load_by_wrk(server, connections, method, headers, body):
    """Return the requests a second that wrk counts."""
    lines = [f"wrk.method = {method!r}", f"wrk.body = {body!r}"]
    lines += [f"wrk.headers[{k!r}] = {v!r}" for k, v in headers.items()]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "request.lua")
        script.write_text("\n".join(lines))
        done = subprocess.run(
            [
                WRK,
                "--threads=1",
                f"--connections={connections}",
                f"--duration={LOAD_SECONDS}s",
                f"--script={script}",
                f"http://127.0.0.1:{server.port}/",
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    if "Non-2xx or 3xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


class Rounds:
    """Measures taken in turns, round after round; figures are medians."""

    def __init__(self, measures, rounds=ROUNDS):
        self.taken = {name: [] for name in measures}
        for _ in range(rounds):
            for name, measure in measures.items():
                self.taken[name].append(measure())

    def __getitem__(self, name):
        """Return the median of one measure."""
        return statistics.median(self.taken[name])


# Each function below returns rows of the table: figure, Flask, Django.


def row(figure, values, form="{:,.0f}"):
    """Return a row of the table from the values of both frameworks."""
    return (figure, *(form.format(values[kind]) for kind in KINDS))


def throughput(folder):
    """The hellos against their limits and their development servers."""
    with contextlib.ExitStack() as stack:
        commands = {"bare": ["-c", BARE]}
        for kind in KINDS:
            commands[f"hello_{kind}"] = [f"hello_{kind}.py"]
            commands[f"shortest {kind}"] = ["-c", SHORTEST[kind]]
            commands[f"development {kind}"] = [*DEVELOPMENT[kind], "PORT"]
        servers = {
            name: stack.enter_context(serving(folder, *command))
            for name, command in commands.items()
        }
        rates = Rounds(
            {name: lambda s=s: load(s, 8) for name, s in servers.items()},
            9,
        )
    own = {kind: rates[f"hello_{kind}"] for kind in KINDS}
    shortest = {kind: rates[f"shortest {kind}"] for kind in KINDS}
    slow = {kind: rates[f"development {kind}"] for kind in KINDS}
    return [
        row(
            "hello on waitress, requests/s (a bare function:"
            f" {rates['bare']:,.0f})",
            own,
        ),
        row("the shortest possible script, requests/s", shortest),
        row("hello on the development server, requests/s", slow),
        row(
            "waitress against the development server",
            {kind: own[kind] / slow[kind] for kind in KINDS},
            "{:.1f} times",
        ),
    ]


def start(folder):
    """The hellos from their start to the first answer."""

    def first_answer(name):
        server = Server(folder, [name])
        try:
            return server.wait()
        finally:
            server.stop()

    seconds = Rounds(
        {kind: lambda k=kind: first_answer(f"hello_{k}.py") for kind in KINDS},
        11,
    )
    return [row("hello, start to first answer, s", seconds, "{:.2f}")]


def first_start(folder):
    """The to-do lists, started with and without a database."""
    seconds = {}

    def answer(kind, fresh):
        if fresh:
            for file in Path(folder).glob(f"todo_{kind}.sqlite3*"):
                file.unlink()
        server = Server(folder, [f"todo_{kind}.py"])
        try:
            return server.wait("/login/")
        finally:
            server.stop()

    for kind in KINDS:
        seconds[kind] = Rounds(
            {
                "first": lambda k=kind: answer(k, True),
                "later": lambda k=kind: answer(k, False),
            }
        )
    return [
        row(
            f"to-do list, {start} start to first answer, s",
            {kind: seconds[kind][start] for kind in KINDS},
            "{:.2f}",
        )
        for start in ("first", "later")
    ]


def fill(folder, kind):
    """Give each member a list, every second to-do of it completed."""
    table = {"flask": "todo", "django": "todo_todo"}[kind]
    path = Path(folder, f"todo_{kind}.sqlite3")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for owner, size in enumerate(SIZES, 1):
            db.executemany(
                f"INSERT INTO {table} (owner_id, title, completed)"
                " VALUES (?, ?, ?)",
                ((owner, f"To-do {n}", n % 2) for n in range(size)),
            )


def pages(folder):
    """A page of the to-do lists, however long the list is."""
    ms = {}
    for kind in KINDS:
        with serving(folder, f"todo_{kind}.py", address="/login/") as server:
            members = {size: server.sign_up(f"of-{size}") for size in SIZES}
            fill(folder, kind)

            def page(headers, address, server=server):
                begun = time.perf_counter()
                response = server.request("GET", address, headers=headers)
                seconds = time.perf_counter() - begun
                if response.text.count('class="title"') != 50:
                    raise RuntimeError(f"{address}: status {response.status}")
                return seconds * 1000

            ms[kind] = Rounds(
                {
                    (size, name): lambda h=headers, a=address: page(h, a)
                    for size, (headers, _) in members.items()
                    for name, address in FILTERS.items()
                },
                25,
            )
    rows = []
    for name in FILTERS:
        least, *_, most = SIZES
        for size in (least, most):
            rows.append(
                row(
                    f"a page of {name}, {size:,} to-dos, ms",
                    {kind: ms[kind][size, name] for kind in KINDS},
                    "{:.1f}",
                )
            )
    return rows


COUNT = """
import sqlite3, sys
import todo_KIND as script
statements = []
if "flask" in sys.modules:
    client = script.app.test_client()
    connect = sqlite3.connect
    def traced(*args, **kwargs):
        db = connect(*args, **kwargs)
        db.set_trace_callback(statements.append)
        return db
    sqlite3.connect = traced
else:
    from django.db import connection
    from django.test import Client
    client = Client(headers={"host": "127.0.0.1"})
    def traced(execute, sql, *args):
        statements.append(sql)
        return execute(sql, *args)
    wrapper = connection.execute_wrapper(traced)  # kept, or it is undone
    wrapper.__enter__()
form = {"username": "counted", "password1": PASSWORD, "password2": PASSWORD}
client.post("/signup/", data=form)
client.post("/", data={"title": "Buy milk"})
counts = []
for address in ADDRESSES:
    statements.clear()
    assert client.get(address).status_code == 200
    assert statements
    counts.append(len(statements))
print(max(counts))
"""


def statements(folder):
    """The SQL of a page, the session's and the user's included."""
    counts = {}
    for kind in KINDS:
        code = COUNT.replace("KIND", kind).replace("PASSWORD", repr(PASSWORD))
        code = code.replace("ADDRESSES", repr(list(FILTERS.values())))
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        counts[kind] = int(done.stdout)
    return [row("SQL statements for a page", counts)]


def insert_rows(folder):
    """Return the rows a second that sqlite3 alone inserts, one by one."""
    path = Path(folder, "alone.sqlite3")
    path.unlink(missing_ok=True)
    count = 0
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE todo (id INTEGER PRIMARY KEY, title TEXT)")
        end = time.perf_counter() + LOAD_SECONDS
        while time.perf_counter() < end:
            db.execute("INSERT INTO todo (title) VALUES ('Buy milk')")
            count += 1
    return count / LOAD_SECONDS


def adds(folder):
    """Sixteen clients that add at once, and what memory that takes."""
    with contextlib.ExitStack() as stack:
        measures = {"sqlite3": lambda: insert_rows(folder)}
        servers = {}
        for kind in KINDS:
            server = stack.enter_context(
                serving(folder, f"todo_{kind}.py", address="/login/")
            )
            servers[kind] = server
            headers, token = server.sign_up("crowd")
            body = urllib.parse.urlencode({**token, "title": "Buy milk"})
            measures[kind] = lambda s=server, h=headers, b=body: load(
                s, 16, "POST", h, b
            )
        rates = Rounds(measures)
        memory = {kind: server.memory() for kind, server in servers.items()}
    return [
        row(
            "16 clients adding at once, adds/s (sqlite3 alone:"
            f" {rates['sqlite3']:,.0f} rows/s)",
            rates,
        ),
        row("memory after that load, MB", memory),
    ]


def main():
    """Measure everything; print what was measured where, then the table."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for pair in PAIRS:
            for kind in KINDS:
                shutil.copy(HERE / f"{pair}_{kind}.py", folder)
        rows = [
            *throughput(folder),
            *start(folder),
            *first_start(folder),
            *pages(folder),
            *statements(folder),
            *adds(folder),
        ]
    packages = ["flask", "django", "waitress"]
    versions = [f"{name} {metadata.version(name)}" for name in packages]
    print(
        f"{datetime.date.today()}, {os.cpu_count()} cores of"
        f" {platform.machine()}, {platform.system()},"
        f" Python {platform.python_version()}, {', '.join(versions)},"
        f" load by {'wrk' if WRK else 'threads of Python'}"
    )
    print()
    print("| figure | Flask | Django |")
    print("|---|---|---|")
    for cells in rows:
        print("|", " | ".join(cells), "|")
    seconds = time.perf_counter() - begun
    print(f"({seconds:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
