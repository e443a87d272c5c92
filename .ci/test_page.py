"""The page's promises: where a topic's pieces run, and what each needs."""

import builtins
import contextlib
import re
from symtable import symtable

import pytest
from page import find_step, read_topics
from steps import read_steps
from test_talk import Person

TOPICS = {title: halves for title, _, _, halves in read_topics()}
USED = ["A route", "A form with a message", "Sign-up", "A login"]


@pytest.mark.parametrize("framework", ["flask", "django"])
@pytest.mark.parametrize("topic", USED)
def test_a_topic_runs_where_the_page_says(topic, framework, start, tmp_path):
    step = find_step(TOPICS[topic], read_steps())
    [(file, lines)] = [it for it in step.scripts.items() if framework in it[0]]
    (tmp_path / file).write_text("\n".join([*lines, ""]), encoding="utf-8")
    person = Person(start(file.removesuffix(".py")))
    if topic == "A route":
        assert person.open("/about/").headings == ("About Me", "About Me")
        return
    assert "Log out" in person.sign_up("ada").buttons
    if topic == "A form with a message":
        assert "title" in person.add(" ").errors
        assert person.add("Buy milk").todos == ["Buy milk"]
        return
    person.press("Log out")
    assert person.log_in("ada", "wrong").headings[1] == "Log in"
    assert "Log out" in person.log_in("ada").buttons


def global_names(table):
    """Return the names that some code takes from outside its functions."""
    names = {it.get_name() for it in table.get_symbols() if it.is_global()}
    return names.union(*map(global_names, table.get_children()))


def test_a_piece_says_what_it_needs():
    known = {"__name__", *dir(builtins)}
    halves = [half for halves in TOPICS.values() for half in halves]
    for *_, code, needs in [it for half in halves for it in half[2]]:
        with contextlib.suppress(SyntaxError):  # as SQL and HTML are
            top = symtable(needs + code, "a piece", "exec")
            ids = top.get_identifiers()
            own = {name for name in ids if top.lookup(name).is_local()}
            said = set(re.findall(r"\w+", needs))
            assert global_names(top) <= own | known | said, code
