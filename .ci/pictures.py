"""Draw .github/screenshots/: both sites and both lists, light and dark.

Needs what demo.py needs, apt-get install chromium, pip install playwright.
"""

import base64
import shutil
import tempfile
from pathlib import Path

import tenacity
from demo import ROOT, Server
from playwright.sync_api import sync_playwright

HEIGHTS = {"site": 400, "todo": 600}
FILES = {"light": "{}.png", "dark": "{}-dark.png"}
TODOS = [  # the last will be on top
    ("Water the plants", True),
    ("Return the library books", False),
    ("Buy milk", True),
    ("Call Grace about Sunday", False),
    ("Book the train to Lyon", False),
]
STYLE = "<style>body { display: inline-flex; gap: 2rem; margin: 0 }</style>"


@tenacity.retry(stop=tenacity.stop_after_attempt(5))
def photograph(page):
    """Return a picture of the body; Chromium cannot always take one."""
    return page.locator("body").screenshot(omit_background=True)


def visit(browser, name, folder):
    """Yield each colour scheme with a picture of a demo's first page."""
    size = {"width": 620, "height": HEIGHTS[name.partition("_")[0]]}
    page = browser.new_page(viewport=size, device_scale_factor=2)
    with Server(name, folder / name) as server:
        if name.startswith("todo"):
            jar = server.sign_up("ada").cookies.items()
            own = [{"name": k, "value": v, "url": server.url} for k, v in jar]
            page.context.add_cookies(own)
            server.seed(TODOS)
        page.goto(server.url)
        for scheme in FILES:
            page.emulate_media(color_scheme=scheme)
            yield scheme, photograph(page)


def main():
    """Put Flask on the left and Django on the right of each picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as drive:
        path = shutil.which("chromium")
        browser = drive.chromium.launch(executable_path=path)
        page = browser.new_page(viewport={"width": 2560, "height": 1440})
        for pair in HEIGHTS:
            images = dict.fromkeys(FILES, STYLE)
            for name in (f"{pair}_flask", f"{pair}_django"):
                for scheme, data in visit(browser, name, Path(folder)):
                    code = base64.b64encode(data).decode()
                    images[scheme] += f'<img src="data:;base64,{code}">'
            for scheme, file in FILES.items():
                page.set_content(images[scheme])
                picture = photograph(page)
                assert len(picture) < 150_000, f"{pair} is too large"
                path = ROOT / ".github/screenshots" / file.format(pair)
                path.write_bytes(picture)


if __name__ == "__main__":
    main()
