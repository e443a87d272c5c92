"""Measure the demos, and print the table of figures that README.md carries.

Run it:     python .ci/bench.py     (under five minutes, on loopback only)
Needs:      pip install flask django waitress; wrk, if it can be had

What is compared is measured in the same run, in turns, and each figure is the
median of its rounds. These are figures of one machine: trust the ratios.
Without wrk the load comes from threads of Python, which need more of the
machine than the servers do; the row of the bare function shows that limit.
"""

import ast
import concurrent.futures
import contextlib
import datetime
import http.client
import io
import os
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import tokenize
import urllib.parse
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

import test_all  # noqa: E402  (its servers and visitors serve here too)

KINDS = ["flask", "django"]
SIZES = [100, 10_000, 100_000]  # to-dos
FILTERS = {
    "All": "/",
    "Active": "/?show=active",
    "Completed": "/?show=completed",
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


class Server:
    """A process that serves on a free port, with its output thrown away."""

    def __init__(self, folder, arguments):
        self.port = test_all.free_port()
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
                self.get(address)
                return time.perf_counter() - self.started
            time.sleep(0.001)

    def get(self, address, headers=None):
        """Send one GET; return its response, read to the end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with contextlib.closing(connection):
            connection.request("GET", address, headers=headers or {})
            response = connection.getresponse()
            response.body = response.read()
            return response

    def visitor(self):
        """Return a visitor of this server."""
        origin = f"http://127.0.0.1:{self.port}"

        def send(method, address, body, headers):
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            with contextlib.closing(connection):
                connection.request(method, address, body, headers)
                response = connection.getresponse()
                text = response.read().decode()
                return response.status, response.getheaders(), text

        return test_all.Visitor(send, origin)

    def memory(self):
        """Return the resident memory in MB."""
        return resident(self.process.pid)

    def stop(self):
        """End the process."""
        self.process.kill()
        self.process.wait()


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

    def ratio(self, name, other):
        """Return the median of one measure over another, round by round."""
        pairs = zip(self.taken[name], self.taken[other], strict=True)
        return statistics.median(value / base for value, base in pairs)


def code_lines(text):
    """Return how many lines are no blank, comment, or docstring."""
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(
                value.value, str
            ):
                docstrings |= set(range(value.lineno, value.end_lineno + 1))
    layout = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in layout:
            code |= set(range(token.start[0], token.end[0] + 1))
    blank = {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if not line.strip()
    }
    return len(code - docstrings - blank)


# Each function below returns rows of the table: figure, against, result.


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
    rows = [
        (
            "bare WSGI function on waitress",
            "",
            f"{rates['bare']:,.0f} requests/s",
        )
    ]
    for kind in KINDS:
        own, slow = f"hello_{kind}", f"development {kind}"
        rows += [
            (
                f"`{own}.py` on waitress",
                f"the bare function: {rates.ratio(own, 'bare'):.2f}; the"
                " shortest script of this framework on waitress:"
                f" {rates.ratio(own, f'shortest {kind}'):.2f}",
                f"{rates[own]:,.0f} requests/s",
            ),
            (
                f"`{own}.py` on the development server",
                f"on waitress: {rates.ratio(own, slow):.1f} times as many",
                f"{rates[slow]:,.0f} requests/s",
            ),
        ]
    return rows


def imports_of(kind):
    """Return the statements by which a hello imports what it needs."""
    lines = (HERE / f"hello_{kind}.py").read_text().splitlines()
    lines = [line.strip() for line in lines]
    return "\n".join(s for s in lines if s.startswith(("import ", "from ")))


def start(folder):
    """The hellos from their start to the first answer."""

    def first_answer(name):
        server = Server(folder, [name])
        try:
            return server.wait()
        finally:
            server.stop()

    def run(code):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    measures = {}
    for kind in KINDS:
        measures[kind] = lambda k=kind: first_answer(f"hello_{k}.py")
        measures[f"import {kind}"] = lambda k=kind: run(imports_of(k))
    seconds = Rounds(measures, 11)
    return [
        (
            f"`hello_{kind}.py`, start to first answer",
            f"a process that only runs its imports"
            f" ({seconds['import ' + kind]:.2f} s):"
            f" {seconds.ratio(kind, 'import ' + kind):.2f} times",
            f"{seconds[kind]:.2f} s",
        )
        for kind in KINDS
    ]


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
        (
            f"`todo_{kind}.py`, start to first answer",
            "",
            f"first {seconds[kind]['first']:.2f} s,"
            f" later {seconds[kind]['later']:.2f} s",
        )
        for kind in KINDS
    ]


def fill(folder, kind, visitors):
    """Give each visitor a list, every second to-do of it completed."""
    table = {"flask": "todo", "django": "todo_todo"}[kind]
    path = Path(folder, f"todo_{kind}.sqlite3")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for owner, size in enumerate(visitors, 1):
            db.executemany(
                f"INSERT INTO {table} (owner_id, title, completed)"
                " VALUES (?, ?, ?)",
                ((owner, f"To-do {n}", n % 2) for n in range(size)),
            )


def pages(folder):
    """A page of the to-do lists, however long the list is."""
    rows = []
    for kind in KINDS:
        with serving(folder, f"todo_{kind}.py", address="/login/") as server:
            visitors = {size: server.visitor() for size in SIZES}
            for size, visitor in visitors.items():
                visitor.sign_up(f"owner-of-{size}")
            fill(folder, kind, visitors)

            def page(visitor, address, server=server):
                pairs = [f"{k}={v}" for k, v in visitor.cookies.items()]
                begun = time.perf_counter()
                response = server.get(address, {"Cookie": "; ".join(pairs)})
                seconds = time.perf_counter() - begun
                if response.body.count(b'class="title"') != 50:
                    raise RuntimeError(f"{address}: status {response.status}")
                return seconds * 1000

            ms = Rounds(
                {
                    (size, name): lambda v=visitor, a=address: page(v, a)
                    for size, visitor in visitors.items()
                    for name, address in FILTERS.items()
                },
                25,
            )
        for name in FILTERS:
            least, *more = SIZES
            ratios = [
                f"with {size:,} {ms.ratio((size, name), (least, name)):.2f}"
                for size in more
            ]
            rows.append(
                (
                    f"`todo_{kind}.py`, a page of {name}, {least} to-dos",
                    f"times this {', '.join(ratios)}",
                    f"{ms[least, name]:.1f} ms",
                )
            )
    return rows


def statements():
    """The SQL of a page, the session's and the user's included."""
    rows = []
    for kind in KINDS:
        test = test_all.ClientTest()
        test.script = f"todo_{kind}"
        visitor = test.visitor()
        visitor.sign_up("ada")
        visitor.add(*map(str, range(60)))
        pairs = [f"{k}={v}" for k, v in visitor.cookies.items()]
        headers = {
            "Host": urllib.parse.urlsplit(visitor.origin).netloc,
            "Cookie": "; ".join(pairs),
        }
        number = max(
            test.worker.call(test_all.count_statements, address, headers)
            for address in FILTERS.values()
        )
        rows.append((f"`todo_{kind}.py`, a page", "", f"{number} statements"))
    test_all.tearDownModule()
    return rows


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
            visitor = server.visitor()
            visitor.sign_up("crowd")
            pairs = [f"{k}={v}" for k, v in visitor.cookies.items()]
            headers = {
                "Cookie": "; ".join(pairs),
                "Content-Type": test_all.FORM,
            }
            body = urllib.parse.urlencode(
                {**visitor.token(), "title": "Buy milk"}
            )
            measures[kind] = lambda s=server, h=headers, b=body: load(
                s, 16, "POST", h, b
            )
        rates = Rounds(measures)
        memory = {kind: server.memory() for kind, server in servers.items()}
    rows = [
        (
            f"`todo_{kind}.py`, 16 clients adding at once",
            f"sqlite3 alone ({rates['sqlite3']:,.0f} rows/s):"
            f" {rates.ratio(kind, 'sqlite3'):.2f}",
            f"{rates[kind]:,.0f} adds/s",
        )
        for kind in KINDS
    ]
    for kind in KINDS:
        idle = idle_memory(kind)
        rows.append(
            (
                f"`todo_{kind}.py`, memory after that load",
                f"its imports, idle ({idle:.0f} MB):"
                f" {memory[kind] / idle:.2f} times",
                f"{memory[kind]:.0f} MB",
            )
        )
    return rows


def idle_memory(kind):
    """Return the MB of a process that has imported a hello's imports."""
    code = imports_of(kind) + "\nprint(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys\n" + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        process.stdout.readline()
        memory = resident(process.pid)
        process.kill()
    return memory


def sizes():
    """The lines of code of the two scripts of each pair."""
    rows = []
    for pair in test_all.PAIRS:
        flask, django = (
            code_lines(test_all.source(f"{pair}_{kind}")) for kind in KINDS
        )
        rows.append(
            (
                f"`{pair}_flask.py`, lines of code",
                f"`{pair}_django.py`, {django}: {flask / django:.2f}",
                f"{flask}",
            )
        )
    return rows


def main():
    """Measure everything; print what was measured where, then the table."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for script in test_all.SCRIPTS:
            shutil.copy(HERE / script, folder)
        rows = [
            *throughput(folder),
            *start(folder),
            *first_start(folder),
            *pages(folder),
            *statements(),
            *adds(folder),
            *sizes(),
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
    print("| figure | measured against | result |")
    print("|---|---|---|")
    for row in rows:
        print("|", " | ".join(row), "|")
    seconds = time.perf_counter() - begun
    print(f"({seconds:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    main()
