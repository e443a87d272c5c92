"""Write a talk: a git repository with a commit and a tag for each step.

Make it:    python .ci/talk.py ../talk
Needs:      git; nothing else

The folder must be empty, or not be there yet. Each commit has both scripts of
a pair as they are after that step: git checkout todo-4 goes there, git show
todo-4 shows what is new. README.md says how to give the talk.
"""

import argparse
import subprocess
from pathlib import Path

from steps import ROOT, read_steps

CONFIG = {
    "advice.detachedHead": "false",  # checkouts say no more than they must
    "commit.gpgSign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": "none",
    "diff.orderFile": ".git/order",  # Flask first, as everywhere
    "tag.sort": "version:refname",
    "user.email": "talk@example.com",
    "user.name": "The talk",
}
IGNORED = "*.sqlite3*\n__pycache__/\n.venv/\n"
SEARCH = """\
Add "Buy milk" and "Call Ann", in Django as who you are in Flask. Write milk in
the new field and press Enter: there is one to-do. Filters, pages and buttons
keep to what is found: press "Complete all", and Call Ann is still active.

In Flask, each statement names the condition and each link the words. In
Django, a QuerySet is narrowed once, and all that follows keeps to it.
"""


def write_talk(folder):
    """Write all steps into an empty folder; raise OSError if it is none."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise OSError(f"{folder} is not empty")

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=folder, check=True)

    def commit(tag, title, text):
        git("add", ".")
        git("commit", "--quiet", "-m", title, "-m", text)
        git("tag", tag)

    git("init", "--quiet", "--initial-branch=main")
    for name, value in CONFIG.items():
        git("config", name, value)
    (folder / ".gitignore").write_text(IGNORED)
    (folder / ".git/order").write_text("*_flask.py\n*_django.py\n")
    for step in read_steps():
        for name, lines in step.scripts.items():
            (folder / name).write_bytes(
                "".join(f"{line}\n" for line in lines).encode()
            )
        commit(step.tag, step.title, step.text)
    for patch in sorted(ROOT.glob(".ci/search_*.diff")):
        git("apply", str(patch))
    commit("todo-search", "A search, made live", SEARCH)
    git("checkout", "--quiet", "hello-1")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    try:
        write_talk(arguments.folder)
    except OSError as error:
        parser.error(f"{error}: name another, or delete it first.")
    print(
        f"The talk is in {arguments.folder}, at hello-1: see git show there."
    )
