# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["flask-login", "flask-sqlalchemy", "flask-wtf", "waitress"]
# ///
"""A to-do list as most Flask projects write it: with extensions.

They do what todo_flask.py does by hand. The database is beside this file.

Run it:  uv run .show/flask_extensions.py, then open http://127.0.0.1:5000
Or:      pip install flask-login flask-sqlalchemy flask-wtf waitress
         python .show/flask_extensions.py
"""

import logging
import os
import secrets
from pathlib import Path

from flask import Flask, redirect, render_template, url_for
from flask_login import LoginManager, UserMixin, current_user
from flask_login import login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import DictLoader
from sqlalchemy import ForeignKey, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship
from waitress import serve
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

DATABASE = Path(__file__).with_suffix(".sqlite3")
HTML = {}  # the templates, by name

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", secrets.token_hex())
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{DATABASE}"
app.config["WTF_CSRF_TIME_LIMIT"] = None  # a page may stay open overnight
app.jinja_loader = DictLoader(HTML)
CSRFProtect(app)  # refuses every POST without a token
db = SQLAlchemy(app)
login_manager = LoginManager(app)
login_manager.login_view = "login"
login_manager.login_message = None


class User(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(150), unique=True)
    password: Mapped[str]
    todos: WriteOnlyMapped["Todo"] = relationship()


class Todo(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey(User.id), index=True)
    title: Mapped[str] = mapped_column(String(200))


with app.app_context():
    db.create_all()  # makes what is missing; Flask-Migrate changes tables


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


class LoginForm(FlaskForm):
    username = StringField("Username", [DataRequired()])
    password = PasswordField("Password", [DataRequired()])


@app.route("/login/", methods=["GET", "POST"])
def login():
    form = LoginForm()
    if form.validate_on_submit():
        query = db.select(User).filter_by(username=form.username.data)
        user = db.session.scalar(query)
        if user is None:
            generate_password_hash(form.password.data)  # takes as long
        elif check_password_hash(user.password, form.password.data):
            login_user(user)
            return redirect(url_for("index"))
        form.username.errors.append("No user has this name and password.")
    return render_template("form.html", form=form, title="Log in")


class SignupForm(FlaskForm):
    username = StringField("Username", [DataRequired(), Length(max=150)])
    password1 = PasswordField("Password (at least 8 characters)", [Length(8)])
    password2 = PasswordField("Password confirmation", [EqualTo("password1")])


@app.route("/signup/", methods=["GET", "POST"])
def signup():
    form = SignupForm()
    if form.validate_on_submit():
        password = generate_password_hash(form.password1.data)
        user = User(username=form.username.data, password=password)
        db.session.add(user)
        try:
            db.session.commit()
            login_user(user)
            return redirect(url_for("index"))
        except IntegrityError:
            db.session.rollback()
            form.username.errors.append("This username is taken.")
    return render_template("form.html", form=form, title="Sign up")


@app.post("/logout/")
def logout():
    logout_user()
    return redirect(url_for("login"))


class TodoForm(FlaskForm):
    title = StringField(
        "What needs to be done?",
        [DataRequired(), Length(max=200)],
        render_kw={"class": "new-todo", "autofocus": True},
    )


@app.route("/", methods=["GET", "POST"])
@login_required
def index():
    form = TodoForm()
    if form.validate_on_submit():
        current_user.todos.add(Todo(title=form.title.data))
        db.session.commit()
        return redirect(url_for("index"))
    query = current_user.todos.select().order_by(Todo.id.desc())
    page = db.paginate(query, per_page=50)
    return render_template("index.html", form=form, page=page)


@app.route("/<int:todo_id>/edit/", methods=["GET", "POST"])
@login_required
def edit(todo_id):
    query = current_user.todos.select().filter_by(id=todo_id)
    todo = db.first_or_404(query)
    form = TodoForm(obj=todo)
    if form.validate_on_submit():
        form.populate_obj(todo)
        db.session.commit()
        return redirect(url_for("index"))
    return render_template("form.html", form=form, title="Edit", button="Save")


HTML["form.html"] = """\
<!doctype html>
<html lang="en">
<title>{{ title }}</title>
{% if current_user.is_authenticated %}
<form method="post" action="{{ url_for('logout') }}">{{ form.csrf_token }}
<a href="{{ url_for('index') }}">Todos</a>
<b>{{ current_user.username }}</b> <button>Log out</button></form>
{% else %}
<a href="{{ url_for('login') }}">Log in</a>
<a href="{{ url_for('signup') }}">Sign up</a>
{% endif %}
<h1>{{ title }}</h1>
<form method="post">{{ form.csrf_token }}
{% for field in form if field.name != "csrf_token" %}
<p>{{ field.label }}
{{ field(aria_invalid="true" if field.errors else "false",
         aria_describedby=field.id ~ "-error") }}
<b class="errorlist" id="{{ field.id }}-error">{{ field.errors|join }}</b></p>
{% endfor %}
<button>{{ button or title }}</button></form>
{% block list %}{% endblock %}
"""

HTML["index.html"] = """\
{% extends "form.html" %}
{% set title, button = "Todos", "Add" %}
{% block list %}
<ul class="todo-list">
{% for todo in page %}
<li id="todo-{{ todo.id }}"><a class="title"
  href="{{ url_for('edit', todo_id=todo.id) }}">{{ todo.title }}</a></li>
{% endfor %}
</ul>
{% if page.has_prev %}<a href="?page={{ page.prev_num }}">Newer</a>{% endif %}
{% if page.has_next %}<a href="?page={{ page.next_num }}">Older</a>{% endif %}
{% endblock %}
"""

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    serve(app, host="127.0.0.1", port=os.environ.get("PORT", "5000"))
