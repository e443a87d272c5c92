# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Tests of the six demos, through the test clients of Flask and Django.

All of them:        python test_all.py
One class:          python test_all.py TodoFlask
By name:            python test_all.py -k toggle
With pytest:        python -m pytest test_all.py

A test client calls an application as a server would, without a server. Both
frameworks bring one, and they look alike: get() and post() return a response
with status_code, headers and text. So a test that is written once runs with
either, as HelloFlask and HelloDjango show. Read SiteTests before Page.
"""

import contextlib
import html.parser
import importlib
import itertools
import logging
import re
import shutil
import sqlite3
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, urljoin, urlsplit
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent


def load(script, folder):
    """Return a script as a module, imported from a folder with nothing else.

    Django can be configured only once in a process. So that every Django
    script can be, the modules of Django are forgotten and imported anew.
    """
    shutil.copy(HERE / f"{script}.py", folder)
    for name in list(sys.modules):
        if name.partition(".")[0] in ("django", script):
            del sys.modules[name]
    with mock.patch.object(sys, "path", [str(folder), *sys.path]):
        return importlib.import_module(script)


class ScriptTest(unittest.TestCase):
    """A test with self.client, for one script in a folder of its own."""

    script = None  # its name without .py

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.module = load(cls.script, cls.folder)
        logging.disable()  # what the scripts say of bad requests
        cls.addClassCleanup(logging.disable, logging.NOTSET)

    def setUp(self):
        self.client = self.new_client()


class FlaskTest(ScriptTest):
    def new_client(self):
        """Return a client without cookies."""
        self.module.app.testing = True  # an exception reaches the test
        return self.module.app.test_client()


class DjangoTest(ScriptTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from django.db import connections

        cls.addClassCleanup(connections.close_all)

    def new_client(self):
        """Return a client without cookies."""
        from django.test import Client

        return Client(
            enforce_csrf_checks=True,  # which a test client else leaves out
            headers={"Host": "localhost"},  # not "testserver"
        )


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


# --- Pages, and their visitors -----------------------------------------------

PASSWORD = "correct horse"


def text(element):
    """Return what an element says, with single spaces."""
    return " ".join("".join(element.itertext()).split())


class Page(html.parser.HTMLParser):
    """A response, and what a visitor finds on its page.

    page.root is an element of ElementTree: page.root.find(".//h1").
    """

    VOID = {"br", "hr", "img", "input", "link", "meta"}

    def __init__(self, response, address):
        super().__init__()
        self.status, self.address = response.status_code, address
        self.path, self.query, self.fragment = split_address(address)
        self.builder = ElementTree.TreeBuilder()
        self.handle_data = self.builder.data
        self.builder.start("page", {})
        self.feed(response.text)
        self.builder.end("page")
        self.root = self.builder.close()

    def handle_starttag(self, tag, attrs):
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in self.VOID:
            self.builder.end(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            self.builder.end(tag)

    def read(self, path):
        """Return what the first element of an XPath says."""
        return text(self.root.find(path))

    @property
    def headings(self):
        """The title of the window, and that of the page."""
        return self.read(".//title"), self.read(".//h1")

    @property
    def links(self):
        """The addresses that links lead to, by their text."""
        links = self.root.iter("a")
        return {text(a): urljoin(self.address, a.get("href")) for a in links}

    @property
    def buttons(self):
        """The buttons, by the names that a screen reader gives them."""
        buttons = list(self.root.iter("button"))
        named = {b.get("aria-label") or text(b): b for b in buttons}
        assert len(named) == len(buttons), f"of one name: {list(named)}"
        return named

    @property
    def fields(self):
        """The fields to type in, by name; each must have a label."""
        fields = self.root.iterfind(".//input[@name]")
        fields = [f for f in fields if f.get("type") != "hidden"]
        assert all(self.label(field) for field in fields), "no label"
        return {field.get("name"): field for field in fields}

    def label(self, field):
        """Return what a screen reader calls a field, or None."""
        for label in self.root.iter("label"):
            if field in label.iter() or field.get("id") == label.get("for"):
                return text(label)
        return field.get("aria-label")

    @property
    def values(self):
        """What is in the fields, by their names."""
        return {name: f.get("value", "") for name, f in self.fields.items()}

    @property
    def errors(self):
        """The messages, by the names of the fields that they describe."""
        messages = {}
        for name, field in self.fields.items():
            if field.get("aria-invalid") == "true":
                *_, key = field.get("aria-describedby").split()  # after help
                messages[name] = self.read(f".//*[@id='{key}']")
        return messages

    @property
    def focus(self):
        """The name of the control or field that would have the focus."""
        place = self.root.find(f".//*[@id='{self.fragment}']")
        if place is not None:
            return place.get("aria-label") or text(place)
        fields = self.fields.items()
        return next((n for n, f in fields if "autofocus" in f.attrib), None)

    @property
    def todos(self):
        """The titles on the list; those that are completed end in ✓."""
        return [
            text(item.find("a[@class='title']"))
            + (" ✓" if item.get("class") == "completed" else "")
            for item in self.root.iterfind(".//ul[@class='todo-list']/li")
            if item.find("a") is not None
        ]

    def form(self, name):
        """Return where a button sends its form, and what is in that."""
        button = self.buttons[name]
        forms = self.root.iter("form")
        form = next(form for form in forms if button in form.iter())
        assert form.get("method") == "post", form.attrib
        action = button.get("formaction") or form.get("action") or ""
        data = {f.get("name"): f.get("value", "") for f in form.iter("input")}
        return urljoin(self.address, action), data

    @property
    def token(self):
        """The hidden fields: Django's protection against forged requests."""
        hidden = self.root.iterfind(".//input[@type='hidden']")
        return {field.get("name"): field.get("value") for field in hidden}


def split_address(address):
    """Return the path, the query as a dict without next, the fragment."""
    parts = urlsplit(address)
    query = {k: v for k, v in parse_qsl(parts.query) if k != "next"}
    return parts.path, query, parts.fragment


class Visitor:
    """Somebody who reads pages, follows links and presses buttons."""

    def __init__(self, client):
        self.client = client
        self.page = self.username = None

    def arrive(self, response, address, hops=5):
        """Follow redirects, as a browser does; return the page."""
        if response.status_code in (301, 302, 308):
            assert hops, "redirects in circles"
            target = urlsplit(response.headers["Location"])
            # The fragment outlives a redirect (RFC 9110, section 10.2.2).
            fragment = urlsplit(address).fragment
            target = target._replace(scheme="", netloc="", fragment=fragment)
            address = target.geturl()
            return self.arrive(self.client.get(address), address, hops - 1)
        self.page = Page(response, address)
        return self.page

    def open(self, address):
        """Go to an address; return the page."""
        return self.arrive(self.client.get(address), address)

    def follow(self, link):
        """Go where a link leads; return the page."""
        return self.open(self.page.links[link])

    def press(self, button, **typed):
        """Fill in fields, press a button; return the page that comes."""
        address, data = self.page.form(button)
        assert data.keys() & self.page.fields >= typed.keys(), data
        return self.post(address, {**data, **typed})

    def post(self, address, data, origin="http://localhost"):
        """Send a form; return the page that comes."""
        headers = {} if origin is None else {"Origin": origin}
        response = self.client.post(address, data=data, headers=headers)
        return self.arrive(response, address)

    def sign_up(self, username, password1=PASSWORD, password2=None):
        """Make an account; arrive at its empty list, or at the form again."""
        self.username = username
        self.open("/signup/")
        password2 = password1 if password2 is None else password2
        passwords = {"password1": password1, "password2": password2}
        return self.press("Sign up", username=username, **passwords)

    def log_in(self, username, password=PASSWORD):
        """Log in; arrive at the list, or at the form again."""
        self.open("/login/")
        return self.press("Log in", username=username, password=password)

    def add(self, *titles):
        """Add to-dos, the last of which ends up on top; return the page."""
        for title in titles:
            self.press("Add", title=title)
        return self.page


# --- site --------------------------------------------------------------------


class SiteTests:
    def test_home_leads_to_about_me_and_back(self):
        visitor = Visitor(self.client)
        page = visitor.open("/")
        titles = ("Personal Website", "Welcome to My Website")
        self.assertEqual(page.headings, titles)
        page = visitor.follow("About Me")
        self.assertEqual(page.address, "/about/")
        self.assertEqual(page.headings, ("About Me", "About Me"))
        words = page.read(".//main/p")
        self.assertEqual(words, "This is my personal website.")
        self.assertEqual(visitor.follow("Home").address, "/")
        self.assertEqual(visitor.open("/about").address, "/about/")

    def test_an_unknown_address_gets_a_page_in_the_same_dress(self):
        visitor = Visitor(self.client)
        style = visitor.open("/").read(".//style")
        for address in ("/nothing", "/about/me/", "/%FF"):
            page = visitor.open(address)
            self.assertEqual(page.status, 404)
            self.assertEqual(page.headings, ("Not Found", "Not Found"))
            self.assertEqual(page.read(".//style"), style)
            self.assertEqual(visitor.follow("Home").status, 200)

    def test_the_pages_only_answer_reading(self):
        for address in ("/", "/about/"):
            response = self.client.post(address)
            self.assertEqual(response.status_code, 405)


class HostTests:
    def test_only_loopback_names_are_hosts(self):
        response = self.client.get("/", headers={"Host": "127.0.0.1:81"})
        self.assertIn(response.status_code, (200, 302))
        for host in ("evil.example", "127.0.0.1.evil.example", "a b", ""):
            response = self.client.get("/", headers={"Host": host})
            self.assertEqual(response.status_code, 400)


class SiteFlask(SiteTests, HostTests, FlaskTest):
    script = "site_flask"


class SiteDjango(SiteTests, HostTests, DjangoTest):
    script = "site_django"


# --- todo --------------------------------------------------------------------


class TodoTests:
    """All tests of a class share a database: each has its own members."""

    usernames = (f"user{number}" for number in itertools.count())

    def stranger(self):
        """Return a visitor without an account."""
        return Visitor(self.new_client())

    def member(self, *titles):
        """Return a visitor with a new account and these to-dos."""
        visitor = self.stranger()
        visitor.sign_up(next(self.usernames))
        visitor.add(*titles)
        return visitor

    # The list

    def test_an_empty_list_shows_only_the_field(self):
        page = self.member().page
        self.assertEqual(page.headings, ("Todos", "todos"))
        field = page.fields["title"]
        self.assertEqual(page.label(field), "What needs to be done?")
        self.assertEqual(field.get("placeholder"), "What needs to be done?")
        self.assertEqual(field.get("class"), "new-todo")
        self.assertEqual(page.focus, "title")
        self.assertEqual(page.values, {"title": ""})
        self.assertEqual(list(page.buttons), ["Log out", "Add"])
        for gone in ("ul", "nav", "strong"):
            self.assertIsNone(page.root.find(f".//{gone}"))

    def test_new_todos_come_first_and_are_trimmed(self):
        todos = self.member("Buy milk", "  Wash the car\t").page.todos
        self.assertEqual(todos, ["Wash the car", "Buy milk"])

    def test_the_count_of_what_is_left(self):
        visitor = self.member("Buy milk")
        count = ".//*[@class='todo-count']"
        self.assertEqual(visitor.page.read(count), "1 item left")
        page = visitor.add("Wash the car")
        self.assertEqual(page.read(count), "2 items left")
        self.assertEqual(page.read(f"{count}/strong"), "2")
        page = visitor.press("Complete all")
        self.assertEqual(page.read(count), "0 items left")

    def test_toggle_completes_and_makes_active_again(self):
        visitor = self.member("Buy milk", "Wash the car")
        for todo, pressed, tick in (
            ("Buy milk ✓", "true", "✓"),
            ("Buy milk", "false", ""),
        ):
            page = visitor.press("Complete Buy milk")
            self.assertEqual(page.todos, ["Wash the car", todo])
            button = page.buttons["Complete Buy milk"]
            self.assertEqual(button.get("class"), "toggle")
            self.assertEqual(button.get("aria-pressed"), pressed)
            self.assertEqual(text(button), tick)

    def test_edit(self):
        visitor = self.member("Buy milk", "Wash the car")
        page = visitor.follow("Buy milk")
        self.assertEqual(page.headings, ("Edit a to-do", "Edit"))
        self.assertEqual(page.fields["title"].get("class"), "edit")
        self.assertIn("Title", page.label(page.fields["title"]))
        self.assertEqual(page.values, {"title": "Buy milk"})
        self.assertEqual(page.focus, "title")
        page = visitor.press("Save", title="  Buy oat milk ")
        self.assertEqual(page.todos, ["Wash the car", "Buy oat milk"])
        page = visitor.follow("Buy oat milk")
        self.assertEqual(page.values, {"title": "Buy oat milk"})

    def test_delete(self):
        visitor = self.member("Buy milk", "Wash the car")
        self.assertEqual(visitor.page.read(".//*[@class='destroy']"), "×")
        page = visitor.press("Delete Buy milk")
        self.assertEqual(page.todos, ["Wash the car"])
        buttons = visitor.press("Delete Wash the car").buttons
        self.assertEqual(list(buttons), ["Log out", "Add"])

    def test_an_id_is_never_used_again(self):
        visitor = self.member("Buy milk")
        old = visitor.page.links["Buy milk"]
        visitor.press("Delete Buy milk")
        self.assertNotIn(old, visitor.add("Wash the car").links.values())

    def test_after_a_change_the_focus_is_where_it_was(self):
        visitor = self.member("A", "B", "C", "D")
        self.assertEqual(visitor.press("Complete B").focus, "Complete B")
        self.assertEqual(visitor.press("Delete C").focus, "D")
        visitor.follow("B")
        self.assertEqual(visitor.press("Save").focus, "Complete B")
        visitor.follow("B")
        self.assertEqual(visitor.follow("Cancel").focus, "Complete B")
        visitor.follow("Active")
        self.assertEqual(visitor.press("Complete A").focus, "D")

    def test_toggle_all(self):
        visitor = self.member("Buy milk", "Wash the car")
        visitor.press("Complete Buy milk")
        page = visitor.press("Complete all")
        self.assertEqual(page.todos, ["Wash the car ✓", "Buy milk ✓"])
        button = page.read(".//*[@class='toggle-all']")
        page = visitor.press(button)
        self.assertEqual(page.todos, ["Wash the car", "Buy milk"])

    def test_clear_completed(self):
        visitor = self.member("Buy milk", "Wash the car")
        visitor.press("Complete Buy milk")
        button = visitor.page.read(".//*[@class='clear-completed']")
        page = visitor.press(button)
        self.assertEqual(page.todos, ["Wash the car"])
        self.assertNotIn("Clear completed", page.buttons)

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
            filters = page.root.find(".//*[@class='filters']")
            self.assertEqual(text(filters), "All Active Completed")
            current = filters.findall(".//a[@aria-current='page']")
            self.assertEqual([text(link) for link in current], [name])
        visitor.press("Clear completed")
        page = visitor.follow("Completed")
        self.assertEqual(page.todos, [])
        self.assertIn("Nothing to show here.", page.read(".//ul"))

    def test_every_change_returns_to_the_filter_and_the_page(self):
        visitor = self.member(*(f"{number}." for number in range(103)))
        visitor.press("Complete all")
        here = {"show": "completed", "page": "2"}
        for name in ("Delete 10.", "Complete 11.", "Save", "Clear completed"):
            visitor.open("/?show=completed&page=2")
            if name == "Save":
                visitor.follow("20.")
                self.assertEqual(visitor.follow("Cancel").query, here)
                visitor.follow("20.")
            self.assertEqual(visitor.press(name).query, here)
        self.assertEqual(visitor.press("Complete all").query, here)

    def test_adding_leads_to_where_the_new_todo_is_to_be_seen(self):
        visitor = self.member(*map(str, range(51)))
        for address, query in (
            ("/?page=2", {}),
            ("/?show=active&page=2", {"show": "active"}),
            ("/?show=completed", {}),
        ):
            visitor.open(address)
            page = visitor.press("Add", title=f"From {address}")
            self.assertEqual(page.query, query)
            self.assertEqual(page.todos[0], f"From {address}")

    def test_fifty_to_a_page(self):
        titles = [f"To-do {number}" for number in range(101)]
        first, second, third = titles[:50:-1], titles[50:0:-1], titles[:1]
        visitor = self.member(*titles[:50])
        self.assertNotIn("Older", visitor.page.links)
        self.assertEqual(visitor.add(*titles[50:]).todos, first)
        visitor.follow("Active")
        self.assertEqual(visitor.follow("Older").todos, second)
        self.assertEqual(visitor.follow("Older").todos, third)
        self.assertNotIn("Older", visitor.page.links)
        page = visitor.follow("Newer")
        self.assertEqual(page.todos, second)
        self.assertEqual(page.query, {"show": "active", "page": "2"})
        visitor.follow("Older")
        self.assertEqual(visitor.press("Delete To-do 0").todos, second)

    def test_nonsense_in_the_address_gets_a_page_of_the_list(self):
        visitor = self.member("Buy milk")
        for value in ("", "x", "0", "-1", "1.5", "9" * 5000, "%00", "%FF"):
            for name in ("page", "show", "_external", "?&=&"):
                page = visitor.open(f"/?{name}={value}")
                self.assertEqual(page.todos, ["Buy milk"], page.address[:30])
        visitor.open("/?_external=1&_anchor=y&show=x&page=x")
        self.assertEqual(visitor.press("Complete Buy milk").status, 200)

    def test_a_page_costs_few_statements_that_all_use_an_index(self):
        visitor = self.member(*map(str, range(60)))
        visitor.press("Complete 59")
        database = self.folder / f"{self.script}.sqlite3"
        for address in ("/", "/?show=active&page=2", "/?show=completed"):
            with self.statements() as statements:
                self.assertTrue(visitor.open(address).todos)
            self.assertLessEqual(len(statements), 6)
            with contextlib.closing(sqlite3.connect(database)) as db:
                for sql in statements:
                    plan = db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
                    self.assertNotRegex(str(plan), "SCAN|TEMP B-TREE", sql)
                    if re.search("completed (=|IN)", sql):
                        self.assertIn("completed=?", str(plan))

    # Accounts

    def test_without_a_login_there_is_only_the_login_page(self):
        visitor = self.stranger()
        self.assertEqual(visitor.open("/nothing/").status, 404)
        for address in ("/", "/?show=active", "/1/edit/"):
            self.assertEqual(visitor.open(address).path, "/login/")
        for name in ("1/edit", "1/toggle", "1/delete", "clear-completed"):
            page = visitor.post(f"/{name}/", visitor.page.token)
            self.assertEqual(page.path, "/login/")

    def test_sign_up_log_out_log_in(self):
        visitor = self.stranger()
        page = visitor.open("/login/")
        self.assertEqual(page.headings, ("Log in", "Log in"))
        self.assertEqual(list(page.buttons), ["Log in"])
        page = visitor.follow("Sign up")
        self.assertEqual(page.headings, ("Sign up", "Sign up"))
        self.assertEqual(visitor.follow("Log in").address, "/login/")
        username = next(self.usernames)
        self.assertEqual(visitor.sign_up(username).address, "/")
        visitor.add("Buy milk")
        page = visitor.follow("Buy milk")
        self.assertEqual(page.read(".//header/b"), username)
        self.assertEqual(visitor.press("Log out").address, "/login/")
        self.assertEqual(visitor.open("/1/edit/").path, "/login/")
        typed = {"username": f" {username} ", "password": PASSWORD}
        page = visitor.press("Log in", **typed)
        self.assertEqual((page.address, page.todos), ("/", ["Buy milk"]))

    def test_the_forms_help_browsers_and_password_managers(self):
        name, new = ("text", "username"), ("password", "new-password")
        old = ("password", "current-password")
        expected = {"/signup/": [name, new, new], "/login/": [name, old]}
        for address, kinds in expected.items():
            page = self.stranger().open(address)
            fields = page.fields.values()
            found = [(f.get("type"), f.get("autocomplete")) for f in fields]
            self.assertEqual(found, kinds)
            self.assertEqual(page.focus, "username")
            for field in fields:
                self.assertRegex(page.label(field), "Username|Password")

    def test_usernames_and_passwords_that_work(self):
        for username, password in (
            ("Zoë", PASSWORD),
            ("李雷", "x" * 8),
            ("a@b.c+d-e_f", " outer spaces "),
            ("y" * 150, "пароль и слово"),
        ):
            visitor = self.stranger()
            page = visitor.sign_up(username, password)
            self.assertEqual(page.read(".//header/b"), username)
            visitor.press("Log out")
            page = visitor.log_in(username, password[:-1])
            self.assertEqual(page.address, "/login/")
            page = visitor.log_in(username, password)
            self.assertEqual(page.address, "/")

    def test_a_bad_account_gets_a_message_and_keeps_the_name(self):
        self.stranger().sign_up("Taken")
        name, seven = next(self.usernames), "x" * 7
        invalid = "^Use 1 to 150 letters|^Enter a valid|^This field|^Ensure"
        for username, password1, password2, fields, message in (
            ("  ", PASSWORD, PASSWORD, "username", invalid),
            ("y" * 151, PASSWORD, PASSWORD, "username", invalid),
            ("two words", PASSWORD, PASSWORD, "username", invalid),
            ("Taken", PASSWORD, PASSWORD, "username", "taken|exists"),
            (" tAKEN ", PASSWORD, PASSWORD, "username", "taken|exists"),
            (name, seven, seven, "password1 password2", "least 8 char"),
            (name, PASSWORD, seven, "password2", "differ|match"),
            (name, PASSWORD, PASSWORD + "x", "password2", "differ|match"),
        ):
            with self.subTest(f"{username[:20]!r} {password1} {password2}"):
                visitor = self.stranger()
                page = visitor.sign_up(username, password1, password2)
                self.assertEqual(page.status, 200)
                [(field, words)] = page.errors.items()
                self.assertIn(field, fields)
                self.assertEqual(page.focus, field)
                self.assertRegex(words, message)
                self.assertEqual(page.values["username"], username)
                self.assertEqual(page.values["password1"], "")
                self.assertEqual(visitor.open("/").path, "/login/")

    def test_a_wrong_login_does_not_tell_what_is_wrong(self):
        member = self.member()
        messages = set()
        wrong = [(member.username, PASSWORD + "x"), ("nobody", PASSWORD)]
        for name, password in wrong:
            page = self.stranger().log_in(name, password)
            self.assertEqual(page.address, "/login/")
            self.assertEqual(page.values, {"username": name, "password": ""})
            self.assertEqual(page.focus, "username")
            [message] = page.root.iterfind(f".//{self.login_error}")
            messages.add(text(message))
        [message] = messages
        self.assertRegex(message, "^(No user|Please enter)")

    def test_a_login_form_logs_in_who_it_says(self):
        ada, bob = self.member("Ada's"), self.member("Bob's")
        self.assertEqual(bob.log_in(ada.username).todos, ["Ada's"])
        self.assertEqual(bob.sign_up(next(self.usernames)).todos, [])

    def test_lists_are_private(self):
        ada, eve = self.member("Ada's"), self.member("Eve's")
        edit = ada.open("/").links["Ada's"]
        self.assertEqual(ada.page.todos, ["Ada's"])
        self.assertEqual(eve.open(edit).status, 404)
        for action in ("edit", "toggle", "delete"):
            data = {**eve.page.token, "title": "Stolen"}
            page = eve.post(edit.replace("edit", action), data)
            self.assertEqual(page.status, 404)
        eve.open("/")
        eve.press("Complete all")
        self.assertEqual(ada.press("Complete all").todos, ["Ada's ✓"])
        eve.press("Clear completed")
        self.assertEqual(ada.open("/").todos, ["Ada's ✓"])

    def test_the_session_cookie(self):
        visitor = self.stranger()
        visitor.open("/signup/")
        address, data = visitor.page.form("Sign up")
        data["username"] = next(self.usernames)
        data["password1"] = data["password2"] = PASSWORD
        response = visitor.client.post(address, data=data)
        # Django's client keeps the cookies apart from the headers.
        sent = f"{response.headers}{getattr(response, 'cookies', '')}"
        [cookie] = re.findall(f"Set-Cookie: {self.script}=.*", sent)
        for attribute in ("HttpOnly", "SameSite=Lax", "Path=/", "Expires="):
            self.assertIn(attribute.lower(), cookie.lower())

    # Protection

    def test_a_bad_title_gets_a_message_and_stays_in_the_field(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        for address, button in (("/", "Add"), (edit, "Save")):
            for title, message in (
                (" \t ", "^(Please write|This field is required)"),
                ("x" * 201, "^(Use at most|Ensure).* 200 .*201"),
                ("a\0b", "^(Use no NUL|Null) char"),
            ):
                visitor.open(address)
                page = visitor.press(button, title=title)
                self.assertEqual(page.status, 200)
                self.assertRegex(page.errors["title"], message)
                self.assertEqual(page.values, {"title": title})
                self.assertEqual(page.focus, "title")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_html_and_sql_are_text_of_up_to_200_characters(self):
        titles = [
            "<script>alert(1)</script>",
            "'); DROP TABLE todo; --",
            '"><i>italic</i>',
            "{{ 7 * 7 }} {% csrf_token %} %s",
            "&amp; &lt;" + "é" * 190,
        ]
        visitor = self.member(*titles)
        self.assertEqual(visitor.page.todos, titles[::-1])
        for title in titles:
            visitor.press(f"Complete {title}")
            self.assertEqual(visitor.follow(title).values, {"title": title})
            self.assertEqual(visitor.press("Save").status, 200)

    def test_an_id_that_is_not_there(self):
        visitor = self.member("Buy milk")
        data = {**visitor.page.token, "title": "x"}
        for number in ("0", "999999", 2**63 - 1, 2**63, "9" * 5000, "x", "-1"):
            for action in ("edit", "toggle", "delete"):
                page = visitor.post(f"/{number}/{action}/", data)
                self.assertEqual(page.status, 404, page.address[:30])
                self.assertEqual(page.headings, ("Not Found", "Not Found"))
                page = visitor.follow("Back to the list")
                self.assertEqual(page.todos, ["Buy milk"])

    def test_reading_changes_nothing(self):
        visitor = self.member("Buy milk")
        toggle, _ = visitor.page.form("Complete Buy milk")
        delete, _ = visitor.page.form("Delete Buy milk")
        alls = ("/toggle-all/", "/clear-completed/", "/logout/")
        for address in (toggle, delete, *alls):
            for read in (visitor.client.get, visitor.client.head):
                self.assertEqual(read(address).status_code, 405, address)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_other_sites_can_post_nothing(self):
        visitor = self.member("Buy milk")
        toggle, data = visitor.page.form("Complete Buy milk")
        edit = visitor.page.links["Buy milk"]
        evil = ("https://evil.example", "http://localhost.evil.example")
        for origin in (*evil, "http://localhost:9", "https://localhost", ""):
            for address in ("/", toggle, edit, "/login/", "/signup/"):
                with self.subTest(origin=origin, address=address):
                    page = visitor.post(address, data, origin)
                    self.assertEqual(page.status, 403)
                    self.assertEqual(page.read(".//h1"), "Forbidden")
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])
        page = visitor.post(toggle, visitor.page.token, origin=None)
        self.assertEqual(page.todos, ["Buy milk ✓"])

    def test_a_missing_field_is_a_message_or_a_400(self):
        visitor = self.member("Buy milk")
        edit = visitor.page.links["Buy milk"]
        for address in ("/", edit, "/login/", "/signup/"):
            visitor.open("/login/")
            page = visitor.post(address, visitor.page.token)
            self.assertTrue(page.status == 400 or page.errors, address)
        self.assertEqual(visitor.open("/").todos, ["Buy milk"])

    def test_an_oversized_form_is_refused(self):
        visitor = self.member()
        data = {**visitor.page.token, "title": "x" * 3_000_000}
        self.assertIn(visitor.post("/", data).status, (400, 413))

    def test_security_headers(self):
        visitor = self.member()
        for address in ("/", "/999/edit/", "/toggle-all/", "/login/"):
            headers = visitor.client.get(address).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "same-origin")


class TodoFlask(TodoTests, HostTests, FlaskTest):
    script = "todo_flask"
    login_error = "p[@class='errorlist']"

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        collected, connect = [], sqlite3.connect

        def traced_connect(*args, **kwargs):
            db = connect(*args, **kwargs)
            db.set_trace_callback(collected.append)
            return db

        with mock.patch("sqlite3.connect", traced_connect):
            yield collected


class TodoDjango(TodoTests, HostTests, DjangoTest):
    script = "todo_django"
    login_error = "ul[@class='errorlist nonfield']/li"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        from django.conf import settings

        # Accounts by the hundred: the real hasher takes its time.
        hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
        settings.PASSWORD_HASHERS = [hasher]

    @contextlib.contextmanager
    def statements(self):
        """Collect the SQL that runs inside, in a list."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        collected = []
        with CaptureQueriesContext(connection) as queries:
            yield collected
        collected += [query["sql"] for query in queries]

    def test_a_post_without_the_token_is_refused(self):
        visitor = self.member("Buy milk")
        for token in ({}, {"csrfmiddlewaretoken": "x" * 64}):
            page = visitor.post("/", {**token, "title": "Evil"})
            self.assertEqual(page.status, 403)
            self.assertEqual(page.headings, ("Forbidden", "Forbidden"))
            page = visitor.follow("Back to the list")
            self.assertEqual(page.todos, ["Buy milk"])

    def test_the_admin_is_no_place_for_a_member(self):
        visitor = self.member()
        self.assertNotIn("Admin", visitor.page.links)
        self.assertEqual(visitor.open("/admin/").path, "/admin/login/")

    def test_a_superuser_finds_the_todos_in_the_admin(self):
        from django.contrib.auth.models import User

        User.objects.create_superuser("root", password=PASSWORD)
        member = self.member("Buy milk", "Wash the car")
        member.press("Complete Wash the car")
        visitor = self.stranger()
        visitor.log_in("root")
        page = visitor.follow("Admin")
        style = page.root.find(".//link[@rel='stylesheet']").get("href")
        with contextlib.closing(self.client.get(style)) as response:
            self.assertEqual(response.headers["Content-Type"], "text/css")
        page = visitor.open(f"/admin/todo/todo/?q={member.username}")
        row = page.read(".//*[@id='result_list']/tbody/tr")
        self.assertEqual(row, f"Wash the car{member.username}")
        page = visitor.follow("Yes")  # of the filter "completed"
        self.assertNotIn("Buy milk", page.links)


# --- The two scripts of a pair -----------------------------------------------


class PairTests(unittest.TestCase):
    def walk(self, visitor):
        """Yield the pages of a to-do list, in many states."""
        yield visitor.open("/")
        yield visitor.sign_up("two words")
        yield visitor.sign_up("ada")
        yield visitor.press("Add", title=" ")
        yield visitor.add(*(f"<b>{number}</b>" for number in range(51)))
        yield visitor.follow("Older")
        yield visitor.press("Complete <b>0</b>")
        yield visitor.follow("Completed")
        yield visitor.follow("<b>0</b>")
        yield visitor.press("Save", title=" ")
        visitor.open("/?show=completed")
        yield visitor.press("Delete <b>0</b>")
        yield visitor.open("/nothing/")

    def outline(self, page):
        """Return where a visitor is, and all that can be read and used."""
        where = (page.status, split_address(page.address), page.headings)
        sends = {name: page.form(name)[0] for name in page.buttons}
        leads = {**page.links, **sends}.items()
        leads = [(name, split_address(address)) for name, address in leads]
        form = (page.values, list(page.errors), page.focus)
        return where, leads, form, page.todos

    def test_both_lists_show_the_same_in_the_same_order(self):
        walks = []
        for case in (TodoFlask, TodoDjango):
            case.setUpClass()
            self.addCleanup(case.doClassCleanups)
            visitor = Visitor(case().new_client())
            walks.append([self.outline(page) for page in self.walk(visitor)])
        self.assertEqual(*walks)


if __name__ == "__main__":
    unittest.main()
