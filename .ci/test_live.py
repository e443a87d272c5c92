"""Tests of the scripts as processes: started, crowded, killed, attacked."""

import re
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from servers import PATIENCE, ROOT, eventually

SITES = ["site_flask", "site_django"]
TODOS = ["todo_flask", "todo_django"]
SCRIPTS = ["hello_flask", "hello_django", *SITES, *TODOS]
WINDOWS = sys.platform == "win32"
KEY = "x" * 50

each_script = pytest.mark.parametrize("name", SCRIPTS)
each_todo_list = pytest.mark.parametrize("name", TODOS)


def visit(server):
    """Return a client that is shown the first page."""
    return server.sign_up("ada") if server.name in TODOS else server.client()


def with_an_error(name):
    """Return a script whose first page divides by zero."""
    script = (ROOT / f"{name}.py").read_text("utf-8")
    return re.sub(r"(def (hello_world|index)\(.*\n)", r"\1    1 / 0\n", script)


def live_coding(name):
    """Return what Python has to run for the documented line, at any port."""
    script = (ROOT / f"{name}.py").read_text("utf-8")
    line = re.search("Live-code: +(.+)", script)[1]
    if line.startswith("flask"):
        return f"-m {line} -p {{port}}"
    return line.removeprefix("python ") + " {port}"


# Another server, which sets up no logging.
WSGIREF = """\
import sys, {name} as script
from wsgiref.simple_server import make_server
application = getattr(script, "app", None) or script.application
make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
"""
MANAGE = [
    ("hello_django", "check", "System check identified no issues"),
    ("site_django", "check", "System check identified no issues"),
    ("todo_django", "check", "System check identified no issues"),
    ("todo_django", "makemigrations --check", "No changes detected"),
    ("todo_django", "migrate", "No migrations to apply"),
    ("todo_django", "shell -c print(Todo.objects.exists())", "False"),
]


@each_script
@pytest.mark.parametrize("command", ["{name}.py", "-m uv run -q {name}.py"])
def test_it_serves_until_ctrl_c_and_warns_of_nothing(start, name, command):
    """Whoever types the documented line gets the page, and no riddles."""
    server = start(name, command, UV_PYTHON=sys.executable)
    client = visit(server)
    assert client.get("/").status_code == 200
    if name in TODOS:  # nobody is to read a password that is nearly right
        form = {"username": "ada", "password": "nearly right"}
        assert client.post("/login/", data=form).status_code == 200
    if not WINDOWS:  # where no program can press it for another
        # If this is uv, it leaves that to the script that it has started.
        script = [server.process, *server.process.children()][-1]
        script.send_signal(signal.SIGINT)
        assert server.process.wait(PATIENCE) == 0
    # What waitress may add on a busy machine is no riddle of the script.
    output = re.sub(r"Task queue depth is \d+\n", "", server.output())
    assert output == f"Serving on {server.url}\n"


@pytest.mark.parametrize("name", SITES + TODOS)
def test_a_busy_port_is_named_in_one_line(start, name):
    """Whoever runs two scripts is told what is wrong, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        second = start(name, PORT=str(port))
        assert second.process.wait(PATIENCE) == 1
    assert re.fullmatch(rf"Port {port}: .+ PORT .+\n", second.output())


@each_script
@pytest.mark.parametrize("command", ["{name}.py", "wsgi.py {port}"])
def test_an_error_is_plain_and_told_once(start, tmp_path, name, command):
    """Visitors learn nothing of the code; its owner learns all, once."""
    (tmp_path / "wsgi.py").write_text(WSGIREF.format(name=name), "utf-8")
    (tmp_path / f"{name}.py").write_text(with_an_error(name), "utf-8")
    server = start(name, command)
    server.may_fail = True
    response = visit(server).get("/")
    assert response.status_code == 500
    assert not re.search("Traceback|File|Zero", response.text)
    server.stop()
    output = server.output()
    assert output.count("\nZeroDivisionError: division by zero\n") == 1
    assert output.count("Traceback") == 1


@each_script
def test_live_coding_reloads_what_is_saved_and_explains_errors(start, name):
    """An audience sees each change, and nobody is logged out by it."""
    server = start(name, live_coding(name))
    server.may_fail = True
    client = visit(server)

    def see(status, text):
        response = client.get("/")
        if response.status_code != status or text not in response.text:
            server.file.touch()  # it may not have been watched before
            raise AssertionError(response.text)

    original = server.file.read_text("utf-8")
    for script, status, text in [
        (with_an_error(name), 500, "ZeroDivisionError"),
        (original, 200, ""),
    ]:
        saved = server.file.with_suffix(".new")
        saved.write_text(script, "utf-8")
        # In one go, as editors do; on Windows, when nobody reads the file.
        eventually(saved.replace, server.file)
        eventually(see, status, text)


@pytest.mark.parametrize("name, command, expected", MANAGE)
def test_it_is_its_own_manage_py(start, name, command, expected):
    """Anyone who knows Django's commands can type them."""
    server = start(name, f"{name}.py {command}")
    assert server.process.wait(PATIENCE) == 0, server.output()
    assert expected in server.output()


def add(client, title):
    """Add a to-do; the answer has to be the way to the list."""
    response = client.post("/", data={"title": title})
    assert response.is_redirect, response.text


def titles(server):
    """Return the titles in the database, which has to be sound."""
    assert server.query("PRAGMA integrity_check") == [("ok",)]
    return [title for (title,) in server.query("SELECT title FROM {todo}")]


@pytest.fixture(params=TODOS)
def todos(request, start):
    """Give a to-do list with ada, who has noted something."""
    server = start(request.param, SECRET_KEY=KEY)
    server.ada = server.sign_up("ada")
    add(server.ada, "Buy milk")
    return server


@each_todo_list
@pytest.mark.parametrize("count", [1, 12])
def test_sixteen_clients_add_at_once(start, name, count):
    """A class loses nothing, nor do processes that all start at once."""
    servers = [start(name, SECRET_KEY=KEY) for _ in range(count)]
    cookies = servers[0].sign_up("ada").cookies
    clients = [servers[n % count].client(cookies) for n in range(16)]

    def add_five(number):
        for n in range(5):
            assert clients[number].get("/").status_code == 200
            add(clients[number], f"{number}-{n}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add_five, range(16)))
    added = [f"{number}-{n}" for number in range(16) for n in range(5)]
    assert sorted(titles(servers[0])) == sorted(added)


@pytest.mark.skipif(WINDOWS, reason="its clock of a process is too coarse")
def test_a_long_list_costs_little_more_than_a_short_one(todos):
    """The years do not make it slow."""
    costs = []
    for count in (99, 99_900):
        todos.seed(("Buy milk", number % 2) for number in range(count))
        before = sum(todos.process.cpu_times()[:2])
        for _ in range(20):
            assert todos.ada.get("/").status_code == 200
        costs.append(sum(todos.process.cpu_times()[:2]) - before)
    assert ">Older<" not in todos.ada.get("/?page=2000").text  # the last one
    assert costs[1] < 10 * costs[0]  # two or three times as much, in fact


@each_todo_list
def test_without_a_key_there_is_none_to_be_guessed(start, name):
    """No cookie of one start is worth anything at another."""
    cookies = start(name).sign_up("ada").cookies
    assert start(name).client(cookies).get("/").is_redirect


def test_what_was_answered_survives_kill_9(todos, start):
    """What was seen saved is saved; with the key, a login lasts as well."""
    clients = [todos.client(todos.ada.cookies) for _ in range(4)]
    answered = []

    def add_until_the_kill(number):
        with suppress(httpx.TransportError):
            for n in range(40):
                add(clients[number], f"{number}-{n}")
                answered.append(f"{number}-{n}")
            todos.process.kill()  # while others still add

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_until_the_kill, range(4)))
    assert len(answered) >= 40
    saved = titles(todos)
    assert set(answered) <= set(saved)
    again = start(todos.name, SECRET_KEY=KEY).client(todos.ada.cookies)
    assert f"<strong>{len(saved)}</strong>" in again.get("/").text


@each_todo_list
def test_a_start_can_be_killed_at_any_moment(start, name):
    """Pressing Ctrl-C too soon leaves no database to mend."""
    tables = "SELECT count(*) FROM sqlite_master"
    complete = start(name).wait().query(tables)
    for changes in range(2, 7):  # the first is no file at all
        server = start(name, folder=f"killed-{changes}")
        sizes = set()
        while len(sizes) < changes and "Serving" not in server.output():
            assert server.process.poll() is None
            files = server.file.parent.glob("*.sqlite3*")
            with suppress(OSError):  # one of them may be going
                sizes.add(tuple(file.stat().st_size for file in files))
        server.stop()
        start(name, folder=f"killed-{changes}").wait()
        assert server.query(tables) == complete


FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
# What reaches a script only through waitress; ~ stands for ada's headers.
HOSTILE = [
    b"GET / HTTP/1.0\r\n",
    b"GET / HTTP/1.1\r\nHost: \xff\r\n",
    b"GET / HTTP/1.1\r\nHost: [::1\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost:x\r\n",
    b"GET / HTTP/1.1~Cookie: \xff=\xff\r\n",
    b"POST / HTTP/1.1~Origin: \xff\r\n",
    b"POST / HTTP/1.1~" + FORM + b"3\r\n\r\n\xff=\xff",
    b"POST / HTTP/1.1~" + FORM + b"3000000\r\n\r\n" + b"x" * 3_000_000,
]


def test_hostile_bytes_get_an_answer_and_no_error(todos):
    """Whatever somebody sends, the others notice nothing of it."""
    todos.may_fail = True  # Django logs what is suspicious with a traceback
    cookie = todos.ada.get("/").request.headers["Cookie"]
    headers = f"\r\nHost: 127.0.0.1:{todos.port}\r\nCookie: {cookie}\r\n"
    for hostile in HOSTILE:
        with socket.create_connection(("127.0.0.1", todos.port)) as link:
            link.sendall(hostile.replace(b"~", headers.encode()) + b"\r\n")
            answer = link.recv(65536)
        assert re.match(rb"HTTP/1\.[01] [234]\d\d ", answer), hostile[:60]
    assert "Buy milk" in todos.ada.get("/").text
