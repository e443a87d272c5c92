"""Flask with extensions does for its visitors what the two lists do."""

import shutil
from concurrent.futures import ThreadPoolExecutor

from servers import ROOT
from test_all import Visitor


def test_flask_with_extensions(start, tmp_path):
    shutil.copy(ROOT / ".show/flask_extensions.py", tmp_path)
    server = start("flask_extensions")
    eve, ada, *others = [Visitor(server.client()) for _ in range(6)]
    ada.sign_up("ada")
    assert ada.add(*"abc" * 17).todos == [*"cba" * 16, "c", "b"]
    assert ada.follow("Older").todos == ["a"]
    assert ada.follow("a").headings == ("Edit", "Edit")
    assert ada.press("Save", title="<b>").headings == ("Todos", "Todos")
    assert "title" in ada.press("Add", title=" ").errors
    assert ada.client.post("/logout/").is_error  # it sends no token
    assert "username" in eve.sign_up("ada").errors
    pages = ThreadPoolExecutor().map(lambda one: one.sign_up("bob"), others)
    assert sum("username" in page.errors for page in pages) == 3
    assert {one.open("/1/edit/").status for one in others} == {404, 200}
    ada.press("Log out")
    assert ada.open("/").headings == ("Log in", "Log in")
    assert "username" in ada.log_in("ada", "wrong").errors
    ada.log_in("ada")
    assert ada.follow("Older").todos == ["<b>"]
