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
from contextlib import closing, suppress
from pathlib import Path

from flask import Flask, abort, flash, g, redirect, render_template
from flask import request, session, url_for
from jinja2 import DictLoader
from waitress import serve
from werkzeug.security import check_password_hash, generate_password_hash

# Configuration

DATABASE = Path(__file__).with_name("todo_flask.sqlite3")
FILTERS = {  # what ?show= may be, and its condition
    None: "TRUE",  # these go into SQL: none may come from a visitor
    "active": "completed = FALSE",
    "completed": "completed = TRUE",
}
PAGE_SIZE = 50  # to-dos
HTML = {}  # the templates, by name

app = Flask(__name__)
app.config.update(
    MAX_CONTENT_LENGTH=500_000,  # bytes
    # The reloader hands the key on, so that a reload logs nobody out.
    SECRET_KEY=os.environ.setdefault("SECRET_KEY", secrets.token_hex()),
    # All ports of a host share their cookies, so this has its own name.
    SESSION_COOKIE_NAME="todo_flask",
    SESSION_COOKIE_SAMESITE="Lax",
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
<title>{% if get_flashed_messages() %}Error: {% endif %}
{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scrollbar-gutter: stable;
  color: light-dark(#222, #eee); background: light-dark(#f1f1ed, #161618);
  --accent: light-dark(#9b1c31, #ff9aa8); --card: light-dark(#fff, #232326);
  --quiet: light-dark(#505050, #b8b8b8); scroll-padding-top: 40vh }
body { max-width: 33em; margin: auto; padding: .5em; overflow-wrap: anywhere;
  font: clamp(1.125rem, 1rem + .4vw, 1.75rem)/1.5 system-ui, sans-serif }
header, .row, li, nav { display: flex; flex-wrap: wrap; align-items: center;
  justify-content: space-between; gap: 0 .6em }
header { padding: .5em 0; color: var(--quiet); font-size: .8em }
header b, .clear-completed { margin-left: auto }
main { padding: 1em 4% .1em; border-radius: .5em; background: var(--card);
  box-shadow: 0 .1em .5em #0003 }
main form > * { margin: .6em 0 }
h1, ul { margin: 0; padding: 0 }
h1, a, button { color: var(--accent) }
a:not(:hover) { text-decoration: none }
input { box-sizing: border-box; width: 100%; padding: .4em; font: inherit;
  border-radius: .25em; background: none; color: inherit }
input, .toggle { border: 1px solid #888 }
::placeholder { color: var(--quiet); opacity: 1 }
.errorlist, [aria-invalid] { border-left: .4em solid var(--accent) }
.errorlist { display: block; flex: 1 100%; order: 1; padding: .2em .5em }
button { padding: .4em 0; border: 0; background: none; font: inherit }
.primary { padding: .4em .75em; border-radius: .25em }
.primary, .completed .toggle { color: var(--card); background: var(--accent) }
.new-todo, .title { flex: 1 5em; color: inherit; unicode-bidi: plaintext }
/* A double click must not hit the row that has moved up meanwhile. */
.todo-list { animation: guard .4s }
@keyframes guard { from, to { pointer-events: none } }
.todo-list li { padding: .25em 0; border-top: 1px solid #8886 }
li button { width: 2em; height: 2em; padding: 0; border-radius: 1em }
.completed .title, .destroy:not(:hover) { color: var(--quiet) }
.completed .title { text-decoration: line-through }
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
<main>{% block content %}{% endblock %}</main>
</body>
</html>
"""

# Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS user (
    -- Random: a number would be used again, and an old cookie fit it.
    id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS todo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id TEXT NOT NULL,
    title TEXT NOT NULL,
    completed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS todo_all ON todo (owner_id);
CREATE INDEX IF NOT EXISTS todo_filtered ON todo (owner_id, completed);
"""

with closing(sqlite3.connect(DATABASE)) as db:
    db.executescript(SCHEMA)
    # This fails if another process is doing it right now; one is enough.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")


def query(sql, *values):
    """Run one statement, a transaction of its own; return its cursor."""
    if "db" not in g:
        g.db = sqlite3.connect(DATABASE, isolation_level=None)
        g.db.row_factory = sqlite3.Row
    return g.db.execute(sql, values)


@app.teardown_appcontext
def close_db(error):
    """Close the connection of this request."""
    if "db" in g:
        g.db.close()


# Protection


@app.before_request
def check_origin():
    """Refuse what a page of another site posts, with a 403.

    Browsers name that site in Origin (Fetch standard). Not covered: methods
    that they send to another site only if it agrees, such as PUT; and TLS that
    ends at a proxy, of which host_url has to be told (by ProxyFix, say).
    """
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
    # Where no view matches, the endpoint is None: that gets its 404.
    if g.user is None and request.endpoint not in ("login", "signup", None):
        return redirect(url_for("login"))


@app.after_request
def add_security_headers(response):
    """Tell browsers to store no page, guess no type and allow no frame."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response


# Accounts


def start_session(user_id):
    """Remember who has logged in; return a redirect to the list."""
    session.permanent = True
    session["user_id"] = user_id
    return redirect(url_for("index"))


@app.route("/login/", methods=["GET", "POST"])
def login():
    """Log in."""
    if request.method == "POST":
        username = request.form["username"].strip()
        password = request.form["password"]
        sql = "SELECT id, password FROM user WHERE username = ?"
        user = query(sql, username).fetchone()
        if user is None:
            generate_password_hash(password)  # takes as long as a check
        elif check_password_hash(user["password"], password):
            return start_session(user["id"])
        flash("No user has this username and password.", "username")
    return render_template("login.html")


@app.route("/signup/", methods=["GET", "POST"])
def signup():
    """Make an account and log in."""
    if request.method == "POST":
        username = request.form["username"].strip()
        password = request.form["password1"]
        if not re.fullmatch(r"[\w.@+-]{1,150}", username):
            flash("Use 1 to 150 letters, digits or @ . + - _", "username")
        elif len(password) < 8:
            flash("Use at least 8 characters.", "password1")
        elif password != request.form["password2"]:
            flash("The two passwords differ.", "password2")
        else:
            sql = """INSERT INTO user (username, password) VALUES (?, ?)
                     ON CONFLICT (username) DO NOTHING RETURNING id"""
            password_hash = generate_password_hash(password)
            user = query(sql, username, password_hash).fetchone()
            if user:
                return start_session(user["id"])
            flash("This username is taken.", "username")
    return render_template("signup.html")


@app.post("/logout/")
def logout():
    """Log out."""
    session.clear()
    return redirect(url_for("login"))


HTML["forms.html"] = """\
{% macro input(name, value="", type="text") %}
{% set errors = get_flashed_messages(category_filter=[name]) %}
<input name="{{ name }}" id="{{ name }}" type="{{ type }}"{{ kwargs|xmlattr }}
  {% if type == "text" %}value="{{ request.form.get(name, value) }}"{% endif %}
  {% if errors %}aria-invalid="true" aria-describedby="error"{% endif %}>
{% for error in errors %}
<span class="errorlist" id="error">{{ error }}</span>
{% endfor %}
{% endmacro %}
{% macro field(label, name) %}
<p><label for="{{ name }}">{{ label }}</label>
{{ input(name, **kwargs) }}</p>
{% endmacro %}
"""

HTML["login.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import field with context %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">
{{ field("Username", "username", autocomplete="username", autofocus="") }}
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
{{ field("Username", "username", autocomplete="username", autofocus="") }}
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
def list_args():
    """Return the filter and the page that the address asks for."""
    return {"show": request.args.get("show"), "page": request.args.get("page")}


def redirect_to_list():
    """Return to the filter and the page that the visitor came from."""
    return redirect(url_for("index", **list_args()))


def read_title():
    """Return the title that was sent; None, with a message, if it is bad."""
    title = request.form["title"].strip()
    if 1 <= len(title) <= 200:
        return title
    flash(f"Use 1 to 200 characters, not {len(title)}.", "title")
    return None


def count_todos(show):
    """Return how many to-dos a filter lets through."""
    sql = f"""SELECT count(*) FROM todo
              WHERE owner_id = ? AND {FILTERS[show]}"""
    return query(sql, g.user["id"]).fetchone()[0]


def get_todos(show, page):
    """Return the to-dos on one page of a filter, newest first."""
    sql = f"""SELECT id, title, completed FROM todo
              WHERE owner_id = ? AND {FILTERS[show]}
              ORDER BY id DESC LIMIT ? OFFSET ?"""
    offset = (page - 1) * PAGE_SIZE
    return query(sql, g.user["id"], PAGE_SIZE, offset).fetchall()


@app.route("/", methods=["GET", "POST"])
def index():
    """Show a page of the list; add what the visitor wrote."""
    if request.method == "POST" and (title := read_title()):
        sql = "INSERT INTO todo (owner_id, title) VALUES (?, ?)"
        query(sql, g.user["id"], title)
        return redirect_to_list()
    show = request.args.get("show")
    if show not in FILTERS:
        show = None
    counts = {name: count_todos(name) for name in ("active", "completed")}
    counts[None] = sum(counts.values())
    last_page = math.ceil(counts[show] / PAGE_SIZE) or 1
    page = request.args.get("page", 1, type=int)
    page = min(max(1, page), last_page)
    return render_template(
        "index.html",
        show=show,
        filters=FILTERS,
        counts=counts,
        todos=get_todos(show, page),
        page=page,
        last_page=last_page,
    )


@app.route("/<int:todo_id>/edit/", methods=["GET", "POST"])
def edit(todo_id):
    """Change the title of a to-do."""
    sql = "SELECT id, title FROM todo WHERE id = ? AND owner_id = ?"
    # An ID goes as text, which may be longer than the numbers of SQLite.
    todo = query(sql, str(todo_id), g.user["id"]).fetchone()
    if todo is None:
        abort(404)
    if request.method == "POST" and (title := read_title()):
        sql = "UPDATE todo SET title = ? WHERE id = ? AND owner_id = ?"
        query(sql, title, str(todo_id), g.user["id"])
        return redirect_to_list()
    return render_template("edit.html", todo=todo)


@app.post("/<int:todo_id>/toggle/")
def toggle(todo_id):
    """Complete a to-do, or make it active again."""
    sql = "UPDATE todo SET completed = ? WHERE id = ? AND owner_id = ?"
    query(sql, "completed" in request.form, str(todo_id), g.user["id"])
    return redirect_to_list()


@app.post("/<int:todo_id>/delete/")
def delete(todo_id):
    """Delete a to-do."""
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
    """Delete the completed to-dos."""
    sql = "DELETE FROM todo WHERE owner_id = ? AND completed = TRUE"
    query(sql, g.user["id"])
    return redirect_to_list()


# The browser keeps the fragment of a button's address (#row-3) across the
# redirect: the visitor is back at that row, whichever to-do it holds now.
HTML["index.html"] = """\
{% extends "base.html" %}
{% from "forms.html" import input with context %}
{% block title %}Todos{% endblock %}
{% block content %}
{% set args = list_args() %}
<h1>todos</h1>
<form method="post" action="{{ url_for('index', show=show) }}">
<p class="row">
{{ input("title", class="new-todo", autofocus="",
         placeholder="What needs to be done?",
         **{"aria-label": "What needs to be done?"}) }}
<button class="primary">Add</button></p>
</form>
{% if counts[None] %}
<form method="post">
<div class="row">
<span class="todo-count"><strong>{{ counts.active }}</strong>
item{{ "s" if counts.active != 1 }} left</span>
<button class="toggle-all" {% if counts.active %}name="completed"{% endif %}
  formaction="{{ url_for('toggle_all', **args) }}">
{{ "Complete" if counts.active else "Reactivate" }} all</button>
</div>
<ul class="todo-list">
{% for todo in todos %}
<li id="todo-{{ todo.id }}" class="{{ 'completed' if todo.completed }}">
<button class="toggle" {% if not todo.completed %}name="completed"{% endif %}
  aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ 'true' if todo.completed else 'false' }}"
  formaction="{{ url_for('toggle', todo_id=todo.id, **args)
  }}#row-{{ loop.index }}">
{% if todo.completed %}✓{% endif %}</button>
<a class="title" id="row-{{ loop.index }}"
  href="{{ url_for('edit', todo_id=todo.id, **args) }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{{ url_for('delete', todo_id=todo.id, **args)
  }}#row-{{ loop.index }}">×</button>
</li>
{% else %}
<li>Nothing to show here.</li>
{% endfor %}
</ul>
<div class="row" id="row-{{ todos|length + 1 }}">
<nav class="filters" aria-label="Filters">
{% for name in filters %}
<a href="{{ url_for('index', show=name) }}"
  {% if name == show %}aria-current="page"{% endif %}>
{{ name|default("all", true)|title }}</a>
{% endfor %}
</nav>
{% if page > 1 %}
<a href="{{ url_for('index', show=show, page=page - 1) }}">Newer</a>
{% endif %}
{% if page < last_page %}
<a href="{{ url_for('index', show=show, page=page + 1) }}">Older</a>
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
{{ field("What needs to be done?", "title", value=todo.title,
         class="new-todo", autofocus="") }}
<p class="row"><button class="primary">Save</button>
<a href="{{ url_for('index', **list_args()) }}#todo-{{ todo.id }}">Cancel</a>
</p>
</form>
{% endblock %}
"""

# Errors


@app.errorhandler(404)
def page_not_found(error):
    """Show the way back from an address that does not exist."""
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
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = os.environ.get("PORT", "5000")
    try:
        serve(app, host="127.0.0.1", port=port)
    except OSError as error:
        sys.exit(f"Port {port}: {error}. Set PORT to another number.")
