"""Tests of the documents: their quotes are true, their links lead somewhere.

To quote anew what has changed in the scripts, and to see what that is:
    python .ci/test_documents.py && git diff
"""

import re
from difflib import SequenceMatcher
from functools import cache
from textwrap import dedent

import pytest
from servers import ROOT

QUOTING = [ROOT / "README.md", ROOT / ".github/side-by-side.md"]
QUOTED = [*ROOT.glob("*.py"), *ROOT.glob(".show/flask_*.py")]
QUOTED.append(ROOT / ".show/search.patch")


@cache
def read_pieces(count):
    """Return all pieces of so many lines in what is quoted, dedented."""
    pieces = []
    for file in QUOTED:
        lines = file.read_text("utf-8").splitlines(keepends=True)
        for end in range(count, len(lines) + 1):
            pieces.append(dedent("".join(lines[end - count : end])))
    return pieces


def find_stale(document):
    """Return what a document quotes, though it is nowhere any more."""
    fence = r"(?ms)^```(?:diff|html|python|sql)\n(.*?)^```$"
    quotes = re.findall(fence, document.read_text("utf-8"))
    pieces = [piece for quote in quotes for piece in quote.split(" ...\n")]
    return [p for p in pieces if dedent(p) not in read_pieces(p.count("\n"))]


def find_closest(quote):
    """Return the piece that is most like a quote."""
    quote = dedent(quote)
    count, ends = quote.count("\n"), re.compile(r"\A.*\n|.*\n\Z")

    def likeness(piece):
        return SequenceMatcher(None, piece, quote, autojunk=False).ratio()

    # One that begins and ends alike, or a quote could lose what has grown.
    whole = [
        piece
        for length in range(max(1, count - 5), count + 6)
        for piece in read_pieces(length)
        if ends.findall(piece) == ends.findall(quote)
    ]
    return max(whole or read_pieces(count), key=likeness)


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
        text = document.read_text("utf-8")
        for quote in find_stale(document):
            text = text.replace(f"\n{quote}", f"\n{find_closest(quote)}")
        document.write_text(text, "utf-8", newline="\n")
