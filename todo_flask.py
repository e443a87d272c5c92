# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""A to-do list with accounts in Flask, kept in todo_flask.sqlite3.

Run it:     python todo_flask.py, then open http://127.0.0.1:5000
Live-code:  flask --app todo_flask run --debug
Needs:      pip install flask waitress
"""

import functools
import logging
import os
import re
import secrets
import sqlite3
import sys
import unicodedata
import warnings
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from flask import Flask, abort, g, redirect, render_template, request
from flask import session, url_for
from jinja2 import DictLoader
from waitress import serve
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter
from werkzeug.security import check_password_hash, generate_password_hash

# Configuration

DATABASE = Path(__file__).resolve().with_name("todo_flask.sqlite3")
PAGE_SIZE = 50  # to-dos
TEMPLATES = {}  # file name: text; filled below

# A reloader hands the key down, so that a reload logs nobody out.
if not os.environ.get("SECRET_KEY"):
    os.environ["SECRET_KEY"] = secrets.token_hex()


class IdConverter(IntegerConverter):
    """An ID in an address: ASCII digits, no more than SQLite can hold."""

    regex = "[0-9]{1,18}"


app = Flask(__name__)
app.config.update(
    MAX_CONTENT_LENGTH=500_000,  # bytes
    PERMANENT_SESSION_LIFETIME=timedelta(weeks=2),
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_COOKIE_NAME="todo_flask",  # cookies do not know ports
    SESSION_COOKIE_SAMESITE="Lax",
    TRUSTED_HOSTS=["127.0.0.1", "localhost"],
)
app.jinja_loader = DictLoader(TEMPLATES)
app.url_map.converters["id"] = IdConverter

# Database

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    folded_username TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS todo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES user (id),
    title TEXT NOT NULL,
    completed BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS todo_all ON todo (owner_id, id);
CREATE INDEX IF NOT EXISTS todo_filtered ON todo (owner_id, completed, id);
COMMIT;
PRAGMA journal_mode = WAL;
"""


def connect():
    """Open the database; every statement is a transaction of its own."""
    db = sqlite3.connect(DATABASE, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def init_db():
    """Make the tables, if this is the first start; say what is in the way."""
    try:
        with closing(connect()) as db:
            if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
                db.executescript(SCHEMA)
    except sqlite3.Error as error:
        sys.exit(f"Cannot use {DATABASE}: {error}")
    for place in (DATABASE, DATABASE.parent):
        if not os.access(place, os.W_OK):
            print(f"Nothing can be saved in {place}", file=sys.stderr)


def execute(sql, *values):
    """Run one statement on the connection of this request."""
    if "db" not in g:
        g.db = connect()
    return g.db.execute(sql, values)


@app.teardown_appcontext
def close_db(error):
    """Close the connection of this request."""
    if "db" in g:
        g.db.close()


# Protection and errors


@app.before_request
def check_origin():
    """Refuse what the page of another site sends in a visitor's name.

    Browsers say in Origin where a POST comes from (Fetch standard); a token
    in each form, as Flask-WTF makes it, also covers those that do not.
    """
    if request.method == "POST":
        own_origin = request.host_url.rstrip("/")
        if request.headers.get("Origin", own_origin) != own_origin:
            abort(403)


@app.after_request
def add_security_headers(response):
    """Have the browser guess no types, be in no frame, leak no address."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    return response


@app.errorhandler(HTTPException)
def error_page(error):
    """Show any error as a page like the others."""
    response = error.get_response()
    response.data = render_template("error.html", error=error)
    return response


# Accounts

USERNAME_INVALID = "A username is 1 to 150 letters, digits or @ . + - _"
USERNAME_TAKEN = "This username is taken."
PASSWORD_SHORT = "A password has at least 8 characters."
PASSWORDS_DIFFER = "The two passwords differ."


def normalize(username):
    """Return a username without differences that nobody can see."""
    return unicodedata.normalize("NFKC", username.strip())


def signup_error(username, password1, password2):
    """Return what is wrong with a new account, or None."""
    if not re.fullmatch(r"[\w.@+-]{1,150}", username):
        return USERNAME_INVALID
    sql = "SELECT 1 FROM user WHERE folded_username = ?"
    if execute(sql, username.casefold()).fetchone():
        return USERNAME_TAKEN
    if len(password1) < 8:
        return PASSWORD_SHORT
    if password1 != password2:
        return PASSWORDS_DIFFER
    return None


def add_user(username, password):
    """Return the ID of a new user; raise IntegrityError if it exists."""
    sql = """INSERT INTO user (username, folded_username, password)
             VALUES (?, ?, ?)"""
    password_hash = generate_password_hash(password)
    return execute(sql, username, username.casefold(), password_hash).lastrowid


def authenticate(username, password):
    """Return the user with this name and password, or None."""
    sql = "SELECT id, password FROM user WHERE username = ?"
    user = execute(sql, username).fetchone()
    if user is None:
        generate_password_hash(password)  # as slow as a check: tells nothing
    elif check_password_hash(user["password"], password):
        return user
    return None


def start_session(user_id):
    """Log a user in, in a session that holds nothing older."""
    session.clear()
    session.permanent = True
    session["user_id"] = user_id


@app.before_request
def load_user():
    """Keep who is asking in g.user: a row, or None before the login."""
    g.user = None
    if "user_id" in session:
        sql = "SELECT id, username FROM user WHERE id = ?"
        g.user = execute(sql, session["user_id"]).fetchone()


def login_required(view):
    """Send who is not logged in to the login page."""

    @functools.wraps(view)
    def wrapper(**kwargs):
        if g.user is None:
            return redirect(url_for("login"))
        return view(**kwargs)

    return wrapper


@app.route("/signup/", methods=["GET", "POST"])
def signup():
    """Make an account and log in."""
    if g.user:
        return redirect(url_for("index"))
    username, error = "", None
    if request.method == "POST":
        username = request.form.get("username", "")
        name = normalize(username)
        password1 = request.form.get("password1", "")
        password2 = request.form.get("password2", "")
        error = signup_error(name, password1, password2)
        if error is None:
            try:
                start_session(add_user(name, password1))
                return redirect(url_for("index"))
            except sqlite3.IntegrityError:  # somebody was faster
                error = USERNAME_TAKEN
    return render_template("signup.html", username=username, error=error)


@app.route("/login/", methods=["GET", "POST"])
def login():
    """Log in."""
    if g.user:
        return redirect(url_for("index"))
    username, failed = "", False
    if request.method == "POST":
        username = request.form.get("username", "")
        password = request.form.get("password", "")
        user = authenticate(normalize(username), password)
        if user:
            start_session(user["id"])
            return redirect(url_for("index"))
        failed = True
    return render_template("login.html", username=username, failed=failed)


@app.route("/logout/", methods=["POST"])
def logout():
    """Log out."""
    session.clear()
    return redirect(url_for("login"))


# The list


def title_error(title):
    """Return what is wrong with the title of a to-do, or None."""
    length = len(title.strip())
    if length == 0:
        return "Please write what needs to be done."
    if length > 200:
        return f"A title has at most 200 characters; this has {length}."
    if "\0" in title:
        return "A title cannot have a NUL character."
    return None


def list_args():
    """Return which part of the list is asked for, nonsense left out."""
    args = {}
    if request.args.get("show") in ("active", "completed"):
        args["show"] = request.args["show"]
    if re.fullmatch("[0-9]{1,18}", request.args.get("before", "")):
        args["before"] = int(request.args["before"])
    return args


def get_todos(args):
    """Return the to-dos of one page, newest first, and one to spare."""
    sql = "SELECT id, title, completed FROM todo WHERE owner_id = ?"
    values = [g.user["id"]]
    if "show" in args:
        sql += " AND completed = ?"
        values.append(args["show"] == "completed")
    if "before" in args:
        sql += " AND id < ?"
        values.append(args["before"])
    sql += " ORDER BY id DESC LIMIT ?"
    return execute(sql, *values, PAGE_SIZE + 1).fetchall()


def redirect_to_list():
    """Return to the part of the list that the visitor came from."""
    return redirect(url_for("index", **list_args()))


@app.route("/", methods=["GET", "POST"])
@login_required
def index():
    """Show a page of the list; add what the visitor wrote."""
    args = list_args()
    title, error = "", None
    if request.method == "POST":
        title = request.form.get("title", "")
        error = title_error(title)
        if error is None:
            sql = "INSERT INTO todo (owner_id, title) VALUES (?, ?)"
            execute(sql, g.user["id"], title.strip())
            args.pop("before", None)  # what is new is on the first page
            return redirect(url_for("index", **args))
    todos = get_todos(args)
    older = None
    if len(todos) > PAGE_SIZE:
        older = {**args, "before": todos[PAGE_SIZE - 1]["id"]}
    sql = "SELECT count(*) FROM todo WHERE owner_id = ? AND completed = FALSE"
    active_count = execute(sql, g.user["id"]).fetchone()[0]
    sql = "SELECT 1 FROM todo WHERE owner_id = ? AND completed = TRUE LIMIT 1"
    any_completed = execute(sql, g.user["id"]).fetchone()
    return render_template(
        "index.html",
        title=title,
        error=error,
        args=args,
        todos=todos[:PAGE_SIZE],
        older=older,
        active_count=active_count,
        any_completed=any_completed,
    )


@app.route("/<id:todo_id>/edit/", methods=["GET", "POST"])
@login_required
def edit(todo_id):
    """Change the title of a to-do."""
    sql = "SELECT title FROM todo WHERE id = ? AND owner_id = ?"
    todo = execute(sql, todo_id, g.user["id"]).fetchone()
    if todo is None:
        abort(404)
    title, error = todo["title"], None
    if request.method == "POST":
        title = request.form.get("title", "")
        error = title_error(title)
        if error is None:
            sql = "UPDATE todo SET title = ? WHERE id = ? AND owner_id = ?"
            execute(sql, title.strip(), todo_id, g.user["id"])
            return redirect_to_list()
    return render_template(
        "edit.html", args=list_args(), title=title, error=error
    )


@app.route("/<id:todo_id>/toggle/", methods=["POST"])
@login_required
def toggle(todo_id):
    """Complete a to-do, or make it active again."""
    sql = """UPDATE todo SET completed = NOT completed
             WHERE id = ? AND owner_id = ?"""
    if not execute(sql, todo_id, g.user["id"]).rowcount:
        abort(404)
    return redirect_to_list()


@app.route("/<id:todo_id>/delete/", methods=["POST"])
@login_required
def delete(todo_id):
    """Delete a to-do."""
    sql = "DELETE FROM todo WHERE id = ? AND owner_id = ?"
    if not execute(sql, todo_id, g.user["id"]).rowcount:
        abort(404)
    return redirect_to_list()


@app.route("/toggle-all/", methods=["POST"])
@login_required
def toggle_all():
    """Complete all to-dos; if they all are, make them all active."""
    sql = """UPDATE todo SET completed = EXISTS (
                 SELECT 1 FROM todo WHERE owner_id = ? AND completed = FALSE)
             WHERE owner_id = ?"""
    execute(sql, g.user["id"], g.user["id"])
    return redirect_to_list()


@app.route("/clear-completed/", methods=["POST"])
@login_required
def clear_completed():
    """Delete the completed to-dos."""
    sql = "DELETE FROM todo WHERE owner_id = ? AND completed = TRUE"
    execute(sql, g.user["id"])
    return redirect_to_list()


# Templates: each can move into templates/, as a file of that name

TEMPLATES["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A to-do list in one file of Flask.">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scrollbar-gutter: stable;
  --page: #f4f4f2; --card: #fff; --ink: #222; --quiet: #5c5c5c;
  --line: #858585; --rule: #e2e2e2; --accent: #b3233a; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root {
  --page: #161618; --card: #232326; --ink: #eee; --quiet: #b8b8b8;
  --rule: #3d3d41; --accent: #ff9aa8; --on-accent: #222 } }
* { box-sizing: border-box }
body { max-width: 42rem; margin: 0 auto; padding: .5rem; color: var(--ink);
  background: var(--page); font: 1.125rem/1.5 system-ui, sans-serif }
main { padding: 1rem 1.25rem; border: 1px solid var(--rule);
  border-radius: .75rem; background: var(--card); overflow-wrap: anywhere }
h1 { margin: 0 0 1rem; font-size: 2rem; color: var(--accent) }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
label { display: block; margin: 1rem 0 .25rem }
input, button { padding: .4em .75em; border: 1px solid var(--line);
  border-radius: .4em; background: none; color: inherit; font: inherit }
input { width: 100% }
::placeholder { color: var(--quiet); opacity: 1 }
button { flex: none; cursor: pointer }
.primary { border-color: var(--accent); background: var(--accent);
  color: var(--on-accent) }
[role=alert] { border-left: .3em solid var(--accent); padding-left: .75em }
header, .row, .todo-list li { display: flex; align-items: center; gap: .5rem }
header { flex-wrap: wrap; min-height: 3.5rem; padding: .25rem;
  color: var(--quiet) }
header form { margin: 0 0 0 auto }
header b { flex: 1; max-width: 100%; text-align: right;
  overflow-wrap: break-word }
.todo-list { margin: 1rem 0; padding: 0; list-style: none }
.todo-list li { padding: .4rem 0; border-top: 1px solid var(--rule) }
.title { flex: 1; color: inherit; text-decoration: none }
.title:hover { text-decoration: underline }
.completed .title { color: var(--quiet); text-decoration: line-through }
.toggle, .destroy { width: 2.5rem; height: 2.5rem; padding: 0 }
.toggle { border-radius: 50%; color: var(--accent) }
.destroy { border-color: transparent; color: var(--quiet) }
.status { flex-wrap: wrap; justify-content: space-between }
.filters a { display: inline-block; padding: .2em .5em }
.filters [aria-current] { border-radius: .4em; text-decoration: none;
  box-shadow: 0 0 0 1px var(--accent) }
</style>
</head>
<body>
<header>Made with Flask{% block account %}{% endblock %}</header>
<main>
{% block content %}{% endblock %}
</main>
</body>
</html>
"""

TEMPLATES["index.html"] = """\
{% extends "base.html" %}
{% block title %}Todos{% endblock %}
{% block account %}
<b>{{ g.user.username }}</b>
<form method="post" action="{{ url_for('logout') }}">
<button>Log out</button>
</form>
{% endblock %}
{% block content %}
<h1>todos</h1>
<form method="post" action="{{ url_for('index', **args) }}">
<div class="row">
<input class="new-todo" name="title" autofocus
  value="{{ title }}"
  placeholder="What needs to be done?" aria-label="What needs to be done?"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<button class="primary">Add</button>
</div>
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
</form>
{% if active_count or any_completed %}
<form method="post">
<p><button class="toggle-all"
  formaction="{{ url_for('toggle_all', **args) }}">
{% if active_count %}Complete all{% else %}Reactivate all{% endif %}
</button></p>
<ul class="todo-list">
{% for todo in todos %}
<li{% if todo.completed %} class="completed"{% endif %}>
<button class="toggle" aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ 'true' if todo.completed else 'false' }}"
  formaction="{{ url_for('toggle', todo_id=todo.id, **args) }}">
{% if todo.completed %}✓{% endif %}
</button>
<a class="title"
  href="{{ url_for('edit', todo_id=todo.id, **args) }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{{ url_for('delete', todo_id=todo.id, **args) }}">×</button>
</li>
{% endfor %}
</ul>
{% if not todos %}<p>Nothing to show here.</p>{% endif %}
{% if older %}
<p><a href="{{ url_for('index', **older) }}">Older</a></p>
{% endif %}
<div class="row status">
<p class="todo-count"><strong>{{ active_count }}</strong>
item{% if active_count != 1 %}s{% endif %} left</p>
<nav class="filters" aria-label="Filters">
<a href="{{ url_for('index') }}"
  {% if not args.show %}aria-current="page"{% endif %}>All</a>
<a href="{{ url_for('index', show='active') }}"
  {% if args.show == 'active' %}aria-current="page"{% endif %}>Active</a>
<a href="{{ url_for('index', show='completed') }}"
  {% if args.show == 'completed' %}aria-current="page"{% endif %}
  >Completed</a>
</nav>
{% if any_completed %}
<button class="clear-completed"
  formaction="{{ url_for('clear_completed', **args) }}">
Clear completed</button>
{% endif %}
</div>
</form>
{% endif %}
{% endblock %}
"""

TEMPLATES["edit.html"] = """\
{% extends "base.html" %}
{% block title %}Edit a to-do{% endblock %}
{% block content %}
<h1>Edit</h1>
<form method="post">
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
<label for="title">Title</label>
<input class="edit" id="title" name="title" autofocus
  value="{{ title }}"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<p class="row"><button class="primary">Save</button>
<a href="{{ url_for('index', **args) }}">Cancel</a></p>
</form>
{% endblock %}
"""

TEMPLATES["login.html"] = """\
{% extends "base.html" %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">
{% if failed %}
<p role="alert" id="error">No user has this username and password.</p>
{% endif %}
<label for="username">Username</label>
<input id="username" name="username" autofocus
  value="{{ username }}"
  autocomplete="username" autocapitalize="none"
  {% if failed %}aria-invalid="true" aria-describedby="error"{% endif %}>
<label for="password">Password</label>
<input id="password" name="password" type="password"
  autocomplete="current-password">
<p class="row"><button class="primary">Log in</button>
<a href="{{ url_for('signup') }}">Sign up</a></p>
</form>
{% endblock %}
"""

TEMPLATES["signup.html"] = """\
{% extends "base.html" %}
{% block title %}Sign up{% endblock %}
{% block content %}
<h1>Sign up</h1>
<form method="post">
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
<label for="username">Username</label>
<input id="username" name="username" autofocus
  value="{{ username }}"
  autocomplete="username" autocapitalize="none"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<label for="password1">Password (at least 8 characters)</label>
<input id="password1" name="password1" type="password"
  autocomplete="new-password">
<label for="password2">The same password again</label>
<input id="password2" name="password2" type="password"
  autocomplete="new-password">
<p class="row"><button class="primary">Sign up</button>
<a href="{{ url_for('login') }}">Log in</a></p>
</form>
{% endblock %}
"""

TEMPLATES["error.html"] = """\
{% extends "base.html" %}
{% block title %}{{ error.name }}{% endblock %}
{% block content %}
<h1>{{ error.name }}</h1>
{% if error.code == 403 %}
<p>This form is out of date, or another site sent it.
Go back, reload the page and try again.</p>
{% elif error.code == 404 %}
<p>There is nothing at this address.</p>
{% elif error.code == 500 %}
<p>Something went wrong here. It has been logged.</p>
{% endif %}
<p><a href="/">Back to the list</a></p>
{% endblock %}
"""

# Start

init_db()

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = os.environ.get("PORT", "5000")
    try:
        serve(app, listen=f"127.0.0.1:{port}")
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot serve on port {port}: {error}")
    finally:  # waitress leaves its sockets to the system to close
        warnings.simplefilter("ignore", ResourceWarning)
