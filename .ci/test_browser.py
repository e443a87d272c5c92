"""Use the sites, the to-do lists and the page of pairs in real browsers.

Needs what servers.py and page.py need, and
    apt-get install chromium firefox-esr default-jre-headless
    pip install pytest-playwright pytest-xdist "playwright<1.65"
    npm install --ignore-scripts axe-core vnu-jar
AXE and VNU_JAR say where axe.min.js and vnu.jar are, if not in node_modules.
Playwright 1.65 asks Debian's Firefox for what 153 does not know yet.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from servers import PASSWORD, PATIENCE, ROOT
from playwright.sync_api import expect
from steps import read_steps

AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
VNU_JAR = os.environ.get("VNU_JAR", "node_modules/vnu-jar/build/dist/vnu.jar")
expect.set_options(timeout=PATIENCE * 1000)

TODOS = pytest.mark.parametrize("name", ["todo_flask", "todo_django"])
KINDS = pytest.mark.parametrize("kind", ["mouse", "keyboard", "phone"])
CHROMIUM = pytest.mark.only_browser("chromium")
LOOKS = {  # width, height, colours, size of the letters in per cent
    "mouse": [
        (320, 640, "dark", 200),
        (320, 640, "dark", 100),
        (1280, 800, "light", 100),
        (1920, 1080, "dark", 100),
    ],
    "phone": [(320, 640, "light", 200), (390, 844, "dark", 100)],
}
AXE_LOOKS = LOOKS["mouse"][1:3]  # where axe-core runs, too
# A fragment, which keeps the place, wins over autofocus; a 404 is looked for.
WANTED = re.compile("Autofocus processing was blocked|.* status of 404")
PLACES = [(row, "mouse") for row in (0, 24, 49)]
PLACES += [(24, "keyboard"), (24, "phone")]
LONG_NAME = "ada" + "x" * 147  # as long as a username and a title
LONG_TITLE = "x" * 200  # can be, and nowhere to break them

# axe-core looks at no placeholder: it gets to see a text of that colour.
AXE_RUN = """async () => {
    for (const field of document.querySelectorAll("[placeholder]")) {
        field.style.color = getComputedStyle(field, "::placeholder").color;
        field.value ||= field.placeholder;
    }
    const {violations} = await axe.run({resultTypes: ["violations"], rules: {
        "color-contrast-enhanced": {enabled: true},
        "target-size": {enabled: true}}});
    return violations.map(
        ({id, nodes}) => `${nodes.length} x ${id}: ${nodes[0].html}`);
}"""
# What is too wide for its place; a footer that is not at the end.
MISFITS = """() => [...document.querySelectorAll("*")].filter(
    box => box.clientWidth && box.scrollWidth > box.clientWidth
        && !box.matches("input, pre")
        || box.matches("footer") && document.documentElement.scrollHeight
            > box.offsetTop + box.offsetHeight + 99
).map(box => `misplaced: ${box.outerHTML.slice(0, 80)}`).slice(-1)"""
CONTROLS = "a[href], button, input:not([type=hidden])"
INDEX = "(it, all) => [...document.querySelectorAll(all)].indexOf(it)"
FOCUS = """all => {
    const it = document.activeElement;
    const hidden = /none| 0px|, 0\\)/.test(getComputedStyle(it).outline);
    return [all.indexOf(it), hidden];
}"""
# What guards against a second click stands still, at a time in milliseconds.
STILL = """
const style = new CSSStyleSheet();
style.replaceSync("* { animation-play-state: paused !important }");
document.adoptedStyleSheets = [style];
"""
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


class Visitor:
    """Somebody with a browser of their own, who notes what is wrong."""

    def __init__(self, page, kind, server, folder):
        self.page, self.kind = page, kind
        self.server, self.folder = server, folder
        self.home, self.problems = f"{server.url}/", []
        is_chromium = page.context.browser.browser_type.name == "chromium"
        self.looks = LOOKS.get(kind, []) if is_chromium else []
        self.controls = page.locator(CONTROLS)
        self.rows = page.locator(".todo-list li")
        self.titles = page.locator(".title")
        self.toggles = page.locator(".toggle")
        page.on("console", self.note_message)
        page.on("pageerror", lambda error: self.problems.append(f"{error}"))
        page.on("request", self.note_request)

    def note_message(self, message):
        """Note what the console says without need."""
        if not WANTED.match(message.text):
            self.problems.append(f"console: {message.text}")

    def note_request(self, request):
        """Note what should have been on the page."""
        own = request.url.startswith(self.home)
        own = own and request.is_navigation_request()
        if not (own or request.url.startswith("data:")):
            self.problems.append(f"asked for {request.url}")

    def open(self, path=""):
        self.response = self.page.goto(self.home + path)

    def sign_up(self, count):
        """Get an account with so many to-dos, without any form."""
        cookies = self.server.sign_up("ada").cookies.items()
        own = [{"name": k, "value": v, "url": self.home} for k, v in cookies]
        self.page.context.add_cookies(own)
        self.server.seed((f"To-do {n}", False) for n in range(count, 0, -1))
        self.open()

    def field(self, name):
        """Return the one input of this name: labels are the frameworks'."""
        return self.page.locator(f"input[name={name}]")

    def named(self, name):
        """Return the one link or button that a screen reader calls so."""
        link = self.page.get_by_role("link", name=name, exact=True)
        return link.or_(self.page.get_by_role("button", name=name, exact=True))

    def press(self, control):
        control = self.named(control) if isinstance(control, str) else control
        with self.page.expect_navigation() as arrival:
            if self.kind == "keyboard":
                self.reach(control)
                is_button = control.evaluate("it => it.matches('button')")
                self.page.keyboard.press("Space" if is_button else "Enter")
            else:
                control.tap() if self.kind == "phone" else control.click()
        self.response = arrival.value

    def send(self, button, **fields):
        """Fill in a form and send it, with the keyboard by Enter."""
        for name, text in fields.items():
            field = self.field(name)
            if self.kind == "keyboard":
                self.reach(field)
                self.page.keyboard.press("Control+A")
                self.page.keyboard.type(text)
            else:
                field.fill(text)
        self.press(field if self.kind == "keyboard" else button)

    def reach(self, control):
        """Go to a control with Tab: in the document's order, and in sight."""
        place = control.evaluate(INDEX, CONTROLS)
        here, _ = self.controls.evaluate_all(FOCUS)
        while here != place:
            key, step = ("Tab", 1) if here < place else ("Shift+Tab", -1)
            self.page.keyboard.press(key)
            last, (here, hidden) = here, self.controls.evaluate_all(FOCUS)
            # Only the first step may lead to where a fragment points.
            assert last == -1 or here == last + step, (key, last, here)
            assert not hidden, here

    def examine(self, state, status=200):
        """Note what is wrong with this page, in all looks of this kind."""
        assert self.response.status == status
        if self.kind == "phone":
            file = self.folder / f"{self.server.name} {state}.html"
            file.write_text(self.response.text(), encoding="utf-8")
        for look in self.looks:
            devtools = self.page.context.new_cdp_session(self.page)
            width, height, scheme, letters = look
            sizes = {"standard": 0.16 * letters, "fixed": 0.13 * letters}
            devtools.send("Page.setFontSizes", {"fontSizes": sizes})
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.evaluate(MISFITS)
            if look in AXE_LOOKS:
                self.page.evaluate(AXE.read_text(encoding="utf-8"))
                found += self.page.evaluate(AXE_RUN)
            self.problems += [f"{state} {look}: {it}" for it in found]
        if self.kind == "keyboard":
            self.reach(self.controls.first)
            self.reach(self.controls.last)

    def expect_row(self, place):
        """See that the focus, after one Tab at most, is in a row in view."""
        row = self.rows.nth(place)
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
    path = shutil.which("chromium")
    return {"executable_path": path, "ignore_default_args": without}


@pytest.fixture
def kind():
    """Return how a visitor uses a page, if the test does not say."""
    return "mouse"


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Give a folder for pages, whose HTML has to be valid."""
    folder = tmp_path_factory.mktemp("pages")
    yield folder
    command = ["java", "-jar", VNU_JAR, "--errors-only", folder]
    subprocess.run(command, check=True)


@pytest.fixture
def browser_context_args(name, kind, browser_name, playwright):
    """Return what a visitor's browser can do; only the page has programs."""
    if kind != "mouse" and browser_name != "chromium":
        pytest.skip("one browser shows the other kinds")
    phone = playwright.devices["Pixel 7"]
    phone = {**phone, "java_script_enabled": name == "page"}
    return phone if kind == "phone" else {}


@pytest.fixture
def visitor(page, name, kind, start, pages):
    """Give somebody who has come; what they note makes the test fail."""
    page_of_pairs = SimpleNamespace(name="page", url=pages.as_uri())
    server = page_of_pairs if name == "page" else start(name).wait()
    visitor = Visitor(page, kind, server, pages)
    yield visitor
    assert not visitor.problems, "\n".join(visitor.problems)


@CHROMIUM
@pytest.mark.parametrize("name", ["site_flask", "site_django"])
@KINDS
def test_site(visitor):
    """Both pages and the one that is not there suit everybody."""
    visitor.open()
    visitor.press("About Me")
    visitor.examine("about")
    visitor.press("Home")
    visitor.examine("home")
    visitor.open("nowhere/")
    visitor.examine("not found", status=404)


@TODOS
@KINDS
def test_accounts(visitor):
    """To fail to log in and to sign up, to sign up, to leave: all suits."""
    visitor.open()
    name = visitor.field("username")
    expect(name).to_be_focused()
    visitor.examine("login")
    visitor.send("Log in", username="nobody", password=PASSWORD)
    expect(name).to_be_focused()
    expect(visitor.page).to_have_title("Error: Log in")
    visitor.examine("login error")
    visitor.press("Sign up")
    expect(name).to_be_focused()
    visitor.examine("sign-up")
    form = {"username": LONG_NAME, "password1": PASSWORD}
    visitor.send("Sign up", **form, password2="something else")
    expect_refusal(visitor, "password2", "sign-up error")
    visitor.send("Sign up", **form, password2=PASSWORD)
    visitor.examine("empty")
    visitor.open("nowhere/")
    visitor.examine("not found", status=404)
    visitor.press("Log out")
    expect(visitor.page).to_have_title("Log in")


def expect_refusal(visitor, name, state):
    """See the message beside a field, and the mark."""
    field, message = visitor.field(name), visitor.page.locator(".errorlist")
    expect(visitor.page).to_have_title(re.compile("^Error: "))
    expect(field).to_have_css("border-left-width", re.compile(r"[5-9]|\d\d"))
    boxes = (message.bounding_box(), field.bounding_box())
    upper, lower = sorted(boxes, key=lambda box: box["y"])
    assert lower["y"] - upper["y"] - upper["height"] < 48, boxes
    visitor.examine(state)


@TODOS
@KINDS
def test_list(visitor):
    """To add, complete, filter, edit, delete and clear suits everybody."""
    visitor.sign_up(0)
    title = visitor.field("title")
    for text in ("Buy milk", LONG_TITLE):
        visitor.send("Add", title=text)
        expect(title).to_be_focused()
    for shown in (title, visitor.titles.first):  # Hebrew begins on the right
        expect(shown).to_have_css("unicode-bidi", "plaintext")
    visitor.send("Add", title="  ")
    expect_refusal(visitor, "title", "error")
    visitor.press("Complete Buy milk")
    for name in ("Active", "Completed", "All"):
        visitor.press(name)
        current = visitor.page.locator("[aria-current=page]")
        expect(current).to_have_text(name)
        expect(current).to_have_css("font-weight", "700")  # not only a colour
        visitor.examine(name)
    visitor.press("Buy milk")
    expect(title).to_be_focused()
    visitor.examine("edit")
    visitor.send("Save", title="  ")
    expect_refusal(visitor, "title", "edit error")
    visitor.send("Save", title="Buy oat milk")
    visitor.press(f"Delete {LONG_TITLE}")
    expect(visitor.titles).to_have_text(["Buy oat milk"])
    visitor.press("Active")
    visitor.examine("nothing to show")
    visitor.press("Reactivate all")
    visitor.press("Complete all")
    visitor.press("Clear completed")
    expect(visitor.rows).to_have_count(0)


@TODOS
@pytest.mark.parametrize("place, kind", PLACES)
def test_place(visitor, place):
    """Who changes a row goes on there, or in what has taken its place."""
    visitor.sign_up(60)
    own = f"To-do {place + 1}"
    toggle, title = visitor.toggles.nth(place), visitor.titles.nth(place)
    for pressed in ("true", "false"):
        visitor.press(f"Complete {own}")
        expect(toggle).to_have_attribute("aria-pressed", pressed)
        visitor.expect_row(place)
    visitor.press(own)
    visitor.press("Cancel")
    visitor.expect_row(place)
    visitor.press(own)
    visitor.send("Save", title="Changed")
    visitor.expect_row(place)
    visitor.press("Delete Changed")
    expect(title).to_have_text(f"To-do {place + 2}")
    visitor.expect_row(place)
    visitor.open("?show=active")
    visitor.press(toggle)
    expect(title).to_have_text(f"To-do {place + 3}")
    visitor.expect_row(place)


@TODOS
@KINDS
def test_place_at_the_end(visitor):
    """Who deletes the last row goes on below it; a page's only one, above."""
    visitor.sign_up(52)
    visitor.press("Older")
    visitor.press("Delete To-do 52")
    visitor.page.keyboard.press("Tab")
    expect(visitor.named("All")).to_be_focused()
    expect(visitor.named("All")).to_be_in_viewport(ratio=1)
    visitor.examine("second page")
    visitor.press("Delete To-do 51")
    expect(visitor.titles).to_have_count(50)
    visitor.expect_row(0)


@TODOS
@pytest.mark.parametrize(
    "path, button",
    [("", ".toggle"), ("", ".destroy"), ("?show=active", ".toggle")],
)
def test_two_clicks_at_one_place_hit_one_row(visitor, button, path):
    """Not one before the answer, nor up to 0.4 s later, hits another."""
    page, server = visitor.page, visitor.server
    page.add_init_script(STILL)
    visitor.sign_up(60)
    visitor.open(path)
    control = page.locator(f"li:not(.completed) {button}").nth(3)
    page.evaluate(GO_TO, 401)
    box = control.bounding_box()
    server.process.suspend()
    page.mouse.dblclick(box["x"] + 9, box["y"] + 9)
    server.process.resume()
    expect(page).to_have_url(re.compile("#"))
    box = control.bounding_box()
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    page.evaluate(GO_TO, 399)
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    page.evaluate(GO_TO, 401)
    visitor.press(control)
    sql = "SELECT count(*) FROM {todo} WHERE NOT completed"
    assert server.query(sql) == [(58,)]


@TODOS
def test_back(visitor):
    """Back shows what is true; after logging out, no list."""
    visitor.sign_up(3)
    visitor.press(visitor.toggles.first)
    visitor.page.go_back()
    expect(visitor.toggles.first).to_have_attribute("aria-pressed", "true")
    visitor.press("Log out")
    visitor.page.go_back()
    expect(visitor.page).to_have_title("Log in")
    expect(visitor.rows).to_have_count(0)


@CHROMIUM
@pytest.mark.parametrize("name", ["page"])
@pytest.mark.parametrize("kind", ["mouse", "phone"])
def test_page(visitor, kind, pages):
    """The page of pairs suits everybody; its steps are slides, and copied."""
    command = [sys.executable, ROOT / ".show/page.py", pages / "page.html"]
    subprocess.run(command, check=True)
    page = visitor.page
    every = list(read_steps())
    tags = [step.tag for step in every]
    step, *later = every[tags.index("todo-7") :]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.looks = [look for look in visitor.looks if look[3] == 100]
    visitor.open("page.html")
    steps = page.locator("details.step")
    steps.evaluate_all("all => all.forEach(step => step.open = true)")
    visitor.examine("page")  # at last on the largest screen, for the mouse
    assert page.evaluate(FAULTS) == []
    page.reload()  # all steps are folded again
    page.evaluate("tag => location.hash = tag", step.tag)
    summary = page.locator(f"#{step.tag} summary")
    cards = page.locator(f"#{step.tag} .card")

    def copy(button):
        button.click()
        expect(button).to_have_text("Copied")
        return page.evaluate("navigator.clipboard.readText()")

    for number, (file, lines) in enumerate(step.scripts.items()):
        card, other = cards.nth(number), cards.nth(1 - number)
        if kind == "phone":
            top = summary.bounding_box()["y"]
            label = page.locator("label").nth(number).bounding_box()
            page.touchscreen.tap(label["x"] + 9, label["y"] + 9)
            expect(card).to_be_visible()
            expect(other).to_be_hidden()
            assert abs(summary.bounding_box()["y"] - top) < 9
            continue
        whole, *new = map(copy, card.get_by_role("button").all())
        assert whole.splitlines() == lines
        expected = [lines[number] for number in sorted(step.new[file])]
        assert "".join(new).splitlines() == expected
    if kind == "mouse":
        page.keyboard.press("s")
        for step in later:
            page.keyboard.press("PageDown")
            expect(steps.and_(page.locator(":visible"))).to_have_id(step.tag)
        page.keyboard.press("s")
        first = page.locator("#a-login").get_by_role("button").first
        assert copy(first).startswith("from flask import ")
