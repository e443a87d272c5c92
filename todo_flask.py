# SPDX-License-Identifier: 0BSD
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
import socket
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

from flask import Flask, abort, g, redirect, render_template, request
from flask import session, url_for
from jinja2 import DictLoader
from waitress import serve
from werkzeug.security import check_password_hash, generate_password_hash

# Configuration

DATABASE = Path(__file__).with_name("todo_flask.sqlite3")
FILTERS = {  # what ?show= may be, and the SQL that stands for it
    "all": "TRUE",
    "active": "completed = FALSE",
    "completed": "completed = TRUE",
}
PAGE_SIZE = 50  # to-dos
HTML = {}  # the templates by name; Flask escapes what ends in .html

app = Flask(__name__)
app.config.update(
    MAX_CONTENT_LENGTH=500_000,  # bytes; Flask itself limits multipart only
    # In the environment it outlives a reload, which then logs nobody out.
    SECRET_KEY=os.environ.setdefault("SECRET_KEY", secrets.token_hex()),
    # All ports of a host share their cookies, so this has its own name.
    SESSION_COOKIE_NAME="todo_flask",
    SESSION_COOKIE_SAMESITE="Lax",
    # A page that is still loading in another tab must not undo a logout.
    SESSION_REFRESH_EACH_REQUEST=False,
    TRUSTED_HOSTS=["127.0.0.1", "localhost"],
)
app.jinja_loader = DictLoader(HTML)

# Layout

HTML["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% if errors %}Error: {% endif %}
{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scrollbar-gutter: stable;
  color: light-dark(#222, #eee); background: light-dark(#f1f1ed, #161618);
  --accent: light-dark(#1a4480, #a3c9ff); scroll-padding-top: 40vh;
  --card: light-dark(#fff, #232326); --quiet: light-dark(#505050, #b8b8b8) }
:focus-visible { outline: 2px solid var(--accent) }
:target { outline-width: 1px }
body { max-width: 33em; margin: auto; padding: .5em; overflow-wrap: anywhere;
  font: clamp(1.125rem, 1rem + .4vw, 1.75rem)/1.5 system-ui, sans-serif }
header, .row, li, nav { display: flex; flex-wrap: wrap; align-items: center;
  justify-content: space-between; gap: 0 .6em }
header { padding: .5em 0; color: var(--quiet); font-size: .8em }
header b, .clear-completed { margin-left: auto }
main { padding: .1em 4% .5em; border-radius: .5em; background: var(--card);
  box-shadow: 0 .1em .5em #0003 }
main form > * { margin: .6em 0 }
h1, a, button { color: var(--accent) }
a:not(:hover) { text-decoration: none }
input { box-sizing: border-box; width: 100%; padding: .4em; font: inherit;
  border-radius: .25em; background: none; color: inherit }
input, .toggle { border: 1px solid #888 }
.destroy, ::placeholder { color: var(--quiet); opacity: 1 }
.errorlist, [aria-invalid] { border-left: .4em solid #d33 }
.errorlist { display: block; flex: 1 100%; order: 1; padding: .2em .5em }
button { padding: .4em 0; border: 0; background: none; font: inherit }
.primary { padding: .4em .75em; border-radius: .25em }
.primary, .completed .toggle { color: var(--card); background: var(--accent) }
[name=title], .title { flex: 1 5em; color: inherit; unicode-bidi: plaintext }
/* A double click must not hit the row that has moved up meanwhile. */
ul { margin: 0; padding: 0; animation: guard .4s }
@keyframes guard { from, to { pointer-events: none } }
.todo-list li { padding: .25em 0; border-top: 1px solid #8886 }
li button { width: 2em; height: 2em; padding: 0; border-radius: 1em }
.completed .title { color: var(--quiet); text-decoration: line-through }
[aria-current] { color: inherit; font-weight: bold }
</style>
</head>
<body>
<header>Made with Flask
{% if g.user %}
<b>{{ g.user.username }}</b>
<form method="post" action="{{ url_for('logout') }}">
<button>Log out</button></form>
{% endif %}
</header>
<main>{% block content %}{% endblock %}</main>
</body>
</html>
"""

# Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS user (
    -- Random, or a new account could get the id that an old cookie names.
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS todo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id TEXT NOT NULL REFERENCES user (id),  -- unchecked by default
    title TEXT NOT NULL,
    completed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS todo_all ON todo (owner_id);
CREATE INDEX IF NOT EXISTS todo_filtered ON todo (owner_id, completed);
"""

with closing(sqlite3.connect(DATABASE)) as db:
    db.executescript(SCHEMA)
    # Lets all read while one writes; fails if another start just sets it.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")


def query(sql, *values):
    """Run one statement, a transaction of its own; return its cursor."""
    if "db" not in g:
        g.db = sqlite3.connect(DATABASE, timeout=60, isolation_level=None)
        g.db.row_factory = sqlite3.Row
    return g.db.execute(sql, values)


@app.teardown_appcontext
def close_db(error):
    if "db" in g:
        g.db.close()


# Protection


@app.before_request
def check_origin():
    """Refuse, with a 403, a form that a page of another site has sent."""
    # Browsers name that site in Origin (Fetch standard). Behind a proxy that
    # ends TLS, host_url is right only with Werkzeug's ProxyFix.
    own_origin = request.host_url.rstrip("/")
    if request.method == "POST" and request.origin not in (None, own_origin):
        abort(403)


@app.before_request
def load_user():
    """Set g.user to the account that is logged in, or to None."""
    sql = "SELECT id, username FROM user WHERE id = ?"
    g.user = query(sql, session.get("user_id")).fetchone()


@app.before_request
def require_login():
    """Send a visitor who is not logged in to the login page."""
    # Without a view the endpoint is None, and the answer a 404 or a 405.
    if g.user is None and request.endpoint not in ("login", "signup", None):
        return redirect(url_for("login"))


@app.after_request
def add_security_headers(response):
    """Store no page, guess no type, allow no frame, tell no other site."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response


# Accounts


def log_in(user_id):
    """Begin a session for an account; return a redirect to its list."""
    session.clear()
    session.permanent = True  # lasts 31 days, not only until the browser ends
    session["user_id"] = user_id
    return redirect(url_for("index"))


@app.route("/login/", methods=["GET", "POST"])
def login():
    """Lead to the list, or say that name and password do not match."""
    errors = {}
    if request.method == "POST":
        username = request.form["username"].strip()
        password = request.form["password"]
        sql = "SELECT id, password FROM user WHERE username = ?"
        user = query(sql, username).fetchone()
        if user is None:
            generate_password_hash(password)  # an unknown name takes as long
        elif check_password_hash(user["password"], password):
            return log_in(user["id"])
        errors["username"] = "No user has this username and password."
    return render_template("login.html", errors=errors)


@app.route("/signup/", methods=["GET", "POST"])
def signup():
    """Make an account and log in, or say what is wrong."""
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
            user_id = secrets.token_hex(16)
            password_hash = generate_password_hash(password)
            sql = """INSERT INTO user (id, username, password)
                     VALUES (?, ?, ?) ON CONFLICT (username) DO NOTHING"""
            if query(sql, user_id, username, password_hash).rowcount:
                return log_in(user_id)
            errors["username"] = "This username is taken."
    return render_template("signup.html", errors=errors)


@app.post("/logout/")
def logout():
    """Make this browser forget who was logged in."""
    session.clear()
    return redirect(url_for("login"))


HTML["forms.html"] = """\
{# The page brings errors, {field: message}: one at a time, for its id. #}
{% macro field(label, name, type="text", autocomplete="off", value="") %}
<p><label for="{{ name }}">{{ label }}</label>
<input id="{{ name }}" name="{{ name }}" type="{{ type }}" value="{{ value }}"
  autocomplete="{{ autocomplete }}" {% if type == "text" %}autofocus{% endif %}
  {% if errors[name] %}aria-invalid="true" aria-describedby="error"{% endif %}>
{% if errors[name] %}
<span class="errorlist" id="error">{{ errors[name] }}</span>
{% endif %}</p>
{% endmacro %}
"""

HTML["login.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">
{{ field("Username", "username", autocomplete="username",
         value=request.form.username) }}
{{ field("Password", "password", type="password",
         autocomplete="current-password") }}
<p class="row"><button class="primary">Log in</button>
<a href="{{ url_for('signup') }}">Sign up</a></p>
</form>
{% endblock %}
"""

HTML["signup.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Sign up{% endblock %}
{% block content %}
<h1>Sign up</h1>
<form method="post">
{{ field("Username", "username", autocomplete="username",
         value=request.form.username) }}
{{ field("Password (at least 8 characters)", "password1", type="password",
         autocomplete="new-password") }}
{{ field("Password confirmation", "password2", type="password",
         autocomplete="new-password") }}
<p class="row"><button class="primary">Sign up</button>
<a href="{{ url_for('login') }}">Log in</a></p>
</form>
{% endblock %}
"""

# The list


@app.template_global()
def filter_and_page():
    """Return ?show= and ?page= as sent; url_for leaves out what is None."""
    return {"show": request.args.get("show"), "page": request.args.get("page")}


def redirect_to_list():
    """Return a redirect to the filter and page that the visitor came from."""
    return redirect(url_for("index", **filter_and_page()))


def read_title():
    """Return the title that was sent, and what is wrong with it, by field."""
    title = request.form["title"].strip()
    if 1 <= len(title) <= 200:
        return title, {}
    return title, {"title": f"Use 1 to 200 characters, not {len(title)}."}


def count_todos(show):
    """Return how many to-dos a filter lets through."""
    sql = f"""SELECT count(*) FROM todo
              WHERE owner_id = ? AND {FILTERS[show]}"""
    return query(sql, g.user["id"]).fetchone()[0]


@app.route("/", methods=["GET", "POST"])
def index():
    """Show a page of the list, newest first; add what the visitor wrote."""
    errors = {}
    if request.method == "POST":
        title, errors = read_title()
        if not errors:
            sql = "INSERT INTO todo (owner_id, title) VALUES (?, ?)"
            query(sql, g.user["id"], title)
            return redirect_to_list()
    show = request.args.get("show")
    if show not in FILTERS:
        show = "all"
    counts = {name: count_todos(name) for name in ("active", "completed")}
    counts["all"] = sum(counts.values())
    last_page = math.ceil(counts[show] / PAGE_SIZE) or 1
    page = request.args.get("page", 1, type=int)
    page = max(1, min(page, last_page))
    sql = f"""SELECT id, title, completed FROM todo
              WHERE owner_id = ? AND {FILTERS[show]}
              ORDER BY id DESC LIMIT ? OFFSET ?"""
    offset = (page - 1) * PAGE_SIZE
    return render_template(
        "index.html",
        errors=errors,
        show=show,
        filters=FILTERS,
        counts=counts,
        todos=query(sql, g.user["id"], PAGE_SIZE, offset).fetchall(),
        page=page,
        last_page=last_page,
    )


@app.route("/<int:todo_id>/edit/", methods=["GET", "POST"])
def edit(todo_id):
    """Show a to-do's title in a field; save what the visitor wrote."""
    sql = "SELECT id, title FROM todo WHERE id = ? AND owner_id = ?"
    # In SQL an ID goes as text, str(todo_id): a number may be too large.
    todo = query(sql, str(todo_id), g.user["id"]).fetchone()
    if todo is None:
        abort(404)
    errors = {}
    if request.method == "POST":
        title, errors = read_title()
        if not errors:
            sql = "UPDATE todo SET title = ? WHERE id = ?"
            query(sql, title, todo["id"])
            return redirect_to_list()
    return render_template("edit.html", errors=errors, todo=todo)


@app.post("/<int:todo_id>/toggle/")
def toggle(todo_id):
    """Complete a to-do, or make it active again."""
    sql = "UPDATE todo SET completed = ? WHERE id = ? AND owner_id = ?"
    query(sql, "completed" in request.form, str(todo_id), g.user["id"])
    return redirect_to_list()


@app.post("/<int:todo_id>/delete/")
def delete(todo_id):
    """Delete a to-do; one that is gone is no error."""
    sql = "DELETE FROM todo WHERE id = ? AND owner_id = ?"
    query(sql, str(todo_id), g.user["id"])
    return redirect_to_list()


@app.post("/toggle-all/")
def toggle_all():
    """Complete all to-dos, or make them all active again."""
    sql = "UPDATE todo SET completed = ? WHERE owner_id = ?"
    query(sql, "completed" in request.form, g.user["id"])
    return redirect_to_list()


@app.post("/clear-completed/")
def clear_completed():
    """Delete the completed to-dos of all pages."""
    sql = "DELETE FROM todo WHERE owner_id = ? AND completed = TRUE"
    query(sql, g.user["id"])
    return redirect_to_list()


# The browser keeps the fragment of a button's address (#row-3) across the
# redirect: the visitor is back at that row, whichever to-do it holds now.
HTML["index.html"] = """\
{% extends "base.html" %}
{% block title %}Todos{% endblock %}
{% block content %}
{% set args = filter_and_page() %}
<h1>todos</h1>
<form method="post" action="{{ url_for('index', **dict(args, page=None)) }}">
<div class="row">
<input class="new-todo" name="title" value="{{ request.form.title }}" autofocus
  {% if errors %}aria-invalid="true" aria-describedby="error"{% endif %}
  placeholder="What needs to be done?" aria-label="What needs to be done?">
<button class="primary">Add</button>
{% if errors %}
<span class="errorlist" id="error">{{ errors.title }}</span>
{% endif %}</div>
</form>
{% if counts.all %}
<form method="post">
<div class="row">
<span class="todo-count"><strong>{{ counts.active }}</strong>
item{{ "s" if counts.active != 1 }} left</span>
<button class="toggle-all" {% if counts.active %}name="completed"{% endif %}
  formaction="{{ url_for('toggle_all', **args) }}">
{% if counts.active %}Complete{% else %}Reactivate{% endif %} all</button>
</div>
<ul class="todo-list">
{% for todo in todos %}
{% set row = "row-%d" % loop.index %}
<li id="todo-{{ todo.id }}"
  {% if todo.completed %}class="completed"{% endif %}>
<button class="toggle" {% if not todo.completed %}name="completed"{% endif %}
  aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ 'true' if todo.completed else 'false' }}"
  formaction="{{ url_for('toggle', todo_id=todo.id, **args) }}#{{ row }}">
{% if todo.completed %}✓{% endif %}</button>
<a class="title" id="{{ row }}"
  href="{{ url_for('edit', todo_id=todo.id, **args) }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{{ url_for('delete', todo_id=todo.id, **args) }}#{{ row }}">
×</button>
</li>
{% else %}
<li>Nothing to show here.</li>
{% endfor %}
</ul>
<div class="row" id="row-{{ todos|length + 1 }}">
<nav class="filters" aria-label="Filters">
{% for name in filters %}
<a href="{{ url_for('index', **dict(args, show=name, page=None)) }}"
  {% if name == show %}aria-current="page"{% endif %}>{{ name|title }}</a>
{% endfor %}
</nav>
{% if page > 1 %}
<a href="{{ url_for('index', **dict(args, page=page - 1)) }}">Newer</a>
{% endif %}
{% if page < last_page %}
<a href="{{ url_for('index', **dict(args, page=page + 1)) }}">Older</a>
{% endif %}
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

HTML["edit.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Edit a to-do{% endblock %}
{% block content %}
<h1>Edit</h1>
<form method="post" action="#todo-{{ todo.id }}">
{{ field("What needs to be done?", "title",
         value=request.form.get("title", todo.title)) }}
<p class="row"><button class="primary">Save</button>
<a href="{{ url_for('index', **filter_and_page()) }}#todo-{{ todo.id }}">
Cancel</a></p>
</form>
{% endblock %}
"""

# Errors


@app.errorhandler(404)
def page_not_found(error):
    """Answer an unknown address with the way back."""
    return render_template("404.html"), 404


HTML["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is nothing at this address.</p>
<p><a href="{{ url_for('index') }}">Back to the list</a></p>
{% endblock %}
"""

# Start

if __name__ == "__main__":
    # waitress logs its address.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = int(os.environ.get("PORT", "5000"))
    try:
        # waitress itself would share a port that is taken, on Windows.
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"Port {port}: {error}. Set PORT to another number.")
    serve(app, sockets=[listener])
