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
import collections
import concurrent.futures
import contextlib
import html.parser
import http.client
import http.cookies
import importlib
import itertools
import multiprocessing
import os
import queue
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


# --- Pages, as a visitor sees them ------------------------------------------


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
        if tag != self.open.tag:
            raise AssertionError(f"</{tag}> closes <{self.open.tag}>")
        self.open = self.open.parent

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
        return Page(address, status, answered, text)

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
            self.fill(title=title)
            self.press("Add")
        return self.page


# --- A process for each script, with its framework's test client ------------

loaded = {}  # in a worker: its module and its client


def load(folder, name):
    """In a new worker: import a script from a folder that has nothing else."""
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

    started = {}  # by the name of the script

    def __init__(self, name):
        self.folder = tempfile.mkdtemp()
        shutil.copy(HERE / f"{name}.py", self.folder)
        self.pool = concurrent.futures.ProcessPoolExecutor(
            1, multiprocessing.get_context("spawn"), load, (self.folder, name)
        )

    @classmethod
    def get(cls, name):
        """Return the worker of a script, started when first needed."""
        if name not in cls.started:
            cls.started[name] = cls(name)
        return cls.started[name]

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
        return Worker.get(self.script)

    @property
    def kind(self):
        return self.script.partition("_")[2]

    def visitor(self):
        """Return a visitor without cookies."""

        def send(*request):
            return self.worker.call(answer, *request)

        return Visitor(send, f"http://127.0.0.1:{PORTS[self.kind]}")


# --- hello and site -----------------------------------------------------------


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


# --- todo -------------------------------------------------------------------------

LIST_PATHS = ["/", "/1/edit/", "/?show=active"]
POST_PATHS = ["/1/toggle/", "/1/delete/", "/toggle-all/", "/clear-completed/"]
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
        page = self.member("Buy milk", "  Wash the car\t").page
        self.assertEqual(page.todos, ["Wash the car", "Buy milk"])
        self.assertEqual(page.value("title"), "")

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
                page = visitor.post(address, data)
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
            (good, "", "", SHORT),
            (good, bad, bad, SHORT),
            (good, bad, PASSWORD, SHORT),
            (good, bad, "", SHORT),
            (good, PASSWORD, PASSWORD + "x", DIFFER),
            (good, PASSWORD, "", DIFFER),
            ("two words", bad, "", INVALID),
            ("taken", bad, "", TAKEN),
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
        username = visitor.page.of_class("account")[0].text.split()[0]
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
            '"><b>bold</b>',
            "{{ 7 * 7 }} {% csrf_token %} %s",
            "&amp; &lt;",
        ]
        visitor = self.member(*titles)
        self.assertEqual(visitor.page.todos, titles[::-1])
        self.assertEqual(visitor.page.tags("script", "b"), [])
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
                    address = address.replace("1", number)
                    page = visitor.request(method, address)
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
            for address in ["/", f"/{number}/edit/", "/logout/", *POST_PATHS]:
                with self.subTest(origin=origin, address=address):
                    address = address.replace("1", number)
                    page = visitor.post(address, data, {"Origin": origin})
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
            "localhost:x",
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


if __name__ == "__main__":
    unittest.main()
