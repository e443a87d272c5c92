"""Tests of the demos as processes: started, crowded, killed, starved.

What needs no process is tested in test_all.py; how to run these: conftest.py.
"""

import contextlib
import re
import shutil
import socket
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from demo import LIVE, PAIRS, PASSWORD, PATIENCE, ROOT, RUN, eventually

SCRIPTS = [name for pair in PAIRS for name in pair]
KINDS = {name: name.rpartition("_")[2] for name in SCRIPTS}
TODOS = PAIRS[2]
WINDOWS = sys.platform == "win32"
KEY = "x" * 50

each_script = pytest.mark.parametrize("name", SCRIPTS)
each_todo_list = pytest.mark.parametrize("name", TODOS)


def at_once(function, items):
    """Return what a function makes of each item, in a thread for each."""
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(function, items))


def visit(server):
    """Return a client that is shown the first page."""
    is_todo_list = server.name in TODOS
    return server.sign_up("ada") if is_todo_list else server.client()


def save(file, pattern, replacement):
    """Change a script in one go, as editors do."""
    old = file.read_text("utf-8")
    new = re.sub(pattern, replacement, old)
    assert new != old
    file.with_suffix(".new").write_text(new, "utf-8")
    file.with_suffix(".new").replace(file)


def save_an_error(file):
    """Have the view of the first page raise an exception."""
    save(file, r"(def (hello_world|index)\(\w*\):\n)", r"\1    1 / 0\n")


def assert_plain(response):
    """Check that a visitor is told that something failed, and no more."""
    details = "Traceback|File|Zero|sqlite|Operational"
    found = re.findall(details, response.text)
    assert (response.status_code, found) == (500, [])


# --- Starting ----------------------------------------------------------------

UV = "{python} -m uv run --quiet --no-python-downloads --python {python}"
# Any other server, which knows nothing of waitress.
WSGIREF = """\
import importlib, sys, wsgiref.simple_server
module = importlib.import_module(sys.argv[1])
application = getattr(module, "app", None) or module.application
address = "127.0.0.1", int(sys.argv[2])
wsgiref.simple_server.make_server(*address, application).serve_forever()
"""


@each_script
@pytest.mark.parametrize("command", [RUN, f"{UV} {{name}}.py"])
def test_it_serves_until_ctrl_c_and_warns_of_nothing(serve, name, command):
    """Who types the documented line gets the page, and no riddles."""
    server = serve(name, command)
    assert visit(server).get("/").status_code == 200

    def said():  # but for what waitress may add on a busy machine
        return re.sub(r"Task queue depth is \d+\n", "", server.output())

    line = f"Serving on {server.url}\n"
    assert said() == line
    if not WINDOWS:  # where a program cannot press it for another
        assert (server.interrupt(), said()) == (0, line)


@each_script
@pytest.mark.skipif(WINDOWS, reason="there, waitress shares a port")
def test_a_busy_port_is_named_in_one_line(start, name):
    """Who has two demos is told what is wrong, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        # Of what waitress leaves open, Python only speaks when asked.
        second = start(name, PORT=str(port), PYTHONWARNINGS=None)
        assert second.process.wait(PATIENCE) == 1
    line = rf"Port {port}: .+\. Set PORT to another number\.\n"
    if name in PAIRS[0]:  # these leave it to Python
        second.may_fail = True
        line = r"Traceback (?s:.+)\nOSError: .+\n"
    assert re.fullmatch(line, second.output())


@each_script
@pytest.mark.parametrize("command", [RUN, "{python} any.py {name} {port}"])
def test_an_error_is_a_plain_page_and_one_traceback(
    start, tmp_path, name, command
):
    """Visitors learn nothing of the code; who runs it learns all, once."""
    file = tmp_path / "demo" / f"{name}.py"
    file.parent.mkdir()
    file.with_name("any.py").write_text(WSGIREF, "utf-8")
    shutil.copy(ROOT / file.name, file)
    save_an_error(file)
    server = start(name, command)
    server.may_fail = True
    client = visit(server)
    assert_plain(client.get("/"))
    assert client.get("/nothing/").status_code == 404
    server.stop()
    errors = server.err.read_text("utf-8")
    assert errors.count("\nZeroDivisionError: division by zero\n") == 1
    assert errors.count("Traceback") == 1


@each_script
def test_live_coding_reloads_what_is_saved_and_explains_errors(serve, name):
    """An audience sees each change, and nobody is logged out by it."""
    server = serve(name, LIVE[KINDS[name]])
    server.may_fail = True
    client = visit(server)

    def see(status, text):
        response = client.get("/")
        seen = response.status_code == status and text in response.text
        if not seen:
            server.file.touch()  # it may not have been watched before
        assert seen, response.text

    save(server.file, "(Hello, |Welcome to |<h1>todos)", r"\1Changed")
    eventually(see, 200, "Changed")
    save_an_error(server.file)
    eventually(see, 500, "ZeroDivisionError")
    save(server.file, "    1 / 0\n", "")
    eventually(see, 200, "Changed")


MANAGE = [
    ("check", 0, "System check identified no issues"),
    ("help", 0, "runserver"),
    ("shell -c print(6*7)", 0, "42"),
    ("nonsense", 1, "Unknown command: 'nonsense'"),
]
MANAGE_TODOS = [
    ("createsuperuser --noinput", 0, "Superuser created successfully."),
    ("check --deploy", 0, "System check identified"),
    ("makemigrations --check", 0, "No changes detected"),
    ("migrate", 0, "No migrations to apply"),
    ("shell -c print(Todo.objects.count())", 0, "0"),
    ("showmigrations", 0, "[X] 0001_initial"),
]


@pytest.mark.parametrize(
    "name, command, status, expected",
    [(pair[1], *row) for pair in PAIRS for row in MANAGE]
    + [(TODOS[1], *row) for row in MANAGE_TODOS],
)
def test_it_is_its_own_manage_py(start, name, command, status, expected):
    """Who knows Django's commands can type them."""
    user = {"USERNAME": "ada", "EMAIL": "ada@example.com", "PASSWORD": "ada"}
    environ = {f"DJANGO_SUPERUSER_{key}": user[key] for key in user}
    server = start(name, f"{RUN} {command}", **environ)
    assert server.process.wait(PATIENCE) == status, server.output()
    assert expected in server.output()


# --- Surviving ---------------------------------------------------------------


def add(client, title):
    """Add a to-do; the answer has to be the way to the list."""
    response = client.post("/", data={"title": title})
    assert response.status_code == 302, response.text


def titles(server):
    """Return the titles in the database, which has to be sound."""
    assert server.query("PRAGMA integrity_check") == [("ok",)]
    return [title for (title,) in server.query("SELECT title FROM {todo}")]


@pytest.fixture(params=TODOS)
def todos(request, serve):
    """Give a to-do list with ada, who has noted something."""
    server = serve(request.param, SECRET_KEY=KEY)
    server.ada = server.sign_up("ada")
    add(server.ada, "Buy milk")
    return server


@pytest.fixture
def restart(todos, serve):
    """Give a function that starts it once more; ada then is its client."""

    def restart(key=KEY, cookies=None):
        again = serve(todos.name, SECRET_KEY=key)
        return again.client(cookies or todos.ada.cookies)

    return restart


@each_todo_list
@pytest.mark.parametrize("count", [1, 12])
def test_sixteen_clients_add_at_once(start, name, count):
    """A class sees no error and loses nothing; nor do several processes
    that are all started at once, on one new database."""
    servers = [start(name, SECRET_KEY=KEY) for _ in range(count)]
    cookies = servers[0].sign_up("ada").cookies
    clients = [servers[n % count].client(cookies) for n in range(16)]

    def add_five(number):
        for n in range(5):
            assert clients[number].get("/").status_code == 200
            add(clients[number], f"{number}-{n}")

    at_once(add_five, range(16))
    added = [f"{number}-{n}" for number in range(16) for n in range(5)]
    assert sorted(titles(servers[0])) == sorted(added)


def test_who_reads_does_not_wait_for_who_writes(todos):
    """A backup or a long import takes nobody's list away."""
    with contextlib.closing(sqlite3.connect(todos.database)) as db:
        db.execute("BEGIN EXCLUSIVE")
        assert "Buy milk" in todos.ada.get("/").text


def test_the_key_decides_who_is_logged_in_later(todos, restart, serve):
    """Who sets one stays logged in; without, there is none to be guessed."""
    for key, status in ((KEY, 200), (KEY.upper(), 302), (None, 302)):
        assert restart(key).get("/").status_code == status
    cookies = serve(todos.name).sign_up("eve").cookies
    assert restart(None, cookies).get("/").status_code == 302


def test_what_was_answered_survives_kill_9(todos, restart):
    """Whatever happens to the machine, what was seen saved is saved."""
    clients = [todos.client(todos.ada.cookies) for _ in range(4)]
    answered = []

    def add_until_the_kill(number):
        with contextlib.suppress(httpx.TransportError):
            for n in range(40):
                add(clients[number], f"{number}-{n}")
                answered.append(f"{number}-{n}")
            todos.stop()  # while others still add

    at_once(add_until_the_kill, range(4))
    assert len(answered) >= 40
    saved = titles(todos)
    assert set(answered) <= set(saved)
    assert f"<strong>{len(saved)}</strong>" in restart().get("/").text


@each_todo_list
def test_a_start_can_be_killed_at_any_moment(start, name):
    """Who presses Ctrl-C too soon has no database to mend."""
    tables = "SELECT count(*) FROM sqlite_master"
    complete = start(name).wait().query(tables)
    for changes in range(1, 7):
        server = start(name, folder=f"killed-{changes}")
        sizes = set()
        while len(sizes) < changes and "Serving" not in server.output():
            assert server.process.poll() is None
            files = server.file.parent.glob("*.sqlite3*")
            with contextlib.suppress(FileNotFoundError):
                sizes.add(tuple(file.stat().st_size for file in files))
        server.stop()
        start(name, folder=f"killed-{changes}").sign_up("ada")
        assert server.query(tables) == complete


def test_the_database_keeps_no_password(todos):
    """Who gets hold of the file cannot log in elsewhere with what is in it."""
    [[stored]] = todos.query("SELECT password FROM {user}")
    assert stored.startswith(("scrypt:", "pbkdf2_sha256$"))
    for file in todos.database.parent.glob("*.sqlite3*"):
        assert PASSWORD.encode() not in file.read_bytes()


@each_todo_list
@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
def test_a_database_that_cannot_be_written_can_be_read(serve, name):
    """A backup that was put back may belong to somebody else."""
    # Root may write any file, unless that right is given up.
    server = serve(name, f"setpriv --bounding-set -dac_override {RUN}")
    client = server.sign_up("ada")
    add(client, "Buy milk")
    server.query("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = shutil.copy(server.database, server.file.with_name("backup"))
    for file in server.database.parent.glob("*.sqlite3*"):
        file.unlink()
    backup.chmod(0o444)
    backup.rename(server.database)
    server.may_fail = True
    for number in range(1, 4):
        assert "Buy milk" in client.get("/").text
        assert_plain(client.post("/", data={"title": "Lost"}))
        errors = re.findall(r"(?m)^\S*OperationalError:", server.output())
        assert len(errors) >= number
    assert "Lost" not in client.get("/").text


END = b"Connection: close\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
# What reaches a script only through waitress; ~ stands for ada's headers.
HOSTILE = [
    b"GET /\xff\xfe/edit/ HTTP/1.1~",
    b"GET http://evil.example/ HTTP/1.1~",
    b"GET //evil.example/.. HTTP/1.1~",
    b"BREW / HTTP/1.1~",
    b"\xff\xff\xff~",
    b"GET / HTTP/1.0\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\r\n" + END,
    b"GET / HTTP/1.1\r\nHost: [::1\r\n" + END,
    b"GET / HTTP/1.1\r\nHost: localhost:x\r\n" + END,
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + END,
    b"GET / HTTP/1.1~Cookie: \xff=\xff\r\n",
    b"GET / HTTP/1.1~X: " + b"x" * 300_000 + b"\r\n",
    b"POST / HTTP/1.1~Origin: \xff\r\n",
    b"POST / HTTP/1.1~Content-Length: x\r\n",
    b"POST / HTTP/1.1~Content-Length: -1\r\n",
    b"POST / HTTP/1.1~Transfer-Encoding: chunked\r\n\r\nnonsense",
    b"POST / HTTP/1.1~" + FORM + b"3\r\n\r\n\xff=\xff",
    b"POST / HTTP/1.1~" + FORM + b"3000000\r\n\r\n" + b"x" * 3_000_000,
]


def test_hostile_bytes_get_an_answer_and_no_error(todos):
    """Whatever somebody sends, the others notice nothing of it."""
    todos.may_fail = True  # Django logs what is suspicious with a traceback
    cookies = "; ".join(f"{k}={v}" for k, v in todos.ada.cookies.items())
    headers = f"\r\nHost: 127.0.0.1:{todos.port}\r\nCookie: {cookies}\r\n"
    for hostile in HOSTILE:
        request = hostile.replace(b"~", headers.encode() + END)
        answer = b""
        # What is cut off while it still sends may miss the answer.
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection(("127.0.0.1", todos.port)) as link,
        ):
            link.sendall(request + b"\r\n")
            while part := link.recv(65536):
                answer += part
        if answer or len(request) < 300_000:
            assert re.match(rb"HTTP/1\.[01] [234]\d\d ", answer), hostile[:60]
    assert "Buy milk" in todos.ada.get("/").text


# --- The repository ----------------------------------------------------------

FILES = [f"{name}.py" for name in SCRIPTS]
DOCUMENTS = ["README.md", *ROOT.glob(".github/*.md")]
FENCED = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")


def read(file):
    """Return the text of a file of the repository."""
    return (ROOT / file).read_text("utf-8")


def test_the_top_level_holds_the_demos_and_nothing_else():
    """Who opens the repository sees at once what it is."""
    ignored = re.compile(r"\.|__pycache__$|.*\.sqlite3(-\w+)?$")
    names = {path.name for path in ROOT.iterdir()}
    visible = {name for name in names if not ignored.match(name)}
    assert visible == {"README.md", "test_all.py", *FILES}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
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
    for language, quote in FENCED.findall(read(document)):
        if language in ("python", "html"):
            assert any(f"\n{quote}" in text for text in texts), quote


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_to_files_and_headings_that_exist(document):
    """Who follows one arrives."""
    link = r'\]\(<?([^)>\s]+)|(?:src|srcset|href)="([^"]+)"'
    for groups in re.findall(link, FENCED.sub("", read(document))):
        path, _, anchor = "".join(groups).partition("#")
        if re.match(r"\w+:|\.\./\.\./", path):
            continue  # somewhere else, also on GitHub
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), path
        if anchor:
            titles = re.findall(r"(?m)^#+ (.+)$", FENCED.sub("", read(file)))
            words = [re.sub(r"[^\w -]", "", title.lower()) for title in titles]
            assert anchor in {word.replace(" ", "-") for word in words}
