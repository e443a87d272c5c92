"""The pages in real browsers; .ci/requirements.txt says what that needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from servers import PASSWORD, PATIENCE, ROOT
from steps import read_steps

MODULES = Path(os.environ.get("NODE_PATH", "node_modules"))  # of npm
expect.set_options(timeout=PATIENCE * 1000)

TODOS = pytest.mark.parametrize("name", ["todo_flask", "todo_django"])
KINDS = pytest.mark.parametrize("kind", ["mouse", "keyboard", "phone"])
CHROMIUM = pytest.mark.only_browser("chromium")
LOOKS = [  # width, height, colours, size of the letters in per cent
    (320, 640, "light", 200),
    (320, 640, "dark", 100),
    (1280, 800, "light", 100),
    (1920, 1080, "dark", 100),
]
# A fragment, which keeps the place, wins over autofocus; 404 is asked for.
EXPECTED = "data:|Autofocus processing was blocked|.* status of 404"
PLACES = [(0, "mouse"), (49, "mouse"), (24, "keyboard"), (24, "phone")]
LONG = "x" * 147  # a username can be so long, with "ada", and in one word
THICK = re.compile(r"^([5-9]|\d\d)")  # pixels

SET_LETTERS = "size => document.documentElement.style.fontSize = size"
GET_COLOUR = "element => getComputedStyle(element).color"
GET_HINT = "field => getComputedStyle(field, '::placeholder').color"
GET_LETTERS = "parseFloat(getComputedStyle(document.body).fontSize)"
# Elements that are too wide for their place; the last is the innermost.
WIDE = """all => all.filter(it => it.clientWidth < it.scrollWidth &&
    it.clientWidth).map(it => it.outerHTML.slice(0, 80)).slice(-1)"""
ON = {"enabled": True}
AXE_RULES = {"color-contrast-enhanced": ON, "target-size": ON}
# Letters in the very colour behind them are no violation, but "incomplete".
RUN_AXE = """async rules => {
    const {violations, incomplete} = await axe.run({rules});
    const isHidden = it => JSON.stringify(it).includes('"equalRatio"');
    return [...violations, ...incomplete.filter(isHidden)].map(
        ({id, nodes}) => `${id}: ${nodes[0].html}`)}"""
# What guards against a second click stands still, at a time in milliseconds.
STILL = """const style = new CSSStyleSheet();
style.replaceSync("* { animation-play-state: paused !important }");
document.adoptedStyleSheets = [style];"""
OPEN = "steps => steps.forEach(step => step.open = true)"
HAS_FOCUS = "control => control === document.activeElement"
GO_TO = "ms => document.getAnimations().forEach(it => it.currentTime = ms)"
# On the page of pairs: links to nowhere, small letters, and, where the screen
# is large, code of up to 79 columns that is wider than its place.
FAULTS = """() => [...document.querySelectorAll("body *")].filter(
    box => box.hash && !document.getElementById(box.hash.slice(1))
        || box.innerText?.trim()
            && parseFloat(getComputedStyle(box).fontSize) < 14
        || innerWidth > 1900 && box.matches("pre")
            && !/.{80}/.test(box.textContent)
            && box.scrollWidth > box.clientWidth
).map(box => box.outerHTML.slice(0, 80))"""


class Guest:
    """Somebody with a browser of their own, who notes what is wrong."""

    def __init__(self, page, kind, server, folder):
        self.page, self.kind = page, kind
        self.server, self.folder = server, folder
        self.home, self.problems = f"{server.url}/", []
        self.looks = {"mouse": LOOKS, "phone": LOOKS[:1]}.get(kind, [])
        page.on("console", lambda message: self.note(message.text))
        page.on("pageerror", lambda error: self.note(f"{error}"))
        page.on("request", lambda request: self.note(request.url))

    def note(self, text):
        """Note what a console says, and who else is asked for something."""
        if not re.match(f"{self.home}|{EXPECTED}", text):
            self.problems.append(text)

    def open(self, path="", state=None):
        self.response = self.page.goto(self.home + path)
        self.examine(state)

    def sign_up(self, count):
        """Get an account with so many to-dos, without any form."""
        cookies = self.server.sign_up("ada").cookies.items()
        own = [{"name": k, "value": v, "url": self.home} for k, v in cookies]
        self.page.context.add_cookies(own)
        self.server.seed((f"To-do {n}", False) for n in range(count, 0, -1))
        self.open()

    def named(self, name):
        """Return the one link or button that a screen reader calls so."""
        link = self.page.get_by_role("link", name=name, exact=True)
        return link.or_(self.page.get_by_role("button", name=name, exact=True))

    def press(self, control, state=None):
        """Press what has this name; examine the page that comes, if named."""
        control = self.named(control) if isinstance(control, str) else control
        with self.page.expect_navigation() as arrival:
            if self.kind == "keyboard":
                control.press("Enter")
            else:
                control.tap() if self.kind == "phone" else control.click()
        self.response = arrival.value
        self.examine(state)

    def send(self, button, state=None, **fields):
        """Fill in a form and send it, with the keyboard by Enter."""
        for name, text in fields.items():
            field = self.page.locator(f"input[name={name}]")
            field.fill(text)
        self.press(field if self.kind == "keyboard" else button, state)

    def examine(self, state):
        """Note what is wrong with this page, in all looks of this kind."""
        if state is None:
            return
        if self.kind == "phone":
            file = self.folder / f"{self.server.name} {state}.html"
            file.write_text(self.response.text(), encoding="utf-8")
            assert self.page.evaluate("innerWidth") < 500  # as wide as it is
        for wrong in self.page.locator("[aria-invalid], .errorlist").all():
            expect(wrong).to_have_css("border-left-width", THICK)
        root = self.page.locator("html")
        expect(root).to_have_css("color-scheme", "light dark")
        for width, height, scheme, letters in self.looks:
            self.page.evaluate(SET_LETTERS, f"{letters}%")
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.locator(":not(input, pre)").evaluate_all(WIDE)
            if self.page.evaluate(GET_LETTERS) < 0.16 * letters:  # pixels
                found.append("small letters")
            if letters == 100 and width < 1900:
                self.page.add_script_tag(path=MODULES / "axe-core/axe.min.js")
                found += self.page.evaluate(RUN_AXE, AXE_RULES)
            look = f"{state}, {width} {scheme}"
            self.problems += [f"{look}: {it}" for it in found]
        if self.kind == "keyboard":
            ring = self.page.locator("h1").evaluate(GET_COLOUR)
            every = self.page.locator("a[href], button, input:visible")
            every.first.focus()
            for control in every.all():  # in order, and seen to have it
                expect(control).to_be_focused()
                expect(control).not_to_have_css("outline-style", "none")
                expect(control).to_have_css("outline-color", ring)
                while control.evaluate(HAS_FOCUS):  # a date has several stops
                    self.page.keyboard.press("Tab")

    def expect_row(self, place):
        """See that the focus, after one Tab at most, is in a row in view."""
        row = self.page.locator(".todo-list li").nth(place)
        if not row.locator(":focus").count():
            self.page.keyboard.press("Tab")
        expect(row.locator(":focus")).to_have_count(1)
        expect(row).to_be_in_viewport(ratio=1)
        if place == 0:
            expect(self.page.locator("h1")).to_be_in_viewport(ratio=1)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_name):
    """Return which browser to start; Chromium is to keep pages for Back."""
    if browser_name == "firefox":
        path = shutil.which("firefox-esr")
        return {"executable_path": path, "channel": "moz-firefox"}
    without = ["--disable-back-forward-cache"]
    path = shutil.which("chromium")  # without, Playwright's own
    return {"executable_path": path, "ignore_default_args": without}


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Give a folder for pages, whose HTML has to be valid."""
    folder = tmp_path_factory.mktemp("pages")
    yield folder
    jar = MODULES / "vnu-jar/build/dist/vnu.jar"
    subprocess.run(["java", "-jar", jar, "--errors-only", folder], check=True)


@pytest.fixture
def browser_context_args(name, kind, browser_name, playwright):
    """Return what a guest's browser can do; only the pairs have programs."""
    if kind != "mouse" and browser_name != "chromium":
        pytest.skip("one browser shows the other kinds")
    phone = playwright.devices["Pixel 7"]
    phone = {**phone, "java_script_enabled": name == "pairs"}
    return phone if kind == "phone" else {}


@pytest.fixture
def visitor(page, name, kind, start, pages):
    """Give a guest who has come; what they note makes the test fail."""
    pairs = SimpleNamespace(name="pairs", url=pages.as_uri())
    server = pairs if name == "pairs" else start(name).wait()
    guest = Guest(page, kind, server, pages)
    yield guest
    assert not guest.problems, "\n".join(guest.problems)


@CHROMIUM
@pytest.mark.parametrize("name", ["site_flask", "site_django"])
@KINDS
def test_site(visitor):
    """Both pages and the one that is not there suit everybody."""
    visitor.open("nowhere/", "not found")
    visitor.press("About Me", "about")
    visitor.press("Home", "home")


@TODOS
@KINDS
def test_todo_list(visitor):
    """Each page on the way from a login to the edit page suits everybody."""
    visitor.open("", "login")
    visitor.send("Log in", "login error", username="x", password="x")
    visitor.press("Sign up", "sign-up")
    form = {"username": f"ada{LONG}", "password1": PASSWORD}
    visitor.send("Sign up", "sign-up error", **form, password2="x")
    visitor.send("Sign up", "empty", **form, password2=PASSWORD)
    hint = visitor.page.locator(".new-todo").evaluate(GET_HINT)
    expect(visitor.page.locator("header")).to_have_css("color", hint)
    visitor.send("Add", title="Buy milk")
    visitor.send("Add", title=LONG)
    visitor.send("Add", "error", title="  ")
    for title in visitor.page.locator(".new-todo, .title").all():
        expect(title).to_have_css("unicode-bidi", "plaintext")  # for Hebrew
    visitor.press("Complete Buy milk")
    completed = visitor.page.locator(".completed .title")
    expect(completed).to_have_css("text-decoration-line", "line-through")
    cross = visitor.page.locator(".destroy").first
    expect(cross).to_have_css("opacity", "1")  # a finger does not hover
    for box in visitor.page.locator("input:visible, .toggle").all():
        expect(box).to_have_css("border-top", "1px solid rgb(136, 136, 136)")
        assert box.bounding_box()["height"] >= 32  # pixels, for a finger
    for name in ("Active", "Completed", "All"):
        visitor.press(name, name)
        expect(visitor.named(name)).to_have_css("font-weight", "700")
    visitor.press("Buy milk", "edit")
    visitor.send("Save", "edit error", title="  ")
    visitor.press("Cancel")
    visitor.press(f"Delete {LONG}")
    visitor.press("Active", "nothing to show")
    visitor.open("nowhere/", "not found")


@TODOS
@pytest.mark.parametrize("place, kind", PLACES)
def test_place(visitor, place):
    """Changing a row, a visitor goes on there, or in what takes its place."""
    visitor.sign_up(60)
    own = f"To-do {place + 1}"
    complete, delete = [f"Complete {own}"], [f"Delete {own}"]
    for controls in (complete, [own, "Cancel"], [own, "Save"], delete):
        for control in controls:
            visitor.press(control)
        visitor.expect_row(place)
    visitor.open("?show=active")
    visitor.press(f"Complete To-do {place + 2}")
    visitor.expect_row(place)
    visitor.open("?page=2", "second page")
    visitor.press("Delete To-do 60")  # the last row: what is below comes next
    visitor.page.keyboard.press("Tab")
    expect(visitor.named("All")).to_be_focused()


@TODOS
@pytest.mark.parametrize("kind", ["mouse"])
@pytest.mark.parametrize("path", ["", "?show=active"])
def test_two_clicks_at_one_place_hit_one_row(visitor, path):
    """For 0.4 s, no click hits the row that has taken another's place."""
    page = visitor.page
    page.add_init_script(STILL)
    visitor.sign_up(60)
    visitor.open(path)
    control = page.locator(".toggle" if path else ".destroy").nth(3)
    page.evaluate(GO_TO, 401)
    visitor.press(control)
    box = control.bounding_box()
    for milliseconds in (0, 399):
        page.evaluate(GO_TO, milliseconds)
        page.mouse.click(box["x"] + 9, box["y"] + 9)
    page.evaluate(GO_TO, 401)
    visitor.press(control)
    expect(page.locator(".todo-count")).to_have_text("58 items left")


@TODOS
@KINDS
def test_back(visitor):
    """Back shows what is true; after logging out, no list."""
    visitor.sign_up(3)
    visitor.press("Complete To-do 1")
    visitor.page.go_back()
    toggle = visitor.named("Complete To-do 1")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    visitor.press("Log out")
    visitor.page.go_back()
    expect(visitor.page).to_have_title("Log in")


@CHROMIUM
@pytest.mark.parametrize("name", ["pairs"])
@pytest.mark.parametrize("kind", ["mouse", "phone"])
def test_page(visitor, kind, pages):
    """The page of pairs suits everybody; its steps are slides, and copied."""
    command = [sys.executable, ROOT / ".show/page.py", pages / "page.html"]
    subprocess.run(command, check=True)
    page = visitor.page
    visitor.looks = [look for look in visitor.looks if look[3] == 100]
    visitor.open("page.html")
    page.locator("details.step").evaluate_all(OPEN)
    visitor.examine("page")  # at last on the largest screen, for the mouse
    assert page.evaluate(FAULTS) == []
    silent = page.locator(".topic").filter(has_not_text="Runs in")
    expect(silent).to_have_count(2)  # an API and a test are in no step
    if kind == "phone":
        page.evaluate("location.hash = 'todo-7'")
        summary = page.locator("#todo-7 summary")
        top = summary.bounding_box()["y"]
        for name in ("Django", "Flask"):
            page.get_by_label(name, exact=True).tap()
            expect(page.locator("#todo-7 .card:visible")).to_contain_text(name)
            assert abs(summary.bounding_box()["y"] - top) < 9
        return
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def copy(button):
        button.click()
        expect(button).to_have_text("Copied")
        return page.evaluate("navigator.clipboard.readText()").splitlines()

    first = page.locator("#requiring-a-login").get_by_role("button").first
    assert copy(first)[0].startswith("from flask import ")
    every = list(read_steps())
    step, *later = every[[step.tag for step in every].index("todo-7") :]
    page.reload()  # all steps are folded again
    page.evaluate("tag => location.hash = tag", step.tag)
    for file, lines in step.scripts.items():
        card = page.locator(f"#{step.tag} .card", has_text=file)
        whole, *new = map(copy, card.get_by_role("button").all())
        assert whole == lines
        assert sum(new, []) == [lines[n] for n in sorted(step.new[file])]
    page.keyboard.press("s")
    for step in later:
        page.keyboard.press("PageDown")
        shown = page.locator("details.step:visible")
        expect(shown).to_have_id(step.tag)
