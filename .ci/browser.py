"""Use the sites, the to-do lists and the page of pairs in a real browser.

Run it:  python .ci/browser.py                checks everything
         python .ci/browser.py --screenshots  only draws .github/screenshots/
Needs:   Chromium and Java on the path (Debian: chromium,
         default-jre-headless), pip install flask django waitress playwright
         pygments, and npm install axe-core vnu-jar in the current folder; from
         another one, AXE and VNU_JAR say where axe.min.js and vnu.jar are.

Each of the four demos is used from its first page to its last with a mouse,
with nothing but a keyboard, and on a phone without JavaScript; then the page
of .ci/page.py. All that is seen on the way has to fit every screen, also in
letters of twice the size, satisfy axe-core, with contrasts of level AAA, say
nothing on the console, ask no other site for anything, and be valid HTML.
"""

import base64
import concurrent.futures
import contextlib
import itertools
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

SCREENS = [(320, 640), (390, 844), (1280, 800), (1920, 1080)]
SCHEMES = ["light", "dark"]

NOWHERE = "/nowhere/"
PASSWORD = "correct horse"
LONG_USERNAME = "ada" + "x" * 147  # as long as a username and a title
LONG_TITLE = "x" * 200  # can be, and nowhere to break them
HTML_TITLE = "Call <b>Grace</b> & Ada"

PATIENCE = 10_000  # milliseconds, for machines with other work to do
expect.set_options(timeout=PATIENCE)

# Servers and browsers


@contextlib.contextmanager
def serve(name):
    """Start a copy of a script, or serve the page; give its address."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "page":
            maker = [sys.executable, ROOT / ".ci/page.py"]
            subprocess.run([*maker, f"{folder}/index.html"], check=True)
            command = ["-m", "http.server", "0", "--bind", "127.0.0.1"]
        else:
            shutil.copy(ROOT / f"{name}.py", folder)
            command = [f"{name}.py"]
        process = subprocess.Popen(
            [sys.executable, "-u", *command],
            cwd=folder,
            env={**os.environ, "PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        first_line = process.stdout.readline()
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", first_line)
            assert address, f"{name} does not start: {first_line}"
            yield address[0]
        finally:
            process.terminate()
            output = first_line + process.communicate()[0]
            assert "Traceback" not in output, output


@contextlib.contextmanager
def start_browser():
    """Start Chromium, where nobody is logged in yet; give it."""
    path = shutil.which("chromium")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path) as browser,
    ):
        yield browser


# The visitors

AXE_RUN = """async () => (await axe.run({
    rules: {"color-contrast-enhanced": {enabled: true}}
})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))"""

# What is too wide for its place, and a footer that is not at the end.
MISFITS = """() => {
    const page = document.documentElement;
    const misfits = [...document.querySelectorAll("body, body *")].filter(
        box => box.clientWidth && box.scrollWidth > box.clientWidth
            && !box.matches("input, pre"));
    const footer = document.querySelector("footer");
    const end = footer?.getBoundingClientRect().bottom + scrollY
        + parseFloat(getComputedStyle(document.body).paddingBottom);
    if (Math.abs(page.scrollHeight - end) > 1) misfits.push(footer);
    return misfits.map(box => box.outerHTML.slice(0, 80));
}"""

CONTROLS = "a[href], button, input:not([type=hidden])"

PLACE = """(control, selector) =>
    [...document.querySelectorAll(selector)].indexOf(control)"""

# At which of the controls the focus is (-1: at none), and whether one sees it.
FOCUS = """selector => {
    const controls = [...document.querySelectorAll(selector)];
    const style = getComputedStyle(document.activeElement);
    return {
        place: controls.indexOf(document.activeElement),
        // The browser's own ring is "auto".
        visible: style.outlineStyle === "auto"
            || style.outlineStyle !== "none"
            && parseFloat(style.outlineWidth) >= 2
            && !/^rgba\\(.*, 0\\)$|transparent/.test(style.outlineColor),
    };
}"""

FORM_DATA = "form => Object.fromEntries(new FormData(form))"

BORDERS = "field => getComputedStyle(field).borderWidth"

# What can set the current one of several links apart without colours.
STYLES = """links => links.map(link => getComputedStyle(link)).map(
    style => `${style.fontWeight} ${style.textDecorationLine}`)"""

DEAD_ENDS = """links => links.map(link => link.hash.slice(1)).filter(
    place => !document.getElementById(decodeURIComponent(place)))"""


class Visitor:
    """Somebody with a browser of their own, who notes what is wrong.

    A subclass says how to press a control, and in which looks (screen, colour
    scheme and size of letters in per cent) to examine each page.
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
        self.page.on("pageerror", self.note)
        self.page.on("requestfailed", self.note)
        self.page.on("request", self.note_stranger)
        self.devtools = self.context.new_cdp_session(self.page)
        self.messages = self.page.locator(".errorlist")
        self.user = self.page.locator("header b")
        self.new_todo = self.page.locator(".new-todo")
        self.titles = self.page.locator(".todo-list .title")
        self.toggles = self.page.locator(".todo-list .toggle")

    def note(self, problem):
        """Note an error in a script of the page, a request that failed."""
        self.problems.append(problem)

    def note_message(self, message):
        """Note what the console says, but for what is wanted here."""
        text = message.text
        nowhere = message.location["url"] == self.origin + NOWHERE
        if not (
            (nowhere and "status of 404" in text)
            # A fragment, which keeps the place, wins over autofocus.
            or text.startswith("Autofocus processing was blocked")
        ):
            self.problems.append(f"console: {text}")

    def note_stranger(self, request):
        """Note a request to any other site."""
        if not request.url.startswith((self.origin + "/", "data:")):
            self.problems.append(f"another site: {request.url}")

    @contextlib.contextmanager
    def arrival(self):
        """Wait for the page that is asked for inside."""
        with self.page.expect_navigation() as navigation:
            yield
        self.response = navigation.value

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

    def field(self, name):
        """Return the one input of this name: labels are the frameworks'."""
        return self.page.locator(f"input[name={name}]")

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
        self.pages[state] = self.response.text()
        for (width, height), scheme, letters in self.looks:
            sizes = {"standard": 0.16 * letters, "fixed": 0.13 * letters}
            self.devtools.send("Page.setFontSizes", {"fontSizes": sizes})
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=scheme)
            look = f"{state}, {width} px, {scheme}, {letters} %"
            if misfits := self.page.evaluate(MISFITS):
                self.problems.append(f"{look}: misplaced: {misfits[-1]}")
            self.examine_accessibility(look)

    def examine_accessibility(self, look):
        """Note what axe-core finds wrong with this page."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for violation in self.page.evaluate(AXE_RUN):
            self.problems.append(f"{look}: {violation}")


class MouseVisitor(Visitor):
    """One who clicks, and tries every screen in every colour scheme."""

    looks = [(SCREENS[0], "dark", 200), (SCREENS[2], "light", 200)]
    looks += itertools.product(SCREENS, SCHEMES, [100])

    def press(self, control):
        """Click what leads to another page."""
        with self.arrival():
            control.click()


class KeyboardVisitor(Visitor):
    """One without a mouse, who wants to see where the focus is."""

    looks = [(SCREENS[0], "dark", 100)]

    def focus(self):
        """Return at which control the focus is; it has to be visible."""
        focus = self.page.evaluate(FOCUS, CONTROLS)
        assert focus["visible"] or focus["place"] == -1, "invisible focus"
        return focus["place"]

    def move(self, place):
        """Press Tab or Shift+Tab as far as the control at this place.

        Every step has to reach the next control in the document's order; the
        first may also lead into what the fragment of the address names.
        """
        while (here := self.focus()) != place:
            key, step = ("Tab", 1) if here < place else ("Shift+Tab", -1)
            self.page.keyboard.press(key)
            there = self.focus()
            ordered = here == -1 or there == here + step
            assert ordered, f"{key} from {here} to {there}"

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
    looks = [(SCREENS[0], "light", 200), (SCREENS[1], "dark", 100)]

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
    add_from_elsewhere(visitor)
    keep_place(visitor)
    empty_page(visitor)
    get_lost(visitor)
    change_users(visitor, LONG_USERNAME)


def fail_to_log_in(visitor):
    """Land on the login page, without an account."""
    visitor.open("/")
    expect(visitor.page).to_have_title("Log in")
    expect(visitor.field("username")).to_be_focused()
    visitor.examine("login")
    log_in(visitor, "nobody")
    expect(visitor.messages).to_be_visible()
    expect(visitor.field("username")).to_be_focused()
    expect(visitor.field("username")).to_have_value("nobody")
    visitor.examine("login error")


def log_in(visitor, username):
    """Send the login form."""
    visitor.write(visitor.field("username"), username)
    visitor.write(visitor.field("password"), PASSWORD)
    visitor.press(visitor.button("Log in"))


def sign_up(visitor, username):
    """Make an account, at the second attempt."""
    visitor.press(visitor.link("Sign up"))
    expect(visitor.field("username")).to_be_focused()
    visitor.examine("sign-up")
    fill_in(visitor, username, PASSWORD, "something else")
    expect_message(visitor, visitor.field("password2"))
    expect(visitor.field("username")).to_have_value(username)
    visitor.examine("sign-up error")
    fill_in(visitor, username, PASSWORD, PASSWORD)
    expect(visitor.page).to_have_title("Todos")


def fill_in(visitor, username, password1, password2):
    """Send the sign-up form."""
    visitor.write(visitor.field("username"), username)
    visitor.write(visitor.field("password1"), password1)
    visitor.write(visitor.field("password2"), password2)
    visitor.press(visitor.button("Sign up"))


def expect_message(visitor, field):
    """See the one message, beside the field that is wrong and in focus."""
    expect(visitor.messages).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(visitor.page.locator("[aria-invalid]")).to_have_count(1)
    descriptions = field.get_attribute("aria-describedby").split()
    assert visitor.messages.get_attribute("id") in descriptions
    boxes = [visitor.messages.bounding_box(), field.bounding_box()]
    upper, lower = sorted(boxes, key=lambda box: box["y"])
    assert lower["y"] - upper["y"] - upper["height"] < 48, boxes


def start_list(visitor):
    """Add the first to-dos, and see what cannot be added."""
    expect(visitor.new_todo).to_be_focused()
    expect(visitor.page.locator(".todo-list, .filters")).to_have_count(0)
    visitor.examine("empty")
    at_rest = visitor.new_todo.evaluate(BORDERS)
    visitor.add("  ")
    expect_message(visitor, visitor.new_todo)
    expect(visitor.new_todo).to_have_value("  ")
    assert visitor.new_todo.evaluate(BORDERS) != at_rest, "no mark"
    visitor.examine("empty, error")
    for title in ("Buy milk", LONG_TITLE, HTML_TITLE):
        visitor.add(title)
        expect(visitor.new_todo).to_be_focused()
        expect(visitor.new_todo).to_have_value("")
    visitor.examine("some")
    # A browser that does not know the limit sends what is too long.
    visitor.new_todo.evaluate("field => field.removeAttribute('maxlength')")
    visitor.add(LONG_TITLE + "x")
    expect_message(visitor, visitor.new_todo)
    expect(visitor.messages).to_contain_text("at most 200 characters")
    expect(visitor.new_todo).to_have_value(LONG_TITLE + "x")
    visitor.examine("error")
    expect(visitor.titles).to_have_text([HTML_TITLE, LONG_TITLE, "Buy milk"])


def complete_todos(visitor):
    """Complete one to-do, reactivate it, and complete it again."""
    toggle = visitor.button("Complete Buy milk")
    count = visitor.page.locator(".todo-count")
    for pressed, left in (("true", 2), ("false", 3), ("true", 2)):
        visitor.press(toggle)
        expect(toggle).to_have_attribute("aria-pressed", pressed)
        expect(count).to_have_text(f"{left} items left")
    visitor.examine("some, one completed")


def filter_todos(visitor):
    """See the active to-dos, the completed, none, and all."""
    active = [HTML_TITLE, LONG_TITLE]
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
    visitor.page.emulate_media(forced_colors="active")
    styles = visitor.page.locator(".filters a").evaluate_all(STYLES)
    assert styles.count(current.evaluate_all(STYLES)[0]) == 1, styles
    visitor.page.emulate_media(forced_colors="none")


def edit_todo(visitor):
    """Change a title, at the second attempt."""
    visitor.press(visitor.link("Buy milk"))
    title = visitor.field("title")
    expect(title).to_be_focused()
    expect(title).to_have_value("Buy milk")
    visitor.examine("edit")
    visitor.write(title, "  ")
    visitor.press(visitor.button("Save"))
    expect_message(visitor, title)
    expect(title).to_have_value("  ")
    visitor.examine("edit error")
    visitor.write(title, "Buy oat milk")
    visitor.press(visitor.button("Save"))
    expect(visitor.titles.last).to_have_text("Buy oat milk")


def remove_todos(visitor):
    """Delete one to-do, and clear the rest once it is completed."""
    visitor.press(visitor.button(f"Delete {LONG_TITLE}"))
    expect(visitor.titles).to_have_text([HTML_TITLE, "Buy oat milk"])
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
    """Add one to-do more than fits on a page; go to the older and back."""
    form = visitor.page.locator("form:has(.new-todo)").evaluate(FORM_DATA)
    for number in range(1, 51):  # without showing them: that takes long
        form["title"] = f"Item {number}"
        visitor.context.request.post("/", form=form, max_redirects=0)
    visitor.add("Item 51")
    expect(visitor.titles).to_have_count(50)
    expect(visitor.titles.first).to_have_text("Item 51")
    expect(visitor.link("Newer")).to_have_count(0)
    visitor.examine("two pages")
    visitor.press(visitor.link("Older"))
    expect(visitor.titles).to_have_text(["Item 1"])
    expect(visitor.link("Older")).to_have_count(0)
    visitor.examine("two pages, older")
    visitor.press(visitor.link("Newer"))
    expect(visitor.titles.first).to_have_text("Item 51")


def add_from_elsewhere(visitor):
    """Add to-dos where they do not belong, and be led to where they do."""
    visitor.press(visitor.link("Older"))
    visitor.add("From page 2")
    expect(visitor.titles.first).to_have_text("From page 2")
    visitor.press(visitor.toggles.first)
    visitor.press(visitor.link("Completed"))
    visitor.add("From Completed")
    expect(visitor.titles.first).to_have_text("From Completed")
    expect(visitor.link("All")).to_have_attribute("aria-current", "page")


def keep_place(visitor):
    """Toggle, edit and delete the 40th of 50 to-dos, and stay there."""
    toggle, title = visitor.toggles.nth(39), visitor.titles.nth(39)
    for pressed in ("true", "false"):
        visitor.press(toggle)
        expect(toggle).to_have_attribute("aria-pressed", pressed)
        expect_place(toggle)
    for way, text in (
        (visitor.link("Cancel"), title.text_content()),
        (visitor.button("Save"), "The 40th"),
    ):
        visitor.press(title)
        visitor.write(visitor.field("title"), "The 40th")
        visitor.press(way)
        expect(title).to_have_text(text)
        expect_place(toggle)
    visitor.press(visitor.button("Delete The 40th"))
    expect(visitor.button("Delete The 40th")).to_have_count(0)
    expect_place(visitor.titles.nth(38))
    visitor.press(visitor.button("Delete From Completed"))
    expect(visitor.titles.first).to_have_text("From page 2")
    expect_list(visitor)
    visitor.press(visitor.link("Active"))
    visitor.press(visitor.toggles.nth(30))
    expect_place(visitor.titles.nth(29))
    visitor.press(visitor.link("All"))


def expect_place(control):
    """See that a control has the focus, and is where one looks."""
    expect(control).to_be_focused()
    expect(control).to_be_in_viewport(ratio=1)


def expect_list(visitor):
    """See the top of the list; the next Tab leads into it."""
    expect(visitor.toggles.first).to_be_in_viewport(ratio=1)
    visitor.page.keyboard.press("Tab")
    expect_place(visitor.toggles.first)


def empty_page(visitor):
    """Delete the only to-do on the second page; see the first."""
    visitor.press(visitor.link("Older"))
    visitor.press(visitor.button("Delete Item 1"))
    expect(visitor.titles).to_have_count(50)
    expect(visitor.link("Newer").or_(visitor.link("Older"))).to_have_count(0)
    expect_list(visitor)


def get_lost(visitor):
    """Find the way back from a page that is not there."""
    visitor.open(NOWHERE)
    visitor.examine("not found", status=404)
    visitor.press(visitor.link("Back to the list"))
    expect(visitor.titles).to_have_count(50)


def change_users(visitor, username):
    """Leave, be somebody else, come back without leaving, leave for good."""
    visitor.press(visitor.button("Log out"))
    visitor.press(visitor.link("Sign up"))
    fill_in(visitor, "grace", PASSWORD, PASSWORD)
    expect(visitor.user).to_have_text("grace")
    expect(visitor.titles).to_have_count(0)
    visitor.open("/login/")
    log_in(visitor, username)
    expect(visitor.user).to_have_text(username)
    expect(visitor.titles).to_have_count(50)
    visitor.press(visitor.button("Log out"))
    expect(visitor.page).to_have_title("Log in")


# The page of pairs


def visit_page(visitor):
    """Go to a section, and copy a block of each script."""
    visitor.open("/")
    visitor.examine("page")
    anchors = visitor.page.locator("a[href^='#']")
    assert not anchors.evaluate_all(DEAD_ENDS), "links that lead nowhere"
    visitor.page.locator("nav a[href='#todo-accounts']").click()
    heading = visitor.page.locator("#todo-accounts h3")
    expect(heading).to_be_in_viewport()
    assert heading.bounding_box()["y"] < 100, "the section is not on top"
    copy_buttons = visitor.page.locator("#todo").get_by_role("button")
    if isinstance(visitor, PhoneVisitor):
        expect(copy_buttons).to_have_count(0)
        return
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    status = visitor.page.get_by_role("status")
    for framework in ("Flask", "Django"):
        button = copy_buttons.and_(visitor.button(f"Copy {framework}: toggle"))
        button.press("Enter")
        expect(status).to_have_text("Copied")
        expect(status).to_be_in_viewport(ratio=1)
        visitor.examine_accessibility(f"{framework} copied")
        copied = visitor.page.evaluate("() => navigator.clipboard.readText()")
        script = ROOT / f"todo_{framework.lower()}.py"
        assert "\ndef toggle(" in copied, copied
        assert copied in script.read_text(encoding="utf-8"), copied
        expect(status).to_be_empty()


# The passes

STORIES = {  # the longest first
    "todo_flask": visit_todo,
    "todo_django": visit_todo,
    "page": visit_page,
    "site_flask": visit_site,
    "site_django": visit_site,
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


def draw(pair, height):
    """Make the pictures of a pair, side by side: a light and a dark one."""
    images = dict.fromkeys(SCHEMES, "")
    screen = {"width": 620, "height": height}
    with start_browser() as browser:
        for framework in ("flask", "django"):
            with serve(f"{pair}_{framework}") as origin:
                visitor = MouseVisitor(
                    browser, origin, viewport=screen, device_scale_factor=2
                )
                visitor.open("/")
                if pair == "todo":
                    write_list(visitor)
                for scheme in SCHEMES:
                    visitor.page.emulate_media(color_scheme=scheme)
                    data = base64.b64encode(photograph(visitor.page)).decode()
                    images[scheme] += f'<img src="data:;base64,{data}">'
        page = browser.new_page(viewport={"width": 2560, "height": 1440})
        style = "body { display: inline-flex; gap: 2rem; margin: 0 }"
        for scheme, suffix in (("light", ".png"), ("dark", "-dark.png")):
            page.set_content(f"<style>{style}</style>{images[scheme]}")
            path = ROOT / ".github/screenshots" / f"{pair}{suffix}"
            path.write_bytes(photograph(page))
            size = path.stat().st_size
            assert size < 150_000, f"{path.name} has {size} bytes"


def write_list(visitor):
    """Make a list and look at it."""
    visitor.press(visitor.link("Sign up"))
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


def photograph(page):
    """Return a picture of the body alone: no place for a scrollbar."""
    page.wait_for_timeout(500)  # what has just come cannot always be taken
    return page.locator("body").screenshot(omit_background=True)


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
            if (name, kind) != ("page", KeyboardVisitor)
        ]
        results = [visit.result() for visit in visits]
        results.append(attempt("valid HTML", validate, pages))
    return results


def main():
    """Do what the arguments say; return the exit status."""
    if sys.argv[1:] == ["--screenshots"]:
        results = [
            attempt(f"pictures of {pair}", draw, pair, height)
            for pair, height in (("site", 400), ("todo", 600))
        ]
    else:
        results = check_all()
    failed = results.count(False)
    print(f"{results.count(True)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
