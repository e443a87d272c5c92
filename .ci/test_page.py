"""The page's promises: where a topic's pieces run, and what each needs."""

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
