"""Draw .github/screenshots/: both sites and both lists, and Django's admin.

Needs what servers.py needs, apt-get install chromium, and
    pip install playwright pillow
"""

import shutil
import sys
from io import BytesIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright
from steps import ROOT

sys.path.append(str(ROOT / ".ci"))
from servers import Server  # noqa: E402

SCREEN = {"width": 620, "height": 400}
GAP = 32  # pixels between Flask on the left and Django on the right
ADMIN = {"width": 1120, "height": 600}
SUFFIXES = {"light": "", "dark": "-dark"}
TODOS = [  # the last will be on top
    ("Water the plants", True),
    ("Return the library books", False),
    ("Buy milk", True),
    ("Call Grace about Sunday", False),
    ("Book the train to Lyon", False),
]


def photograph(page, name, path=""):
    """Return a picture of a page of a demo, of the first if none is named."""
    with TemporaryDirectory() as tmp, Server(name, Path(tmp, "it")) as server:
        if name.startswith("todo"):
            jar = server.sign_up("ada").cookies.items()
            own = [{"name": k, "value": v, "url": server.url} for k, v in jar]
            page.context.add_cookies(own)
            server.seed(TODOS)
        if path:
            server.sign_up("grace")
            server.seed([("Call Ada back", False)], "grace")
            server.query("UPDATE {user} SET is_staff = 1, is_superuser = 1")
        page.goto(f"{server.url}/{path}")
        return Image.open(BytesIO(page.locator("body").screenshot()))


with sync_playwright() as drive:
    browser = drive.chromium.launch(executable_path=shutil.which("chromium"))
    page = browser.new_page(viewport=SCREEN, device_scale_factor=2)
    for pair, scheme in product(("site", "todo"), SUFFIXES):
        page.emulate_media(color_scheme=scheme)
        left = photograph(page, f"{pair}_flask")
        right = photograph(page, f"{pair}_django")
        both = Image.new("RGBA", (2 * left.width + GAP, left.height))
        both.paste(left)
        both.paste(right, (left.width + GAP, 0))
        name = f".github/screenshots/{pair}{SUFFIXES[scheme]}.png"
        both.save(ROOT / name, optimize=True)
    page = browser.new_page(viewport=ADMIN, device_scale_factor=2)
    # With as few colours as it has, it is a third as large.
    admin = photograph(page, "todo_django", "admin/todo/todo/").quantize(64)
    admin.save(ROOT / ".github/screenshots/admin.png", optimize=True)
