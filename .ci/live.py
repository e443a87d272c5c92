"""Tests of the six demos as processes: started, crowded, killed, starved.

All of them:        python .ci/live.py
One class:          python .ci/live.py TodoFlaskLive
By name:            python .ci/live.py -k reload

As many tests run at once as there are cores. What needs no process is tested
in test_all.py, whose Visitor also visits the servers here.
"""

import contextlib
import http.client
import http.cookies
import itertools
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from test_all import PASSWORD, Visitor  # noqa: E402

FORM = "application/x-www-form-urlencoded"
WINDOWS = sys.platform == "win32"
PATIENCE = 60  # seconds until a server counts as hanging
# No system gives these to clients; each run of this file begins elsewhere.
PORTS = itertools.count(random.randrange(20_000, 30_000))


# --- Servers and clients -----------------------------------------------------


def eventually(attempt):
    """Return what an attempt returns, once it does not fail."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return attempt()
        except (AssertionError, OSError, http.client.HTTPException):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def at_once(function, items):
    """Return what a function makes of each item, in a thread for each."""
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))


def free_port():
    """Return the next port that nobody has."""
    for port in PORTS:
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port


class Client:
    """A client over HTTP that looks like those of the frameworks."""

    def __init__(self, port, cookies=None):
        self.address = ("127.0.0.1", port)
        self.host = f"127.0.0.1:{port}"
        self.cookies = http.cookies.SimpleCookie(cookies)

    def get(self, address, headers=()):
        return self.request("GET", address, None, headers)

    def post(self, address, data, headers=()):
        origin = f"http://{self.host}"
        headers = {**dict(headers), "Content-Type": FORM, "Origin": origin}
        body = urllib.parse.urlencode(data)
        return self.request("POST", address, body, headers)

    def request(self, method, address, body, headers):
        """Return the response, with what those of test clients have."""
        path = address.partition("#")[0]
        headers = {"Cookie": self.cookie(), **dict(headers)}
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.text = response.read().decode("utf-8", "replace")
        response.status_code = response.status
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return response

    def cookie(self):
        """Return the cookies, as they are sent."""
        return self.cookies.output(attrs=[], header="", sep=";").strip()

    def exchange(self, request):
        """Return the bytes that the server answers to some bytes."""
        answer = b""
        with socket.create_connection(self.address, PATIENCE) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            with contextlib.suppress(ConnectionError):
                for part in iter(lambda: connection.recv(65536), b""):
                    answer += part
        return answer


class Server:
    """A process that serves a script, and what it has printed."""

    def __init__(self, command, folder, port, environ):
        self.port = port
        self.log = folder.with_suffix(f".{port}.log")
        with open(self.log, "wb") as stream:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def output(self):
        """Return what the process has printed so far."""
        return self.log.read_text("utf-8", "replace")

    def visitor(self, member=None):
        """Return a visitor, or a member again, once the server is there."""

        def connect():
            if self.process.poll() is not None:
                raise RuntimeError(f"it has ended: {self.output()}")
            socket.create_connection(("127.0.0.1", self.port)).close()

        eventually(connect)
        return Visitor(Client(self.port, member and member.client.cookies))

    def stop(self, number=None):
        """Send a signal to the process and its children; return its status."""
        if self.process.poll() is None and WINDOWS:
            tree = ["taskkill", "/F", "/T", "/PID", str(self.process.pid)]
            subprocess.run(tree, check=False, capture_output=True)
        elif self.process.poll() is None:
            os.killpg(self.process.pid, number or signal.SIGKILL)
        return self.process.wait(PATIENCE)


class LiveTest(unittest.TestCase):
    """A test of a script that is alone in a folder."""

    script = None  # its name without .py

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.temporary = temporary.name
        self.new_folder()

    def new_folder(self):
        """Put the script into an empty folder; what follows happens there."""
        self.folder = Path(tempfile.mkdtemp(dir=self.temporary))
        self.file = self.folder / f"{self.script}.py"
        self.database = self.folder / f"{self.script}.sqlite3"
        shutil.copy(ROOT / self.file.name, self.file)

    def start(self, *arguments, prefix=(), **changes):
        """Return a server: Python with these arguments, {port} filled in.

        A variable of the environment that is None is removed.
        """
        port = free_port()
        environ = {
            **os.environ,
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "error",
            "SECRET_KEY": "x" * 50,
            **changes,
        }
        environ = {name: environ[name] for name in environ if environ[name]}
        arguments = [argument.format(port=port) for argument in arguments]
        command = [*prefix, sys.executable, *arguments]
        server = Server(command, self.folder, port, environ)
        self.addCleanup(server.stop)
        return server

    def serve(self, **options):
        """Return a server: the script, run without arguments."""
        return self.start(self.file.name, **options)

    def run_script(self, *arguments, **environ):
        """Run the script to its end; return its status and output."""
        server = self.start(self.file.name, *arguments, **environ)
        return server.process.wait(PATIENCE), server.output()

    def first_page(self, visitor, username="ada"):
        """Return the first page, after a sign-up where that is needed."""
        if self.script.startswith("todo"):
            return visitor.sign_up(username)
        return visitor.open("/")

    def save(self, pattern, replacement):
        """Change the script, in one go."""
        old = self.file.read_text("utf-8")
        new = re.sub(pattern, replacement, old)
        self.assertNotEqual(new, old)
        self.file.with_suffix(".new").write_text(new, "utf-8")
        self.file.with_suffix(".new").replace(self.file)

    def save_an_error(self):
        """Have the first page of the script raise an exception."""
        self.save(r"(def (hello_world|index)\(\w*\):\n)", r"\1    1 / 0\n")

    def assert_plain(self, page):
        """Check that an error page tells nothing about the error."""
        self.assertEqual(page.status, 500)
        text = "".join(page.root.itertext())
        self.assertNotRegex(text, "Traceback|File|Zero|sqlite|Operational")


# --- Starting ----------------------------------------------------------------


class StartTests:
    """What each script does when it is started, in each way."""

    def test_it_serves_until_ctrl_c_and_warns_of_nothing(self):
        server = self.serve()
        visitor = server.visitor()
        self.assertEqual(self.first_page(visitor).status, 200)
        line = f"Serving on http://127.0.0.1:{server.port}\n"
        self.assertEqual(server.output(), line)
        self.assertEqual(visitor.open("/nothing/").status, 404)
        if not self.script.startswith("hello"):
            stranger = {"Host": "evil.example"}
            response = visitor.client.get("/", headers=stranger)
            self.assertEqual(response.status_code, 400)
        status = server.stop(signal.SIGINT)
        if not WINDOWS:
            self.assertEqual(status, 0, server.output())
        self.assertNotIn("Interrupt", server.output())

    def test_a_busy_port_is_named_and_another_suggested(self):
        address = ("127.0.0.1", self.port)
        try:  # the other tests want it too
            server = eventually(lambda: socket.create_server(address))
        except OSError:
            self.skipTest(f"somebody else has port {self.port}")
        with server:
            # Of what waitress leaves open, Python only speaks when asked.
            output = self.run_script(PORT=None, PYTHONWARNINGS=None)
        line = rf"Port {self.port}: .+ Try: PORT=\d+ python .+\.py\n"
        if self.script.startswith("hello"):
            line = r"Traceback (?s:.+)\nOSError: .+\n"
        self.assertRegex(output[1], f"^{line}$")
        self.assertEqual(output[0], 1)

    def test_an_error_is_a_plain_page_and_one_traceback_on_any_server(self):
        self.save_an_error()
        wsgiref = (
            "import wsgiref.simple_server as wsgiref\n"
            f"from {self.script} import {self.application} as application\n"
            "server = wsgiref.make_server('127.0.0.1', {port}, application)\n"
            "server.serve_forever()"
        )
        for name, server in (
            ("waitress", self.serve()),
            ("wsgiref", self.start("-c", wsgiref)),
        ):
            with self.subTest(name):
                visitor = server.visitor()
                page = self.first_page(visitor, username=name)
                self.assertEqual(page.address, "/")
                self.assert_plain(page)
                self.assertEqual(visitor.open("/nothing/").status, 404)
                server.stop()
                error = r"(?m)^ZeroDivisionError: division by zero$"
                found = re.findall(error, server.output())
                self.assertEqual(len(found), 1, server.output())

    def test_live_coding_reloads_what_is_saved_and_explains_errors(self):
        server = self.start(*self.live_coding(), SECRET_KEY=None)
        visitor = server.visitor()
        self.assertEqual(self.first_page(visitor).status, 200)

        def get(status, text):
            response = visitor.client.get("/")  # still logged in
            if text not in response.text:
                self.file.touch()  # it may not have been watched before
            self.assertEqual(response.status_code, status)
            self.assertIn(text, response.text)

        self.save("(Hello, |Welcome to |<h1>todos)", r"\1Changed")
        eventually(lambda: get(200, "Changed"))
        self.save_an_error()
        eventually(lambda: get(500, "ZeroDivisionError"))


class FlaskTests(StartTests):
    """How Flask starts a script."""

    application, port = "app", 5000

    def live_coding(self):
        """Return what to start Python with."""
        run = ["run", "--debug", "--port", "{port}"]
        return ["-m", "flask", "--app", self.script, *run]


class DjangoTests(StartTests):
    """How Django starts a script, and manages it."""

    application, port = "application", 8000
    commands = {
        "check": "System check identified no issues",
        "help": "runserver",
        "shell -c print(6*7)": "42",
    }

    def live_coding(self):
        """Return what to start Python with."""
        return [self.file.name, "runserver", "{port}"]

    def test_the_script_is_its_own_manage_py(self):
        for command, expected in self.commands.items():
            with self.subTest(command):
                status, output = self.run_script(*command.split())
                self.assertIn(expected, output)
                self.assertEqual(status, 0)
        status, output = self.run_script("nonsense")
        self.assertIn("Unknown command: 'nonsense'", output)
        self.assertEqual(status, 1)


class HelloFlaskLive(FlaskTests, LiveTest):
    script = "hello_flask"


class HelloDjangoLive(DjangoTests, LiveTest):
    script = "hello_django"


class SiteFlaskLive(FlaskTests, LiveTest):
    script = "site_flask"


class SiteDjangoLive(DjangoTests, LiveTest):
    script = "site_django"


# --- Surviving ---------------------------------------------------------------


class SurvivalTests:
    """Nothing is lost: not by a crowd, a kill, or a failing disk."""

    def query(self, sql):
        """Return the rows of a query on the database, from outside."""
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            return db.execute(sql).fetchall()

    def titles(self):
        """Return the titles in the database, which has to be sound."""
        self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])
        rows = self.query(f"SELECT title FROM {self.todo_table}")
        return [title for (title,) in rows]

    def new_member(self, server, *titles):
        """Return a visitor who is logged in, with these to-dos."""
        visitor = server.visitor()
        visitor.sign_up("ada")
        visitor.add(*titles)
        return visitor

    def check_that_sixteen_can_add_at_once(self, servers):
        """Check that nothing is lost, and nothing goes wrong."""
        member = self.new_member(servers[0])

        def add(client):
            server = servers[client % len(servers)]
            visitor = server.visitor(member)
            visitor.open("/")
            for number in range(5):
                page = visitor.press("Add", title=f"{client}-{number}")
                self.assertEqual(page.status, 200)

        at_once(add, range(16))
        added = [f"{client}-{n}" for client in range(16) for n in range(5)]
        self.assertEqual(sorted(self.titles()), sorted(added))
        for server in servers:
            self.assertNotIn("Traceback", server.output())

    def test_sixteen_clients_add_at_once(self):
        self.check_that_sixteen_can_add_at_once([self.serve()])

    def test_six_processes_share_one_database_from_the_first_start(self):
        servers = [self.serve() for _ in range(6)]
        self.check_that_sixteen_can_add_at_once(servers)

    def test_sixteen_clients_sign_up_for_one_name(self):
        server = self.serve()
        visitors = [server.visitor() for _ in range(16)]
        pages = at_once(lambda visitor: visitor.sign_up("ada"), visitors)
        refused = [page for page in pages if page.address == "/signup/"]
        self.assertEqual(len(refused), 15)
        for page in refused:
            self.assertEqual(page.status, 200)
            self.assertRegex(page.errors["username"], "taken|exists")

    def test_who_reads_does_not_wait_for_who_writes(self):
        member = self.new_member(self.serve(), "Buy milk")
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("BEGIN EXCLUSIVE")
            self.assertEqual(member.open("/").todos, ["Buy milk"])

    def test_another_process_knows_who_is_logged_in_by_the_same_key(self):
        member = self.new_member(self.serve(SECRET_KEY="a" * 50))
        servers = {
            self.serve(SECRET_KEY="a" * 50): "/",
            self.serve(SECRET_KEY="b" * 50): "/login/",
            self.serve(SECRET_KEY=None): "/login/",
        }
        for server, path in servers.items():
            page = server.visitor(member).open("/")
            self.assertEqual(page.path, path)

    def test_what_was_answered_survives_a_kill(self):
        server = self.serve()
        member = self.new_member(server)
        answered = []

        def add(client):
            visitor = server.visitor(member)
            visitor.open("/")
            address, data = visitor.page.form("Add")
            with contextlib.suppress(OSError, http.client.HTTPException):
                for number in range(40):
                    title = f"{client}-{number}"
                    data = {**data, "title": title}
                    response = visitor.client.post(address, data)
                    self.assertEqual(response.status_code, 302)
                    answered.append(title)
                server.stop(signal.SIGKILL)  # while others still add

        at_once(add, range(4))
        self.assertGreaterEqual(len(answered), 40)
        self.assertLessEqual(set(answered), set(self.titles()))
        page = self.serve().visitor(member).open("/")
        self.assertTrue(page.todos)

    def test_a_start_can_be_killed_at_any_moment(self):
        server = self.serve()
        server.visitor()
        tables = "SELECT count(*) FROM sqlite_master"
        complete = self.query(tables)
        for changes in range(1, 7):
            with self.subTest(changes):
                self.new_folder()
                server = self.serve()
                self.wait_for_changes(server, changes)
                server.stop(signal.SIGKILL)
                self.assertIn(self.query(tables), ([(0,)], complete))
                page = self.serve().visitor().open("/")
                self.assertEqual(page.path, "/login/")
                self.assertEqual(self.query(tables), complete)

    def wait_for_changes(self, server, count):
        """Watch the files of a database that is being made."""
        seen = []
        while len(seen) < count and "Serving" not in server.output():
            self.assertIsNone(server.process.poll())
            with contextlib.suppress(FileNotFoundError):
                files = self.folder.glob("*.sqlite3*")
                sizes = {file.name: file.stat().st_size for file in files}
                if sizes and sizes not in seen[-1:]:
                    seen.append(sizes)

    def test_the_database_keeps_no_password(self):
        self.new_member(self.serve())
        [[stored]] = self.query(f"SELECT password FROM {self.user_table}")
        self.assertTrue(stored.startswith(self.hasher), stored)
        for file in self.folder.glob("*.sqlite3*"):
            self.assertNotIn(PASSWORD.encode(), file.read_bytes())

    def test_an_unknown_name_takes_as_long_as_a_wrong_password(self):
        server = self.serve()
        self.new_member(server)
        visitor = server.visitor()
        visitor.open("/login/")

        def log_in(username):
            typed = {"username": username, "password": "wrong"}
            self.assertEqual(visitor.press("Log in", **typed).status, 200)

        ratio = self.ratio(log_in, "nobody", "ada")
        self.assertTrue(0.3 < ratio < 3, ratio)

    def ratio(self, function, one, other, rounds=5):
        """Return how much longer a function takes for one, at the best."""
        times = {one: [], other: []}
        for argument in [one, other] * rounds:  # in turns: noise hits both
            start = time.perf_counter()
            function(argument)
            times[argument].append(time.perf_counter() - start)
        return min(times[one]) / min(times[other])

    def test_much_costs_little(self):
        visitors = {}
        for count in (100, 100_000):
            self.new_folder()
            visitors[count] = self.new_member(self.serve(), "Buy milk")
            self.multiply(self.todo_table, "title", count)
            self.multiply(self.user_table, "username", count)
        names = map(str, itertools.count())

        def page(count):
            self.assertEqual(len(visitors[count].open("/").todos), 50)

        def sign_up(count):
            page = visitors[count].sign_up(next(names))
            self.assertEqual((page.address, page.todos), ("/", []))

        self.assertLess(self.ratio(page, 100_000, 100, rounds=25), 3)
        self.assertLess(self.ratio(sign_up, 100_000, 100), 3)

    def multiply(self, table, column, count):
        """Copy the first row of a table, with other words in a column."""
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.row_factory = sqlite3.Row
            row = dict(db.execute(f"SELECT * FROM {table}").fetchone())
            del row["id"]
            values = ", ".join(f":{name}" for name in row)
            sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"
            rows = ({**row, column: f"Copy {n}"} for n in range(count))
            db.executemany(sql, rows)

    @unittest.skipIf(WINDOWS, "file modes are another thing there")
    def test_a_database_that_cannot_be_written_can_be_read(self):
        prefix = []
        if os.geteuid() == 0:  # who may write any file, or gives that up
            if not shutil.which("setpriv"):
                self.skipTest("setpriv is missing")
            prefix = ["setpriv", "--bounding-set", "-dac_override"]
        server = self.serve(prefix=prefix)
        member = self.new_member(server, "Buy milk")
        self.database.chmod(0o444)
        self.check_that_only_reading_works(server, member)

    @unittest.skipUnless(shutil.which("prlimit"), "prlimit is missing")
    def test_a_full_disk_loses_nothing(self):
        server = self.serve()
        member = self.new_member(server)
        # While somebody has it open, the write-ahead log only grows.
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("SELECT * FROM sqlite_master").fetchall()
            member.add("Buy milk")
            log = self.database.with_name(f"{self.database.name}-wal")
            self.limit_files(server, log.stat().st_size + 1000)
            self.check_that_only_reading_works(server, member)
            self.limit_files(server, "unlimited")
            member.add("Wash the car")
        server.stop(signal.SIGKILL)
        self.assertEqual(sorted(self.titles()), ["Buy milk", "Wash the car"])
        page = self.serve().visitor(member).open("/")
        self.assertEqual(page.todos, ["Wash the car", "Buy milk"])

    def limit_files(self, server, size):
        """Have no file grow further than this by what a server writes."""
        pid = str(server.process.pid)
        limit = f"--fsize={size}:unlimited"
        subprocess.run(["prlimit", "--pid", pid, limit], check=True)

    def check_that_only_reading_works(self, server, member):
        """Check that saving gets a plain page, and the log a traceback."""
        for number in range(3):
            self.assertEqual(member.open("/").todos, ["Buy milk"])
            self.assert_plain(member.press("Add", title="Lost"))
            errors = re.findall(r"(?m)^\S*OperationalError:", server.output())
            self.assertGreater(len(errors), number)
        self.assertEqual(member.open("/").todos, ["Buy milk"])

    def test_hostile_bytes(self):
        member = self.new_member(self.serve(), "Buy milk")
        client = member.client
        end = b"Connection: close\r\n"
        lines = f"\r\nHost: {client.host}\r\nCookie: {client.cookie()}\r\n"
        lines = lines.encode() + end
        get, post = b"GET / HTTP/1.1", b"POST / HTTP/1.1"
        form = post + lines + f"Content-Type: {FORM}\r\n".encode()
        for request in (
            b"GET /\xff\xfe/edit/ HTTP/1.1" + lines,
            b"GET /%00/edit/ HTTP/1.1" + lines,
            b"GET /?page=%FF&show=%FF&%FF HTTP/1.1" + lines,
            b"GET /?\xff\xfe HTTP/1.1" + lines,
            b"GET /" + b"9" * 9_000 + b"/edit/ HTTP/1.1" + lines,
            b"GET http://evil.example/ HTTP/1.1" + lines,
            b"GET //evil.example/.. HTTP/1.1" + lines,
            b"BREW / HTTP/1.1" + lines,
            b"\xff\xff\xff" + lines,
            b"GET / HTTP/1.0\r\n",
            get + b"\r\nHost: \xff\r\n" + end,
            get + b"\r\nHost: [::1\r\n" + end,
            get + b"\r\nHost: localhost:x\r\n" + end,
            get + b"\r\nHost: a\r\nHost: b\r\n" + end,
            get + lines + b"Cookie: \xff=\xff\r\n",
            get + lines + b"X: " + b"x" * 300_000 + b"\r\n",
            post + lines + b"Origin: \xff\r\n",
            post + lines + b"Content-Length: x\r\n",
            post + lines + b"Content-Length: -1\r\n",
            post + lines + b"Transfer-Encoding: chunked\r\n\r\nnonsense",
            form + b"Content-Length: 3\r\n\r\n\xff=\xff",
            form + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000,
        ):
            with self.subTest(request[:40]):
                answer = client.exchange(request + b"\r\n")
                # What is cut off while it still sends may miss the answer.
                if answer or len(request) < 300_000:
                    self.assertRegex(answer, rb"^HTTP/1\.[01] [234]\d\d ")
        self.assertEqual(member.open("/").todos, ["Buy milk"])


class TodoFlaskLive(SurvivalTests, FlaskTests, LiveTest):
    script = "todo_flask"
    todo_table, user_table, hasher = "todo", "user", "scrypt:"


class TodoDjangoLive(SurvivalTests, DjangoTests, LiveTest):
    script = "todo_django"
    todo_table, user_table, hasher = "todo_todo", "auth_user", "pbkdf2_sha256$"
    commands = {
        **DjangoTests.commands,
        "check --deploy": "System check identified",
        "makemigrations --check": "No changes detected",
        "migrate": "No migrations to apply",
        "shell -c print(Todo.objects.count())": "0",
        "showmigrations": "[X] 0001_initial",
    }

    def test_a_superuser_finds_the_todos_in_the_admin(self):
        status, output = self.run_script(
            "createsuperuser",
            "--noinput",
            DJANGO_SUPERUSER_USERNAME="root",
            DJANGO_SUPERUSER_EMAIL="root@example.com",
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
        self.assertEqual(status, 0, output)
        for server in (self.serve(), self.start(*self.live_coding())):
            visitor = server.visitor()
            visitor.log_in("root")
            visitor.add("Buy milk")
            page = visitor.follow("Admin")
            style = page.root.find(".//link[@rel='stylesheet']").get("href")
            response = visitor.client.get(style)
            self.assertEqual(response.status_code, 200)
            self.assertIn("text/css", response.headers["Content-Type"])
            self.assertIn("Buy milk", visitor.follow("Todos").links)


# --- The repository ----------------------------------------------------------

FRAMEWORKS = {"flask": {"jinja2", "werkzeug"}, "django": set()}  # and theirs
PAIRS = [
    [f"{pair}_{framework}.py" for framework in FRAMEWORKS]
    for pair in ("hello", "site", "todo")
]
SCRIPTS = [script for pair in PAIRS for script in pair]
FUTURE = "\n## Growing out of one file\n"  # names files that are to be made


def read(name):
    """Return the text of a file of the repository."""
    return (ROOT / name).read_text("utf-8")


class RepositoryTests(unittest.TestCase):
    """What a reader may count on."""

    def test_the_top_level_holds_the_demos_and_nothing_else(self):
        ignored = r"\.|__pycache__$|.*\.sqlite3(-\w+)?$"
        names = {path.name for path in ROOT.iterdir()}
        visible = {name for name in names if not re.match(ignored, name)}
        self.assertEqual(visible, {"README.md", "test_all.py", *SCRIPTS})

    def test_the_code_fits_a_projector_and_the_tests_one_sitting(self):
        for path in [*ROOT.glob("*.py"), *ROOT.glob(".ci/*.py")]:
            with self.subTest(path.name):
                longest = max(read(path).splitlines(), key=len)
                self.assertLessEqual(len(longest), 79, longest)
        self.assertLess(read("test_all.py").count("\n"), 900)

    def test_a_script_imports_what_its_head_names(self):
        for framework, (script, *others) in zip(
            FRAMEWORKS, zip(*PAIRS, strict=True), strict=True
        ):
            head = re.match(r"# /// script\n(# .+\n)+# ///\n", read(script))[0]
            self.assertIn('\n# requires-python = ">=3.10"\n', head)
            needs = set(re.findall(r'"(\w+)>=', head))
            self.assertEqual(needs, {framework, "waitress"})
            for name in (script, *others):
                with self.subTest(name):
                    self.assertTrue(read(name).startswith(head))
                    imports = r"(?m)^ *(?:from|import) (\w+)"
                    imported = set(re.findall(imports, read(name)))
                    imported -= sys.stdlib_module_names
                    self.assertLessEqual(needs, imported)
                    brought = FRAMEWORKS[framework]
                    self.assertLessEqual(imported, needs | brought)

    def test_a_pair_has_what_both_have_in_the_same_order(self):
        for pair in PAIRS:
            with self.subTest(pair):
                name = r"(?m)^(?:def (\w+)|TEMPLATES\[(.+)\] =)"
                flask, django = [re.findall(name, read(file)) for file in pair]
                shared = [name for name in flask if name in django]
                self.assertTrue(shared)
                self.assertEqual(
                    shared, [name for name in django if name in flask]
                )

    def test_the_readme_quotes_the_scripts(self):
        quotes = read("README.md").partition(FUTURE)[0]
        blocks = re.findall(r"(?ms)^```(?:python|html)\n(.*?)^```", quotes)
        self.assertTrue(blocks)
        scripts = [f"\n{read(script)}" for script in SCRIPTS]
        for block in blocks:
            with self.subTest(block[:60]):
                self.assertTrue(any(f"\n{block}" in text for text in scripts))

    def test_the_readme_counts_the_lines(self):
        row = r"(?m)^\| `(\w+\.py)` \| (\d+) \|"
        table = dict(re.findall(row, read("README.md")))
        lines = {name: str(read(name).count("\n")) for name in SCRIPTS}
        self.assertEqual(table, lines)

    def test_the_readme_names_files_that_exist(self):
        quotes, future, rest = read("README.md").partition(FUTURE)
        self.assertTrue(future)
        readme = quotes + rest.partition("\n## ")[2]
        readme = re.sub(r"(?m)^(---|\+\+\+) [ab]/", "", readme)  # of patches
        names = set(re.findall(r"[\w./-]*\w\.(?:py|yml|png)\b", readme))
        self.assertLessEqual(set(SCRIPTS), names)
        for name in names - {"manage.py"}:
            with self.subTest(name):
                self.assertTrue((ROOT / name).exists())


# --- All at once -------------------------------------------------------------


class AtOnce(unittest.TestSuite):
    """Tests that run at the same time, as many as there are cores."""

    def addTest(self, test):
        if isinstance(test, unittest.TestSuite):
            self.addTests(test)  # one by one
        else:
            super().addTest(test)

    def run(self, result, debug=False):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda test: test.run(result), self))
        return result


if __name__ == "__main__":
    # In the background a shell has interrupts ignored, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.TestLoader.suiteClass = AtOnce
    unittest.main()
