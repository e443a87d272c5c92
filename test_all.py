# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Tests of the six demos, through the test clients of Flask and Django.

All of them:        python test_all.py
One class:          python test_all.py TodoFlask
By name:            python test_all.py -k toggle
With pytest:        python -m pytest test_all.py

A test client calls an application as a server would, without a server. The
two are alike: get() and post() return a response with status_code, headers
and text. So most tests are written once, in a class such as SiteTests, and
run with both. What only one client brings is in SiteFlask, SiteDjango and so
on.

A project of your own needs less than this: load() and the setUpClass() below
it are here because one process tests several scripts, each with its settings
inside. In a project, tests of Django inherit from django.test.TestCase, and so
have its assertions, a database of their own and self.client.
"""

import contextlib
import hashlib
import html.parser
import importlib
import itertools
import logging
import mimetypes
import os
import shutil
import sqlite3
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie
from pathlib import Path
from unittest import mock
from urllib.parse import urljoin
from xml.etree import ElementTree

from werkzeug.security import generate_password_hash

HERE = Path(__file__).resolve().parent
REDIRECT = (302, 303)  # the second one from Flask 3.2 on


def load(script, folder):
    """Return a script as a module, imported from a folder of its own."""
    shutil.copy(HERE / f"{script}.py", folder)
    # Django can be configured only once, so each script imports it anew.
    for name in list(sys.modules):
        if name.partition(".")[0] in ("django", script):
            del sys.modules[name]
    path = [folder, *sys.path]
    with mock.patch("sys.path", path), mock.patch.dict(os.environ):
        # A script must not see the settings of the person who runs the tests.
        for name in ("FLASK_DEBUG", "SECRET_KEY"):
            os.environ.pop(name, None)
        return importlib.import_module(script)


class ScriptTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.database = Path(folder.name, f"{cls.script}.sqlite3")
        cls.module = load(cls.script, folder.name)
        logging.disable()  # the scripts log bad requests, which are meant here
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    def setUp(self):
        self.client = self.new_client()


class FlaskTest(ScriptTest):
    framework, port = "Flask", 5000

    def new_client(self):
        self.module.app.testing = True  # an exception reaches the test
        return self.module.app.test_client()


class DjangoTest(ScriptTest):
    framework, port = "Django", 8000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from django.contrib.auth.hashers import PBKDF2PasswordHasher
        from django.db import connections
        from django.test import TestCase

        PBKDF2PasswordHasher.iterations = 1  # many accounts, little time
        cls.addClassCleanup(connections.close_all)
        # Where Django is set up first, tests inherit these from TestCase.
        cls.assertContains = TestCase().assertContains
        cls.assertNotContains = TestCase().assertNotContains
        cls.assertRedirects = TestCase().assertRedirects

    def new_client(self):
        from django.test import Client

        # By default Django's client skips the check of CSRF tokens.
        return Client(enforce_csrf_checks=True, headers={"Host": "localhost"})


# --- Pages, and their visitors -----------------------------------------------

PASSWORD = "Correct horse"


def text(element):
    """Return what an element says, with single spaces."""
    return " ".join("".join(element.itertext()).split())


class Page(html.parser.HTMLParser):
    """What a visitor finds in a response; page.root is its ElementTree."""

    def __init__(self, response, address):
        super().__init__()
        self.builder = ElementTree.TreeBuilder()
        self.handle_data = self.builder.data
        self.handle_endtag = self.builder.end
        self.builder.start("page", {})
        self.feed(response.text)
        self.builder.end("page")
        self.root = self.builder.close()
        self.status = response.status_code
        self.address, _, fragment = address.partition("#")
        self.headings = self.read("title"), self.read("h1")
        self.place = self.read(f"*[@id='{fragment}']")  # scrolled to
        # What there is to follow and to press, as a screen reader calls it.
        links, buttons = self.find("a"), self.find("button")
        self.links = {text(a): urljoin(address, a.get("href")) for a in links}
        self.buttons = {b.get("aria-label") or text(b): b for b in buttons}
        # By the names of the fields: what they hold, and what is wrong.
        self.values, self.token, self.errors = {}, {}, {}
        for field in self.find("input[@name]"):
            name, hidden = field.get("name"), field.get("type") == "hidden"
            values = self.token if hidden else self.values
            values[name] = field.get("value", "")
            if field.get("aria-invalid") == "true":
                # Django names the help text first, if there is one.
                error_id = field.get("aria-describedby").split()[-1]
                self.errors[name] = self.read(f"*[@id='{error_id}']")
        self.todos = []  # their titles, with a ✓ behind those completed
        for item in self.find("ul[@class='todo-list']/li[@id]"):
            mark = " ✓" if item.get("class") == "completed" else ""
            self.todos.append(text(item.find("a")) + mark)

    def handle_starttag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in ("input", "link", "meta"):  # these have no end tag
            self.builder.end(tag)

    def find(self, path):
        return self.root.findall(f".//{path}")

    def read(self, path):
        """Return what the first element of an XPath says, if there is one."""
        return next(map(text, self.find(path)), None)

    def form(self, name):
        """Return where a button sends its form, and what is in that."""
        button = self.buttons[name]
        forms = self.find("form[@method='post']")
        [form] = [form for form in forms if button in form.iter()]
        sent = [e for e in (*form.iter("input"), button) if e.get("name")]
        action = button.get("formaction") or form.get("action") or ""
        data = {e.get("name"): e.get("value", "") for e in sent}
        return urljoin(self.address, action), data


class Visitor:
    """Somebody who uses pages. Each method returns the page that comes."""

    def __init__(self, client):
        self.client = client

    def arrive(self, response, address):
        """Follow redirects, as a browser does."""
        if response.status_code in REDIRECT:
            # The fragment outlives a redirect (RFC 9110, section 10.2.2).
            _, sharp, fragment = address.partition("#")
            return self.open(response.headers["Location"] + sharp + fragment)
        self.page = Page(response, address)
        return self.page

    def open(self, address):
        return self.arrive(self.client.get(address), address)

    def follow(self, link):
        return self.open(self.page.links[link])

    def send(self, address, data=(), origin="http://localhost"):
        """Send a form, with the token of this page; return the response."""
        data = {**self.page.token, **dict(data)}
        return self.client.post(address, data=data, headers={"Origin": origin})

    def post(self, address, *data_and_origin):
        return self.arrive(self.send(address, *data_and_origin), address)

    def press(self, button, **typed):
        """Fill in fields, press a button."""
        address, data = self.page.form(button)
        if not typed.keys() <= data.keys():
            raise AssertionError(f"{button} does not send {list(typed)}")
        return self.post(address, {**data, **typed})

    def sign_up(self, username, password1=PASSWORD, password2=PASSWORD):
        self.username = username
        self.open("/login/")
        self.follow("Sign up")
        passwords = {"password1": password1, "password2": password2}
        return self.press("Sign up", username=username, **passwords)

    def log_in(self, username, password=PASSWORD):
        self.open("/signup/")
        self.follow("Log in")
        return self.press("Log in", username=username, password=password)

    def add(self, *titles):
        for title in titles:
            self.press("Add", title=title)
        return self.page


# --- hello -------------------------------------------------------------------


class PortTests:
    def test_the_port_is_the_one_that_is_announced(self):
        code = (HERE / f"{self.script}.py").read_text(encoding="utf-8")
        self.assertIn(f"then open http://127.0.0.1:{self.port}\n", code)
        self.assertIn(f'os.environ.get("PORT", "{self.port}")', code)


class HelloTests(PortTests):
    def test_says_hello(self):
        response = self.client.get("/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.text, self.hello)
        self.assertIn("text/html", response.headers["Content-Type"])
        response = self.client.get("/nothing")
        self.assertEqual(response.status_code, 404)
        self.assertNotIn("DEBUG", response.text)  # as pages for developers say


class HelloFlask(HelloTests, FlaskTest):
    script = "hello_flask"
    hello = "<p>Hello, World!</p>"


class HelloDjango(HelloTests, DjangoTest):
    script = "hello_django"
    hello = "Hello, Django!"


# --- site --------------------------------------------------------------------


class HostTests:
    def test_only_loopback_names_are_hosts(self):
        response = self.client.get("/", headers={"Host": "127.0.0.1:81"})
        self.assertIn(response.status_code, (200, *REDIRECT))
        for host in ("evil.example", "127.0.0.1.evil.example", "a b", ""):
            response = self.client.get("/", headers={"Host": host})
            self.assertEqual(response.status_code, 400)


class SiteTests(PortTests, HostTests):
    def test_two_pages_and_one_for_what_is_not_there(self):
        visitor = Visitor(self.client)
        words = "This is my personal website."
        self.assertEqual(visitor.open("/about/").read("main/p"), words)
        for address, *expected in (
            ("/", 200, "Personal Website", "Welcome to My Website"),
            ("/about/", 200, "About Me", "About Me"),
            ("/nothing", 404, "Not Found", "Not Found"),
            ("/about/me/", 404, "Not Found", "Not Found"),
            ("/%FF", 404, "Not Found", "Not Found"),
        ):
            page = visitor.open(address)
            self.assertEqual([page.status, *page.headings], expected)
            self.assertEqual(page.links, {"Home": "/", "About Me": "/about/"})
            made_with = f"Made with {self.framework}"
            self.assertEqual(page.read("footer"), made_with)
            self.assertTrue(page.find("link[@rel='icon']"))
            self.assertTrue(page.find("meta[@name='description']"))

    def test_the_pages_can_only_be_read(self):
        for address in ("/", "/about/"):
            response = self.client.head(address)
            self.assertEqual(response.status_code, 200)
            self.assertIn("text/html", response.headers["Content-Type"])
            for change in (self.client.post, self.client.delete):
                self.assertEqual(change(address).status_code, 405)


class SiteFlask(SiteTests, FlaskTest):
    script = "site_flask"

    def test_about_without_its_slash_redirects(self):
        response = self.client.get("/about", follow_redirects=True)
        self.assertEqual(response.request.path, "/about/")
        [redirect] = response.history
        self.assertEqual(redirect.status_code, 308)


class SiteDjango(SiteTests, DjangoTest):
    script = "site_django"

    def test_about_without_its_slash_redirects(self):
        response = self.client.get("/about", follow=True)
        self.assertRedirects(response, "/about/", status_code=301)


# --- todo, on both -----------------------------------------------------------

LOGIN = ("Log in", "Log in")  # the headings of the login page
# All tests of a class share a database: each has its own members.
new_names = (f"user{number}" for number in itertools.count())


class TodoFlaskTest(FlaskTest):
    """What the tests below ask of Flask's half."""

    script = "todo_flask"
    user_table = "user"
    hasher = mock.patch("hashlib.scrypt", wraps=hashlib.scrypt)
    hashing = generate_password_hash("").split("$")[0]
    statements_of_a_page = 4  # user, two counts, page

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        collected, query = [], self.module.query
        with mock.patch.object(self.module, "query", wraps=query) as calls:
            yield collected
        collected += [call.args for call in calls.call_args_list]

    def cookies_of(self, response):
        """Return the cookies that a response sets, by name."""
        return SimpleCookie("; ".join(response.headers.getlist("Set-Cookie")))


class TodoDjangoTest(DjangoTest):
    """What the tests below ask of Django's half."""

    script = "todo_django"
    user_table = "auth_user"
    hasher = mock.patch("hashlib.pbkdf2_hmac", wraps=hashlib.pbkdf2_hmac)
    hashing = "pbkdf2_sha256"
    statements_of_a_page = 6  # session, user, three counts, page

    @classmethod
    def setUpClass(cls):
        for suffix in (".css", ".js"):  # as the Windows registry may do
            mimetypes.add_type("text/plain", suffix)
        super().setUpClass()
        cls.connection_of_the_start = cls.module.connection.connection

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        from django.test.utils import CaptureQueriesContext

        collected = []
        with CaptureQueriesContext(self.module.connection) as queries:
            yield collected
        collected += [[query["sql"]] for query in queries]

    def cookies_of(self, response):
        """Return the cookies that a response sets, by name."""
        return response.cookies


class TodoTests(PortTests, HostTests):
    def stranger(self):
        visitor = Visitor(self.new_client())
        visitor.open("/login/")
        return visitor

    def member(self, *titles):
        """Return a visitor with a new account and these to-dos."""
        visitor = self.stranger()
        visitor.sign_up(next(new_names))
        visitor.add(*titles)
        return visitor

    def forms_of(self, edit):
        """Return where a list sends forms, given the edit page of a row."""
        toggle = edit.replace("edit", "toggle")
        delete = edit.replace("edit", "delete")
        return (edit, toggle, delete, "/", "/toggle-all/", "/clear-completed/")

    def execute(self, sql, *values):
        """Run a statement on the database, past the script."""
        db = sqlite3.connect(self.database, timeout=0, isolation_level=None)
        with contextlib.closing(db):
            return db.execute(sql, values).fetchall()

    def test_without_a_login_every_address_leads_to_the_login_page(self):
        member, stranger = self.member("Buy milk"), self.stranger()
        member.press("Complete Buy milk")
        edit = member.page.links["Buy milk"]
        for address in ("/", "/?show=active&page=2", edit):
            self.assertEqual(stranger.open(address).headings, LOGIN)
        for address in self.forms_of(edit):
            page = stranger.post(address, {"title": "x"})
            self.assertEqual(page.headings, LOGIN)
        self.assertEqual(member.open("/").todos, ["Buy milk ✓"])

    def test_every_page_says_who_is_logged_in_and_what_it_is_made_with(self):
        visitor = self.member()
        for address in ("/", "/login/", "/signup/", "/nothing"):
            page = visitor.open(address)
            self.assertIn(f"Made with {self.framework}", page.read("header"))
            self.assertEqual(page.read("header/b"), visitor.username)
            self.assertEqual(page.read("header/form/button"), "Log out")
            self.assertTrue(page.find("link[@rel='icon']"))

    def test_an_unknown_address(self):
        visitor = self.member()
        for address in ("/nothing", "/1/", "/edit/", "/%FF", "/%3Cb%3E"):
            page = visitor.open(address)
            self.assertEqual(page.status, 404)
            self.assertEqual(page.find("main//b"), [])
            self.assertEqual(page.links["Back to the list"], "/")
        self.assertEqual(self.stranger().open("/nothing").status, 404)
        response = self.client.get("/login")  # without its slash
        self.assertIn(response.status_code, (301, 308))

    def test_nonsense_in_the_address_gets_the_list(self):
        visitor = self.member()
        for value in ("", "x", "0", "-1", "1.5", "9" * 5000, "%00", "%FF"):
            for name in ("page", "show", "_anchor", "endpoint", "?&=&"):
                page = visitor.open(f"/?{name}={value}")
                self.assertIn("Add", page.buttons)

    def test_what_changes_something_only_answers_a_post(self):
        client = self.member().client
        lists = ("toggle-all", "clear-completed")
        for name in ("1/toggle", "1/delete", *lists, "logout"):
            for read in (client.get, client.head):
                self.assertEqual(read(f"/{name}/").status_code, 405)

    def test_headers(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        for address in ("/", edit, "/999/edit/", "/toggle-all/", "/login/"):
            headers = visitor.client.get(address).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "same-origin")
            self.assertNotIn("Access-Control-Allow-Origin", headers)
            if address in ("/", edit):  # no browser keeps a page of a list
                self.assertIn("no-store", headers["Cache-Control"])

    def test_the_forms_help_browsers_and_password_managers(self):
        for address, kinds in (
            ("/signup/", ["username", "new-password", "new-password"]),
            ("/login/", ["username", "current-password"]),
        ):
            page = self.stranger().open(address)
            fields = page.find("input[@autocomplete]")
            self.assertEqual([f.get("autocomplete") for f in fields], kinds)
            focused = page.find("input[@type='text'][@autofocus]")
            self.assertEqual(focused, fields[:1])
            self.assertEqual(page.find("input[@type='password']"), fields[1:])
            for field in fields:
                self.assertTrue(page.read(f"label[@for='{field.get('id')}']"))

    def test_an_empty_list_shows_only_the_field(self):
        page = self.member().page
        self.assertEqual(page.headings, ("Todos", "todos"))
        [field] = page.find("input[@class='new-todo'][@autofocus]")
        for name in ("placeholder", "aria-label"):
            self.assertEqual(field.get(name), "What needs to be done?")
        self.assertEqual(page.values, {"title": ""})
        self.assertEqual(list(page.buttons), ["Log out", "Add"])
        for gone in ("a", "ul", "nav", "strong"):
            self.assertEqual(page.find(gone), [])

    def test_names_and_classes_are_those_of_todomvc(self):
        visitor = self.member("A", "  B\t", "C")
        count = "*[@class='todo-count']"
        self.assertEqual(visitor.page.read(count), "3 items left")
        visitor.press("Complete C")
        page = visitor.press("Complete B")
        for path, words in (
            (count, "1 item left"),
            (f"{count}/strong", "1"),
            ("button[@class='toggle-all']", "Complete all"),
            ("ul[@class='todo-list']/li[@class='completed']", "✓ C ×"),
            ("button[@class='toggle'][@aria-pressed='true']", "✓"),
            ("button[@class='toggle'][@aria-pressed='false']", ""),
            ("button[@class='destroy']", "×"),
            ("nav[@class='filters'][@aria-label]", "All Active Completed"),
            ("button[@class='clear-completed']", "Clear completed"),
        ):
            self.assertEqual(page.read(path), words)
        # No two buttons have the same name.
        self.assertEqual(len(page.find("button")), len(page.buttons))
        page = visitor.press("Complete A")
        self.assertEqual(page.read(count), "0 items left")

    def test_edit(self):
        visitor = self.member("Buy milk", "Wash the car")
        page = visitor.follow("Buy milk")
        self.assertEqual(page.headings, ("Edit a to-do", "Edit"))
        self.assertEqual(page.values, {"title": "Buy milk"})
        self.assertTrue(page.find("input[@name='title'][@autofocus]"))
        self.assertEqual(visitor.follow("Cancel").place, "Buy milk ×")
        visitor.follow("Buy milk")
        page = visitor.press("Save", title="Buy oat milk")
        self.assertEqual(page.todos, ["Wash the car", "Buy oat milk"])

    def test_a_second_press_on_one_page_undoes_nothing(self):
        visitor = self.member("Buy milk", "Wash the car")
        for button, todos in (
            ("Complete Buy milk", ["Wash the car", "Buy milk ✓"]),
            ("Complete all", ["Wash the car ✓", "Buy milk ✓"]),
            ("Complete Buy milk", ["Wash the car ✓", "Buy milk"]),
            ("Clear completed", ["Buy milk"]),
            ("Complete all", ["Buy milk ✓"]),
            ("Reactivate all", ["Buy milk"]),
            ("Delete Buy milk", []),
        ):
            page = visitor.page
            for _press in range(2):
                visitor.page = page  # as in a second tab
                self.assertEqual(visitor.press(button).todos, todos)
                self.assertEqual(visitor.page.address, "/")
        visitor.add("New")  # whose ID is new as well
        visitor.page = page
        self.assertEqual(visitor.press("Delete Buy milk").todos, ["New"])

    def test_filters(self):
        visitor = self.member("A", "B")
        visitor.press("Complete A")
        filters = {"Active": ["B"], "Completed": ["A ✓"], "All": ["B", "A ✓"]}
        for name, todos in filters.items():
            page = visitor.follow(name)
            self.assertEqual(page.todos, todos)
            self.assertEqual(page.read("nav/a[@aria-current='page']"), name)
        visitor.press("Clear completed")
        page = visitor.follow("Completed")
        self.assertEqual(page.read("ul"), "Nothing to show here.")
        self.assertNotIn("Clear completed", page.buttons)

    def test_a_press_returns_to_where_it_was_made(self):
        visitor = self.member(*(f"{number}." for number in range(54)))
        self.assertEqual(visitor.press("Complete 52.").place, "52.")
        visitor.press("Complete all")
        here = "/?show=completed&page=2"  # 3. 2. 1. 0.
        for button, place in (
            ("Complete 3.", "2."),  # it is active now: the next takes its row
            ("Delete 2.", "1."),
            ("Delete 0.", "All Active Completed Newer Clear completed"),
            ("Save", "✓ 1. ×"),
            ("Complete all", None),
        ):
            visitor.open(here)
            if button == "Save":
                visitor.follow("1.")
            page = visitor.press(button)
            self.assertEqual((page.address, page.place), (here, place))
        visitor.follow("1.")
        self.assertEqual(visitor.follow("Cancel").address, here)
        self.assertEqual(visitor.press("Clear completed").address, here)
        for address, first_page in (
            ("/?page=2", "/"),
            ("/?show=active&page=2", "/?show=active"),
            ("/?show=completed", "/?show=completed"),
        ):
            visitor.open(address)
            page = visitor.press("Add", title="Buy milk")
            self.assertEqual(page.address, first_page)

    def test_fifty_to_a_page(self):
        titles = [f"{number}." for number in range(101)]
        visitor = self.member(*titles[:50])
        self.assertNotIn("Older", visitor.page.links)
        self.assertEqual(visitor.add(*titles[50:]).todos, titles[:50:-1])
        visitor.follow("Older")
        visitor.follow("Active")  # from its first page on
        self.assertEqual(visitor.follow("Older").todos, titles[50:0:-1])
        self.assertEqual(visitor.follow("Older").todos, titles[:1])
        self.assertNotIn("Older", visitor.page.links)
        self.assertEqual(visitor.press("Delete 0.").todos, titles[50:0:-1])
        page = visitor.follow("Newer")
        self.assertEqual(page.address, "/?show=active&page=1")
        self.assertNotIn("Newer", page.links)
        visitor.press("Complete all")
        visitor.press("Clear completed")
        self.assertEqual(visitor.open("/").todos, [])

    def test_no_statement_reads_more_than_it_needs(self):
        visitor = self.member(*map(str, range(60)))
        visitor.press("Complete 59")
        for address in ("/?show=active&page=2", "/?show=completed", "/"):
            with self.statements() as statements:
                self.assertTrue(visitor.open(address).todos)
            self.assertEqual(len(statements), self.statements_of_a_page)
            for sql, *values in statements:
                rows = self.execute(sql, *values)
                self.assertLessEqual(len(rows), 50, sql)
                self.check_plan(sql, *values)
        visitor.follow("59")
        with self.statements() as statements:
            for name in ("Save", "Complete 59", "Delete 59", "Complete all"):
                visitor.press(name)
            visitor.press("Clear completed")
            visitor.add("New")
            visitor.log_in(visitor.username)
            visitor.sign_up(next(new_names))
        self.assertLess(len(statements), 110)  # +60 if each row needs one
        for sql, *values in statements:
            self.check_plan(sql, *values)

    def check_plan(self, sql, *values):
        """Check that SQLite finds by an index what a statement asks for."""
        plan = self.execute(f"EXPLAIN QUERY PLAN {sql}", *values)
        for *_numbers, step in plan:
            self.assertNotIn("TEMP B-TREE", step, sql)  # to sort rows
            if step.startswith("SCAN"):  # reads all rows, or a whole index
                # Django compares a new username, in any case, with them all.
                self.assertIn("auth_user USING COVERING INDEX", step, sql)
        if "completed" in sql.partition("WHERE")[2]:
            index = "todo_(filtered|active|completed)"
            self.assertRegex(str(plan), index, sql)

    def test_only_a_login_sets_the_session_cookie(self):
        # If pages set it, one that is still on its way would undo a logout.
        visitor = self.member()
        for address in ("/", "/?page=2", "/login/", "/signup/", "/nothing"):
            response = visitor.client.get(address)
            self.assertNotIn(self.script, self.cookies_of(response))
        response = visitor.send("/", {"title": ""})
        self.assertNotIn(self.script, self.cookies_of(response))
        form = {"username": visitor.username, "password": PASSWORD}
        response = visitor.send("/login/?next=//evil.example/", form)
        self.assertEqual(response.headers["Location"], "/")  # to no other site
        cookies = self.cookies_of(response)
        self.assertTrue(cookies[self.script]["httponly"])
        for name, cookie in cookies.items():
            self.assertRegex(name, f"^{self.script}")  # others keep theirs
            self.assertEqual(cookie["samesite"], "Lax")
            expires = parsedate_to_datetime(cookie["expires"])
            left = expires - datetime.now(timezone.utc)
            self.assertGreater(left.days, 7)

    def test_reading_waits_for_nobody_who_writes(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        db = sqlite3.connect(self.database, isolation_level=None)
        with contextlib.closing(db):
            db.execute("BEGIN EXCLUSIVE")
            for address in ("/", edit, "/login/", "/signup/"):
                self.assertEqual(visitor.open(address).status, 200)

    def test_sign_up_log_out_log_in(self):
        visitor = self.stranger()
        for username, password in (
            ("李雷", "x" * 8),
            ("Zoë@b.c+d-e_f", " outer spaces "),
            ("y" * 150, "пароль и слово" * 20),
        ):
            page = visitor.sign_up(username, password, password)
            self.assertEqual(page.read("header/b"), username)
            visitor.add("Buy milk")
            page = visitor.press("Log out")
            self.assertEqual(list(page.buttons), ["Log in"])
            visitor.log_in(username, "wrong")
            self.assertEqual(visitor.open("/1/edit/").headings, LOGIN)
            typed = {"username": f" {username} ", "password": password}
            page = visitor.press("Log in", **typed)
            self.assertEqual((page.address, page.todos), ("/", ["Buy milk"]))
        page = visitor.log_in("李雷", "x" * 8)  # without logging out
        self.assertEqual(page.read("header/b"), "李雷")

    def test_a_bad_account_gets_a_message_and_keeps_the_name(self):
        self.stranger().sign_up("Taken")
        visitor, good, name = self.stranger(), PASSWORD, next(new_names)
        form = visitor.open("/signup/").read("main/form")
        self.assertIn("at least 8 characters", form)
        invalid = "^username: (Use 1 to 150|Enter a valid|This field|Ensure)"
        for username, password1, password2, message in (
            ("  ", good, good, invalid),
            ("y" * 151, good, good, invalid),
            ('"><b>', good, good, invalid),
            ("two words", good, good, invalid),
            ("Taken", good, good, "^username: .*(taken|exists)"),
            (" tAKEN ", good, good, "^username: .*(taken|exists)"),
            (name, "seven77", "seven77", "^password[12]: .* at least 8 char"),
            (name, good, good + " ", "^password2: .*(differ|match)"),
        ):
            page = visitor.sign_up(username, password1, password2)
            self.assertEqual(page.status, 200)
            self.assertEqual(page.headings, ("Error: Sign up", "Sign up"))
            [error] = page.errors.items()
            self.assertRegex(": ".join(error), message)
            values = {"username": username, "password1": "", "password2": ""}
            self.assertEqual(page.values, values)
        self.assertEqual(visitor.open("/").headings, LOGIN)

    def test_a_wrong_login_does_not_tell_what_is_wrong(self):
        messages, username = set(), self.member().username
        for name, password in (
            (username, "wrong"),
            ('"><b>', PASSWORD),
            (f"_{username[1:]}", PASSWORD),  # matches it in a LIKE of SQL
        ):
            with self.hasher as hasher:
                page = self.stranger().log_in(name, password)
            hasher.assert_called_once()  # so each takes equally long
            self.assertEqual(page.headings, ("Error: Log in", "Log in"))
            self.assertEqual(page.values, {"username": name, "password": ""})
            messages.add(page.read("form"))
        self.assertEqual(len(messages), 1)

    def test_lists_are_private(self):
        ada, eve = self.member("1", "2"), self.member("Eve's")
        edit = ada.page.links["1"]
        ada.press("Complete 1")
        for page in (eve.open(edit), eve.post(edit, {"title": "Stolen"})):
            self.assertEqual(page.status, 404)
        for action in ("toggle", "delete"):
            page = eve.post(edit.replace("edit", action))
            self.assertEqual((page.address, page.todos), ("/", ["Eve's"]))
        eve.press("Complete all")
        eve.press("Clear completed")
        self.assertEqual(ada.open("/").todos, ["2", "1 ✓"])

    def test_passwords_are_hashed_by_the_hasher_of_the_framework(self):
        sql = f"SELECT password FROM {self.user_table} WHERE username = ?"
        [[stored]] = self.execute(sql, self.member().username)
        self.assertEqual(stored.split("$")[0], self.hashing)
        self.assertGreaterEqual(len(stored.split("$")[-2]), 16)  # the salt

    def test_an_old_cookie_fits_no_new_account(self):
        visitor = self.member()
        sql = f"DELETE FROM {self.user_table} WHERE username = ?"
        self.execute(sql, visitor.username)
        # Number the next rows from 1 on, as a new database does.
        self.execute("DELETE FROM sqlite_sequence")
        self.stranger().sign_up(visitor.username)
        self.assertEqual(visitor.open("/").headings, LOGIN)

    def test_of_two_sign_ups_at_once_one_is_told_that_the_name_is_taken(self):
        rival, name = self.member(), next(new_names)
        sql = f"UPDATE {self.user_table} SET username = ? WHERE username = ?"

        def take_the_name(*args, **kwargs):
            self.execute(sql, name, rival.username)
            return mock.DEFAULT  # the hash

        with self.hasher as hasher:  # slow, so it must lock nobody out
            hasher.side_effect = take_the_name
            page = self.stranger().sign_up(name)
        self.assertRegex(page.errors["username"], "taken|exists")

    def test_another_error_is_not_taken_for_a_name_that_is_taken(self):
        name = next(new_names)
        check = f"ADD {name} CHECK (username <> '{name}')"
        self.execute(f"ALTER TABLE {self.user_table} {check}")
        # A server answers this with a 500, and prints the traceback.
        with self.assertRaisesRegex(Exception, "CHECK constraint failed"):
            self.stranger().sign_up(name)

    def test_a_bad_title_gets_a_message_and_stays_in_the_field(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        message = r"200 characters, not (0|201|9000)\.|is required|at most 200"
        for address, button in (("/", "Add"), (edit, "Save")):
            for title in (" \t ", '"><b>' * 40 + "x", "x" * 9000):
                visitor.open(address)
                page = visitor.press(button, title=title)
                self.assertEqual(page.status, 200)
                self.assertRegex(page.headings[0], "^Error: ")
                self.assertRegex(page.errors["title"], message)
                self.assertEqual(page.values["title"], title)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_html_and_sql_are_text_of_up_to_200_characters(self):
        html, sql = '"><i>&amp;</i>', "'); DROP TABLE todo; --"
        titles = [html, sql, "{{ 7 }} {% csrf_token %} %s", "😀ﬁ" * 100]
        visitor = self.member(*titles)
        self.assertEqual(visitor.page.todos, titles[::-1])
        for title in titles:
            visitor.press(f"Complete {title}")
            self.assertEqual(visitor.follow(title).values["title"], title)
            visitor.press("Save")
        for title in titles:
            visitor.press(f"Delete {title}")
        visitor.add("  two  spaces\t")
        page = visitor.follow("two spaces")  # as a browser shows them
        self.assertEqual(page.values["title"], "two  spaces")

    def test_what_does_not_exist_can_be_deleted_but_not_opened(self):
        visitor = self.member("Buy milk")
        number = visitor.page.links["Buy milk"].split("/")[1]
        strange = ("{}.0", "+{}", "%20{}", "{}e0", "{}%0A", "-{}", "x")
        large = (2**63, "9" * 5000)  # for the database; for Python
        for name in (999_999, *large, *(s.format(number) for s in strange)):
            page = visitor.open(f"/{name}/edit/")
            self.assertEqual(page.status, 404, name)
        for action in ("toggle", "delete"):
            page = visitor.post(f"/999999/{action}/")
            self.assertEqual((page.address, page.todos), ("/", ["Buy milk"]))
            for name in large:
                page = visitor.post(f"/{name}/{action}/")
                self.assertIn(page.status, (200, 404))

    def test_other_sites_can_post_nothing(self):
        visitor = self.member("Buy milk")
        forms = self.forms_of(visitor.page.links["Buy milk"])
        accounts = ("/login/", "/signup/", "/logout/")
        evil = ("https://evil.example", "http://localhost.evil.example")
        evil += ("http://localhost:9", "https://localhost", "null", "")
        for origin in evil:
            for address in (*forms, *accounts):
                page = visitor.post(address, {"title": "Evil"}, origin)
                self.assertEqual(page.status, 403, (origin, address))
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_a_missing_field_or_a_nul_character_is_no_500(self):
        names = ("title", "username", "password", "password1", "password2")
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        for data in ({}, {"username": "x"}, dict.fromkeys(names, "nul: \0.")):
            for address in ("/", edit, "/login/", "/signup/"):
                visitor.open("/login/")  # for its token
                page = visitor.post(address, data)
                self.assertIn(page.status, (200, 400), (address, data))
            if not data:
                self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_an_oversized_form_is_refused(self):
        page = self.member().post("/", {"title": "x" * 3_000_000})
        self.assertIn(page.status, (400, 413))


# --- todo, on one ------------------------------------------------------------


class TodoFlask(TodoTests, TodoFlaskTest):
    def test_a_login_begins_with_an_empty_session(self):
        visitor = self.member()
        with visitor.client.session_transaction() as session:
            session["basket"] = ["of somebody else"]
        visitor.log_in(visitor.username)
        with visitor.client.session_transaction() as session:
            self.assertEqual(set(session), {"_permanent", "user_id"})

    def test_a_page_before_the_first_is_the_first(self):
        visitor = self.member(*map(str, range(51)))
        self.assertEqual(visitor.open("/?page=-1").links["Older"], "/?page=2")


class TodoDjango(TodoTests, TodoDjangoTest):
    def test_after_a_logout_an_old_cookie_is_worth_nothing(self):
        visitor = self.member()
        cookie = visitor.client.cookies[self.script].value
        visitor.press("Log out")
        visitor.client.cookies[self.script] = cookie
        self.assertEqual(visitor.open("/").headings, LOGIN)

    def test_servers_that_fork_share_no_connection(self):
        self.assertIsNone(self.connection_of_the_start)

    def test_a_todo_deleted_while_it_is_edited_does_not_come_back(self):
        visitor = self.member("Old")
        visitor.follow("Old")
        is_valid = self.module.TodoForm.is_valid

        def delete_first(form):
            self.execute("DELETE FROM todo_todo WHERE title = 'Old'")
            return is_valid(form)

        with mock.patch.object(self.module.TodoForm, "is_valid", delete_first):
            self.assertEqual(visitor.press("Save", title="New").todos, [])

    def test_a_post_without_the_token_is_refused(self):
        visitor = self.member()
        response = visitor.client.post("/", {"title": "Evil"})
        self.assertContains(response, "<h1>Forbidden</h1>", status_code=403)
        self.assertEqual(visitor.open("/").todos, [])

    def test_the_admin_is_for_superusers(self):
        from django.contrib.auth.models import User

        visitor = self.member()
        self.assertNotIn("Admin", visitor.page.links)
        response = visitor.client.get("/admin/")
        self.assertRedirects(response, "/admin/login/?next=/admin/")
        visitor.client.force_login(User.objects.create_superuser("boss"))
        self.assertEqual(visitor.open("/").links["Admin"], "/admin/")
        User.objects.filter(username="boss").update(is_active=False)
        self.assertEqual(visitor.open("/").headings, LOGIN)

    def test_the_admin_finds_and_deletes(self):
        from django.contrib.auth.models import User

        member, other = self.member("Buy milk"), self.member("Feed the cat")
        other.press("Complete Feed the cat")
        root = User.objects.create_superuser("root")
        self.client.force_login(root)
        with self.statements() as statements:
            page = self.client.get("/admin/todo/todo/")
        self.assertEqual(len(statements), 5)  # however many owners
        for column in ("title", "owner", "completed"):
            self.assertContains(page, f"column-{column}")
        self.assertContains(page, "?completed__exact=0")
        for query in ("q=milk", f"q={member.username}", "completed__exact=0"):
            page = self.client.get(f"/admin/todo/todo/?{query}")
            self.assertContains(page, "Buy milk")
            self.assertNotContains(page, "Feed the cat")
        todo = member.page.links["Buy milk"].split("/")[1]
        page = self.client.get(f"/admin/todo/todo/{todo}/change/")
        self.assertContains(page, ">Buy milk<")  # its name, not the field
        page = self.client.get("/admin/todo/todo/add/")
        self.assertContains(page, "admin-autocomplete")
        self.assertNotContains(page, member.username)  # one of many owners
        page = self.client.get(f"/admin/auth/user/{root.id}/change/")
        self.assertContains(page, f"{root.date_joined:%H:%M:%S}")  # in UTC
        visitor = Visitor(self.client)
        visitor.open("/")
        visitor.send(f"/admin/todo/todo/{todo}/delete/", {"post": ""})
        self.assertEqual(member.open("/").todos, [])
        owner = User.objects.get(username=other.username).id
        visitor.send(f"/admin/auth/user/{owner}/delete/", {"post": ""})
        self.assertEqual(other.open("/").headings, LOGIN)
        for name in self.client.cookies:  # other projects here keep theirs
            self.assertRegex(name, f"^{self.script}")

    def test_the_files_of_the_admin_are_there_and_no_others(self):
        kinds = {"css/base.css": "text/css", "js/core.js": "text/javascript"}
        for name, kind in kinds.items():
            file = self.client.get(f"/static/admin/{name}")
            self.assertEqual(file.headers["Content-Type"], kind)
            file.close()
        for name in ("", "admin/", "admin/css/", "x", "%C3%A9" * 200):
            response = self.client.get(f"/static/{name}")
            self.assertEqual(response.status_code, 404)

    def test_what_else_a_project_serves_asks_for_a_login(self):
        from django.test import override_settings
        from django.urls import path
        from django.views.static import serve

        uploads = path("uploads/<path:path>", serve, {"document_root": "."})
        addresses = (*self.module.urlpatterns, uploads)
        with override_settings(ROOT_URLCONF=addresses):
            response = self.client.get("/uploads/test_all.py")
            self.assertRedirects(response, "/login/?next=/uploads/test_all.py")

    def test_an_account_that_cannot_log_in_is_not_made(self):
        name = next(new_names)
        self.execute("""CREATE TRIGGER no BEFORE UPDATE ON django_session
                        BEGIN SELECT RAISE(ABORT, 'no session'); END""")
        self.addCleanup(self.execute, "DROP TRIGGER no")
        with self.assertRaisesRegex(Exception, "no session|was deleted"):
            self.stranger().sign_up(name)
        sql = "SELECT * FROM auth_user WHERE username = ?"
        self.assertEqual(self.execute(sql, name), [])

    def test_migrations_that_nobody_would_read_are_not_written(self):
        from django.core.management import call_command

        with self.assertRaisesRegex(ValueError, "MIGRATION_MODULES"):
            call_command("makemigrations", "todo", verbosity=0)


if __name__ == "__main__":
    unittest.main()
