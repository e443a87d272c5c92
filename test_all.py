# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Tests of the six demos, written once for both frameworks.

All of them:        python test_all.py
One class:          python test_all.py TodoFlask
By name:            python test_all.py -k toggle
With pytest:        python -m pytest test_all.py

A visitor opens pages, fills in forms and presses buttons. Most tests do it
through the test client of the framework, in a process for each script; the
Live classes do it over HTTP, on servers started as a user starts them.
"""

import ast
import concurrent.futures
import contextlib
import html.parser
import http.client
import http.cookies
import importlib
import itertools
import logging
import multiprocessing
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAIRS = ["hello", "site", "todo"]
SCRIPTS = [
    f"{pair}_{kind}.py" for pair in PAIRS for kind in ("flask", "django")
]
PORTS = {"flask": 5000, "django": 8000}
WINDOWS = sys.platform == "win32"
PATIENCE = 60  # seconds until a server counts as hanging
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse"


# --- Pages, as a visitor sees them -------------------------------------------


class Node:
    """An element of a page."""

    VOID = {"br", "hr", "img", "input", "link", "meta"}

    def __init__(self, tag, attrs, parent):
        self.tag, self.attrs, self.parent = tag, dict(attrs), parent
        self.children = []

    def __iter__(self):
        """Yield this element and all in it, in the order of the page."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child

    @property
    def text(self):
        """What it says, with single spaces."""
        parts = [
            child.text if isinstance(child, Node) else child
            for child in self.children
            if not (isinstance(child, Node) and child.tag == "style")
        ]
        return " ".join("".join(parts).split())

    @property
    def name(self):
        """What a screen reader calls it."""
        return self.attrs.get("aria-label") or self.text

    def has(self, css_class):
        """Return whether it is of a class."""
        return css_class in (self.attrs.get("class") or "").split()


class Page(html.parser.HTMLParser):
    """An answer of a server, and how to find things on its page."""

    def __init__(self, address, status, headers, body):
        super().__init__()
        self.address, self.status = address, status
        self.headers, self.body = headers, body
        self.root = self.open = Node("page", [], None)
        self.feed(body)
        self.close()

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs, self.open)
        self.open.children.append(node)
        if tag not in Node.VOID:
            self.open = node

    def handle_startendtag(self, tag, attrs):
        self.open.children.append(Node(tag, attrs, self.open))

    def handle_endtag(self, tag):
        node = self.open
        while node.parent and node.tag != tag:
            node = node.parent
        self.open = node.parent or self.open

    def handle_data(self, data):
        self.open.children.append(data)

    def header(self, name):
        """Return a header of the answer, or None."""
        values = [v for k, v in self.headers if k.lower() == name.lower()]
        return ", ".join(values) if values else None

    def tags(self, *tags):
        """Return the elements with one of these tags."""
        return [node for node in self.root if node.tag in tags]

    def of_class(self, css_class):
        """Return the elements of a class."""
        return [node for node in self.root if node.has(css_class)]

    def one(self, nodes):
        """Return the only element of a list."""
        if len(nodes) != 1:
            raise AssertionError(f"{len(nodes)} found in: {self.text}")
        return nodes[0]

    @property
    def text(self):
        return self.root.text

    @property
    def title(self):
        return self.one(self.tags("title")).text

    @property
    def heading(self):
        return self.one(self.tags("h1")).text

    @property
    def alerts(self):
        found = [n for n in self.root if n.attrs.get("role") == "alert"]
        return [node.text for node in found]

    @property
    def todos(self):
        """The titles on the list; those that are completed end in ✓."""
        return [
            next(node for node in item if node.has("title")).text
            + (" ✓" if item.has("completed") else "")
            for item in self.tags("li")
        ]

    @property
    def count(self):
        return self.one(self.of_class("todo-count")).text

    def link(self, text):
        return self.one([n for n in self.tags("a") if n.text == text])

    def links(self):
        return [node.text for node in self.tags("a")]

    def buttons(self):
        return [node.name for node in self.tags("button")]

    def field(self, name):
        fields = self.tags("input")
        return self.one([n for n in fields if n.attrs.get("name") == name])

    def value(self, name):
        """Return the text in a field."""
        return self.field(name).attrs.get("value", "")

    def outline(self):
        """Return all that a visitor reads or uses, in order.

        The framework's name is left out, and so are hidden fields.
        """
        lines = []
        for node in self.root:
            attrs = dict(node.attrs)
            attrs.pop("style", None)
            if node.tag in ("html", "style", "page"):
                continue
            if attrs.get("type") == "hidden":
                continue
            own = "".join(c for c in node.children if isinstance(c, str))
            line = (node.tag, sorted(attrs.items()), " ".join(own.split()))
            lines.append(re.sub("Flask|Django", "Framework", str(line)))
        return lines


class Visitor:
    """Somebody with a browser: keeps cookies, follows redirects."""

    def __init__(self, send, origin):
        self.send, self.origin = send, origin
        self.cookies = {}
        self.page = None
        self.typed = {}

    def request(self, method, address, body=b"", headers=None):
        """Send one request; return its page, without following it."""
        headers = {"Host": urllib.parse.urlsplit(self.origin).netloc} | (
            headers or {}
        )
        if self.cookies and "Cookie" not in headers:
            pairs = [f"{k}={v}" for k, v in self.cookies.items()]
            headers["Cookie"] = "; ".join(pairs)
        status, answered, text = self.send(method, address, body, headers)
        for key, value in answered:
            if key.lower() == "set-cookie":
                for name, morsel in http.cookies.SimpleCookie(value).items():
                    self.cookies[name] = morsel.coded_value
                    if morsel["max-age"] == "0":
                        del self.cookies[name]
        page = Page(address, status, answered, text)
        length = page.header("Content-Length")
        if length and method != "HEAD" and int(length) != len(text.encode()):
            raise AssertionError(f"{address}: not {length} bytes: {text}")
        return page

    def arrive(self, page):
        """Follow redirects; the last page is the one to read."""
        for _ in range(5):
            if not 300 <= page.status < 400:
                self.page, self.typed = page, {}
                return page
            target = urllib.parse.urljoin(
                page.address, page.header("Location")
            )
            parts = urllib.parse.urlsplit(target)
            target = urllib.parse.urlunsplit(("", "", *parts[2:]))
            page = self.request("GET", target)
        raise AssertionError("redirects in circles")

    def open(self, address):
        """Go to an address."""
        return self.arrive(self.request("GET", address))

    def follow(self, text):
        """Go where a link leads."""
        href = self.page.link(text).attrs["href"]
        return self.open(urllib.parse.urljoin(self.page.address, href))

    def fill(self, **typed):
        """Type into fields, which must be there."""
        for name in typed:
            self.page.field(name)
        self.typed.update(typed)

    def form(self, button):
        """Return where a button sends its form, and what is in it."""
        form = button
        while form.tag != "form":
            form = form.parent
        action = button.attrs.get("formaction") or form.attrs.get("action")
        data = {
            node.attrs["name"]: node.attrs.get("value") or ""
            for node in form
            if node.tag == "input"
        }
        data.update((k, v) for k, v in self.typed.items() if k in data)
        return urllib.parse.urljoin(self.page.address, action or ""), data

    def find(self, name):
        """Return the only button of a name."""
        buttons = self.page.tags("button")
        return self.page.one([b for b in buttons if b.name == name])

    def submit(self, name, headers=None, **data):
        """Press a button; return the answer, without following it."""
        address, fields = self.form(self.find(name))
        return self.post(address, {**fields, **data}, headers)

    def press(self, name):
        """Press a button."""
        return self.arrive(self.submit(name))

    def post(self, address, data, headers=None):
        """Send a form to an address, as a browser does from this origin."""
        body = urllib.parse.urlencode(data).encode()
        headers = {"Origin": self.origin, "Content-Type": FORM} | (
            headers or {}
        )
        headers = {k: v for k, v in headers.items() if v is not None}
        return self.request("POST", address, body, headers)

    def token(self):
        """Return the hidden fields of the page: Django's token."""
        hidden = [
            node.attrs
            for node in self.page.tags("input")
            if node.attrs.get("type") == "hidden"
        ]
        return {attrs["name"]: attrs["value"] for attrs in hidden}

    def sign_up(self, username):
        """Make an account; arrive at its empty list."""
        self.open("/signup/")
        self.fill(username=username, password1=PASSWORD, password2=PASSWORD)
        return self.press("Sign up")

    def log_in(self, username, password=PASSWORD):
        """Log in; arrive at the list, or at the form again."""
        self.open("/login/")
        self.fill(username=username, password=password)
        return self.press("Log in")

    def add(self, *titles):
        """Add to-dos, the last of which ends up on top."""
        for title in titles:
            page = self.submit("Add", title=title)
        return self.arrive(page) if titles else self.page


# --- A process for each script, with its framework's test client -------------

loaded = {}  # in a worker: its module and its client


def load(folder, name):
    """In a new worker: import a script from a folder that has nothing else."""
    logging.disable()  # what is expected; the live tests read the log
    os.chdir(folder)
    sys.path.insert(0, folder)
    module = loaded["module"] = importlib.import_module(name)
    if hasattr(module, "app"):
        loaded["client"] = module.app.test_client(use_cookies=False)
    else:
        from django.conf import settings
        from django.test import Client

        # Accounts by the hundred: the real hasher is for the live tests.
        if name == "todo_django":
            settings.PASSWORD_HASHERS = [
                "django.contrib.auth.hashers.MD5PasswordHasher"
            ]
        loaded["client"] = Client(
            enforce_csrf_checks=True, raise_request_exception=False
        )


def answer(method, address, body, headers):
    """In a worker: return the status, headers and text for a request."""
    headers = dict(headers)
    content_type = headers.pop("Content-Type", "")
    client = loaded["client"]
    if hasattr(loaded["module"], "app"):
        response = client.open(
            address,
            method=method,
            data=body,
            content_type=content_type or None,
            headers=headers,
            environ_overrides={"HTTP_HOST": headers.pop("Host")},
        )
        items, body = list(response.headers), response.data
        response.close()
    else:
        from django.db import connections

        client.cookies.clear()
        response = client.generic(
            method, address, body, content_type, headers=headers
        )
        items = list(response.items())
        items += [
            ("Set-Cookie", morsel.OutputString())
            for morsel in response.cookies.values()
        ]
        response.close()
        body = b"".join(response)
        connections.close_all()
    return response.status_code, items, body.decode()


def count_statements(address, headers):
    """In a worker: return how many SQL statements a GET runs."""
    module, statements = loaded["module"], []
    if hasattr(module, "app"):
        connect = module.connect

        def traced_connect():
            db = connect()
            db.set_trace_callback(statements.append)
            return db

        module.connect = traced_connect
        answer("GET", address, b"", headers)
        module.connect = connect
    else:
        from django.db import connection

        def trace(execute, sql, *args):
            statements.append(sql)
            return execute(sql, *args)

        with connection.execute_wrapper(trace):
            answer("GET", address, b"", headers)
    return len(statements)


class Worker:
    """A process in which one script is imported, alone in a folder."""

    started = {}  # by the name of the script, and who uses it

    def __init__(self, name):
        self.folder = tempfile.mkdtemp()
        shutil.copy(HERE / f"{name}.py", self.folder)
        self.pool = concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), load, (self.folder, name)
        )

    @classmethod
    def get(cls, name, user):
        """Return a user's worker of a script, started when first needed."""
        if (name, user) not in cls.started:
            cls.started[name, user] = cls(name)
        return cls.started[name, user]

    def call(self, function, *args):
        """Return what a function returns in the worker."""
        return self.pool.submit(function, *args).result(PATIENCE)

    def stop(self):
        """End the process and remove its folder."""
        self.pool.shutdown()
        shutil.rmtree(self.folder)


def tearDownModule():
    """Leave no process and no file behind."""
    while Worker.started:
        Worker.started.popitem()[1].stop()


class ClientTest(unittest.TestCase):
    """Base of the tests that go through a framework's test client."""

    script = None  # its name without .py

    @property
    def worker(self):
        return Worker.get(self.script, type(self).__name__)

    @property
    def kind(self):
        return self.script.partition("_")[2]

    def visitor(self):
        """Return a visitor without cookies."""

        def send(*request):
            return self.worker.call(answer, *request)

        return Visitor(send, f"http://127.0.0.1:{PORTS[self.kind]}")


# --- hello and site ----------------------------------------------------------


class HelloFlask(ClientTest):
    """The famous five lines."""

    script = "hello_flask"
    body = "<p>Hello, World!</p>"

    def test_says_hello(self):
        page = self.visitor().open("/")
        self.assertEqual(page.status, 200)
        self.assertEqual(page.body, self.body)

    def test_other_addresses_are_not_found(self):
        self.assertEqual(self.visitor().open("/nothing/").status, 404)


class HelloDjango(HelloFlask):
    """The twelve lines."""

    script = "hello_django"
    body = "Hello, Django!"


class SiteTests:
    """Two pages and a base template."""

    def test_home_leads_to_about_me_and_back(self):
        visitor = self.visitor()
        page = visitor.open("/")
        self.assertEqual(page.title, "Personal Website")
        self.assertEqual(page.heading, "Welcome to My Website")
        page = visitor.follow("About Me")
        self.assertEqual(page.address, "/about/")
        self.assertEqual(page.title, "About Me")
        self.assertEqual(page.heading, "About Me")
        self.assertIn(
            "This is my personal website.", [p.text for p in page.tags("p")]
        )
        page = visitor.follow("Home")
        self.assertEqual(page.address, "/")

    def test_about_without_its_slash_redirects(self):
        page = self.visitor().request("GET", "/about")
        self.assertIn(page.status, (301, 308))
        self.assertEqual(self.visitor().open("/about").title, "About Me")

    def test_an_unknown_address_gets_a_page_with_a_way_home(self):
        visitor = self.visitor()
        for address in ("/nothing", "/about/me/", "/%FF", "/index.html"):
            with self.subTest(address):
                page = visitor.open(address)
                self.assertEqual(page.status, 404)
                self.assertEqual(page.title, "Not Found")
                self.assertEqual(visitor.follow("Home").status, 200)

    def test_every_page_wears_the_same_dress(self):
        visitor = self.visitor()
        dresses = {
            visitor.open(address).one(visitor.page.tags("style")).children[0]
            for address in ("/", "/about/", "/nothing/")
        }
        self.assertEqual(len(dresses), 1)

    def test_the_pages_only_answer_reading(self):
        for address in ("/", "/about/"):
            page = self.visitor().post(address, {})
            self.assertEqual(page.status, 405)

    def test_only_loopback_names_are_hosts(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1"):
            page = self.visitor().request("GET", "/", headers={"Host": host})
            self.assertEqual(page.status, 400)


class SiteFlask(SiteTests, ClientTest):
    script = "site_flask"


class SiteDjango(SiteTests, ClientTest):
    script = "site_django"


# --- todo --------------------------------------------------------------------

LIST_PATHS = ["/", "/1/edit/", "/?show=active"]
POST_PATHS = [
    "/{}/toggle/",
    "/{}/delete/",
    "/toggle-all/",
    "/clear-completed/",
]
BLANK = "Please write what needs to be done."
BAD_TITLES = {
    "": BLANK,
    " \t\r\n ": BLANK,
    "x" * 201: "A title has at most 200 characters; this has 201.",
    "é" * 300: "A title has at most 200 characters; this has 300.",
    "a\0b": "A title cannot have a NUL character.",
}
INVALID = "A username is 1 to 150 letters, digits or @ . + - _"
TAKEN = "This username is taken."
SHORT = "A password has at least 8 characters."
DIFFER = "The two passwords differ."
NO_LOGIN = "No user has this username and password."


class TodoBase:
    """What the tests of the to-do lists share."""

    usernames = (f"user{number}" for number in itertools.count())

    def member(self, *titles):
        """Return a visitor with a new account and these to-dos."""
        visitor = self.visitor()
        visitor.sign_up(next(self.usernames))
        visitor.add(*titles)
        return visitor

    def id_of(self, visitor, title):
        """Return the ID of a to-do on the visitor's page, as text."""
        return visitor.page.link(title).attrs["href"].split("/")[1]


class ListTests(TodoBase):
    """Adding, completing, editing, deleting, filtering, paging."""

    def test_an_empty_list_shows_only_the_field(self):
        page = self.member().page
        self.assertEqual(page.heading, "todos")
        field = page.one(page.of_class("new-todo"))
        self.assertEqual(field.attrs["name"], "title")
        self.assertEqual(field.attrs["placeholder"], "What needs to be done?")
        self.assertIn("autofocus", field.attrs)
        for gone in ("todo-list", "toggle-all", "todo-count", "filters"):
            self.assertEqual(page.of_class(gone), [])
        self.assertEqual(page.buttons(), ["Log out", "Add"])

    def test_new_todos_come_first_and_space_around_is_trimmed(self):
        visitor = self.member("Buy milk", "  Wash the car\t")
        page = visitor.page
        self.assertEqual(page.todos, ["Wash the car", "Buy milk"])
        self.assertEqual(page.value("title"), "")
        page = visitor.follow("Wash the car")
        self.assertEqual(page.value("title"), "Wash the car")
        visitor.fill(title="  Wash the cat ")
        visitor.press("Save")
        page = visitor.follow("Wash the cat")
        self.assertEqual(page.value("title"), "Wash the cat")

    def test_the_count_of_what_is_left(self):
        visitor = self.member("Buy milk")
        page = visitor.page
        self.assertEqual(page.count, "1 item left")
        page = visitor.add("Wash the car")
        self.assertEqual(page.count, "2 items left")
        self.assertEqual(page.one(page.tags("strong")).text, "2")
        visitor.press("Complete Buy milk")
        visitor.press("Complete Wash the car")
        self.assertEqual(visitor.page.count, "0 items left")

    def test_toggle_completes_and_makes_active_again(self):
        visitor = self.member("Buy milk", "Wash the car")
        page = visitor.press("Complete Buy milk")
        self.assertEqual(page.todos, ["Wash the car", "Buy milk ✓"])
        pressed = visitor.find("Complete Buy milk").attrs["aria-pressed"]
        self.assertEqual(pressed, "true")
        page = visitor.press("Complete Buy milk")
        self.assertEqual(page.todos, ["Wash the car", "Buy milk"])

    def test_delete(self):
        visitor = self.member("Buy milk", "Wash the car")
        self.assertEqual(
            visitor.press("Delete Buy milk").todos, ["Wash the car"]
        )
        page = visitor.press("Delete Wash the car")
        self.assertEqual(page.of_class("todo-list"), [])

    def test_an_id_is_never_used_again(self):
        visitor = self.member("Buy milk")
        first = self.id_of(visitor, "Buy milk")
        visitor.press("Delete Buy milk")
        visitor.add("Wash the car")
        self.assertNotEqual(self.id_of(visitor, "Wash the car"), first)

    def test_edit(self):
        visitor = self.member("Buy milk", "Wash the car")
        page = visitor.follow("Buy milk")
        field = page.one(page.of_class("edit"))
        self.assertEqual(field.attrs["name"], "title")
        self.assertEqual(field.attrs["value"], "Buy milk")
        self.assertIn("autofocus", field.attrs)
        visitor.fill(title=" Buy oat milk ")
        page = visitor.press("Save")
        self.assertEqual(page.todos, ["Wash the car", "Buy oat milk"])

    def test_cancel_changes_nothing(self):
        visitor = self.member("Buy milk")
        visitor.follow("Buy milk")
        visitor.fill(title="Buy oat milk")
        self.assertEqual(visitor.follow("Cancel").todos, ["Buy milk"])

    def test_editing_keeps_what_is_completed_completed(self):
        visitor = self.member("Buy milk")
        visitor.press("Complete Buy milk")
        visitor.follow("Buy milk")
        visitor.fill(title="Buy oat milk")
        self.assertEqual(visitor.press("Save").todos, ["Buy oat milk ✓"])

    def test_toggle_all(self):
        visitor = self.member("Buy milk", "Wash the car", "Call Ada")
        visitor.press("Complete Buy milk")
        page = visitor.press("Complete all")
        self.assertEqual(
            page.todos, ["Call Ada ✓", "Wash the car ✓", "Buy milk ✓"]
        )
        page = visitor.press("Reactivate all")
        self.assertEqual(page.todos, ["Call Ada", "Wash the car", "Buy milk"])

    def test_clear_completed(self):
        visitor = self.member("Buy milk", "Wash the car")
        self.assertNotIn("Clear completed", visitor.page.buttons())
        visitor.press("Complete Buy milk")
        page = visitor.press("Clear completed")
        self.assertEqual(page.todos, ["Wash the car"])
        self.assertNotIn("Clear completed", page.buttons())

    def test_filters(self):
        visitor = self.member("Buy milk", "Wash the car")
        visitor.press("Complete Buy milk")
        for name, todos in {
            "Active": ["Wash the car"],
            "Completed": ["Buy milk ✓"],
            "All": ["Wash the car", "Buy milk ✓"],
        }.items():
            page = visitor.follow(name)
            self.assertEqual(page.todos, todos)
            filters = page.one(page.of_class("filters"))
            links = [node for node in filters if node.tag == "a"]
            self.assertEqual(
                [link.text for link in links], ["All", "Active", "Completed"]
            )
            current = [n.text for n in links if "aria-current" in n.attrs]
            self.assertEqual(current, [name])
            self.assertEqual(page.link(name).attrs["aria-current"], "page")
            self.assertEqual(page.count, "1 item left")

    def test_a_filter_without_matches_still_offers_the_others(self):
        visitor = self.member("Buy milk")
        page = visitor.follow("Completed")
        self.assertEqual(page.todos, [])
        self.assertIn("Nothing to show here.", page.text)
        self.assertEqual(visitor.follow("All").todos, ["Buy milk"])

    def test_every_post_returns_to_the_filter_it_came_from(self):
        for show, title, buttons in (
            ("Active", "A", "Complete A, Delete C, Clear completed, Add"),
            ("Completed", "B", "Complete B, Delete D, Add, Complete all"),
            ("Completed", "B", "Clear completed, Complete all"),
            ("All", "C", "Complete A, Delete B, Add, Complete all"),
        ):
            visitor = self.member("A", "B", "C", "D")
            visitor.press("Complete B")
            visitor.press("Complete D")
            address = visitor.follow(show).address
            visitor.follow(title)
            self.assertEqual(visitor.press("Save").address, address)
            for name in buttons.split(", "):
                with self.subTest(show=show, button=name):
                    if name == "Add":
                        visitor.fill(title="More")
                    self.assertEqual(visitor.press(name).address, address)

    def test_fifty_to_a_page(self):
        titles = [f"To-do {number}" for number in range(120)]
        visitor = self.member(*titles)
        newest = titles[::-1]
        self.assertEqual(visitor.page.todos, newest[:50])
        self.assertEqual(visitor.page.count, "120 items left")
        self.assertEqual(visitor.follow("Older").todos, newest[50:100])
        page = visitor.follow("Older")
        self.assertEqual(page.todos, newest[100:])
        self.assertNotIn("Older", page.links())
        address = page.address
        self.assertEqual(visitor.press("Delete To-do 7").address, address)
        self.assertEqual(visitor.press("Complete To-do 8").address, address)
        visitor.fill(title="New")
        page = visitor.press("Add")
        self.assertEqual(page.todos[0], "New")
        for _ in range(2):
            visitor.follow("Older")
        page = visitor.follow("Completed")
        self.assertEqual(page.todos, ["To-do 8 ✓"])
        self.assertNotIn("Older", page.links())
        visitor.follow("Active")
        visitor.follow("Older")
        page = visitor.follow("Older")
        self.assertEqual(page.todos[-1], "To-do 0")
        self.assertNotIn("To-do 8", page.todos)

    def test_exactly_fifty_need_no_older_page(self):
        visitor = self.member(*map(str, range(50)))
        self.assertEqual(len(visitor.page.todos), 50)
        self.assertNotIn("Older", visitor.page.links())

    def test_nonsense_in_the_address_gets_the_plain_list(self):
        visitor = self.member("Buy milk")
        plain = visitor.open("/").outline()
        for query in (
            "before=x",
            "before=",
            "before=-1",
            "before=1.5",
            "before=1_0",
            "before=%00",
            "before=" + "9" * 30,
            "before=" + "9" * 5000,
            "before=%D9%A3",
            "show=x",
            "show=",
            "show=ACTIVE",
            "show=all",
            "show=%00",
            "show=%FF",
            "_external=1&_scheme=x&_anchor=y",
            "?&=&",
        ):
            with self.subTest(query[:30]):
                page = visitor.open(f"/?{query}")
                self.assertEqual(page.status, 200)
                self.assertEqual(page.outline(), plain)

    def test_a_page_costs_few_statements(self):
        visitor = self.member(*map(str, range(60)))
        headers = {
            "Host": urllib.parse.urlsplit(visitor.origin).netloc,
            "Cookie": "; ".join(
                f"{k}={v}" for k, v in visitor.cookies.items()
            ),
        }
        for address in ("/", "/?show=active", "/?show=completed&before=9"):
            statements = self.worker.call(count_statements, address, headers)
            limit = {"flask": 4, "django": 6}[self.kind]
            self.assertTrue(2 < statements <= limit, statements)


class AccountTests(TodoBase):
    """Signing up, logging in and out, and keeping lists apart."""

    def test_without_a_login_there_is_only_the_login_page(self):
        visitor = self.visitor()
        for address in LIST_PATHS:
            with self.subTest(address):
                page = visitor.request("GET", address)
                self.assertEqual(page.status, 302)
                self.assertEqual(page.header("Location"), "/login/")
        page = visitor.open("/login/")
        for address in ["/", "/1/edit/", *POST_PATHS]:
            with self.subTest(address):
                data = {**visitor.token(), "title": "x"}
                page = visitor.post(address.format(1), data)
                self.assertEqual(page.status, 302)
                self.assertEqual(page.header("Location"), "/login/")

    def test_sign_up_log_out_log_in(self):
        visitor = self.visitor()
        visitor.open("/login/")
        page = visitor.follow("Sign up")
        self.assertEqual(page.address, "/signup/")
        self.assertEqual(visitor.follow("Log in").address, "/login/")
        username = next(self.usernames)
        page = visitor.sign_up(username)
        self.assertEqual(page.address, "/")
        self.assertIn(username, page.text)
        visitor.add("Buy milk")
        page = visitor.press("Log out")
        self.assertEqual(page.address, "/login/")
        self.assertEqual(visitor.open("/").address, "/login/")
        page = visitor.log_in(username)
        self.assertEqual(page.address, "/")
        self.assertEqual(page.todos, ["Buy milk"])

    def test_who_is_logged_in_needs_no_login_page(self):
        visitor = self.member()
        self.assertEqual(visitor.open("/login/").address, "/")
        self.assertEqual(visitor.open("/signup/").address, "/")

    def test_a_login_leads_to_the_list_whatever_the_address_says(self):
        visitor = self.member()
        for address in ("/login/?next=/login/", "/login/?=/login/"):
            self.assertEqual(visitor.open(address).address, "/")
        username = visitor.page.one(visitor.page.tags("b")).text
        page = visitor.post("/logout/?next=/signup/", visitor.token())
        self.assertEqual(page.header("Location"), "/login/")
        visitor.open("/login/?next=/admin/")
        visitor.fill(username=username, password=PASSWORD)
        self.assertEqual(visitor.press("Log in").address, "/")

    def test_usernames_that_work(self):
        for username in ("Zoë", "李雷", "a@b.c+d-e_f", "9", "y" * 150):
            with self.subTest(username[:20]):
                visitor = self.visitor()
                page = visitor.sign_up(username)
                self.assertEqual(page.address, "/")
                self.assertIn(username, page.text)
                visitor.press("Log out")
                self.assertEqual(visitor.log_in(username).address, "/")

    def test_a_bad_account_gets_a_message_and_keeps_the_name(self):
        self.visitor().sign_up("Taken")
        self.visitor().sign_up("Übername")
        self.visitor().sign_up("straße")
        good, bad = next(self.usernames), "x" * 7
        for username, password1, password2, message in (
            ("", PASSWORD, PASSWORD, INVALID),
            ("  ", PASSWORD, PASSWORD, INVALID),
            ("y" * 151, PASSWORD, PASSWORD, INVALID),
            ("two words", PASSWORD, PASSWORD, INVALID),
            ("semi;colon", PASSWORD, PASSWORD, INVALID),
            ("<b>bold</b>", PASSWORD, PASSWORD, INVALID),
            ("nul\0", PASSWORD, PASSWORD, INVALID),
            ("Taken", PASSWORD, PASSWORD, TAKEN),
            ("tAKEN", PASSWORD, PASSWORD, TAKEN),
            (" taken ", PASSWORD, PASSWORD, TAKEN),
            ("üBERNAME", PASSWORD, PASSWORD, TAKEN),
            ("STRASSE", PASSWORD, PASSWORD, TAKEN),
            (good, "", "", SHORT),
            (good, bad, bad, SHORT),
            (good, bad, PASSWORD, SHORT),
            (good, bad, "", SHORT),
            (good, PASSWORD, PASSWORD + "x", DIFFER),
            (good, PASSWORD, "", DIFFER),
            ("two words", bad, "", INVALID),
            ("TAKEN", bad, "", TAKEN),
        ):
            with self.subTest(f"{username[:20]!r} {password1} {password2}"):
                visitor = self.visitor()
                visitor.open("/signup/")
                visitor.fill(
                    username=username, password1=password1, password2=password2
                )
                page = visitor.press("Sign up")
                self.assertEqual(
                    (page.status, page.address), (200, "/signup/")
                )
                self.assertEqual(page.alerts, [message])
                self.assertEqual(page.value("username"), username)
                self.assertEqual(page.value("password1"), "")
                self.assertEqual(visitor.open("/").address, "/login/")
        page = self.visitor().log_in(good, bad)
        self.assertEqual(page.address, "/login/")

    def test_a_wrong_login_does_not_tell_what_is_wrong(self):
        username = next(self.usernames)
        self.visitor().sign_up(username)
        for name, password in (
            (username, PASSWORD + "x"),
            (username, PASSWORD.title()),
            (username.upper(), PASSWORD),
            ("nobody", PASSWORD),
            ("' OR 1=1 --", "' OR 1=1 --"),
            (username, ""),
            ("", PASSWORD),
            ("", ""),
            ("nul\0", "nul\0"),
        ):
            with self.subTest(name=name, password=password):
                visitor = self.visitor()
                page = visitor.log_in(name, password)
                self.assertEqual((page.status, page.address), (200, "/login/"))
                self.assertEqual(page.alerts, [NO_LOGIN])
                self.assertEqual(page.value("username"), name)
                self.assertEqual(page.value("password"), "")

    def test_lists_are_private(self):
        ada, eve = self.member("Ada's"), self.member("Eve's")
        self.assertEqual(ada.open("/").todos, ["Ada's"])
        number = self.id_of(ada, "Ada's")
        self.assertEqual(eve.open(f"/{number}/edit/").status, 404)
        eve.open("/")
        data = {**eve.token(), "title": "Stolen"}
        for action in ("edit", "toggle", "delete"):
            page = eve.post(f"/{number}/{action}/", data)
            self.assertEqual(page.status, 404)
        eve.open("/")
        eve.press("Complete all")
        eve.press("Clear completed")
        self.assertEqual(ada.open("/").todos, ["Ada's"])

    def test_logging_in_starts_a_new_session(self):
        visitor = self.member()
        username = visitor.page.one(visitor.page.tags("b")).text
        cookie = f"todo_{self.kind}"
        stranger = self.visitor()
        stranger.cookies[cookie] = "planted"
        stranger.log_in(username)
        self.assertNotEqual(stranger.cookies[cookie], "planted")

    def test_the_session_cookie(self):
        visitor = self.visitor()
        visitor.open("/signup/")
        visitor.fill(
            username=next(self.usernames),
            password1=PASSWORD,
            password2=PASSWORD,
        )
        page = visitor.submit("Sign up")
        cookie = http.cookies.SimpleCookie(
            next(
                value
                for key, value in page.headers
                if value.startswith(f"todo_{self.kind}=")
            )
        )[f"todo_{self.kind}"]
        self.assertTrue(cookie["httponly"])
        self.assertEqual(cookie["samesite"], "Lax")
        self.assertEqual(cookie["path"], "/")


class ProtectionTests(TodoBase):
    """Nothing is lost, and nobody gets in."""

    def test_a_bad_title_gets_a_message_and_stays_in_the_field(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.link("Buy milk").attrs["href"]
        for address, button in (("/", "Add"), (edit, "Save")):
            for title, message in BAD_TITLES.items():
                with self.subTest(f"{button} {title[:9]!r}"):
                    visitor.open(address)
                    visitor.fill(title=title)
                    page = visitor.press(button)
                    self.assertEqual(
                        (page.status, page.address), (200, address)
                    )
                    self.assertEqual(page.alerts, [message])
                    self.assertEqual(page.value("title"), title)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_the_longest_title_fits(self):
        title = "é" * 200
        page = self.member(f" {title} ").page
        self.assertEqual(page.todos, [title])

    def test_html_and_sql_are_text(self):
        titles = [
            "<script>alert(1)</script>",
            "'); DROP TABLE todo; --",
            '"><i>italic</i>',
            "{{ 7 * 7 }} {% csrf_token %} %s",
            "&amp; &lt;",
        ]
        visitor = self.member(*titles)
        self.assertEqual(visitor.page.todos, titles[::-1])
        self.assertEqual(visitor.page.tags("script", "i"), [])
        for title in titles:
            visitor.press(f"Complete {title}")
            page = visitor.follow(title)
            self.assertEqual(page.value("title"), title)
            self.assertEqual(visitor.press("Save").status, 200)

    def test_an_id_that_is_not_there(self):
        visitor = self.member("Buy milk")
        for number in ("0", "999999", 2**63 - 1, 2**63, 2**64, "9" * 5000):
            for action in ("edit", "toggle", "delete"):
                with self.subTest(f"{str(number)[:30]} {action}"):
                    address = f"/{number}/{action}/"
                    if action == "edit":
                        page = visitor.open(address)
                        self.assertEqual(page.status, 404)
                        self.assertEqual(page.heading, "Not Found")
                        visitor.follow("Back to the list")
                    data = {**visitor.token(), "title": "x"}
                    page = visitor.post(address, data)
                    self.assertEqual(page.status, 404)
        for address in (
            "/static/" + "x" * 9000,
            "/static/admin/" + "x" * 255,
            "/static/%00",
            "/-1/edit/",
            "/x/edit/",
            "/1.0/edit/",
            "/%D9%A3/edit/",
        ):
            self.assertEqual(visitor.open(address).status, 404)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_reading_changes_nothing(self):
        visitor = self.member("Buy milk")
        number = self.id_of(visitor, "Buy milk")
        for address in [*POST_PATHS, "/logout/"]:
            for method in ("GET", "HEAD"):
                with self.subTest(f"{method} {address}"):
                    page = visitor.request(method, address.format(number))
                    self.assertEqual(page.status, 405)
        page = visitor.open("/logout/")
        self.assertEqual(page.heading, "Method Not Allowed")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_other_sites_can_post_nothing(self):
        visitor = self.member("Buy milk")
        number = self.id_of(visitor, "Buy milk")
        username = next(self.usernames)
        data = {
            **visitor.token(),
            "title": "Evil",
            "username": username,
            "password": PASSWORD,
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        for origin in (
            "https://evil.example",
            "null",
            "",
            "http://127.0.0.1:9",
            "http://localhost.evil.example",
            visitor.origin.replace("http", "https"),
            visitor.origin + "0",
        ):
            for address in ["/", "/{}/edit/", "/logout/", *POST_PATHS]:
                with self.subTest(origin=origin, address=address):
                    page = visitor.post(
                        address.format(number), data, {"Origin": origin}
                    )
                    self.assertEqual(page.status, 403)
            for address in ("/signup/", "/login/"):
                page = self.visitor().post(address, data, {"Origin": origin})
                self.assertEqual(page.status, 403)
        self.assertEqual(page.heading, "Forbidden")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])
        self.assertEqual(self.visitor().log_in(username).address, "/login/")

    def test_a_form_posts_from_its_own_site(self):
        visitor = self.member()
        data = {**visitor.token(), "title": "Buy milk"}
        for origin in (visitor.origin, None):
            page = visitor.post("/", data, {"Origin": origin})
            self.assertEqual(page.status, 302)
        self.assertEqual(visitor.open("/").todos, ["Buy milk", "Buy milk"])

    def test_only_loopback_names_are_hosts(self):
        visitor = self.member("Buy milk")
        for host in (
            "evil.example",
            "evil.example:5000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "a b",
            "",
        ):
            with self.subTest(host):
                page = visitor.request("GET", "/", headers={"Host": host})
                self.assertEqual(page.status, 400)
                self.assertNotIn("Buy milk", page.body)
                data = {**visitor.token(), "title": "Evil"}
                page = visitor.post(
                    "/", data, {"Host": host, "Origin": f"http://{host}"}
                )
                self.assertEqual(page.status, 400)
        for host in ("localhost", "127.0.0.1", "localhost:81"):
            page = visitor.request("GET", "/", headers={"Host": host})
            self.assertEqual(page.todos, ["Buy milk"])

    def test_a_missing_field_is_a_message_or_a_4xx(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.link("Buy milk").attrs["href"]
        for address in ("/", edit):
            page = visitor.post(address, visitor.token())
            self.assertEqual((page.status, page.alerts), (200, [BLANK]))
            self.assertEqual(page.value("title"), "")
        for address, alert in (("/login/", NO_LOGIN), ("/signup/", INVALID)):
            stranger = self.visitor()
            stranger.open(address)
            page = stranger.post(address, stranger.token())
            self.assertEqual((page.status, page.alerts), (200, [alert]))
            self.assertEqual(page.value("username"), "")

    def test_hostile_requests_get_no_500_and_change_nothing(self):
        visitor = self.member("Buy milk")
        number = self.id_of(visitor, "Buy milk")
        token = urllib.parse.urlencode(visitor.token()).encode() + b"&"
        multipart = "multipart/form-data; boundary=x"
        part = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n'
        long = token + b"title=" + b"x" * 201
        address = f"/{number}/edit/"
        for headers, body in (
            ({}, token + b"title=" + b"x" * 3_000_000),
            ({}, token + b"x=1&" * 200_000),
            ({}, token + b"x=1&" * 2_000),
            ({}, b"x" * 3_000_000),
            ({}, token + b"title=%00"),
            ({}, b"\xff\xfe=\xff&\x00"),
            ({}, b"&&==&%&%zz"),
            ({"Content-Type": "text/plain"}, token + b"title=x"),
            ({"Content-Type": "application/json"}, b'{"title": "x"}'),
            ({"Content-Type": "\x01"}, b"x"),
            ({"Content-Type": "multipart/form-data"}, b"x"),
            ({"Content-Type": multipart}, part + b"x"),
            ({"Content-Type": multipart}, b"--x\r\n" * 2_000),
            ({"Content-Type": f"{FORM}; charset=nonsense"}, long),
            ({"Content-Type": f"{FORM}; charset=utf-16"}, long),
        ):
            with self.subTest(f"{headers} {body[:20]}"):
                page = visitor.request(
                    "POST", address, body, {"Content-Type": FORM} | headers
                )
                if page.status == 200:
                    self.assertTrue(page.alerts)
                else:
                    self.assertTrue(400 <= page.status < 500, page.status)
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "BREW"):
            for path in ("/", address, "/toggle-all/", "/nothing/"):
                page = visitor.request(method, path, b"title=x")
                self.assertTrue(400 <= page.status < 500, page.status)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_a_broken_cookie_is_no_login(self):
        cookie = f"todo_{self.kind}"
        for value in (
            "x",
            "",
            "\xff",
            '"',
            "a.b.c",
            "." * 4000,
            "=;=",
            "x" * 50_000,
            "eyJ1c2VyX2lkIjoxfQ.aaaaaa.bbbb",
            "%00",
            "; ;",
        ):
            with self.subTest(value[:20]):
                page = self.visitor().request(
                    "GET", "/", headers={"Cookie": f"{cookie}={value}"}
                )
                self.assertEqual(page.header("Location"), "/login/")

    def test_security_headers(self):
        member = self.member("Buy milk")
        for visitor, address in (
            (member, "/"),
            (member, "/999/edit/"),
            (member, "/toggle-all/"),
            (self.visitor(), "/"),
            (self.visitor(), "/login/"),
        ):
            page = visitor.request("GET", address)
            self.assertEqual(page.header("X-Content-Type-Options"), "nosniff")
            self.assertEqual(page.header("X-Frame-Options"), "DENY")
            self.assertEqual(page.header("Referrer-Policy"), "same-origin")


class TodoFlask(ListTests, AccountTests, ProtectionTests, ClientTest):
    script = "todo_flask"


class TodoDjango(ListTests, AccountTests, ProtectionTests, ClientTest):
    script = "todo_django"

    def test_a_post_without_the_token_is_refused(self):
        visitor = self.member("Buy milk")
        for token in ({}, {"csrfmiddlewaretoken": "x" * 64}):
            page = visitor.post("/", {**token, "title": "Evil"})
            self.assertEqual(page.status, 403)
        self.assertEqual(page.heading, "Forbidden")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_the_admin_is_no_place_for_a_member(self):
        visitor = self.member()
        page = visitor.open("/admin/")
        self.assertIn("/admin/login/", page.address)


# --- The two scripts of a pair, page by page ---------------------------------


class PairTests(TodoBase, unittest.TestCase):
    """The two scripts of a pair show the same, in the same order."""

    def both(self, pair, walk):
        """Let a visitor of each script take the same walk; compare."""
        walks = []
        for kind in PORTS:
            test = ClientTest()
            test.script = f"{pair}_{kind}"
            walks.append(list(walk(test.visitor())))
        for step, (flask, django) in enumerate(zip(*walks, strict=True)):
            with self.subTest(step=step, address=flask.address):
                self.assertEqual(flask.address, django.address)
                self.assertEqual(flask.status, django.status)
                self.assertEqual(flask.outline(), django.outline())
                self.assertTrue(flask.outline())
                self.assertIn("Made with Flask", flask.text)
                self.assertIn("Made with Django", django.text)

    def test_site(self):
        def walk(visitor):
            yield visitor.open("/")
            yield visitor.follow("About Me")
            yield visitor.follow("Home")
            yield visitor.open("/about")
            yield visitor.open("/nothing/")

        self.both("site", walk)

    def test_todo_accounts(self):
        def walk(visitor):
            yield visitor.open("/")
            yield visitor.log_in("pair <b>", "x")
            yield visitor.follow("Sign up")
            visitor.fill(username="two words", password1="x")
            yield visitor.press("Sign up")
            visitor.fill(username="pair", password1="x", password2="y")
            yield visitor.press("Sign up")
            visitor.fill(username="pair", password1=PASSWORD, password2="y")
            yield visitor.press("Sign up")
            yield visitor.sign_up("pair")
            yield visitor.press("Log out")
            yield visitor.follow("Sign up")
            visitor.fill(username="Pair", password1="x", password2="")
            yield visitor.press("Sign up")
            yield visitor.follow("Log in")
            yield visitor.post("/login/", visitor.token())
            yield visitor.log_in("pair")

        self.both("todo", walk)

    def test_todo_list(self):
        def walk(visitor):
            yield visitor.sign_up("walker")
            for title in (*BAD_TITLES, "Buy milk", "<b>Wash</b> & 'dry'"):
                visitor.fill(title=title)
                yield visitor.press("Add")
            yield visitor.press("Complete Buy milk")
            yield visitor.follow("Active")
            yield visitor.follow("Completed")
            yield visitor.follow("Buy milk")
            visitor.fill(title="")
            yield visitor.press("Save")
            yield visitor.follow("Cancel")
            yield visitor.press("Delete Buy milk")
            yield visitor.follow("All")
            yield visitor.press("Complete all")
            yield visitor.press("Clear completed")
            for number in range(55):
                visitor.add(str(number))
            yield visitor.follow("Active")
            yield visitor.follow("Older")
            yield visitor.press("Complete 3")
            visitor.fill(title="")
            yield visitor.press("Add")
            yield visitor.open("/?before=1")
            yield visitor.open("/?show=x&before=y")

        self.both("todo", walk)

    def test_todo_errors(self):
        def walk(visitor):
            yield visitor.sign_up("stumbler")
            yield visitor.open("/nothing/")
            yield visitor.open("/1000000/edit/")
            yield visitor.open("/toggle-all/")
            yield visitor.post("/", {}, {"Origin": "null"})
            yield visitor.request("GET", "/", headers={"Host": "evil"})

        self.both("todo", walk)

    def test_what_both_define_comes_in_the_same_order(self):
        for pair in ("hello", "site", "todo"):
            names = [
                [
                    node.name
                    for node in ast.parse(source(f"{pair}_{kind}")).body
                    if isinstance(node, ast.FunctionDef)
                ]
                for kind in PORTS
            ]
            shared = [name for name in names[0] if name in names[1]]
            self.assertTrue(shared)
            self.assertEqual(shared, [n for n in names[1] if n in names[0]])


# --- Started for real --------------------------------------------------------


def free_port():
    """Return a port of loopback that nobody listens on just now."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


class Server:
    """A process that serves a script, as a user starts it."""

    def __init__(self, command, folder, **environ):
        env = {**os.environ, "PYTHONUNBUFFERED": "1", **environ}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={k: v for k, v in env.items() if v is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self.lines = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        """Collect what the process prints, until it ends."""
        with self.process.stdout as stream:
            for line in stream:
                with self.news:
                    self.lines.append(line)
                    self.news.notify_all()
        with self.news:
            self.lines.append("\n(end of output)\n")
            self.news.notify_all()

    @property
    def output(self):
        return "".join(self.lines)

    def wait_for(self, pattern):
        """Return the match of a pattern in the output, once it is there."""
        with self.news:
            self.news.wait_for(
                lambda: re.search(pattern + r"|\(end of output", self.output),
                PATIENCE,
            )
            match = re.search(pattern, self.output)
        if match is None:
            raise AssertionError(f"no {pattern} in: {self.output}")
        return match

    def visitor(self):
        """Return a visitor over HTTP, once the server says its address."""
        self.origin = self.wait_for(r"http://127\.0\.0\.1:\d+")[0]
        return Visitor(self.send, self.origin)

    def send(self, method, address, body, headers):
        """Return the status, headers and text for a request over HTTP."""
        netloc = urllib.parse.urlsplit(self.origin).netloc
        connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, address, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            return response.status, response.getheaders(), text

    def kill(self, number=None):
        """Send a signal to the process and its children; wait for the end."""
        if WINDOWS:  # where a reloader's child would live on
            tree = ["taskkill", "/F", "/T", "/PID", str(self.process.pid)]
            subprocess.run(tree, check=False, capture_output=True)
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number or signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return self.process.returncode

    def interrupt(self):
        """Press Ctrl-C; return the status of the process."""
        return self.kill(signal.SIGINT if not WINDOWS else None)


class LiveTest(unittest.TestCase):
    """Base of the tests that start scripts in an empty folder."""

    script = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.file = self.folder / f"{self.script}.py"
        if self.script:
            shutil.copy(HERE / self.file.name, self.folder)

    @property
    def kind(self):
        return self.script.partition("_")[2]

    def start(self, *arguments, options=(), **environ):
        """Return a server that runs a command of Python."""
        environ = {"PORT": "0", "SECRET_KEY": "x" * 50, **environ}
        command = [sys.executable, *options, *arguments]
        server = Server(command, self.folder, **environ)
        self.addCleanup(server.kill)
        return server

    def serve(self, **environ):
        """Return a server that runs the script, warnings being errors."""
        return self.start(self.file.name, options=["-W", "error"], **environ)

    def live_coding(self, port, **environ):
        """Return a server that reloads when the script is saved."""
        if self.kind == "flask":
            command = ["-m", "flask", "--app", self.script, "run", "--debug"]
            command += ["--port", str(port)]
        else:
            command = [self.file.name, "runserver", str(port)]
        return self.start(*command, options=["-W", "error"], **environ)

    def run_script(self, *arguments, **environ):
        """Run the script to its end; return its status and output."""
        done = subprocess.run(
            [sys.executable, "-W", "error", self.file.name, *arguments],
            check=False,
            cwd=self.folder,
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout

    def break_view(self):
        """Make the first page of the script raise an exception."""
        text = self.file.read_text("utf-8")
        broken = re.sub(
            r"(def (?:hello_world|index)\(\w*\):\n)", r"\1    1 / 0\n", text
        )
        self.assertNotEqual(broken, text)
        self.file.write_text(broken, "utf-8")

    def first_page(self, visitor):
        """Open the first page, logged in where that is needed."""
        if self.script.startswith("todo"):
            return visitor.sign_up("ada")
        return visitor.open("/")


class StartTests:
    """Each command of the README, for each script."""

    def test_runs_on_its_port_and_ends_quietly(self):
        port = free_port()
        server = self.serve(PORT=str(port))
        visitor = server.visitor()
        self.assertEqual(self.first_page(visitor).status, 200)
        self.assertEqual(visitor.open("/nothing/").status, 404)
        status = server.interrupt()
        if not WINDOWS:
            self.assertEqual(status, 0)
        lines = server.output.splitlines()
        self.assertEqual(lines[0], f"Serving on http://127.0.0.1:{port}")
        self.assertNotRegex(server.output, "Traceback|Warning|Exception")

    def test_head_gets_no_body(self):
        server = self.serve()
        server.visitor()
        netloc = urllib.parse.urlsplit(server.origin).netloc
        connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)
        with contextlib.closing(connection):
            # A body would be taken for the beginning of the next answer.
            for method in ("HEAD", "GET") * 2:
                for address in ("/", "/nothing/", "/login/", "/static/x"):
                    connection.request(method, address)
                    connection.getresponse().read()

    def test_a_port_that_cannot_be_had_is_said_in_one_line(self):
        with contextlib.closing(
            socket.create_server(("127.0.0.1", 0))
        ) as server:
            taken = str(server.getsockname()[1])
            for port in (taken, "nonsense"):
                status, output = self.run_script(PORT=port)
                self.assertEqual(status, 1)
                self.assertRegex(output, f"^Cannot serve on port {port}: ")
                self.assertEqual(output.count("\n"), 1)

    def test_live_coding_reloads_what_is_saved(self):
        server = self.live_coding(free_port(), SECRET_KEY=None)
        visitor = server.visitor()
        server.wait_for("(?i)press ctrl\\+c|quit the server with")
        page = self.eventually(lambda: self.first_page(visitor))
        self.assertEqual(page.status, 200)
        old, new = {
            "hello": ("Hello, ", "Goodbye, "),
            "site": ("Welcome to My", "Welcome Back to My"),
            "todo": ("<h1>todos</h1>", "<h1>to do</h1>"),
        }[self.script.partition("_")[0]]
        text = self.file.read_text("utf-8")
        self.assertIn(old, text)
        self.file.write_text(text.replace(old, new), "utf-8")

        def changed():
            page = visitor.open("/")
            if new not in page.body:
                self.file.touch()  # it may not have been watched before
            self.assertIn(new, page.body)
            return page

        page = self.eventually(changed)
        self.assertEqual(page.address, "/")  # and nobody was logged out

    def eventually(self, attempt):
        """Return what an attempt returns, once it does not fail."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return attempt()
            except (AssertionError, OSError, http.client.HTTPException):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def test_an_unexpected_error(self):
        self.break_view()
        application = "app" if self.kind == "flask" else "application"
        wsgiref = (
            "from wsgiref.simple_server import make_server\n"
            f"from {self.script} import {application} as application\n"
            "server = make_server('127.0.0.1', 0, application)\n"
            "print(f'http://127.0.0.1:{server.server_port}', flush=True)\n"
            "server.serve_forever()\n"
        )
        live_coding = self.live_coding(free_port())
        for name, server in (
            ("python", self.serve()),
            ("wsgi", self.start("-c", wsgiref)),
        ):
            with self.subTest(name):
                visitor = server.visitor()
                if self.script.startswith("todo"):
                    visitor.open("/signup/")
                    visitor.fill(
                        username=name, password1=PASSWORD, password2=PASSWORD
                    )
                    visitor.press("Sign up")
                page = visitor.open("/")
                self.assertEqual(page.status, 500)
                self.assertNotRegex(page.body, "Zero|Traceback|File|1 / 0")
                server.wait_for("Traceback(?s:.*)ZeroDivisionError")
        visitor = live_coding.visitor()
        self.eventually(lambda: visitor.open("/nothing/"))
        if self.script.startswith("todo"):
            visitor.log_in("python")
        page = visitor.request("GET", "/", headers={"Accept": "text/html"})
        self.assertEqual(page.status, 500)
        self.assertIn("ZeroDivisionError", page.body)


class HelloFlaskLive(StartTests, LiveTest):
    script = "hello_flask"


class HelloDjangoLive(StartTests, LiveTest):
    script = "hello_django"


class SiteFlaskLive(StartTests, LiveTest):
    script = "site_flask"


class SiteDjangoLive(StartTests, LiveTest):
    script = "site_django"


class SurvivalTests:
    """Nothing gets lost: not by a crowd, a kill, or a failing disk."""

    @property
    def database(self):
        return self.folder / f"{self.script}.sqlite3"

    def query(self, sql):
        """Return the rows of a query on the database, from outside."""
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            return db.execute(sql).fetchall()

    def titles(self, visitor):
        """Return all titles on a visitor's list, page after page."""
        page = visitor.open("/")
        titles = list(page.todos)
        while "Older" in page.links():
            page = visitor.follow("Older")
            titles += page.todos
        return titles

    def twin(self, server, visitor):
        """Return the same visitor once more, in a browser of its own."""
        twin = server.visitor()
        twin.cookies = dict(visitor.cookies)
        twin.page = visitor.page
        return twin

    def test_sixteen_clients_add_at_once(self):
        server = self.serve()
        member = server.visitor()
        member.sign_up("ada")

        def add(client):
            twin = self.twin(server, member)
            for number in range(10):
                twin.fill(title=f"{client}-{number}")
                self.assertEqual(twin.submit("Add").status, 302)

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(add, range(16)))
        expected = {f"{c}-{n}" for c in range(16) for n in range(10)}
        titles = self.titles(member)
        self.assertEqual(len(titles), 160)
        self.assertEqual(set(titles), expected)
        self.assertNotIn("Traceback", server.output)

    def test_sixteen_clients_sign_up_for_one_name(self):
        server = self.serve()
        server.visitor()

        def sign_up(_):
            return server.visitor().sign_up("ada")

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            pages = list(pool.map(sign_up, range(16)))
        refused = [page for page in pages if page.address == "/signup/"]
        self.assertEqual(len(refused), 15)
        for page in refused:
            self.assertEqual((page.status, page.alerts), (200, [TAKEN]))

    def test_who_reads_does_not_wait_for_who_writes(self):
        server = self.serve()
        member = server.visitor()
        member.sign_up("ada")
        member.add("Buy milk")
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("BEGIN EXCLUSIVE")
            self.assertEqual(member.open("/").todos, ["Buy milk"])

    def test_what_was_answered_survives_a_kill(self):
        server = self.serve()
        member = server.visitor()
        member.sign_up("ada")
        answered = []
        enough = threading.Event()

        def add(client):
            twin = self.twin(server, member)
            with contextlib.suppress(OSError, http.client.HTTPException):
                for number in itertools.count():
                    title = f"{client}-{number}"
                    data = {**member.token(), "title": title}
                    if twin.post("/", data).status == 302:
                        answered.append(title)
                    if len(answered) > 100:
                        enough.set()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(add, client) for client in range(4)]
            enough.wait(PATIENCE)
            server.kill()
            for job in jobs:
                job.result(PATIENCE)
        self.assertGreater(len(answered), 100)
        server = self.serve()
        visitor = self.twin(server, member)  # still logged in
        titles = self.titles(visitor)
        self.assertEqual(set(answered) - set(titles), set())
        self.assertEqual(len(set(titles)), len(titles))
        self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])

    def test_servers_share_one_database_from_the_first_start(self):
        servers = [self.serve() for _ in range(4)]
        visitors = [server.visitor() for server in servers]
        visitors[0].sign_up("ada")
        for visitor in visitors[1:]:
            visitor.cookies = dict(visitors[0].cookies)

        def add(visitor):
            visitor.open("/")
            for number in range(20):
                visitor.add(f"{visitor.origin} {number}")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(add, visitors))
        for visitor in visitors:
            self.assertEqual(len(set(self.titles(visitor))), 80)
        for server in servers:
            self.assertNotIn("Traceback", server.output)

    def test_a_restart_logs_out_only_with_another_key(self):
        server = self.serve(SECRET_KEY="a" * 50)
        member = server.visitor()
        member.sign_up("ada")
        server.interrupt()
        for key, address in (
            ("a" * 50, "/"),
            (None, "/login/"),
            ("", "/login/"),
        ):
            server = self.serve(SECRET_KEY=key)
            twin = self.twin(server, member)
            self.assertEqual(twin.open("/").address, address)
            server.interrupt()

    def test_the_database_keeps_no_password(self):
        server = self.serve()
        server.visitor().sign_up("ada")
        table = "user" if self.kind == "flask" else "auth_user"
        [[stored]] = self.query(f"SELECT password FROM {table}")
        method = "scrypt:" if self.kind == "flask" else "pbkdf2_sha256$"
        self.assertTrue(stored.startswith(method), stored)
        server.interrupt()
        for file in self.folder.iterdir():
            self.assertNotIn(PASSWORD.encode(), file.read_bytes())

    def test_an_unknown_name_takes_as_long_as_a_wrong_password(self):
        server = self.serve()
        server.visitor().sign_up("ada")

        def fastest(username):
            times = []
            for _ in range(3):
                visitor = server.visitor()
                visitor.open("/login/")
                visitor.fill(username=username, password="wrong")
                start = time.perf_counter()
                visitor.press("Log in")
                times.append(time.perf_counter() - start)
            return min(times)

        ratio = fastest("nobody") / fastest("ada")
        self.assertTrue(0.25 < ratio < 4, ratio)

    def serve_without_privilege(self):
        """Return a server that file modes bind, even if root started it."""
        command = [sys.executable, "-B", self.file.name]
        if not WINDOWS and os.geteuid() == 0:
            command[:0] = ["setpriv", "--bounding-set", "-dac_override"]
        environ = {"PORT": "0", "SECRET_KEY": "x" * 50}
        server = Server(command, self.folder, **environ)
        self.addCleanup(server.kill)
        return server

    @unittest.skipIf(WINDOWS, "file modes are another thing there")
    def test_a_database_that_cannot_be_written_can_be_read(self):
        server = self.serve()
        member = server.visitor()
        member.sign_up("ada")
        member.add("Buy milk")
        server.interrupt()
        for path in (self.database, self.folder):
            with self.subTest(path.name):
                mode = path.stat().st_mode
                path.chmod(0o555)
                self.addCleanup(path.chmod, mode)
                server = self.serve_without_privilege()
                visitor = self.twin(server, member)
                page = visitor.open("/")
                self.assertEqual(page.todos, ["Buy milk"])
                page = visitor.submit("Add", title="Wash the car")
                self.assertEqual(page.status, 500)
                self.assertNotRegex(page.text, "readonly|Traceback|sqlite")
                server.wait_for("OperationalError.*readonly")
                self.assertEqual(
                    server.lines[0],
                    f"Nothing can be saved in {path}\n",
                )
                self.assertEqual(visitor.open("/").todos, ["Buy milk"])
                server.interrupt()
                path.chmod(mode)

    @unittest.skipIf(WINDOWS, "file modes are another thing there")
    def test_without_a_database_it_does_not_start(self):
        self.addCleanup(self.folder.chmod, 0o755)
        self.folder.chmod(0o555)
        server = self.serve_without_privilege()
        self.assertEqual(server.process.wait(PATIENCE), 1)
        server.wait_for("end of output")
        self.assertEqual(
            server.lines[0],
            f"Cannot use {self.database}: unable to open database file\n",
        )
        self.assertEqual(len(server.lines), 2)

    def test_what_is_no_database_is_left_alone(self):
        self.database.write_text("A letter to my grandmother.\n" * 9)
        status, output = self.run_script()
        self.assertEqual(status, 1)
        self.assertEqual(
            output, f"Cannot use {self.database}: file is not a database\n"
        )
        self.assertIn("grandmother", self.database.read_text())

    def test_a_start_cut_short_does_no_harm(self):
        self.assertEqual(self.run_script(PORT="nonsense")[0], 1)
        complete = self.query("SELECT count(*) FROM sqlite_master")
        for _ in range(3):
            for file in self.folder.glob("*.sqlite3*"):
                file.unlink()
            server = self.serve()
            while not self.database.exists():  # the tables are being made
                self.assertIsNone(server.process.poll())
            server.kill()
            made = self.query("SELECT count(*) FROM sqlite_master")
            self.assertIn(made, ([(0,)], complete))
        visitor = self.serve().visitor()
        self.assertEqual(visitor.sign_up("ada").address, "/")

    def test_hostile_bytes(self):
        server = self.serve()
        member = server.visitor()
        member.sign_up("ada")
        member.add("Buy milk")
        port = int(server.origin.rpartition(":")[2])
        cookies = "; ".join(f"{k}={v}" for k, v in member.cookies.items())
        lines = (
            f"\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\n"
            "Connection: close\r\n"
        ).encode()
        form = f"Content-Type: {FORM}\r\n".encode()
        for request in (
            b"GET /\xff\xfe/edit/ HTTP/1.1" + lines,
            b"GET /%00/edit/ HTTP/1.1" + lines,
            b"GET /%FF%FE?before=%FF&show=%FF HTTP/1.1" + lines,
            b"GET /?\xff\xfe HTTP/1.1" + lines,
            b"GET /" + b"9" * 9_000 + b"/edit/ HTTP/1.1" + lines,
            b"GET http://evil.example/ HTTP/1.1" + lines,
            b"GET //evil.example/.. HTTP/1.1" + lines,
            b"GET / HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n",
            b"GET / HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost:x\r\nConnection: close\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n",
            b"GET / HTTP/1.0\r\n",
            b"GET / HTTP/1.1" + lines + b"Cookie: \xff=\xff\r\n",
            b"GET / HTTP/1.1" + lines + b"X: " + b"x" * 300_000 + b"\r\n",
            b"BREW / HTTP/1.1" + lines,
            b"\xff\xff\xff" + lines,
            b"POST / HTTP/1.1" + lines + b"Origin: \xff\r\n",
            b"POST / HTTP/1.1" + lines + b"Content-Length: x\r\n",
            b"POST / HTTP/1.1" + lines + b"Content-Length: -1\r\n",
            b"POST / HTTP/1.1" + lines + form + b"Content-Length: 3000000\r\n"
            b"\r\ntitle=" + b"x" * 2_999_994,
            b"POST / HTTP/1.1" + lines + form + b"Content-Length: 3\r\n"
            b"\r\n\xff=\xff",
            b"POST / HTTP/1.1" + lines + b"Transfer-Encoding: chunked\r\n"
            b"\r\nnonsense",
        ):
            with self.subTest(request[:40]):
                answer = self.exchange(port, request + b"\r\n")
                # What is cut off while it still sends may miss the answer.
                if answer or len(request) < 300_000:
                    self.assertRegex(answer, rb"^HTTP/1\.[01] [234]\d\d ")
        self.assertEqual(member.open("/").todos, ["Buy milk"])

    def exchange(self, port, request):
        """Return the bytes that a server answers to some bytes."""
        with contextlib.closing(
            socket.create_connection(("127.0.0.1", port), PATIENCE)
        ) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            with contextlib.suppress(ConnectionError):
                return b"".join(iter(lambda: connection.recv(65536), b""))
        return b""


class TodoFlaskLive(StartTests, SurvivalTests, LiveTest):
    script = "todo_flask"


class TodoDjangoLive(StartTests, SurvivalTests, LiveTest):
    script = "todo_django"

    def test_a_superuser_finds_the_todos_in_the_admin(self):
        status, output = self.run_script(
            "createsuperuser",
            "--noinput",
            "--username",
            "root",
            "--email",
            "root@example.com",
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
        self.assertEqual(status, 0, output)
        visitor = self.serve().visitor()
        visitor.sign_up("ada")
        visitor.add("Buy milk")
        visitor.press("Log out")
        page = visitor.open("/admin/")
        style = page.tags("link")[0].attrs["href"]
        sheet = visitor.request("GET", style)
        self.assertEqual(sheet.status, 200)
        self.assertIn("text/css", sheet.header("Content-Type"))
        page = visitor.post(
            page.address,
            {**visitor.token(), "username": "root", "password": PASSWORD},
        )
        self.assertEqual(visitor.arrive(page).status, 200)
        for address in (
            "/admin/todo/todo/",
            "/admin/todo/todo/add/",
            "/admin/auth/user/",
            "/admin/todo/todo/?q=milk&completed__exact=0",
            "/admin/todo/todo/1/change/",
        ):
            page = visitor.open(address)
            self.assertEqual((page.status, page.address), (200, address))
        page = visitor.open("/admin/todo/todo/")
        self.assertIn("Buy milk", page.links())
        self.assertIn("ada", page.text)

    def test_the_script_is_its_own_manage_py(self):
        commands = (
            (["check"], "no issues"),
            (["check", "--deploy"], "System check"),
            (["migrate"], "No migrations to apply"),
            (["makemigrations", "--check"], "No changes detected"),
            (["shell", "-c", "print(6 * 7)"], "42"),
            (["showmigrations"], "[X] 0001_initial"),
            (["help"], "createsuperuser"),
        )

        def run(command):
            return self.run_script(*command[0])

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(run, commands))
        for (arguments, expected), (status, output) in zip(
            commands, results, strict=True
        ):
            with self.subTest(arguments):
                self.assertEqual(status, 0, output)
                self.assertIn(expected, output)
        status, output = self.run_script("nonsense")
        self.assertEqual(status, 1)
        self.assertIn("Unknown command", output)


# --- The repository ----------------------------------------------------------


def source(name):
    """Return the text of a script."""
    return (HERE / f"{name}.py").read_text("utf-8")


class RepositoryTests(unittest.TestCase):
    """What a reader may count on."""

    def test_the_top_level_holds_the_demos_and_nothing_else(self):
        visible = {
            path.name
            for path in HERE.iterdir()
            if not path.name.startswith((".", "__pycache__"))
            and not re.search(r"\.sqlite3(-\w+)?$", path.name)
        }
        self.assertEqual(visible, {"README.md", "test_all.py", *SCRIPTS})

    def test_lines_fit_a_projector(self):
        for path in HERE.glob("*.py"):
            for number, line in enumerate(
                path.read_text("utf-8").splitlines(), 1
            ):
                with self.subTest(f"{path.name}:{number}"):
                    self.assertLessEqual(len(line), 79)

    def test_a_script_imports_what_its_header_names(self):
        brought = {
            "flask": {"flask", "jinja2", "werkzeug"},
            "django": {"django"},
        }
        for file in SCRIPTS:
            kind = file.removesuffix(".py").partition("_")[2]
            text = (HERE / file).read_text("utf-8")
            header = re.match(
                r"# /// script\n"
                r'# requires-python = ">=3\.10"\n'
                r"# dependencies = (\[.*\])\n"
                r"# ///\n",
                text,
            )
            with self.subTest(file):
                needs = ast.literal_eval(header[1])
                names = [re.match(r"\w+", need)[0] for need in needs]
                self.assertEqual(names, [kind, "waitress"])
                imported = set()
                for node in ast.walk(ast.parse(text)):
                    if isinstance(node, ast.Import):
                        imported |= {alias.name for alias in node.names}
                    if isinstance(node, ast.ImportFrom):
                        imported.add(node.module)
                imported = {name.partition(".")[0] for name in imported}
                self.assertEqual(
                    imported - set(sys.stdlib_module_names) - {"waitress"},
                    brought[kind] & imported,
                )

    def test_the_readme_quotes_the_scripts(self):
        readme = (HERE / "README.md").read_text("utf-8")
        blocks = re.findall(r"^```python\n(.*?)^```", readme, re.M | re.S)
        self.assertTrue(blocks)
        scripts = [source(file.removesuffix(".py")) for file in SCRIPTS]
        for block in blocks:
            with self.subTest(block[:60]):
                self.assertTrue(
                    any(f"\n{block}" in f"\n{text}" for text in scripts)
                )

    def test_the_readme_names_files_that_exist(self):
        readme = (HERE / "README.md").read_text("utf-8")
        commands = re.findall(
            r"^```(?:sh|console)\n(.*?)^```", readme, re.M | re.S
        )
        self.assertTrue(commands)
        names = set(re.findall(r"[\w./-]*\w\.(?:py|yml|png)\b", readme))
        for file in SCRIPTS:
            self.assertIn(file, names)
        own = {
            "manage.py",
            "settings.py",
            "urls.py",
            "models.py",
            "views.py",
            "forms.py",
            "admin.py",
            "apps.py",
            "wsgi.py",
            "__init__.py",
        }
        for name in names:
            if Path(name).name not in own and "/" not in name.strip("./"):
                with self.subTest(name):
                    self.assertTrue((HERE / name).exists())


if __name__ == "__main__":
    unittest.main()
