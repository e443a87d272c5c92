# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""A to-do list with accounts in Flask, kept in todo_flask.sqlite3.

Run it:     python todo_flask.py, then open http://127.0.0.1:5000
Live-code:  flask --app todo_flask run --debug
Needs:      pip install flask waitress
"""

import logging
import math
import os
import re
import secrets
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

from flask import Flask, abort, g, redirect, render_template, request
from flask import session, url_for
from jinja2 import DictLoader
from waitress import serve
from werkzeug.security import check_password_hash, generate_password_hash

# Configuration

DATABASE = Path(__file__).with_name("todo_flask.sqlite3")
FILTERS = [(None, "All"), ("active", "Active"), ("completed", "Completed")]
PAGE_SIZE = 50  # to-dos
TEMPLATES = {}  # each can move into templates/, as a file of its name

app = Flask(__name__)
app.config.update(
    MAX_CONTENT_LENGTH=500_000,  # bytes
    # A reloader hands the key down, so that a reload logs nobody out.
    SECRET_KEY=os.environ.setdefault("SECRET_KEY", secrets.token_hex()),
    SESSION_COOKIE_NAME="todo_flask",  # cookies do not know ports
    SESSION_COOKIE_SAMESITE="Lax",
    TRUSTED_HOSTS=["127.0.0.1", "localhost"],
)
app.jinja_loader = DictLoader(TEMPLATES)

# Layout

TEMPLATES["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scrollbar-gutter: stable;
  color: light-dark(#222, #eee); background: light-dark(#f1f1ed, #161618);
  --accent: light-dark(#9b1c31, #ff9aa8); --card: light-dark(#fff, #232326);
  --quiet: light-dark(#505050, #b8b8b8) }
body { max-width: 33em; margin: auto; padding: .5em; overflow-wrap: anywhere;
  font: clamp(1.125rem, 1rem + .4vw, 1.75rem)/1.5 system-ui, sans-serif }
header, .row, li { display: flex; flex-wrap: wrap; align-items: center;
  justify-content: space-between; gap: 0 .6em }
header { padding: .5em 0; color: var(--quiet); font-size: .8em }
header b { margin-left: auto }
main { padding: 1em 4%; border-radius: .5em; background: var(--card) }
main form > * { margin: 1em 0 }
h1, ul { margin: 0; padding: 0 }
h1, a, button { color: var(--accent) }
input { box-sizing: border-box; width: 100%; margin: .2em 0; padding: .4em;
  border: 1px solid; border-radius: .25em; background: none; color: inherit;
  font: inherit }
::placeholder { color: var(--quiet); opacity: 1 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
[aria-invalid], .errorlist { border-left: .4em solid var(--accent) }
.errorlist { padding-left: .5em }
button { padding: .4em 0; border: 1px solid transparent; background: none;
  font: inherit; cursor: pointer }
.primary { padding: .4em .75em; border-radius: .25em }
.primary, .completed .toggle { color: var(--card); background: var(--accent) }
.new-todo, .title { flex: 1 5em }
.todo-list { border-bottom: 1px solid #8886 }
.todo-list li { border-top: 1px solid #8886 }
.todo-list button { flex: none; width: 2em; height: 2em; margin: .25em 0;
  padding: 0; border-radius: 1em; scroll-margin: 40vh }
.todo-list .toggle { border-color: var(--quiet) }
.title, .destroy { color: inherit; text-decoration: none; scroll-margin: 40vh }
.completed .title { color: var(--quiet); text-decoration: line-through }
nav a { margin-right: .75em; text-decoration: none }
[aria-current] { color: inherit; font-weight: bold }
</style>
</head>
<body>
<header>Made with Flask
{% if g.user %}
<b>{{ g.user.username }}</b>
<form method="post" action="{{ url_for('logout') }}">
<button>Log out</button>
</form>
{% endif %}
</header>
<main>
{% block content %}{% endblock %}
</main>
</body>
</html>
"""


@app.errorhandler(404)
def page_not_found(error):
    """Show the way back from an address that does not exist."""
    return render_template("404.html"), 404


TEMPLATES["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is nothing at this address.</p>
<p><a href="{{ url_for('index') }}">Back to the list</a></p>
{% endblock %}
"""

# Database

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS todo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES user (id),
    title TEXT NOT NULL,
    completed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS todo_all ON todo (owner_id);
CREATE INDEX IF NOT EXISTS todo_filtered ON todo (owner_id, completed);
COMMIT;
"""


def get_db():
    """Return the connection of this request; a statement commits itself."""
    if "db" not in g:
        g.db = sqlite3.connect(DATABASE, isolation_level=None)
        g.db.row_factory = sqlite3.Row
    return g.db


@app.teardown_appcontext
def close_db(error):
    """Close the connection of this request."""
    if "db" in g:
        g.db.close()


with app.app_context():
    get_db().executescript(SCHEMA)
    with suppress(sqlite3.OperationalError):  # another process is at it
        get_db().execute("PRAGMA journal_mode = WAL")

# Protection


@app.before_request
def check_origin():
    """Refuse what the page of another site sends in a visitor's name.

    Browsers say in Origin where a POST comes from (Fetch standard); a token
    in each form, as Flask-WTF makes it, also covers those that do not.
    """
    own_origin = request.host_url.rstrip("/")
    if request.method == "POST" and request.origin not in (None, own_origin):
        abort(403)


@app.before_request
def require_login():
    """Keep who is asking in g.user; send strangers to the login page."""
    g.user = None
    if "user_id" in session:
        sql = "SELECT id, username FROM user WHERE id = ?"
        g.user = get_db().execute(sql, (session["user_id"],)).fetchone()
    # The endpoint is None where there is no page: that gets its 404.
    if g.user is None and request.endpoint not in ("login", "signup", None):
        return redirect(url_for("login"))


@app.after_request
def add_security_headers(response):
    """Have the browser guess no types, be in no frame, leak no address."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response


# Accounts

TEMPLATES["forms.html"] = """\
{% macro input(name, value="", type="text", autofocus=False) %}
<input name="{{ name }}" type="{{ type }}"{{ kwargs|xmlattr }}
  {% if type == "text" %}value="{{ request.form.get(name, value) }}"{% endif %}
  {% if name in errors %}aria-invalid="true" aria-describedby="error"
  {% endif %}
  {% if name in errors or autofocus and not errors %}autofocus{% endif %}>
{% endmacro %}
{% macro errorlist(name) %}
{% if name in errors %}
<p class="errorlist" id="error">{{ errors[name] }}</p>
{% endif %}
{% endmacro %}
{% macro field(label, name) %}
<p><label>{{ label }} {{ input(name, **kwargs) }}</label></p>
{{ errorlist(name) }}
{% endmacro %}
"""


def login_user(user_id):
    """Start a session that holds nothing older; go to the list."""
    session.clear()
    session.permanent = True
    session["user_id"] = user_id
    return redirect(url_for("index"))


@app.route("/login/", methods=["GET", "POST"])
def login():
    """Log in."""
    errors = {}
    if request.method == "POST":
        username = request.form["username"].strip()
        password = request.form["password"]
        sql = "SELECT id, password FROM user WHERE username = ?"
        user = get_db().execute(sql, (username,)).fetchone()
        if user is None:
            generate_password_hash(password)  # takes as long as a check
        elif check_password_hash(user["password"], password):
            return login_user(user["id"])
        errors["username"] = "No user has this username and password."
    return render_template("login.html", errors=errors)


TEMPLATES["login.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">
{{ field("Username", "username", autocomplete="username", autofocus=True) }}
{{ field("Password", "password", type="password",
         autocomplete="current-password") }}
<p class="row"><button class="primary">Log in</button>
<a href="{{ url_for('signup') }}">Sign up</a></p>
</form>
{% endblock %}
"""


@app.route("/signup/", methods=["GET", "POST"])
def signup():
    """Make an account and log in."""
    errors = {}
    if request.method == "POST":
        username = request.form["username"].strip()
        password = request.form["password1"]
        if not re.fullmatch(r"[\w.@+-]{1,150}", username):
            errors["username"] = "Use 1 to 150 letters, digits or @ . + - _"
        elif len(password) < 8:
            errors["password1"] = "Use at least 8 characters."
        elif password != request.form["password2"]:
            errors["password2"] = "The two passwords differ."
        else:
            sql = "INSERT INTO user (username, password) VALUES (?, ?)"
            values = (username, generate_password_hash(password))
            try:
                user_id = get_db().execute(sql, values).lastrowid
            except sqlite3.IntegrityError:
                errors["username"] = "This username is taken."
            else:
                return login_user(user_id)
    return render_template("signup.html", errors=errors)


TEMPLATES["signup.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Sign up{% endblock %}
{% block content %}
<h1>Sign up</h1>
<form method="post">
{{ field("Username", "username", autocomplete="username", autofocus=True) }}
{{ field("Password (at least 8 characters)", "password1", type="password",
         autocomplete="new-password") }}
{{ field("Password confirmation", "password2", type="password",
         autocomplete="new-password") }}
<p class="row"><button class="primary">Sign up</button>
<a href="{{ url_for('login') }}">Log in</a></p>
</form>
{% endblock %}
"""


@app.post("/logout/")
def logout():
    """Log out."""
    session.clear()
    return redirect(url_for("login"))


# The list


def title_errors(title):
    """Return what is wrong with the title of a to-do, by field."""
    if not title:
        return {"title": "Please write what needs to be done."}
    if len(title) > 200:
        return {"title": f"Use at most 200 characters, not {len(title)}."}
    if "\0" in title:
        return {"title": "Use no NUL characters."}
    return {}


def list_args():
    """Return the filter and the page that the address asks for."""
    return {"show": request.args.get("show"), "page": request.args.get("page")}


def redirect_to_list():
    """Return to the filter and the page that the visitor came from."""
    return redirect(url_for("index", **list_args()))


def count_todos(completed):
    """Return how many to-dos are completed, or how many are not."""
    sql = "SELECT count(*) FROM todo WHERE owner_id = ? AND completed = ?"
    row = get_db().execute(sql, (g.user["id"], completed)).fetchone()
    return row[0]


def get_todos(show, page):
    """Return the to-dos on one page of a filter, newest first."""
    sql = "SELECT id, title, completed FROM todo WHERE owner_id = ?"
    values = [g.user["id"]]
    if show:
        sql += " AND completed = ?"
        values.append(show == "completed")
    sql += " ORDER BY id DESC LIMIT ? OFFSET ?"
    values += [PAGE_SIZE, (page - 1) * PAGE_SIZE]
    return get_db().execute(sql, values).fetchall()


@app.route("/", methods=["GET", "POST"])
def index():
    """Show a page of the list; add what the visitor wrote."""
    show = request.args.get("show")
    errors = {}
    if request.method == "POST":
        title = request.form["title"].strip()
        errors = title_errors(title)
        if not errors:
            sql = "INSERT INTO todo (owner_id, title) VALUES (?, ?)"
            get_db().execute(sql, (g.user["id"], title))
            # What is new is active, and on the first page.
            show = "active" if show == "active" else None
            return redirect(url_for("index", show=show))
    counts = {
        "active": count_todos(completed=False),
        "completed": count_todos(completed=True),
    }
    counts[None] = sum(counts.values())
    if show not in counts:
        show = None
    last_page = math.ceil(counts[show] / PAGE_SIZE) or 1
    page = request.args.get("page", 1, type=int)
    page = min(max(1, page), last_page)
    return render_template(
        "index.html",
        errors=errors,
        args=list_args(),
        show=show,
        filters=FILTERS,
        counts=counts,
        todos=get_todos(show, page),
        page=page,
        last_page=last_page,
    )


# A fragment on the address of a button (#todo-ID) outlives the redirect: the
# visitor is where they were, with the same button in focus; or at the to-do
# above (#row-N), where the own one is deleted or not in the filter any more.
TEMPLATES["index.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import errorlist, input with context %}
{% block title %}Todos{% endblock %}
{% block content %}
<h1>todos</h1>
<form method="post" action="{{ url_for('index', show=show) }}">
<p class="row">
{{ input("title", class="new-todo", autofocus=True,
         placeholder="What needs to be done?",
         **{"aria-label": "What needs to be done?"}) }}
<button class="primary">Add</button></p>
{{ errorlist("title") }}
</form>
{% if counts.active or counts.completed %}
<form method="post">
<div class="row">
<span class="todo-count"><strong>{{ counts.active }}</strong>
item{{ "s" if counts.active != 1 }} left</span>
<button class="toggle-all" formaction="{{ url_for('toggle_all', **args) }}">
{{ "Complete" if counts.active else "Reactivate" }} all</button>
</div>
<ul class="todo-list" id="row-0">
{% for todo in todos %}
<li{% if todo.completed %} class="completed"{% endif %}>
<button class="toggle" id="todo-{{ todo.id }}"
  aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ 'true' if todo.completed else 'false' }}"
  formaction="{{ url_for('toggle', todo_id=todo.id, **args)
  }}#{{ "row" if show else "todo" }}-{{ loop.index0 if show else todo.id }}">
{% if todo.completed %}✓{% endif %}</button>
<a class="title" id="row-{{ loop.index }}"
  href="{{ url_for('edit', todo_id=todo.id, **args) }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{{ url_for('delete', todo_id=todo.id, **args)
  }}#row-{{ loop.index0 }}">×</button>
</li>
{% else %}
<li>Nothing to show here.</li>
{% endfor %}
</ul>
<div class="row">
<nav class="filters" aria-label="Filters">
{% for value, label in filters %}
<a href="{{ url_for('index', show=value) }}"
  {% if value == show %}aria-current="page"{% endif %}>{{ label }}</a>
{% endfor %}
</nav>
<nav aria-label="Pages">
{% if page > 1 %}
<a href="{{ url_for('index', show=show, page=page - 1) }}">Newer</a>
{% endif %}
{% if page < last_page %}
<a href="{{ url_for('index', show=show, page=page + 1) }}">Older</a>
{% endif %}
</nav>
{% if counts.completed %}
<button class="clear-completed"
  formaction="{{ url_for('clear_completed', **args) }}">
Clear completed</button>
{% endif %}
</div>
</form>
{% endif %}
{% endblock %}
"""


# An ID stays text: SQLite compares it with a number, of whatever length.
@app.route("/<todo_id>/edit/", methods=["GET", "POST"])
def edit(todo_id):
    """Change the title of a to-do."""
    sql = "SELECT id, title FROM todo WHERE id = ? AND owner_id = ?"
    todo = get_db().execute(sql, (todo_id, g.user["id"])).fetchone()
    if todo is None:
        abort(404)
    errors = {}
    if request.method == "POST":
        title = request.form["title"].strip()
        errors = title_errors(title)
        if not errors:
            sql = "UPDATE todo SET title = ? WHERE id = ? AND owner_id = ?"
            get_db().execute(sql, (title, todo_id, g.user["id"]))
            return redirect_to_list()
    return render_template(
        "edit.html", errors=errors, args=list_args(), todo=todo
    )


TEMPLATES["edit.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Edit a to-do{% endblock %}
{% block content %}
<h1>Edit</h1>
<form method="post" action="#todo-{{ todo.id }}">
{{ field("Title", "title", value=todo.title, class="edit", autofocus=True) }}
<p class="row"><button class="primary">Save</button>
<a href="{{ url_for('index', **args) }}#todo-{{ todo.id }}">Cancel</a></p>
</form>
{% endblock %}
"""


@app.post("/<todo_id>/toggle/")
def toggle(todo_id):
    """Complete a to-do, or make it active again."""
    sql = """UPDATE todo SET completed = NOT completed
             WHERE id = ? AND owner_id = ?"""
    if not get_db().execute(sql, (todo_id, g.user["id"])).rowcount:
        abort(404)
    return redirect_to_list()


@app.post("/<todo_id>/delete/")
def delete(todo_id):
    """Delete a to-do."""
    sql = "DELETE FROM todo WHERE id = ? AND owner_id = ?"
    if not get_db().execute(sql, (todo_id, g.user["id"])).rowcount:
        abort(404)
    return redirect_to_list()


@app.post("/toggle-all/")
def toggle_all():
    """Complete all to-dos; if they all are, make them all active."""
    sql = "UPDATE todo SET completed = ? WHERE owner_id = ?"
    get_db().execute(sql, (count_todos(completed=False) > 0, g.user["id"]))
    return redirect_to_list()


@app.post("/clear-completed/")
def clear_completed():
    """Delete the completed to-dos."""
    sql = "DELETE FROM todo WHERE owner_id = ? AND completed = TRUE"
    get_db().execute(sql, (g.user["id"],))
    return redirect_to_list()


# Start

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = os.environ.get("PORT", "5000")
    try:
        serve(app, host="127.0.0.1", port=port)
    except OSError as error:
        sys.exit(f"Port {port}: {error}. Try: PORT=0 python {sys.argv[0]}")
