"""Measure the demos; print the table of .github/figures.md, and no more.

Run it:  python .ci/bench.py    (about three minutes)
Needs:   wrk, and pip install flask django waitress httpx psutil tenacity

What is compared is measured in the same run, in turns; a figure is the median
of its rounds. The figures are those of one machine: trust their ratios.
"""

import contextlib
import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib import metadata
from pathlib import Path

import psutil
from demo import RUN, Server

KINDS = ["flask", "django"]
SIZES = [100, 100_000]  # to-dos
ADDRESSES = {"All": "/", "Active": "/?show=active"}
LOAD_SECONDS = 2
WRK = "wrk --threads=1 --duration={}s --connections={} --script={} {}"
DEVELOPMENT = {
    "flask": "{python} -m flask --app {name} run --port {port}",
    "django": "{python} {name}.py runserver --noreload {port}",
}
BARE = """
import os
from waitress import serve
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<p>Hello, World!</p>"]
serve(app, listen="127.0.0.1:" + os.environ["PORT"])
"""


def medians(measures, rounds):
    """Take measures in turns, as noise should hit all; return the medians."""
    taken = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(taken[name]) for name in measures}


def row(figure, values, form="{:,.0f}"):
    """Print a row of the table from the values of both frameworks."""
    cells = [figure, *(form.format(values[kind]) for kind in KINDS)]
    print("|", " | ".join(cells), "|", flush=True)


def load(server, connections, request=None):
    """Return the requests a second that wrk counts; none may fail.

    All are like this request of httpx; without one, for the first page.
    """
    lua, address = [], "/"
    if request:
        address = request.url.raw_path.decode()
        body = request.content.decode()
        lua = [f"wrk.method, wrk.body = {request.method!r}, {body!r}"]
        for name in ("content-type", "cookie", "origin", "x-csrftoken"):
            value = request.headers.get(name, "")
            lua.append(f"wrk.headers[{name!r}] = {value!r}")
    script = server.file.with_suffix(".lua")
    script.write_text("\n".join(lua))
    url = server.url + address
    words = WRK.format(LOAD_SECONDS, connections, script, url).split()
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    if "Non-2xx or 3xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


def throughput(serve):
    """Set the hellos against their limits and their development servers."""
    servers = {"bare": serve("bare")}
    for kind in KINDS:
        servers[kind] = serve(f"hello_{kind}")
        servers["slow", kind] = serve(f"hello_{kind}", DEVELOPMENT[kind])
    loads = {name: partial(load, s, 8) for name, s in servers.items()}
    rates = medians(loads, 7)
    slow = {kind: rates["slow", kind] for kind in KINDS}
    gain = {kind: rates[kind] / slow[kind] for kind in KINDS}
    limit = f"(a bare function: {rates['bare']:,.0f})"
    row(f"hello on waitress, requests/s {limit}", rates)
    row("hello on the development server, requests/s", slow)
    row("waitress against the development server", gain, "{:.1f} times")


def starts(figure, pair, folder, fresh=False):
    """Time the starts of a pair; a fresh one finds no database."""

    def first_answer(kind):
        for file in folder.glob("*.sqlite3*") if fresh else ():
            file.unlink()
        begun = time.perf_counter()
        with Server(f"{pair}_{kind}", folder) as server:
            server.client().get("/")
            return time.perf_counter() - begun

    measures = {kind: partial(first_answer, kind) for kind in KINDS}
    row(f"{figure} to first answer, s", medians(measures, 9), "{:.2f}")


def pages(serve):
    """Time a page of the to-do lists, however long the list is."""
    measures = {}
    for kind in KINDS:
        server = serve(f"todo_{kind}")
        for size in SIZES:
            client = server.sign_up(f"of-{size}")
            todos = ((f"To-do {n}", n % 2) for n in range(size))
            server.seed(todos, f"of-{size}")
            for name, address in ADDRESSES.items():
                page = client.get(address)
                assert page.text.count('class="title"') == 50
                measure = partial(load, server, 1, page.request)
                measures[kind, name, size] = measure
    rates = medians(measures, 5)
    for name in ADDRESSES:
        for size in SIZES:
            ms = {kind: 1000 / rates[kind, name, size] for kind in KINDS}
            row(f"a page of {name}, {size:,} to-dos, ms", ms, "{:.1f}")


def adds(serve):
    """Have sixteen clients add at once; see what memory that takes."""
    measures = {}
    servers = {kind: serve(f"todo_{kind}") for kind in KINDS}
    for kind, server in servers.items():
        client = server.sign_up("crowd")
        added = client.post("/", data={"title": "Buy milk"})
        measures[kind] = partial(load, server, 16, added.request)
    rates = medians(measures, 5)
    row("16 clients adding at once, adds/s", rates)
    processes = {k: psutil.Process(s.process.pid) for k, s in servers.items()}
    memory = {k: p.memory_info().rss / 2**20 for k, p in processes.items()}
    row("memory after that load, MB", memory)


def main():
    """Measure everything; print what was measured where, then the table."""
    if not shutil.which("wrk"):
        sys.exit("wrk makes the load, and is missing: apt-get install wrk")
    names = ("flask", "django", "waitress")
    versions = [f"{name} {metadata.version(name)}" for name in names]
    print(
        f"{datetime.date.today()}, {os.cpu_count()} cores of"
        f" {platform.machine()}, {platform.system()},"
        f" Python {platform.python_version()}, {', '.join(versions)},"
        " load by wrk\n\n| figure | Flask | Django |\n|---|---|---|"
    )
    with (
        tempfile.TemporaryDirectory() as root,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(root, "demos")
        folder.mkdir()
        (folder / "bare.py").write_text(BARE)

        def serve(name, command=RUN):
            return stack.enter_context(Server(name, folder, command))

        throughput(serve)
        starts("hello, start", "hello", folder)
        starts("to-do list, first start", "todo", folder, fresh=True)
        starts("to-do list, later start", "todo", folder)
        pages(serve)
        adds(serve)


if __name__ == "__main__":
    main()
