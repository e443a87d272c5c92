"""Use the sites, the to-do lists and the page of pairs in real browsers.

python -m pytest -n 2 --browser chromium --browser firefox .ci/test_browser.py
python -m pytest .ci/test_browser.py -k "place and flask"

Needs what demo.py and page.py need, and
    apt-get install chromium firefox-esr default-jre-headless
    pip install pytest-playwright pytest-xdist "playwright<1.65"
    npm install --ignore-scripts axe-core vnu-jar
AXE and VNU_JAR say where axe.min.js and vnu.jar are, if not in node_modules.
Playwright drives the Firefox of Debian by WebDriver BiDi; 1.65 asks it for
what 153 does not know (emulation.setMediaFeaturesOverride).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import psutil
import pytest
from demo import PASSWORD, PATIENCE, ROOT
from playwright.sync_api import Error, expect
from steps import read_steps

AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
VNU_JAR = os.environ.get("VNU_JAR", "node_modules/vnu-jar/build/dist/vnu.jar")
expect.set_options(timeout=PATIENCE * 1000)

TODOS = pytest.mark.parametrize("name", ["todo_flask", "todo_django"])
CHROMIUM = pytest.mark.only_browser("chromium")
OTHERS = [pytest.param(kind, marks=CHROMIUM) for kind in ("keyboard", "phone")]
KINDS = pytest.mark.parametrize("kind", ["mouse", *OTHERS])
SCREENS = [(320, 640), (390, 844), (1280, 800), (1920, 1080)]
LARGE_LETTERS = [(SCREENS[0], "dark", 200), (SCREENS[2], "light", 200)]
LOOKS = {  # screen, colours, size of the letters in per cent
    "mouse": [*LARGE_LETTERS, *product(SCREENS, ("light", "dark"), (100,))],
    "keyboard": [(SCREENS[0], "dark", 100)],
    "phone": [(SCREENS[0], "light", 200), (SCREENS[1], "dark", 100)],
}
AXE_LOOKS = [(320, "dark"), (1280, "light")]  # where axe-core runs, too
# A fragment, which keeps the place, wins over autofocus; a 404 is looked for.
WANTED = re.compile("Autofocus processing was blocked|.* status of 404")
LONG_NAME = "ada" + "x" * 147  # as long as a username and a title
LONG_TITLE = "x" * 200  # can be, and nowhere to break them
HEBREW_TITLE = "[שלום] לכל העולם..."

# axe-core looks at no placeholder: it gets to see a text of that colour.
AXE_RUN = """async () => {
    for (const field of document.querySelectorAll("[placeholder]")) {
        field.style.color = getComputedStyle(field, "::placeholder").color;
        field.value ||= field.placeholder;
    }
    const {violations} = await axe.run({rules: {
        "color-contrast-enhanced": {enabled: true},
        "target-size": {enabled: true}}});
    return violations.map(
        ({id, nodes}) => `${nodes.length} x ${id}: ${nodes[0].html}`);
}"""
# What is too wide for its place; a footer that is not at the end.
MISFITS = """() => [...document.querySelectorAll("body, body *")].filter(
    box => box.clientWidth && box.scrollWidth > box.clientWidth
        && !box.matches("input, pre")
        || box.matches("footer") && document.documentElement.scrollHeight
            > box.offsetTop + box.offsetHeight + 99
).map(box => `misplaced: ${box.outerHTML.slice(0, 80)}`).slice(-1)"""
CONTROLS = "a[href], button, input:not([type=hidden])"
INDEX = "(it, all) => [...document.querySelectorAll(all)].indexOf(it)"
FOCUS = "all => all.indexOf(document.activeElement)"
HIDDEN = "it => /none| 0px|, 0\\)/.test(getComputedStyle(it).outline)"
# How far left the first letter and the last character of a title begin.
ENDS = """({firstChild}) => [1, firstChild.length - 1].map(place => {
    const range = new Range();
    range.setStart(firstChild, place);
    range.setEnd(firstChild, place + 1);
    return range.getClientRects()[0].left;
})"""
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

    def __init__(self, page, kind, home, folder):
        self.page, self.kind, self.home = page, kind, home
        self.folder, self.problems, self.posts = folder, [], []
        is_chromium = page.context.browser.browser_type.name == "chromium"
        self.looks = LOOKS[kind] if is_chromium else []
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
        """Note what is posted, and what should have been on the page."""
        own = request.url.startswith(self.home)
        own = own and request.is_navigation_request()
        if not (own or request.url.startswith("data:")):
            self.problems.append(f"asked for {request.url}")
        if request.method == "POST":
            self.posts.append(request)

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
        here = self.controls.evaluate_all(FOCUS)
        while here != place:
            key, step = ("Tab", 1) if here < place else ("Shift+Tab", -1)
            self.page.keyboard.press(key)
            last, here = here, self.controls.evaluate_all(FOCUS)
            # Only the first step may lead to where a fragment points.
            assert last == -1 or here == last + step, (key, last, here)
            assert not self.controls.nth(here).evaluate(HIDDEN), here

    def examine(self, state, status=200):
        """Note what is wrong with this page, in all looks of this kind."""
        assert self.response.status == status
        file = self.folder / f"{state}.html"
        file.write_text(self.response.text(), encoding="utf-8")
        for (width, height), scheme, letters in self.looks:
            devtools = self.page.context.new_cdp_session(self.page)
            sizes = {"standard": 0.16 * letters, "fixed": 0.13 * letters}
            devtools.send("Page.setFontSizes", {"fontSizes": sizes})
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme)
            found = self.page.evaluate(MISFITS)
            if (width, scheme) in AXE_LOOKS:
                self.page.evaluate(AXE.read_text(encoding="utf-8"))
                found += self.page.evaluate(AXE_RUN)
            look = f"{state}, {width} px, {scheme}, {letters} %"
            self.problems += [f"{look}: {problem}" for problem in found]
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

    def click_twice(self, control, pause):
        """Click twice at one place; return how many seconds lay between."""
        control.hover()  # once it can be clicked
        self.page.mouse.down()
        started = time.monotonic()
        self.page.mouse.up()
        self.page.wait_for_timeout(pause)
        try:
            self.page.mouse.down()
            self.page.mouse.up()
        except Error:  # Firefox, just between two pages
            return 1
        return time.monotonic() - started


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_name):
    """Return which browser to start; Chromium is to keep pages for Back."""
    if browser_name == "firefox":
        path = shutil.which("firefox-esr") or shutil.which("firefox")
        return {"executable_path": path, "channel": "moz-firefox"}
    without = ["--disable-back-forward-cache"]
    path = shutil.which("chromium")
    return {"executable_path": path, "ignore_default_args": without}


@pytest.fixture
def kind():
    """Return how a visitor uses a page, if the test does not say."""
    return "mouse"


@pytest.fixture
def visitor(name, kind, serve, new_context, tmp_path):
    """Give somebody who has come; what they note makes the test fail."""
    is_phone = kind == "phone"
    phone = {"java_script_enabled": not is_phone, "has_touch": is_phone}
    page = new_context(is_mobile=is_phone, **phone).new_page()
    server = None if name == "page" else serve(name)
    home = f"{server.url}/" if server else (tmp_path / "page.html").as_uri()
    visitor = Visitor(page, kind, home, tmp_path)
    visitor.server = server
    if server:
        visitor.open()
    yield visitor
    assert not visitor.problems, "\n".join(visitor.problems)
    pages = [*tmp_path.glob("*.html")]
    if kind == "phone" and pages:
        command = ["java", "-jar", VNU_JAR, "--errors-only", *pages]
        checker = subprocess.run(command, capture_output=True, check=False)
        assert checker.returncode == 0, checker.stderr.decode()


@CHROMIUM
@pytest.mark.parametrize("name", ["site_flask", "site_django"])
@KINDS
def test_site(visitor):
    """Both pages and the one that is not there suit everybody."""
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
@KINDS
@pytest.mark.parametrize("place", [0, 24, 49])
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
    visitor.press("Active")
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
@pytest.mark.parametrize("path", ["", "?show=active"])
@pytest.mark.parametrize("button", [".destroy", ".toggle"])
def test_two_clicks_at_one_place_hit_one_row(visitor, button, path):
    """A double click changes nothing that has come there meanwhile."""
    visitor.sign_up(200)
    server = psutil.Process(visitor.server.process.pid)
    sql = "SELECT count(*) FROM {todo} WHERE NOT completed"
    pauses = [80, 150, 220, 290, 100]  # milliseconds; the last: no answer yet
    for _ in range(50):  # more than five if this machine is too busy to click
        try:
            visitor.open(path)
        except Error:  # the clicks before are still on their way
            continue
        visitor.posts.clear()
        [(before,)] = visitor.server.query(sql)
        if pauses[-1] == 100:
            server.suspend()
        control = visitor.page.locator(f"li:not(.completed) {button}").nth(3)
        with visitor.page.expect_request(lambda it: it.method == "POST"):
            took = visitor.click_twice(control, pauses[-1])
        server.resume()
        try:
            expect(visitor.page).to_have_url(re.compile("#"))
        except AssertionError:  # a busy Firefox may tell of no new address
            continue
        for post in visitor.posts:
            answer = post.response()  # none, if the other comes before it
            assert answer is None or answer.status < 400
        if took < 0.4:
            assert len({post.url for post in visitor.posts}) == 1, pauses
            assert visitor.server.query(sql) == [(before - 1,)], pauses
            pauses.pop()
        if not pauses:
            return
    pytest.skip("this machine is too busy to click twice")


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


@TODOS
def test_right_to_left(visitor):
    """The end of a Hebrew title stands on the left, in the field, too."""
    visitor.sign_up(0)
    visitor.send("Add", title=HEBREW_TITLE)
    first, last = visitor.titles.first.evaluate(ENDS)
    assert last < first
    visitor.press(visitor.titles.first)
    field = visitor.field("title")
    field.click(position={"x": 12, "y": 20})
    assert field.evaluate("it => it.selectionStart") == len(HEBREW_TITLE)


@CHROMIUM
@pytest.mark.parametrize("name", ["page"])
@pytest.mark.parametrize("kind", ["mouse", "phone"])
def test_page(visitor, kind, tmp_path):
    """The page of pairs suits everybody; what a step adds can be copied."""
    command = [sys.executable, ROOT / ".ci/page.py", tmp_path / "page.html"]
    subprocess.run(command, check=True)
    page = visitor.page
    step = next(step for step in read_steps() if step.tag == "todo-7")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.looks = [look for look in visitor.looks if look[2] == 100]
    visitor.open()
    visitor.examine("page")  # at last on the largest screen, for the mouse
    assert page.evaluate(FAULTS) == []
    cards = page.locator(f"#{step.tag} ~ .step").first.locator(".card")
    for number, (file, lines) in enumerate(step.scripts.items()):
        card, other = cards.nth(number), cards.nth(1 - number)
        if kind == "phone":
            page.locator("label").nth(number).tap()
            expect(card).to_be_visible()
            expect(other).to_be_hidden()
            continue
        copied = ""
        for button in card.get_by_role("button").all():
            button.click()
            expect(button).to_have_text("Copied")
            copied += page.evaluate("navigator.clipboard.readText()")
        new = [lines[number] for number in sorted(step.new[file])]
        assert copied.splitlines() == new
