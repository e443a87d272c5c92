"""Measure the demos; print the table of .github/figures.md, and no more.

Run it:  python .ci/bench.py    (about three minutes)
Needs:   wrk, and pip install flask django waitress httpx psutil tenacity

A figure is the median of its rounds. The figures are those of one machine:
trust their ratios.
"""

import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from servers import Server

KINDS = ["flask", "django"]
SIZES = [100, 100_000]  # to-dos
ADDRESSES = {"All": "/", "Active": "/?show=active"}
HEADERS = {"content-type", "cookie", "origin", "x-csrftoken"}


def print_rows(rows, form, rounds):
    """Print rows of the table: {figure: [measure Flask, measure Django]}.

    All are measured in turns, as noise should hit all.
    """
    taken = defaultdict(lambda: ([], []))
    for _ in range(rounds):
        for figure, measures in rows.items():
            for values, measure in zip(taken[figure], measures, strict=True):
                values.append(measure())
    for figure, pair in taken.items():
        cells = [f"{statistics.median(values):{form}}" for values in pair]
        print("|", " | ".join([figure, *cells]), "|", flush=True)


def load(server, connections, request):
    """Return how many requests like this one of httpx it answers a second.

    wrk makes them and counts; none may fail.
    """
    script = server.file.with_suffix(".lua")
    body = request.content.decode()
    script.write_text(f"wrk.method, wrk.body = {request.method!r}, {body!r}")
    command = ["wrk", "--threads=1", "--duration=2s", f"--script={script}"]
    command += [f"--connections={connections}", str(request.url)]
    for name in HEADERS & request.headers.keys():
        command.append(f"--header={name}: {request.headers[name]}")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    if re.search("Non-2xx or 3xx|Socket errors", done.stdout):
        raise RuntimeError(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


def milliseconds(server, request):
    """Return how long a request takes, when there is no other."""
    return 1000 / load(server, 1, request)


def megabytes(server):
    """Return how much memory a server takes."""
    return server.process.memory_info().rss / 2**20


def measure_hello(servers):
    """Have eight clients ask for the first page."""
    measures = []
    for server in servers:
        page = server.client().get("/")
        measures.append(partial(load, server, 8, page.request))
    print_rows({"hello, requests/s": measures}, ",.0f", 7)


def measure_start(figure, pair, folder, fresh=False):
    """Time the starts of a pair; a fresh one finds no database."""

    def first_answer(kind):
        for file in folder.glob("*.sqlite3*") if fresh else ():
            file.unlink()
        begun = time.perf_counter()
        with Server(f"{pair}_{kind}", folder) as server:
            server.client().get("/")
            return time.perf_counter() - begun

    measures = [partial(first_answer, kind) for kind in KINDS]
    print_rows({f"{figure} to first answer, s": measures}, ".2f", 9)


def measure_pages(servers):
    """Time a page of the to-do lists, however long the list is."""
    rows, clients = defaultdict(list), {}
    for server in servers:
        for size in SIZES:
            clients[size] = server.sign_up(f"of-{size}")
            todos = ((f"To-do {n}", n % 2) for n in range(size))
            server.seed(todos, f"of-{size}")
        for name, size in product(ADDRESSES, SIZES):
            page = clients[size].get(ADDRESSES[name])
            assert page.text.count('class="title"') == 50
            measure = partial(milliseconds, server, page.request)
            rows[f"a page of {name}, {size:,} to-dos, ms"].append(measure)
    print_rows(rows, ".1f", 5)


def measure_adds(servers):
    """Have sixteen clients add at once; see what memory that takes."""
    measures = []
    for server in servers:
        client = server.sign_up("crowd")
        added = client.post("/", data={"title": "Buy milk"})
        measures.append(partial(load, server, 16, added.request))
    print_rows({"16 clients adding at once, adds/s": measures}, ",.0f", 5)
    measures = [partial(megabytes, server) for server in servers]
    print_rows({"memory after that load, MB": measures}, ",.0f", 1)


def main():
    """Print the table, row by row."""
    if not shutil.which("wrk"):
        sys.exit("wrk makes the load, and is missing: apt-get install wrk")
    print("| figure | Flask | Django |\n|---|---|---|")
    with TemporaryDirectory() as root, ExitStack() as stack:
        folder = Path(root, "demos")

        def serve(pair):
            names = [f"{pair}_{kind}" for kind in KINDS]
            return [stack.enter_context(Server(n, folder)) for n in names]

        measure_hello(serve("hello"))
        measure_start("hello, start", "hello", folder)
        measure_start("to-do list, first start", "todo", folder, fresh=True)
        measure_start("to-do list, later start", "todo", folder)
        measure_pages(serve("todo"))
        measure_adds(serve("todo"))


if __name__ == "__main__":
    main()
