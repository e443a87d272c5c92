"""Tests of the documents: their quotes are true, their links lead somewhere.

To quote anew what has changed in the scripts, and to see what that is:
    python .ci/test_documents.py && git diff
"""

import re
import subprocess
from difflib import SequenceMatcher
from textwrap import dedent

import pytest
from servers import ROOT

QUOTING = [ROOT / "README.md", ROOT / ".github/side-by-side.md"]
QUOTED = [*ROOT.glob("*.py"), *ROOT.glob(".show/flask_*.py")]
QUOTED.append(ROOT / ".show/search.patch")


def find(quote, lines):
    """Return the index of the line at which a quote begins, or None."""
    first, count = quote.split("\n")[0].strip(), quote.count("\n")
    for start, line in enumerate(lines):
        piece = "".join(lines[start : start + count])
        if line.strip() == first and dedent(piece) == dedent(quote):
            return start


def find_stale(document):
    """Return what a document quotes, though it is nowhere any more."""
    fence = r"(?ms)^```(?:diff|html|python|sql)\n(.*?)^```$"
    quotes = re.findall(fence, document.read_text("utf-8"))
    pieces = [piece for quote in quotes for piece in quote.split(" ...\n")]
    files = [file.read_text("utf-8").splitlines(True) for file in QUOTED]
    return [p for p in pieces if {find(p, lines) for lines in files} == {None}]


def git(*words):
    """Return what git prints; nothing, if it does not know a file."""
    command = ["git", "-C", ROOT, *words]
    run = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    return run.stdout.decode()


def renew(quote, commit):
    """Return what has become of a quote since a commit, if that is clear."""
    for file in QUOTED:
        name = f"{commit}:{file.relative_to(ROOT).as_posix()}"
        old = git("show", name).splitlines(True)
        new = file.read_text("utf-8").splitlines(True)
        if (start := find(quote, old)) is not None:
            same = SequenceMatcher(None, old, new, autojunk=False)
            edges = [
                (a + n, b + n)
                for a, b, size in same.get_matching_blocks()
                for n in range(size + 1)
            ]
            # What is new above it or below it does not belong to it.
            first = dict(edges).get(start)
            last = dict(edges[::-1]).get(start + quote.count("\n"))
            if None not in (first, last):
                return dedent("".join(new[first:last]))
    return quote


@pytest.mark.parametrize("document", QUOTING, ids=lambda path: path.name)
def test_documents_quote_the_scripts_word_for_word(document):
    """Whoever copies from a document gets what was tested."""
    stale = find_stale(document)
    assert not stale, "\n".join(
        ["python .ci/test_documents.py can write these anew:", *stale]
    )


def anchors(file):
    """Return the addresses of all headings of a document."""
    titles = re.findall(r"(?m)^#+ (.+)$", file.read_text("utf-8").lower())
    return [re.sub(r"[^\w-]", "", title.replace(" ", "-")) for title in titles]


def test_links_lead_to_files_and_headings_that_exist():
    """Whoever follows one arrives."""
    link = r'(?:\]\(|(?:src|srcset|href)=")([\w./-]*)#?([\w-]*)[)"]'
    for document in [ROOT / "README.md", *ROOT.glob(".github/*.md")]:
        text = document.read_text("utf-8")
        prose = re.sub(r"(?ms)^```.*?^```$", "", text)
        for path, anchor in re.findall(link, prose):
            file = (document.parent / path).resolve() if path else document
            assert file.exists(), (document, path)
            assert not anchor or anchor in anchors(file), (document, anchor)


@pytest.mark.parametrize("pair", ["hello", "site", "todo"])
def test_a_pair_has_what_both_have_in_the_same_order(pair):
    """Comparing the two, a reader finds the same thing at the same place."""
    names = []
    for framework in ("flask", "django"):
        text = (ROOT / f"{pair}_{framework}.py").read_text("utf-8")
        names.append(re.findall(r"(?m)^(?:def (\w+)|HTML\[(.+)\] =)", text))
    flask, django = names
    shared = [name for name in flask if name in django]
    assert shared == [name for name in django if name in flask]


if __name__ == "__main__":
    for document in QUOTING:
        commit = git("log", "-1", "--format=%h", "--", document).strip()
        text = document.read_text("utf-8")
        for quote in find_stale(document):
            text = text.replace(f"\n{quote}", f"\n{renew(quote, commit)}")
        document.write_text(text, "utf-8", newline="\n")
