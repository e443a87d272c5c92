"""Use the sites and the to-do lists in a real browser, as visitors do.

Run it:  python .ci/browser.py                checks everything
         python .ci/browser.py --screenshots  only draws .github/screenshots/
Needs:   Chromium and Java on the path (Debian: chromium,
         default-jre-headless), pip install flask django waitress playwright,
         and npm install axe-core vnu-jar in the current folder; from another
         one, AXE and VNU_JAR say where axe.min.js and vnu.jar are.

Each of the four demos is used from its first page to its last with a mouse,
with nothing but a keyboard, and on a phone without JavaScript. Every page on
the way has to fit every screen, satisfy axe-core, say nothing on the console,
ask no other site for anything, and be valid HTML.
"""

import base64
import concurrent.futures
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
AXE = Path(os.environ.get("AXE", "node_modules/axe-core/axe.min.js"))
VNU_JAR = os.environ.get("VNU_JAR", "node_modules/vnu-jar/build/dist/vnu.jar")

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
SCREENS = [(320, 640), (390, 844), (1280, 800), (1920, 1080)]
SCHEMES = ["light", "dark"]

NOWHERE = "/nowhere/"
PASSWORD = "correct horse"
LONG_USERNAME = "ada" + "x" * 147  # as long as a username and a title
LONG_TITLE = "x" * 200  # can be, and nowhere to break them

PATIENCE = 10_000  # milliseconds, for machines with other work to do
expect.set_options(timeout=PATIENCE)

# Servers and browsers


@contextlib.contextmanager
def serve(name):
    """Start a copy of a script, alone in a folder; give its address."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / f"{name}.py", folder)
        process = subprocess.Popen(
            [sys.executable, f"{name}.py"],
            cwd=folder,
            env={**os.environ, "PORT": "0"},
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        first_line = process.stderr.readline()
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", first_line)
            assert address, f"{name} does not start: {first_line}"
            yield address[0]
        finally:
            process.terminate()
            output = first_line + process.communicate()[1]
            assert "Traceback" not in output, output


@contextlib.contextmanager
def start_browser():
    """Start Chromium, where nobody is logged in yet; give it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS
        )
        with contextlib.closing(browser):
            yield browser


# The visitors

AXE_RUN = """async () => (await axe.run()).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))"""

# clientWidth would count the place that is kept for a scrollbar.
OVERFLOW = """() => document.documentElement.scrollWidth
    - document.documentElement.getBoundingClientRect().width"""

CONTROLS = "a[href], button, input:not([type=hidden])"

PLACE = """(control, selector) =>
    [...document.querySelectorAll(selector)].indexOf(control)"""

# At which of the controls the focus is (-1: at none), and whether one sees it.
FOCUS = """selector => {
    const controls = [...document.querySelectorAll(selector)];
    const style = getComputedStyle(document.activeElement);
    return {
        place: controls.indexOf(document.activeElement),
        visible: style.outlineStyle !== "none"
            && parseFloat(style.outlineWidth) >= 2
            && !/^rgba\\(.*, 0\\)$|transparent/.test(style.outlineColor),
    };
}"""


class Visitor:
    """Somebody with a browser of their own, who notes what is wrong.

    A subclass says how to press a control, and in which looks (screen and
    colour scheme) to examine each page.
    """

    options = {}
    looks = []

    def __init__(self, browser, origin, **options):
        self.origin = origin
        self.problems = []
        self.pages = {}  # state: HTML as it was served
        self.context = browser.new_context(
            base_url=origin, **{**self.options, **options}
        )
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.page.on("console", self.note_message)
        self.page.on("pageerror", self.note_error)
        self.page.on("requestfailed", self.note_failure)
        self.page.on("request", self.note_stranger)
        self.alert = self.page.get_by_role("alert")
        self.new_todo = self.field("What needs to be done?")
        self.titles = self.page.locator(".todo-list .title")

    def note_message(self, message):
        """Note what the console says, but for Chromium's own word on a 404."""
        wanted = message.location["url"] == self.origin + NOWHERE
        if not (wanted and "status of 404" in message.text):
            self.problems.append(f"console: {message.text}")

    def note_error(self, error):
        """Note an error in a script of the page."""
        self.problems.append(f"error: {error}")

    def note_failure(self, request):
        """Note a request without an answer."""
        self.problems.append(f"failed: {request.url}: {request.failure}")

    def note_stranger(self, request):
        """Note a request to any other site."""
        if not request.url.startswith((self.origin + "/", "data:")):
            self.problems.append(f"another site: {request.url}")

    @contextlib.contextmanager
    def arrival(self):
        """Wait for the page that is asked for inside; keep its HTML."""
        with self.page.expect_navigation() as navigation:
            yield
        self.response = navigation.value
        self.html = self.response.text()

    def open(self, path):
        """Go to a page by its address."""
        with self.arrival():
            self.page.goto(path)

    def button(self, name):
        """Return the one button that a screen reader calls so."""
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name):
        """Return the one link of this text."""
        return self.page.get_by_role("link", name=name, exact=True)

    def field(self, label):
        """Return the one input with this label."""
        return self.page.get_by_label(label, exact=True)

    def write(self, field, text):
        """Replace the text of a field."""
        field.fill(text)

    def add(self, title):
        """Write a to-do and save it."""
        self.write(self.new_todo, title)
        self.press(self.button("Add"))

    def examine(self, state, status=200):
        """Note what is wrong with this page, in all looks of this visitor."""
        assert self.response.status == status, self.response.status
        self.pages[state] = self.html
        for (width, height), scheme in self.looks:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme)
            look = f"{state}, {width} px, {scheme}"
            overflow = self.page.evaluate(OVERFLOW)
            if overflow > 0:
                self.problems.append(f"{look}: {overflow} px too wide")
            self.examine_accessibility(look)

    def examine_accessibility(self, look):
        """Note what axe-core finds wrong with this page."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for violation in self.page.evaluate(AXE_RUN):
            self.problems.append(f"{look}: {violation}")


class MouseVisitor(Visitor):
    """One who clicks, and tries every screen in every colour scheme."""

    looks = [(screen, scheme) for screen in SCREENS for scheme in SCHEMES]

    def press(self, control):
        """Click what leads to another page."""
        with self.arrival():
            control.click()


class KeyboardVisitor(Visitor):
    """One without a mouse, who wants to see where the focus is."""

    looks = [(SCREENS[0], "dark")]

    def focus(self):
        """Return at which control the focus is; it has to be visible."""
        focus = self.page.evaluate(FOCUS, CONTROLS)
        assert focus["visible"] or focus["place"] == -1, "invisible focus"
        return focus["place"]

    def move(self, place):
        """Press Tab or Shift+Tab as far as the control at this place.

        Every step has to reach the next control in the document's order.
        """
        while (here := self.focus()) != place:
            key, step = ("Tab", 1) if here < place else ("Shift+Tab", -1)
            self.page.keyboard.press(key)
            there = self.focus()
            assert there == here + step, f"{key} from {here} to {there}"

    def reach(self, control):
        """Move the focus to a control."""
        self.move(control.evaluate(PLACE, CONTROLS))

    def press(self, control):
        """Press Enter on a link, Space on a button."""
        self.reach(control)
        is_link = control.evaluate("control => control.matches('a')")
        with self.arrival():
            self.page.keyboard.press("Enter" if is_link else "Space")

    def write(self, field, text):
        """Replace the text of a field."""
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def add(self, title):
        """Write a to-do and press Enter, with no way to the button."""
        self.write(self.new_todo, title)
        with self.arrival():
            self.page.keyboard.press("Enter")

    def examine(self, state, status=200):
        """Note what is wrong; move to the first control and to the last."""
        super().examine(state, status)
        self.move(0)
        self.move(self.page.locator(CONTROLS).count() - 1)


class PhoneVisitor(Visitor):
    """One who taps on a phone that runs no JavaScript."""

    options = {
        "java_script_enabled": False,
        "is_mobile": True,
        "has_touch": True,
    }
    looks = [(SCREENS[0], "light"), (SCREENS[1], "dark")]

    def press(self, control):
        """Tap what leads to another page."""
        with self.arrival():
            control.tap()

    def examine_accessibility(self, look):
        """Leave it to those who have JavaScript: axe-core is made of it."""


VISITORS = [MouseVisitor, KeyboardVisitor, PhoneVisitor]

# The site


def visit_site(visitor):
    """See both pages and the one that is not there."""
    visitor.open("/")
    visitor.examine("home")
    visitor.press(visitor.link("About Me"))
    visitor.examine("about")
    visitor.press(visitor.link("Home"))
    expect(visitor.page).to_have_title("Personal Website")
    visitor.open(NOWHERE)
    visitor.examine("not found", status=404)
    visitor.press(visitor.link("Home"))
    expect(visitor.page).to_have_title("Personal Website")


# The to-do list


def visit_todo(visitor):
    """Use everything that a to-do list offers, from sign-up to logout."""
    fail_to_log_in(visitor)
    sign_up(visitor, LONG_USERNAME)
    start_list(visitor)
    complete_todos(visitor)
    filter_todos(visitor)
    edit_todo(visitor)
    remove_todos(visitor)
    fill_pages(visitor)
    get_lost(visitor)
    log_out_and_in(visitor, LONG_USERNAME)


def fail_to_log_in(visitor):
    """Land on the login page, without an account."""
    visitor.open("/")
    expect(visitor.page).to_have_title("Log in")
    expect(visitor.field("Username")).to_be_focused()
    visitor.examine("login")
    visitor.write(visitor.field("Username"), "nobody")
    visitor.write(visitor.field("Password"), PASSWORD)
    visitor.press(visitor.button("Log in"))
    expect(visitor.alert).to_be_visible()
    expect(visitor.field("Username")).to_have_value("nobody")
    visitor.examine("login error")


def sign_up(visitor, username):
    """Make an account, at the second attempt."""
    visitor.press(visitor.link("Sign up"))
    expect(visitor.field("Username")).to_be_focused()
    visitor.examine("sign-up")
    fill_in(visitor, username, PASSWORD, "something else")
    expect(visitor.alert).to_have_text("The two passwords differ.")
    expect(visitor.field("Username")).to_have_value(username)
    visitor.examine("sign-up error")
    fill_in(visitor, username, PASSWORD, PASSWORD)
    expect(visitor.page).to_have_title("Todos")


def fill_in(visitor, username, password1, password2):
    """Send the sign-up form."""
    visitor.write(visitor.field("Username"), username)
    first = visitor.field("Password (at least 8 characters)")
    visitor.write(first, password1)
    visitor.write(visitor.field("The same password again"), password2)
    visitor.press(visitor.button("Sign up"))


def start_list(visitor):
    """Add the first to-dos, and see what cannot be added."""
    expect(visitor.new_todo).to_be_focused()
    expect(visitor.page.locator(".todo-list, .filters")).to_have_count(0)
    visitor.examine("empty")
    visitor.add("  ")
    expect(visitor.alert).to_be_visible()
    expect(visitor.new_todo).to_have_value("  ")
    visitor.examine("empty, error")
    for title in ("Buy milk", LONG_TITLE, "Call <b>Grace</b> & Ada"):
        visitor.add(title)
        expect(visitor.new_todo).to_be_focused()
        expect(visitor.new_todo).to_have_value("")
    visitor.examine("some")
    visitor.add(LONG_TITLE + "x")
    expect(visitor.alert).to_contain_text("at most 200 characters")
    expect(visitor.new_todo).to_have_value(LONG_TITLE + "x")
    visitor.examine("error")
    expect(visitor.titles).to_have_text(
        ["Call <b>Grace</b> & Ada", LONG_TITLE, "Buy milk"]
    )


def complete_todos(visitor):
    """Complete one to-do, reactivate it, and complete it again."""
    toggle = visitor.button("Complete Buy milk")
    for pressed, count in (
        ("true", "2 items left"),
        ("false", "3 items left"),
        ("true", "2 items left"),
    ):
        visitor.press(toggle)
        expect(toggle).to_have_attribute("aria-pressed", pressed)
        expect(visitor.page.locator(".todo-count")).to_have_text(count)
    visitor.examine("some, one completed")


def filter_todos(visitor):
    """See the active to-dos, the completed, none, and all."""
    active = ["Call <b>Grace</b> & Ada", LONG_TITLE]
    follow_filter(visitor, "Active", active)
    follow_filter(visitor, "Completed", ["Buy milk"])
    visitor.press(visitor.button("Complete Buy milk"))
    follow_filter(visitor, "Completed", [])
    visitor.press(visitor.link("Active"))
    visitor.press(visitor.button("Complete Buy milk"))
    expect(visitor.link("Active")).to_have_attribute("aria-current", "page")
    follow_filter(visitor, "All", [*active, "Buy milk"])


def follow_filter(visitor, name, titles):
    """Press a filter; see that it is marked and what it lets through."""
    visitor.press(visitor.link(name))
    current = visitor.page.locator("[aria-current=page]")
    expect(current).to_have_text(name)
    expect(visitor.titles).to_have_text(titles)
    visitor.examine(f"{name}, {len(titles)} to-dos")


def edit_todo(visitor):
    """Change a title, at the second attempt; then think better of it."""
    visitor.press(visitor.link("Buy milk"))
    title = visitor.field("Title")
    expect(title).to_be_focused()
    expect(title).to_have_value("Buy milk")
    visitor.examine("edit")
    visitor.write(title, "")
    visitor.press(visitor.button("Save"))
    expect(visitor.alert).to_be_visible()
    expect(title).to_have_value("")
    visitor.examine("edit error")
    visitor.write(title, "Buy oat milk")
    visitor.press(visitor.button("Save"))
    expect(visitor.titles.last).to_have_text("Buy oat milk")
    visitor.press(visitor.link("Buy oat milk"))
    visitor.write(title, "Buy nothing")
    visitor.press(visitor.link("Cancel"))
    expect(visitor.titles.last).to_have_text("Buy oat milk")


def remove_todos(visitor):
    """Delete one to-do, and clear the rest once it is completed."""
    visitor.press(visitor.button(f"Delete {LONG_TITLE}"))
    expect(visitor.titles).to_have_text(
        ["Call <b>Grace</b> & Ada", "Buy oat milk"]
    )
    visitor.press(visitor.button("Complete all"))
    expect(visitor.page.locator("li.completed")).to_have_count(2)
    visitor.examine("all completed")
    visitor.press(visitor.button("Reactivate all"))
    expect(visitor.page.locator("li.completed")).to_have_count(0)
    expect(visitor.button("Clear completed")).to_have_count(0)
    visitor.press(visitor.button("Complete all"))
    visitor.press(visitor.button("Clear completed"))
    expect(visitor.page.locator(".todo-list, .filters")).to_have_count(0)


def fill_pages(visitor):
    """Add 60 to-dos, more than fit on a page, and go to the older ones."""
    hidden = visitor.page.locator("form:has(.new-todo) [type=hidden]")
    form = {
        field.get_attribute("name"): field.get_attribute("value")
        for field in hidden.all()
    }
    for number in range(1, 60):  # without showing them: that takes long
        form["title"] = f"Item {number}"
        visitor.context.request.post("/", form=form, max_redirects=0)
    visitor.add("Item 60")
    expect(visitor.titles).to_have_count(50)
    expect(visitor.titles.first).to_have_text("Item 60")
    visitor.examine("60 items")
    visitor.press(visitor.link("Older"))
    expect(visitor.titles).to_have_count(10)
    expect(visitor.link("Older")).to_have_count(0)
    visitor.examine("60 items, older")


def get_lost(visitor):
    """Find the way back from a page that is not there."""
    visitor.open(NOWHERE)
    visitor.examine("not found", status=404)
    visitor.press(visitor.link("Back to the list"))
    expect(visitor.titles).to_have_count(50)


def log_out_and_in(visitor, username):
    """Leave, come back to the same list, and leave for good."""
    visitor.press(visitor.button("Log out"))
    visitor.write(visitor.field("Username"), username)
    visitor.write(visitor.field("Password"), PASSWORD)
    visitor.press(visitor.button("Log in"))
    expect(visitor.titles).to_have_count(50)
    visitor.press(visitor.button("Log out"))
    expect(visitor.page).to_have_title("Log in")


# The passes

STORIES = {
    "site_flask": visit_site,
    "site_django": visit_site,
    "todo_flask": visit_todo,
    "todo_django": visit_todo,
}


def visit(name, kind, folder):
    """Send a visitor to a demo; keep the HTML of what they see."""
    with serve(name) as origin, start_browser() as browser:
        visitor = kind(browser, origin)
        try:
            STORIES[name](visitor)
        finally:
            for problem in visitor.problems:
                print(f"{name}, {kind.__name__}: {problem}", flush=True)
            for state, html in visitor.pages.items():
                file = folder / f"{name}, {kind.__name__}, {state}.html"
                file.write_text(html, encoding="utf-8")
        assert not visitor.problems, f"{len(visitor.problems)} problems"


def validate(folder):
    """Have the Nu HTML checker read every page that was kept."""
    files = sorted(folder.glob("*.html"))
    assert files, "there is no page to check"
    command = ["java", "-jar", VNU_JAR, "--errors-only", "--format", "text"]
    checker = subprocess.run(
        [*command, *files],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    assert checker.returncode == 0, checker.stderr


def write_list(browser, origin):
    """Return a visitor who is looking at a list of five to-dos."""
    visitor = MouseVisitor(
        browser,
        origin,
        viewport={"width": 620, "height": 600},
        device_scale_factor=2,
    )
    visitor.open("/signup/")
    fill_in(visitor, "ada", PASSWORD, PASSWORD)
    for title in (
        "Water the plants",
        "Return the library books",
        "Buy milk",
        "Call Grace about Sunday",
        "Book the train to Lyon",
    ):
        visitor.add(title)
    visitor.press(visitor.button("Complete Water the plants"))
    visitor.press(visitor.button("Complete Buy milk"))
    return visitor


def draw():
    """Make the pictures of the two to-do lists, side by side."""
    with (
        serve("todo_flask") as flask_origin,
        serve("todo_django") as django_origin,
        start_browser() as browser,
    ):
        visitors = [
            write_list(browser, flask_origin),
            write_list(browser, django_origin),
        ]
        page = browser.new_page(
            viewport={"width": 1280, "height": 600}, device_scale_factor=2
        )
        for scheme, file in (("light", "todo.png"), ("dark", "todo-dark.png")):
            html = "<style>body { display: inline-flex; gap: 1rem; margin: 0 }"
            html += "img { zoom: 50% }</style>"
            for visitor in visitors:
                visitor.page.emulate_media(color_scheme=scheme)
                # The body alone: no place for a scrollbar beside it.
                picture = visitor.page.locator("body").screenshot()
                data = base64.b64encode(picture).decode()
                html += f'<img src="data:image/png;base64,{data}">'
            page.set_content(html)
            path = ROOT / ".github" / "screenshots" / file
            page.locator("body").screenshot(path=path, omit_background=True)
            size = path.stat().st_size
            assert size < 150_000, f"{file} has {size} bytes"


def attempt(name, check, *args):
    """Make one pass, print how it went, return whether it went well."""
    try:
        check(*args)
    except Exception:  # whatever it is, the other passes are to be made
        traceback.print_exc(file=sys.stdout)
        print(f"FAILED: {name}", flush=True)
        return False
    print(f"passed: {name}", flush=True)
    return True


def check_all():
    """Make every pass, as many at once as there are processors."""
    with (
        tempfile.TemporaryDirectory() as folder,
        concurrent.futures.ProcessPoolExecutor() as pool,
    ):
        pages = Path(folder)
        visits = [
            pool.submit(
                attempt, f"{name}, {kind.__name__}", visit, name, kind, pages
            )
            for name in STORIES
            for kind in VISITORS
        ]
        results = [visit.result() for visit in visits]
        results.append(attempt("valid HTML", validate, pages))
    return results


def main():
    """Do what the arguments say; return the exit status."""
    if sys.argv[1:] == ["--screenshots"]:
        results = [attempt("screenshots", draw)]
    else:
        results = check_all()
    failed = results.count(False)
    print(f"{results.count(True)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
