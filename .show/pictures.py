"""Draw .github/screenshots/: the two to-do lists, and Django's admin.

Needs what servers.py needs, apt-get install chromium, and
    pip install playwright pillow
"""

import shutil
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright
from steps import ROOT

sys.path.append(str(ROOT / ".ci"))
from servers import Server  # noqa: E402

FOLDER = ROOT / ".github/screenshots"
GAP = 32  # pixels between Flask on the left and Django on the right
TODOS = [  # the last will be on top
    ("Water the plants", True),
    ("Return the library books", False),
    ("Buy milk", True),
    ("Call Grace about Sunday", False),
    ("Book the train to Lyon", False),
]


def photograph(page, address):
    """Return a picture of a page, as high as what is on it."""
    page.goto(address)
    return Image.open(BytesIO(page.locator("body").screenshot()))


with (
    TemporaryDirectory() as folder,
    Server("todo_flask", Path(folder)) as flask,
    Server("todo_django", Path(folder)) as django,
    sync_playwright() as drive,
):
    browser = drive.chromium.launch(executable_path=shutil.which("chromium"))
    page = browser.new_page(device_scale_factor=2)
    page.set_viewport_size({"width": 620, "height": 400})
    for server in (flask, django):
        for name, value in server.sign_up("ada").cookies.items():
            cookie = {"name": name, "value": value, "url": server.url}
            page.context.add_cookies([cookie])
        server.seed(TODOS)
    for scheme, suffix in (("light", ""), ("dark", "-dark")):
        page.emulate_media(color_scheme=scheme)
        left = photograph(page, flask.url)
        right = photograph(page, django.url)
        both = Image.new("RGBA", (2 * left.width + GAP, left.height))
        both.paste(left)
        both.paste(right, (left.width + GAP, 0))
        both.save(FOLDER / f"todo{suffix}.png", optimize=True)
    grace = django.sign_up("grace")
    grace.post("/", data={"title": "Call Ada back"})
    django.query("UPDATE {user} SET is_staff = 1, is_superuser = 1")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1120, "height": 600})
    # With as few colours as it has, it is a third as large.
    admin = photograph(page, f"{django.url}/admin/todo/todo/").quantize(64)
    admin.save(FOLDER / "admin.png", optimize=True)
