"""Tests of the demos as processes: started, crowded, killed, starved.

What needs no process is tested in test_all.py; how to run these: conftest.py.
"""

import ast
import contextlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from demo import KILL, LIVE, PAIRS, PASSWORD, PATIENCE, ROOT, RUN, eventually

SCRIPTS = [name for pair in PAIRS for name in pair]
FLASK, DJANGO = zip(*PAIRS, strict=True)
TODOS = PAIRS[-1]
WINDOWS = sys.platform == "win32"
KEY = "x" * 50

every_script = pytest.mark.parametrize("name", SCRIPTS)
every_todo_list = pytest.mark.parametrize("name", TODOS)


def at_once(function, items):
    """Return what a function makes of each item, in a thread for each."""
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))


def kind(name):
    """Return the framework that a script is named after."""
    return name.rpartition("_")[2]


def visitor(server):
    """Return a client that sees the first page."""
    needs_login = server.file.stem in TODOS
    return server.sign_up("ada") if needs_login else server.client()


def save(file, pattern, replacement):
    """Change a script in one go, as editors do; return what it was."""
    old = file.read_text("utf-8")
    new = re.sub(pattern, replacement, old)
    assert new != old
    file.with_suffix(".new").write_text(new, "utf-8")
    file.with_suffix(".new").replace(file)
    return old


def save_an_error(file):
    """Have the view of the first page raise an exception."""
    save(file, r"(def (hello_world|index)\(\w*\):\n)", r"\1    1 / 0\n")


def assert_plain(response):
    """Check that a visitor is told that something failed, and no more."""
    assert response.status_code == 500
    told = re.search("Traceback|File|Zero|sqlite|Operational", response.text)
    assert not told, response.text


# --- Starting ----------------------------------------------------------------

UV = "{python} -m uv run --quiet --no-python-downloads --python {python}"
STARTS = {"python": RUN, "uv": f"{UV} {{name}}.py"}
# Any other server, that has not heard of waitress: one of the library.
WSGIREF = """\
import importlib, sys, wsgiref.simple_server
module = importlib.import_module(sys.argv[1])
application = module.app if "flask" in sys.argv[1] else module.application
address = "127.0.0.1", int(sys.argv[2])
wsgiref.simple_server.make_server(*address, application).serve_forever()
"""


@every_script
@pytest.mark.parametrize("command", STARTS.values(), ids=STARTS)
def test_it_serves_until_ctrl_c_and_warns_of_nothing(serve, name, command):
    """Who types the line that is documented sees the page, and no riddles."""
    server = serve(name, command)
    assert visitor(server).get("/").status_code == 200
    line = f"Serving on {server.url}\n"
    assert server.output() == line
    status = server.stop(KILL if WINDOWS else signal.SIGINT)
    assert WINDOWS or (status, server.output()) == (0, line)


@every_script
def test_without_port_it_is_at_the_documented_address(start, name):
    """README.md sends people there; who else has the port is no matter."""
    port = {"flask": 5000, "django": 8000}[kind(name)]
    server = start(name, PORT=None)
    server.may_fail = True
    line = rf"(Serving on http://127.0.0.1:{port}|Port {port}:|OSError:).*\n"

    def see_it():
        assert re.search(line, server.output())

    eventually(see_it)


@every_script
@pytest.mark.skipif(WINDOWS, reason="there, waitress shares a port")
def test_a_busy_port_is_named_in_one_line(start, name):
    """Two demos at once are common: one has to be told what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # Of what waitress leaves open, Python only speaks when asked.
        second = start(name, PORT=str(port), PYTHONWARNINGS=None)
        assert second.process.wait(PATIENCE) == 1
    if name in PAIRS[0]:  # this one leaves it to Python
        second.may_fail = True
        assert re.search(r"\nOSError: .+\n$", second.output())
    else:
        line = rf"Port {port}: .+\. Set PORT to another number\.\n"
        assert re.fullmatch(line, second.output())


@every_script
@pytest.mark.parametrize("command", [RUN, "{python} any.py {name} {port}"])
def test_an_error_is_a_plain_page_and_one_traceback(
    serve, tmp_path, name, command
):
    """Visitors learn nothing of the code; who runs it learns all, once."""
    folder = tmp_path / "demo"
    folder.mkdir()
    shutil.copy(ROOT / f"{name}.py", folder)
    save_an_error(folder / f"{name}.py")
    (folder / "any.py").write_text(WSGIREF)
    server = serve(name, command)
    server.may_fail = True
    client = visitor(server)
    assert_plain(client.get("/"))
    assert client.get("/nothing/").status_code == 404
    server.stop()
    errors = server.err.read_text("utf-8").splitlines()
    assert errors.count("ZeroDivisionError: division by zero") == 1
    assert "\n".join(errors).count("Traceback") == 1


@every_script
def test_live_coding_reloads_what_is_saved_and_explains_errors(serve, name):
    """An audience sees each change, and who is logged in stays so."""
    server = serve(name, LIVE[kind(name)])
    server.may_fail = True
    client = visitor(server)
    assert client.get("/").status_code == 200

    def see(status, text):
        response = client.get("/")
        if text not in response.text:
            server.file.touch()  # it may not have been watched before
        assert (response.status_code, text in response.text) == (status, True)

    old = save(server.file, "(Hello, |Welcome to |<h1>todos)", r"\1Changed")
    eventually(see, 200, "Changed")
    save_an_error(server.file)
    eventually(see, 500, "ZeroDivisionError")
    server.file.write_text(old, "utf-8")
    eventually(see, 200, re.search("Hello, |Welcome to |<h1>todos", old)[0])


COMMANDS = [
    ("check", "System check identified no issues"),
    ("help", "runserver"),
    ("shell -c print(6*7)", "42"),
]
TODO_COMMANDS = [
    ("check --deploy", "System check identified"),
    ("makemigrations --check", "No changes detected"),
    ("migrate", "No migrations to apply"),
    ("shell -c print(Todo.objects.count())", "0"),
    ("showmigrations", "[X] 0001_initial"),
]


@pytest.mark.parametrize(
    "name, command, expected",
    [(name, *case) for name in DJANGO for case in COMMANDS]
    + [(DJANGO[-1], *case) for case in TODO_COMMANDS],
)
def test_a_django_script_is_its_own_manage_py(start, name, command, expected):
    """Who knows Django types what he knows."""
    process = start(name, f"{RUN} {command}")
    assert process.process.wait(PATIENCE) == 0, process.output()
    assert expected in process.output()


@pytest.mark.parametrize("name", DJANGO)
def test_an_unknown_command_is_named(start, name):
    """Who mistypes one is told, and no server starts instead."""
    process = start(name, f"{RUN} nonsense")
    assert process.process.wait(PATIENCE) == 1
    assert "Unknown command: 'nonsense'" in process.output()


@pytest.mark.parametrize("command", [RUN, LIVE["django"]])
def test_a_superuser_finds_the_todos_in_a_styled_admin(start, serve, command):
    """The admin is what people try Django for, under either command."""
    name = DJANGO[-1]
    process = start(
        name,
        f"{RUN} createsuperuser --noinput",
        DJANGO_SUPERUSER_USERNAME="root",
        DJANGO_SUPERUSER_EMAIL="root@example.com",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    assert process.process.wait(PATIENCE) == 0, process.output()
    client = serve(name, command).sign_up("root", "/login/")
    client.post("/", data={"title": "Buy milk"})
    page = client.get("/admin/todo/todo/").text
    assert "Buy milk" in page
    response = client.get(re.search(r'href="(\S+\.css)"', page)[1])
    assert response.status_code == 200
    assert "text/css" in response.headers["Content-Type"]


# --- Surviving ---------------------------------------------------------------


def titles(server):
    """Return the titles in the database, which has to be sound."""
    assert server.query("PRAGMA integrity_check") == [("ok",)]
    return [title for (title,) in server.query("SELECT title FROM {todo}")]


def add(client, title):
    """Add a to-do; the answer has to be the way to the list."""
    response = client.post("/", data={"title": title})
    assert response.status_code == 302, response.text


@every_todo_list
@pytest.mark.parametrize("processes", [1, 12])
def test_sixteen_clients_add_at_once(start, name, processes):
    """A class tries it together: nobody sees an error, nothing is lost.

    Neither when several processes start at once on one new database.
    """
    servers = [start(name, SECRET_KEY=KEY) for _ in range(processes)]
    servers = [server.wait() for server in servers]
    cookies = servers[0].sign_up("ada").cookies

    def add_five(number):
        client = servers[number % processes].client(cookies)
        client.get("/")
        for n in range(5):
            add(client, f"{number}-{n}")

    at_once(add_five, range(16))
    added = {f"{number}-{n}" for number in range(16) for n in range(5)}
    found = titles(servers[0])
    assert (len(found), set(found)) == (80, added)


@every_todo_list
def test_sixteen_clients_sign_up_for_one_name(serve, name):
    """One gets it; nobody gets an error page, or somebody else's list."""
    server = serve(name)

    def sign_up(client):
        client.get("/signup/")
        passwords = dict.fromkeys(("password1", "password2"), PASSWORD)
        form = {"username": "ada", **passwords}
        return client.post("/signup/", data=form).status_code

    clients = [server.client() for _ in range(16)]
    assert sorted(at_once(sign_up, clients)) == [200] * 15 + [302]
    assert server.query("SELECT count(*) FROM {user}") == [(1,)]


@every_todo_list
def test_who_reads_does_not_wait_for_who_writes(serve, name):
    """A slow import or backup does not take the pages away."""
    server = serve(name)
    client = server.sign_up("ada")
    add(client, "Buy milk")
    with contextlib.closing(sqlite3.connect(server.database)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert "Buy milk" in client.get("/").text


@every_todo_list
def test_the_key_decides_who_is_logged_in_after_a_restart(serve, name):
    """Who sets SECRET_KEY stays logged in; without, no key can be guessed."""
    cookies = serve(name, SECRET_KEY=KEY).sign_up("ada").cookies
    for key, status in ((KEY, 200), (KEY.upper(), 302), (None, 302)):
        again = serve(name, SECRET_KEY=key)
        assert again.client(cookies).get("/").status_code == status
    client = again.sign_up("eve")
    assert serve(name).client(client.cookies).get("/").status_code == 302


@every_todo_list
def test_what_was_answered_survives_kill_9(serve, name):
    """A machine that goes down takes nothing that somebody saw saved."""
    server = serve(name, SECRET_KEY=KEY)
    cookies = server.sign_up("ada").cookies
    answered = []

    def add_until_the_kill(number, client):
        with contextlib.suppress(httpx.TransportError):
            for n in range(40):
                add(client, f"{number}-{n}")
                answered.append(f"{number}-{n}")
            server.stop()  # while others still add

    clients = [server.client(cookies) for _ in range(4)]
    at_once(lambda pair: add_until_the_kill(*pair), [*enumerate(clients)])
    assert len(answered) >= 40
    assert set(answered) <= set(titles(server))
    page = serve(name, SECRET_KEY=KEY).client(cookies).get("/").text
    assert f"<strong>{len(titles(server))}</strong>" in page


@every_todo_list
def test_a_start_can_be_killed_at_any_moment(start, name):
    """Who presses Ctrl-C too soon need not know how to mend a database."""
    tables = "SELECT count(*) FROM sqlite_master"
    complete = start(name).wait().query(tables)
    for changes in range(1, 7):
        folder = f"killed-{changes}"
        server = start(name, folder=folder)
        seen = []
        while len(seen) < changes and "Serving" not in server.output():
            assert server.process.poll() is None
            with contextlib.suppress(FileNotFoundError):
                files = server.database.parent.glob("*.sqlite3*")
                sizes = {file.name: file.stat().st_size for file in files}
                if sizes and sizes not in seen[-1:]:
                    seen.append(sizes)
        server.stop()
        assert server.query(tables) in ([(0,)], complete)
        again = start(name, folder=folder)
        assert again.client().get("/login/").status_code == 200
        assert again.query(tables) == complete


@every_todo_list
def test_the_database_keeps_no_password(serve, name):
    """Who copies the file cannot log in elsewhere with what is in it."""
    server = serve(name)
    server.sign_up("ada")
    [[stored]] = server.query("SELECT password FROM {user}")
    assert stored.startswith(("scrypt:", "pbkdf2_sha256$"))
    for file in server.database.parent.glob("*.sqlite3*"):
        assert PASSWORD.encode() not in file.read_bytes()


def assert_only_reading_works(server, client):
    """Check that saving gets a plain page, and the log a traceback each."""
    server.may_fail = True
    for number in range(1, 4):
        assert "Buy milk" in client.get("/").text
        assert_plain(client.post("/", data={"title": "Lost"}))
        errors = re.findall(r"(?m)^\S*OperationalError:", server.output())
        assert len(errors) >= number
    assert "Lost" not in client.get("/").text


@every_todo_list
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_a_database_that_cannot_be_written_can_be_read(serve, name):
    """A backup that is put back may belong to somebody else."""
    # Root may write any file, unless that right is given up.
    server = serve(name, f"setpriv --bounding-set -dac_override {RUN}")
    client = server.sign_up("ada")
    add(client, "Buy milk")
    server.query("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = server.file.with_name("backup")
    shutil.copy(server.database, backup)
    for file in server.file.parent.glob("*.sqlite3*"):
        file.unlink()
    backup.chmod(0o444)
    backup.rename(server.database)
    assert_only_reading_works(server, client)


@every_todo_list
@pytest.mark.skipif(not shutil.which("prlimit"), reason="needs prlimit")
def test_a_full_disk_loses_nothing(serve, name):
    """What was there stays, and when there is room again, all goes on."""
    server = serve(name, SECRET_KEY=KEY)
    client = server.sign_up("ada")

    def limit_files(size):
        pid, limit = str(server.process.pid), f"--fsize={size}:unlimited"
        subprocess.run(["prlimit", "--pid", pid, limit], check=True)

    # While somebody has it open, the write-ahead log only grows.
    with contextlib.closing(sqlite3.connect(server.database)) as db:
        db.execute("SELECT * FROM sqlite_master").fetchall()
        add(client, "Buy milk")
        log = server.database.with_name(f"{server.database.name}-wal")
        limit_files(log.stat().st_size + 1000)
        assert_only_reading_works(server, client)
        limit_files("unlimited")
        add(client, "Wash the car")
    server.stop()
    assert titles(server) == ["Buy milk", "Wash the car"]
    page = serve(name, SECRET_KEY=KEY).client(client.cookies).get("/").text
    assert re.search("Wash the car(?s:.+)Buy milk", page)


def hostile_requests(host, cookie):
    """Return bytes that only waitress's own parser sees as they are."""
    end = b"Connection: close\r\n"
    lines = f"\r\nHost: {host}\r\nCookie: {cookie}\r\n".encode() + end
    get, post = b"GET / HTTP/1.1", b"POST / HTTP/1.1"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    length = form + b"Content-Length: "
    return [
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
        post + lines + length + b"3\r\n\r\n\xff=\xff",
        post + lines + length + b"3000000\r\n\r\n" + b"x" * 3_000_000,
    ]


@every_todo_list
def test_hostile_bytes_get_an_answer_that_is_no_error(serve, name):
    """Whatever arrives, nobody's list is gone and no page is a 500."""
    server = serve(name)
    server.may_fail = True  # Django logs what is suspicious with a traceback
    client = server.sign_up("ada")
    add(client, "Buy milk")
    address = ("127.0.0.1", server.port)
    cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
    for request in hostile_requests(f"127.0.0.1:{server.port}", cookie):
        answer = b""
        # What is cut off while it still sends may miss the answer.
        with socket.create_connection(address, PATIENCE) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request + b"\r\n")
            with contextlib.suppress(ConnectionError):
                while part := connection.recv(65536):
                    answer += part
        if answer or len(request) < 300_000:
            assert re.match(rb"HTTP/1\.[01] [234]\d\d ", answer), request[:60]
    assert "Buy milk" in client.get("/").text


# --- The repository ----------------------------------------------------------

FILES = [f"{name}.py" for name in SCRIPTS]
BROUGHT = {"flask": {"jinja2", "werkzeug"}, "django": set()}  # along with it
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob(".github/*.md"))]
FENCED = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")


def read(file):
    """Return the text of a file of the repository."""
    return (ROOT / file).read_text("utf-8")


def test_the_top_level_holds_the_demos_and_nothing_else():
    """Who opens the repository sees at once what it is."""
    ignored = r"\.|__pycache__$|.*\.sqlite3(-\w+)?$"
    names = {path.name for path in ROOT.iterdir()}
    visible = {name for name in names if not re.match(ignored, name)}
    assert visible == {"README.md", "test_all.py", *FILES}


@every_script
def test_a_script_imports_what_its_head_names(name):
    """Who has nothing but uv or pipx can run it."""
    head, body = re.match(
        r"# /// script\n(.+?)# ///\n(.+)", read(f"{name}.py"), re.S
    ).groups()
    assert '\n# requires-python = ">=3.10"\n' in f"\n{head}"
    needs = set(re.findall(r'"(\w+)>=\d', head))
    imported = set()
    for node in ast.walk(ast.parse(body)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    imported -= sys.stdlib_module_names
    assert needs == {kind(name), "waitress"} == imported - BROUGHT[kind(name)]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_has_what_both_have_in_the_same_order(pair):
    """Who compares the two finds the same thing at the same place."""
    pattern = r"(?m)^(?:def (\w+)|HTML\[(.+)\] =)"
    flask, django = [re.findall(pattern, read(f"{name}.py")) for name in pair]
    shared = [name for name in flask if name in django]
    assert shared
    assert shared == [name for name in django if name in flask]


@pytest.mark.parametrize("document", ["README.md", ".github/side-by-side.md"])
def test_documents_quote_the_scripts_word_for_word(document):
    """Who copies from a document gets what was tested."""
    texts = [f"\n{read(file)}" for file in [*FILES, "test_all.py"]]
    blocks = FENCED.findall(read(document))
    quotes = [text for lang, text in blocks if lang in ("python", "html")]
    assert quotes
    wrong = [q for q in quotes if not any(f"\n{q}" in t for t in texts)]
    assert not wrong, wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_exist(document):
    """Who follows one arrives."""

    def anchors(file):
        text = FENCED.sub("", file.read_text("utf-8"))
        titles = re.findall(r"(?m)^#+ (.+)$", text)
        words = [re.sub(r"[^\w -]", "", title.lower()) for title in titles]
        return {word.replace(" ", "-") for word in words}

    text = FENCED.sub("", document.read_text("utf-8"))
    found = re.findall(r'\]\(<?([^)>\s]+)|(?:src|srcset|href)="([^"]+)"', text)
    links = [a or b for a, b in found if not re.match(r"\w+:", a or b)]
    for link in links:
        path, _, anchor = link.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link
