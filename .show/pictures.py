"""Draw .github/screenshots/: both sites and both lists, light and dark.

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
SUFFIXES = {"light": "", "dark": "-dark"}
TODOS = [  # the last will be on top
    ("Water the plants", True),
    ("Return the library books", False),
    ("Buy milk", True),
    ("Call Grace about Sunday", False),
    ("Book the train to Lyon", False),
]


def photograph(page, name):
    """Return a picture of a demo's first page."""
    with TemporaryDirectory() as tmp, Server(name, Path(tmp, "it")) as server:
        if name.startswith("todo"):
            jar = server.sign_up("ada").cookies.items()
            own = [{"name": k, "value": v, "url": server.url} for k, v in jar]
            page.context.add_cookies(own)
            server.seed(TODOS)
        page.goto(server.url)
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
