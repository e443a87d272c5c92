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
on. Helpers come where they are needed, not before.
"""

import contextlib
import hashlib
import html.parser
import importlib
import itertools
import logging
import mimetypes
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import urljoin
from xml.etree import ElementTree

import flask

HERE = Path(__file__).resolve().parent


def load(script, folder):
    """Return a script as a module, imported from a folder of its own."""
    shutil.copy(HERE / f"{script}.py", folder)
    # Django can be configured once: for each script, it is imported anew.
    for name in list(sys.modules):
        if name.partition(".")[0] in ("django", script):
            del sys.modules[name]
    with (
        mock.patch.object(sys, "path", [str(folder), *sys.path]),
        mock.patch.object(sys, "argv", [script]),
        mock.patch.dict(os.environ),
    ):
        # A script must not see the settings of whoever runs the tests.
        for name in ("FLASK_DEBUG", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"):
            os.environ.pop(name, None)
        return importlib.import_module(script)


class ScriptTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.database = Path(folder.name, f"{cls.script}.sqlite3")
        cls.module = load(cls.script, folder.name)
        logging.disable()  # what the scripts say of bad requests
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    def setUp(self):
        self.client = self.new_client()


class FlaskTest(ScriptTest):
    def new_client(self):
        self.module.app.testing = True  # an exception reaches the test
        return self.module.app.test_client()

    def cookies_of(self, response):
        """Return the names of the cookies that a response sets."""
        headers = response.headers.getlist("Set-Cookie")
        return {header.partition("=")[0] for header in headers}


class DjangoTest(ScriptTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from django.contrib.auth.hashers import PBKDF2PasswordHasher
        from django.db import connections
        from django.test import TestCase
        from django.test.utils import setup_test_environment

        PBKDF2PasswordHasher.iterations = 1  # many accounts, little time
        setup_test_environment()  # from now on, a response has its templates
        cls.addClassCleanup(connections.close_all)
        # Where Django is set up first, tests inherit these from TestCase.
        cls.assertContains = TestCase().assertContains
        cls.assertNumQueries = TestCase().assertNumQueries
        cls.assertRedirects = TestCase().assertRedirects
        cls.assertTemplateUsed = TestCase().assertTemplateUsed

    def new_client(self):
        from django.test import Client

        # A test client else leaves out the check of tokens.
        return Client(enforce_csrf_checks=True, headers={"Host": "localhost"})

    def cookies_of(self, response):
        """Return the names of the cookies that a response sets."""
        return set(response.cookies)


# --- hello -------------------------------------------------------------------


class HelloFlask(FlaskTest):
    script = "hello_flask"

    def test_says_hello(self):
        response = self.client.get("/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.text, "<p>Hello, World!</p>")


class HelloDjango(DjangoTest):
    script = "hello_django"

    def test_says_hello(self):
        response = self.client.get("/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.text, "Hello, Django!")


# --- site --------------------------------------------------------------------


class SiteTests:
    def test_home(self):
        response = self.client.get("/")
        self.assertEqual(response.status_code, 200)
        self.assertIn("text/html", response.headers["Content-Type"])
        self.assertIn("<title>Personal Website</title>", response.text)
        self.assertIn("<h1>Welcome to My Website</h1>", response.text)

    def test_about_me(self):
        response = self.client.get("/about/")
        self.assertEqual(response.status_code, 200)
        self.assertIn("<title>About Me</title>", response.text)
        self.assertIn("<h1>About Me</h1>", response.text)
        self.assertIn("<p>This is my personal website.</p>", response.text)

    def test_an_unknown_address(self):
        for address in ("/nothing", "/about/me/", "/%FF"):
            response = self.client.get(address)
            self.assertEqual(response.status_code, 404)
            self.assertIn("<title>Not Found</title>", response.text)

    def test_every_page_leads_to_both_pages(self):
        for address in ("/", "/about/", "/nothing"):
            response = self.client.get(address)
            links = re.findall('<a href="(.+)">(.+)</a>', response.text)
            self.assertEqual(links, [("/", "Home"), ("/about/", "About Me")])

    def test_the_pages_only_answer_reading(self):
        for address in ("/", "/about/"):
            self.assertEqual(self.client.head(address).status_code, 200)
            for change in (self.client.post, self.client.delete):
                self.assertEqual(change(address).status_code, 405)


class HostTests:
    def test_only_loopback_names_are_hosts(self):
        response = self.client.get("/", headers={"Host": "127.0.0.1:81"})
        self.assertIn(response.status_code, (200, 302))
        for host in ("evil.example", "127.0.0.1.evil.example", "a b", ""):
            response = self.client.get("/", headers={"Host": host})
            self.assertEqual(response.status_code, 400)


class SiteFlask(SiteTests, HostTests, FlaskTest):
    script = "site_flask"

    def test_about_without_its_slash_redirects(self):
        response = self.client.get("/about", follow_redirects=True)
        self.assertEqual(response.request.path, "/about/")
        [redirect] = response.history
        self.assertEqual(redirect.status_code, 308)

    def test_about_me_is_the_view_about(self):
        with self.client:  # keeps the request at hand
            self.client.get("/about/")
            self.assertEqual(flask.request.endpoint, "about")


class SiteDjango(SiteTests, HostTests, DjangoTest):
    script = "site_django"

    def test_about_without_its_slash_redirects(self):
        response = self.client.get("/about", follow=True)
        self.assertRedirects(response, "/about/", status_code=301)

    def test_about_me_is_the_view_about(self):
        response = self.client.get("/about/")
        self.assertEqual(response.resolver_match.view_name, "about")
        self.assertTemplateUsed(response, "about.html")


# --- todo: what needs no form ------------------------------------------------


class AddressTests:
    """What needs no form; force_login(), further down, needs none either."""

    def test_without_a_login_every_address_leads_to_the_login_page(self):
        for address in ("/", "/?show=active&page=2", "/1/edit/"):
            response = self.client.get(address)
            self.assertEqual(response.status_code, 302)
            self.assertRegex(response.headers["Location"], r"^/login/(\?|$)")
        for name in ("1/edit", "1/toggle", "1/delete", "clear-completed"):
            response = self.client.post(f"/{name}/")
            self.assertIn(response.status_code, (302, 403))  # has no token

    def test_who_is_logged_in_is_on_every_page(self):
        username = self.force_login()
        for address in ("/", "/login/", "/signup/", "/nothing"):
            response = self.client.get(address)
            self.assertIn(f"<b>{username}</b>", response.text)
            self.assertIn("<button>Log out</button>", response.text)

    def test_an_unknown_address(self):
        for address in ("/nothing", "/1/", "/edit/", "/%FF"):
            response = self.client.get(address)
            self.assertEqual(response.status_code, 404)
            self.assertIn('<a href="/">Back to the list</a>', response.text)

    def test_nonsense_in_the_address_gets_the_list(self):
        self.force_login()
        for value in ("", "x", "0", "-1", "1.5", "9" * 5000, "%00", "%FF"):
            for name in ("page", "show", "_external", "_anchor", "?&=&"):
                response = self.client.get(f"/?{name}={value}")
                self.assertIn("<h1>todos</h1>", response.text)

    def test_what_changes_something_only_answers_a_post(self):
        self.force_login()
        lists = ("toggle-all", "clear-completed")
        for name in ("1/toggle", "1/delete", *lists, "logout"):
            for read in (self.client.get, self.client.head):
                self.assertEqual(read(f"/{name}/").status_code, 405)

    def test_security_headers(self):
        self.force_login()
        for address in ("/", "/999/edit/", "/toggle-all/", "/login/"):
            headers = self.client.get(address).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "same-origin")

    def test_the_forms_help_browsers_and_password_managers(self):
        for address, kinds in (
            ("/signup/", ["username", "new-password", "new-password"]),
            ("/login/", ["username", "current-password"]),
        ):
            page = self.client.get(address).text
            self.assertEqual(re.findall('autocomplete="(.+?)"', page), kinds)
            self.assertEqual(page.count('type="password"'), len(kinds) - 1)
            self.assertRegex(
                page, '<input[^>]* name="username"[^>]* autofocus'
            )
            for key in re.findall('<input[^>]* id="(.+?)"', page):
                self.assertIn(f'<label for="{key}">', page)


# --- Pages, and their visitors -----------------------------------------------

PASSWORD = "correct horse"


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
                *_, key = field.get("aria-describedby").split()  # after help
                self.errors[name] = self.read(f"*[@id='{key}']")
        self.todos = [  # their titles; those that are completed end in ✓
            text(li.find("a")) + " ✓" * (li.get("class") == "completed")
            for li in self.find("ul[@class='todo-list']/li[@id]")
        ]

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
        if response.status_code == 302:
            # The fragment outlives a redirect (RFC 9110, section 10.2.2).
            _, sharp, fragment = address.partition("#")
            return self.open(response.headers["Location"] + sharp + fragment)
        self.page = Page(response, address)
        return self.page

    def open(self, address):
        return self.arrive(self.client.get(address), address)

    def follow(self, link):
        return self.open(self.page.links[link])

    def post(self, address, data=(), origin="http://localhost"):
        """Send a form, with the token of this page."""
        data = {**self.page.token, **dict(data)}
        headers = {"Origin": origin}
        response = self.client.post(address, data=data, headers=headers)
        return self.arrive(response, address)

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


# --- todo --------------------------------------------------------------------

LOGIN = ("Log in", "Log in")  # the headings of the login page
# All tests of a class share a database: each has its own members.
new_names = (f"user{number}" for number in itertools.count())


class TodoTests(AddressTests):
    def stranger(self):
        return Visitor(self.new_client())

    def member(self, *titles):
        """Return a visitor with a new account and these to-dos."""
        visitor = self.stranger()
        visitor.sign_up(next(new_names))
        visitor.add(*titles)
        return visitor

    def execute(self, sql, *values):
        """Run a statement on the database, past the script."""
        db = sqlite3.connect(self.database, timeout=0, isolation_level=None)
        with contextlib.closing(db):
            return db.execute(sql, values).fetchall()

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
        page = self.member("A", "  B\t").press("Complete B")
        for path, words in (
            ("*[@class='todo-count']", "1 item left"),
            ("*[@class='todo-count']/strong", "1"),
            ("button[@class='toggle-all']", "Complete all"),
            ("ul[@class='todo-list']/li[@class='completed']", "✓ B ×"),
            ("button[@class='toggle'][@aria-pressed='true']", "✓"),
            ("button[@class='toggle'][@aria-pressed='false']", ""),
            ("button[@class='destroy']", "×"),
            ("nav[@class='filters']", "All Active Completed"),
            ("button[@class='clear-completed']", "Clear completed"),
        ):
            self.assertEqual(page.read(path), words)
        self.assertEqual(len(page.find("button")), len(page.buttons))  # names

    def test_edit(self):
        visitor = self.member("Buy milk", "Wash the car")
        page = visitor.follow("Buy milk")
        self.assertEqual(page.headings, ("Edit a to-do", "Edit"))
        self.assertEqual(page.values, {"title": "Buy milk"})
        self.assertTrue(page.find("input[@class='new-todo'][@autofocus]"))
        self.assertEqual(visitor.follow("Cancel").place, "Buy milk ×")
        visitor.follow("Buy milk")
        page = visitor.press("Save", title="  Buy oat milk ")
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

    def test_adding_leads_to_the_first_page_of_the_filter(self):
        visitor = self.member()
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

    def test_no_statement_reads_more_than_it_needs(self):
        visitor = self.member(*map(str, range(60)))
        visitor.press("Complete 59")
        with self.statements() as reads:
            for address in ("/?show=active&page=2", "/?show=completed", "/"):
                self.assertTrue(visitor.open(address).todos)
        self.assertLessEqual(len(reads), 3 * 6)
        visitor.follow("59")
        with self.statements() as writes:
            for name in ("Save", "Complete 59", "Delete 59", "Complete all"):
                visitor.press(name)
            visitor.press("Clear completed")
            visitor.add("New")
            visitor.log_in(visitor.username)
            visitor.sign_up(next(new_names))
        for sql, *values in reads + writes:
            plan = str(self.execute(f"EXPLAIN QUERY PLAN {sql}", *values))
            # Django looks in the index for a username in any case.
            slow = "SCAN (?!auth_user USING COVERING INDEX)|TEMP B-TREE"
            self.assertNotRegex(plan, slow, sql)
            if re.search('WHERE.*(NOT.*completed|completed"? (=|IN))', sql):
                self.assertRegex(
                    plan, r"completed=\?|INDEX todo_[ac]|COVERING"
                )

    def test_the_browser_keeps_no_page_of_a_list(self):
        visitor = self.member("Buy milk")
        for address in ("/", visitor.page.links["Buy milk"]):
            headers = visitor.client.get(address).headers
            self.assertIn("no-store", headers["Cache-Control"])

    def test_no_answer_that_is_still_on_its_way_logs_in_again(self):
        self.force_login()
        for address in ("/", "/?page=2", "/login/", "/nothing"):
            cookies = self.cookies_of(self.client.get(address))
            self.assertNotIn(self.script, cookies)
        visitor = self.member()
        address, data = visitor.page.form("Add")  # without a title
        headers = {"Origin": "http://localhost"}
        response = visitor.client.post(address, data=data, headers=headers)
        self.assertEqual(response.status_code, 200)
        self.assertNotIn(self.script, self.cookies_of(response))

    def test_reading_waits_for_nobody_who_writes(self):
        visitor = self.member("Buy milk")
        db = sqlite3.connect(self.database, isolation_level=None)
        with contextlib.closing(db):
            db.execute("BEGIN IMMEDIATE")
            for address in ("/", "/1/edit/", "/login/", "/signup/"):
                visitor.open(address)

    def test_sign_up_log_out_log_in(self):
        visitor = self.stranger()
        for username, password in (
            ("李雷", "x" * 8),
            ("Zoë@b.c+d-e_f", " outer spaces "),
            ("y" * 150, "пароль и слово"),
        ):
            page = visitor.sign_up(username, password, password)
            self.assertEqual(page.read("header/b"), username)
            visitor.add("Buy milk")
            page = visitor.press("Log out")
            self.assertEqual(list(page.buttons), ["Log in"])
            self.assertEqual(visitor.log_in(username, "wrong").todos, [])
            self.assertEqual(visitor.open("/1/edit/").headings, LOGIN)
            typed = {"username": f" {username} ", "password": password}
            page = visitor.press("Log in", **typed)
            self.assertEqual((page.address, page.todos), ("/", ["Buy milk"]))
        page = visitor.log_in("李雷", "x" * 8)  # without logging out
        self.assertEqual(page.read("header/b"), "李雷")

    def test_a_bad_account_gets_a_message_and_keeps_the_name(self):
        self.stranger().sign_up("Taken")
        visitor, good, name = self.stranger(), PASSWORD, next(new_names)
        invalid = "^username: (Use 1 to 150|Enter a valid|This field|Ensure)"
        for username, password1, password2, message in (
            ("  ", good, good, invalid),
            ("y" * 151, good, good, invalid),
            ("two words", good, good, invalid),
            ("Taken", good, good, "^username: .*(taken|exists)"),
            (" tAKEN ", good, good, "^username: .*(taken|exists)"),
            (name, "seven77", "seven77", "^password[12]: .* at least 8 char"),
            (name, good, good + "x", "^password2: .*(differ|match)"),
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
        for name, password in ((username, "wrong"), ("nobody", PASSWORD)):
            with self.hasher as hasher:
                page = self.stranger().log_in(name, password)
            hasher.assert_called_once()  # so that both take as long
            self.assertEqual(page.headings, ("Error: Log in", "Log in"))
            self.assertEqual(page.values, {"username": name, "password": ""})
            messages.add(page.read("form"))
        [message] = messages
        self.assertRegex(message, "No user has|Please enter a correct")

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

    def test_an_old_cookie_fits_no_new_account(self):
        visitor = self.member()
        sql = f"DELETE FROM {self.user_table} WHERE username = ?"
        self.execute(sql, visitor.username)
        # What counts from 1 does so again, as in a new database.
        self.execute("DELETE FROM sqlite_sequence")
        self.member("Secret")
        self.assertEqual(visitor.open("/").headings, LOGIN)

    def test_of_two_sign_ups_at_once_one_is_told_that_the_name_is_taken(self):
        rival, name = self.member(), next(new_names)
        sql = f"UPDATE {self.user_table} SET username = ? WHERE username = ?"

        def be_quick(*args, **kwargs):
            self.execute(sql, name, rival.username)
            return mock.DEFAULT  # the hash

        with self.hasher as hasher:  # it takes time, and nobody has to wait
            hasher.side_effect = be_quick
            page = self.stranger().sign_up(name)
        self.assertRegex(page.errors["username"], "taken|exists")
        sql = f"SELECT * FROM {self.user_table} WHERE lower(username) = ?"
        self.assertEqual(len(self.execute(sql, name)), 1)

    def test_only_a_name_that_is_taken_is_taken(self):
        name = next(new_names)
        check = f"ADD {name} CHECK (username <> '{name}')"
        self.execute(f"ALTER TABLE {self.user_table} {check}")
        # A server makes of this a page 500, and prints the traceback.
        with self.assertRaisesRegex(Exception, "CHECK constraint failed"):
            self.stranger().sign_up(name)

    def test_a_bad_title_gets_a_message_and_stays_in_the_field(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        messages = "Use 1 to 200 characters|This field is required|at most 200"
        for address, button in (("/", "Add"), (edit, "Save")):
            for title in (" \t ", "x" * 201):
                visitor.open(address)
                page = visitor.press(button, title=title)
                self.assertEqual(page.status, 200)
                self.assertRegex(page.headings[0], "^Error: ")
                self.assertRegex(page.errors["title"], messages)
                self.assertEqual(page.values, {"title": title})
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_html_and_sql_are_text_of_up_to_200_characters(self):
        html, sql = '"><i>&amp;</i>', "'); DROP TABLE todo; --"
        titles = [html, sql, "{{ 7 }} {% csrf_token %} %s", "é" * 200]
        visitor = self.member(*titles)
        self.assertEqual(visitor.page.todos, titles[::-1])
        for title in titles:
            visitor.press(f"Complete {title}")
            self.assertEqual(visitor.follow(title).values, {"title": title})
            self.assertEqual(visitor.press("Save").status, 200)

    def test_only_the_page_of_what_does_not_exist_is_an_error(self):
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
        toggle, data = visitor.page.form("Complete Buy milk")
        edit = visitor.page.links["Buy milk"]
        evil = ("https://evil.example", "http://localhost.evil.example")
        for origin in (*evil, "http://localhost:9", "https://localhost", ""):
            for address in ("/", toggle, edit, "/login/", "/signup/"):
                page = visitor.post(address, data, origin)
                self.assertEqual(page.status, 403, (origin, address))
                self.assertEqual(page.read("h1"), "Forbidden")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_a_missing_field_or_a_nul_character_is_no_500(self):
        names = ("title", "username", "password", "password1", "password2")
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        for data in ({}, dict.fromkeys(names, "nul: \0.")):
            for address in ("/", edit, "/login/", "/signup/"):
                visitor.open("/login/")
                page = visitor.post(address, data)
                self.assertIn(page.status, (200, 400), (address, data))
            if not data:
                self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_an_oversized_form_is_refused(self):
        page = self.member().post("/", {"title": "x" * 3_000_000})
        self.assertIn(page.status, (400, 413))


class TodoFlask(TodoTests, HostTests, FlaskTest):
    script = "todo_flask"
    user_table = "user"
    hasher = mock.patch("hashlib.scrypt", wraps=hashlib.scrypt)

    def force_login(self):
        """Log in as Django's method of this name does; return the name."""
        username = next(new_names)
        sql = "INSERT INTO user (id, username, password) VALUES (?, ?, '')"
        self.execute(sql, username, username)
        with self.client.session_transaction() as session:
            session["user_id"] = username
        return username

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        collected, query = [], self.module.query
        with mock.patch.object(self.module, "query", wraps=query) as calls:
            yield collected
        collected += [call.args for call in calls.call_args_list]

    def test_logging_out_empties_the_session(self):
        username = self.force_login()
        with self.client:  # keeps g and session of the last request
            self.client.get("/")
            self.assertEqual(flask.g.user["username"], username)
            self.client.post("/logout/")
            self.assertFalse(flask.session)

    def test_a_login_begins_with_an_empty_session(self):
        visitor = self.member()
        with visitor.client.session_transaction() as session:
            session["basket"] = ["of somebody else"]
        visitor.log_in(visitor.username)
        with visitor.client.session_transaction() as session:
            self.assertEqual(set(session), {"_permanent", "user_id"})

    def test_the_session_cookie(self):
        cookie = self.member().client.get_cookie("todo_flask")
        self.assertTrue(cookie.http_only)
        self.assertEqual(cookie.same_site, "Lax")
        self.assertIsNotNone(cookie.expires)


class TodoDjango(TodoTests, HostTests, DjangoTest):
    script = "todo_django"
    user_table = "auth_user"
    hasher = mock.patch("hashlib.pbkdf2_hmac", wraps=hashlib.pbkdf2_hmac)

    @classmethod
    def setUpClass(cls):
        mimetypes.add_type("text/plain", ".js")  # as the registry of Windows
        super().setUpClass()

    def force_login(self):
        from django.contrib.auth.models import User

        user = User.objects.create_user(next(new_names))
        self.client.force_login(user)
        return user.username

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        from django.test.utils import CaptureQueriesContext

        collected = []
        with CaptureQueriesContext(self.module.connection) as queries:
            yield collected
        collected += [[query["sql"]] for query in queries]

    def test_a_toggle_is_one_statement(self):
        visitor = self.member("Buy milk")
        address, data = visitor.page.form("Complete Buy milk")
        with self.assertNumQueries(3):  # session, user, UPDATE
            response = visitor.client.post(address, data)
        self.assertRedirects(response, "/")

    def test_both_cookies_carry_the_name_of_the_script(self):
        cookies = self.member().client.cookies
        self.assertEqual(set(cookies), {"todo_django", "todo_django_csrf"})
        self.assertTrue(cookies["todo_django"]["httponly"])
        self.assertEqual(cookies["todo_django"]["samesite"], "Lax")
        self.assertTrue(cookies["todo_django"]["expires"])

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
        self.force_login()
        response = self.client.post("/", {"title": "Evil"})
        self.assertContains(response, "<h1>Forbidden</h1>", status_code=403)
        self.assertTemplateUsed(response, "403_csrf.html")
        self.assertFalse(self.client.get("/").context["page"].object_list)

    def test_the_admin_is_for_superusers(self):
        from django.contrib.auth.models import User

        member = self.member("Buy milk", "Feed the cat")
        member.press("Complete Feed the cat")
        self.assertNotIn("Admin", member.page.links)
        response = member.client.get("/admin/")
        self.assertRedirects(response, "/admin/login/?next=/admin/")
        self.client.force_login(User.objects.create_superuser("root"))
        self.assertContains(self.client.get("/"), 'href="/admin/"')
        for query in ("q=milk", "completed__exact=0"):
            response = self.client.get(f"/admin/todo/todo/?{query}")
            self.assertContains(response, "Buy milk")
            self.assertContains(response, "Feed the cat", count=0)
        page = self.client.get("/admin/todo/todo/add/")
        self.assertContains(page, "admin-autocomplete")
        self.assertContains(page, member.username, count=0)  # of many

    def test_the_files_of_the_admin_are_there_and_no_others(self):
        for name, kind in (
            ("css/base.css", "text/css"),
            ("js/core.js", "text/javascript"),
        ):
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
        self.execute("""CREATE TRIGGER no BEFORE UPDATE ON auth_user
                        BEGIN SELECT RAISE(ABORT, 'no last login'); END""")
        self.addCleanup(self.execute, "DROP TRIGGER no")
        with self.assertRaisesRegex(Exception, "no last login"):
            self.stranger().sign_up(name)
        sql = "SELECT * FROM auth_user WHERE username = ?"
        self.assertEqual(self.execute(sql, name), [])

    def test_migrations_that_nobody_would_read_are_not_written(self):
        from django.core.management import call_command

        with self.assertRaisesRegex(ValueError, "MIGRATION_MODULES"):
            call_command("makemigrations", "todo", verbosity=0)

    def test_times_are_utc(self):
        self.assertEqual(self.module.settings.TIME_ZONE, "UTC")


if __name__ == "__main__":
    unittest.main()
