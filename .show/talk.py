"""Write a talk: a git repository with a commit and a tag for each step.

Make it:    python .show/talk.py ../talk
Needs:      git; nothing else

The folder must not be there yet. Each commit has both scripts of a pair as
they are after that step: git checkout todo-4 goes there, git show todo-4 shows
what is new. README.md says how to give the talk.
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


def write_talk(folder):
    """Write all steps into a new folder; raise OSError if it cannot be one."""
    folder.mkdir(parents=True)

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=folder, check=True)

    git("init", "--quiet", "--initial-branch=main")
    for name, value in CONFIG.items():
        git("config", name, value)
    (folder / ".gitignore").write_text(IGNORED)
    (folder / ".git/order").write_text("*_flask.py\n*_django.py\n")
    for step in read_steps():
        for name, lines in step.scripts.items():
            script = "".join(f"{line}\n" for line in lines)
            (folder / name).write_bytes(script.encode())
        git("add", ".")
        git("commit", "--quiet", "-m", step.title, "-m", step.text)
        git("tag", step.tag)
    git("am", "--quiet", "-C1", ROOT / ".show/search.patch")
    git("tag", "todo-search")
    git("checkout", "--quiet", "hello-1")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    try:
        write_talk(folder)
    except OSError as error:
        parser.error(f"{error}: name another, or delete it first.")
    print(f"The talk is in {folder}, at hello-1: see git show there.")
