# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "waitress>=3,<4"]
# ///
"""A to-do list with accounts in Django, kept in todo_django.sqlite3.

Run it:     python todo_django.py, then open http://127.0.0.1:8000
Live-code:  python todo_django.py runserver
Needs:      pip install django waitress
"""

import logging
import os
import re
import secrets
import sys
import warnings
from pathlib import Path
from urllib.parse import urlencode

import django
from django.apps import AppConfig
from django.conf import settings
from django.core.management import call_command, execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, IntegrityError, connection, models
from django.db import transaction
from django.db.models import Exists, F
from django.http import Http404, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import path, re_path, reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.static import serve as serve_static
from waitress import serve

# Configuration

DATABASE = Path(__file__).resolve().with_name("todo_django.sqlite3")
PAGE_SIZE = 50  # to-dos
TEMPLATES = {}  # file name: text; filled below
LOADERS = [  # of templates; given by hand, they need the cache named below
    ("django.template.loaders.locmem.Loader", TEMPLATES),
    "django.template.loaders.app_directories.Loader",
]

# A reloader hands the key down, so that a reload logs nobody out.
if not os.environ.get("SECRET_KEY"):
    os.environ["SECRET_KEY"] = secrets.token_hex()


class TodoConfig(AppConfig):
    """This module as an app, also when it is run as __main__."""

    name = __name__
    label = "todo"
    verbose_name = "To-do list"

    def ready(self):
        # Without models of its own, migrate would make no table for them.
        self.models_module = self.module


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    AUTH_PASSWORD_VALIDATORS=[
        {
            "NAME": "django.contrib.auth.password_validation"
            ".MinimumLengthValidator",
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "OPTIONS": {"transaction_mode": "IMMEDIATE"},
        }
    },
    DATA_UPLOAD_MAX_MEMORY_SIZE=500_000,  # bytes
    DEBUG=sys.argv[1:2] == ["runserver"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        f"{__name__}.TodoConfig",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
    ],
    LOGGING_CONFIG=None,  # plain logging: errors go to stderr, always
    LOGIN_REDIRECT_URL="index",
    LOGIN_URL="login",
    LOGOUT_REDIRECT_URL="login",
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        f"{__name__}.empty_head",
        f"{__name__}.error_page",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_COOKIE_NAME="todo_django",  # cookies do not know ports
    STATIC_URL="static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                    "django.template.context_processors.request",
                ],
                "loaders": [
                    ("django.template.loaders.cached.Loader", LOADERS)
                ],
            },
        }
    ],
)
django.setup()

# What has to do with models can only be imported after the setup.
from django import forms
from django.contrib import admin
from django.contrib.auth import decorators, login
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView

# Database


class Todo(models.Model):
    owner = models.ForeignKey(User, models.CASCADE, db_index=False)
    title = models.CharField(max_length=200)
    completed = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "id"], name="todo_all"),
            models.Index(
                fields=["owner", "completed", "id"], name="todo_filtered"
            ),
        ]

    def __str__(self):
        return self.title


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin):
    list_display = ["title", "owner", "completed"]
    list_filter = ["completed"]
    list_select_related = ["owner"]
    raw_id_fields = ["owner"]
    search_fields = ["title", "owner__username"]


def init_db():
    """Make the tables, if this is the first start; say what is in the way."""
    try:
        if not connection.introspection.table_names():
            # All or nothing, however many processes start at once.
            with connection.constraint_checks_disabled(), transaction.atomic():
                call_command("migrate", run_syncdb=True, verbosity=0)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode = WAL")
    except DatabaseError as error:
        sys.exit(f"Cannot use {DATABASE}: {error}")
    finally:
        connection.close()
    for place in (DATABASE, DATABASE.parent):
        if not os.access(place, os.W_OK):
            print(f"Nothing can be saved in {place}", file=sys.stderr)


# Protection and errors


def empty_head(get_response):
    """Answer HEAD without a body, which waitress leaves to the application."""

    def middleware(request):
        response = get_response(request)
        if request.method == "HEAD":
            if response.streaming:
                response.streaming_content = []
            else:
                response.content = b""
        return response

    return middleware


def error_page(get_response):
    """Show any error as a page like the others; keep the debug pages."""

    def middleware(request):
        response = get_response(request)
        if response.status_code >= 400 and not settings.DEBUG:
            context = {"error": response}
            response.content = render_to_string("error.html", context)
            response["Content-Length"] = len(response.content)
        return response

    return middleware


def bad_request(request, exception):
    """Answer plainly: Django's own view would read the bad form again."""
    return HttpResponseBadRequest()


# Accounts

USERNAME_INVALID = "A username is 1 to 150 letters, digits or @ . + - _"
USERNAME_TAKEN = "This username is taken."
PASSWORD_SHORT = "A password has at least 8 characters."
PASSWORDS_DIFFER = "The two passwords differ."

# After the login comes the list, whatever page was asked for before.
login_required = decorators.login_required(redirect_field_name=None)


def first_error(form):
    """Return what is wrong with a form, or None."""
    for field in form:
        for error in field.errors:
            return error
    return None


class SignupForm(BaseUserCreationForm):
    """Django's form for a new account, with the messages of this script."""

    error_messages = {"password_mismatch": PASSWORDS_DIFFER}
    password1 = forms.CharField(
        strip=False,
        min_length=8,
        error_messages=dict.fromkeys(
            ["required", "min_length"], PASSWORD_SHORT
        ),
    )
    password2 = forms.CharField(
        strip=False, error_messages={"required": PASSWORDS_DIFFER}
    )

    class Meta(BaseUserCreationForm.Meta):
        error_messages = {
            "username": dict.fromkeys(
                [
                    "required",
                    "invalid",
                    "max_length",
                    "null_characters_not_allowed",
                ],
                USERNAME_INVALID,
            )
        }

    def clean_username(self):
        """Refuse a name that is there already, in any letter case."""
        username = self.cleaned_data["username"]
        names = User.objects.values_list("username", flat=True)
        if username.casefold() in map(str.casefold, names):
            raise forms.ValidationError(USERNAME_TAKEN)
        return username


@require_http_methods(["GET", "HEAD", "POST"])
def signup(request):
    """Make an account and log in."""
    if request.user.is_authenticated:
        return redirect("index")
    form = SignupForm()
    if request.method == "POST":
        form = SignupForm(request.POST)
        if form.is_valid():
            try:
                login(request, form.save())
                return redirect("index")
            except IntegrityError:  # somebody was faster
                form.add_error("username", USERNAME_TAKEN)
    context = {"form": form, "error": first_error(form)}
    return render(request, "signup.html", context)


# The list


class TodoForm(forms.ModelForm):
    """The title of a to-do."""

    class Meta:
        model = Todo
        fields = ["title"]
        error_messages = {
            "title": {
                "required": "Please write what needs to be done.",
                "max_length": "A title has at most 200 characters; "
                "this has %(show_value)d.",
                "null_characters_not_allowed": "A title cannot have "
                "a NUL character.",
            }
        }


def list_args(request):
    """Return which part of the list is asked for, nonsense left out."""
    args = {}
    if request.GET.get("show") in ("active", "completed"):
        args["show"] = request.GET["show"]
    if re.fullmatch("[0-9]{1,18}", request.GET.get("before", "")):
        args["before"] = int(request.GET["before"])
    return args


def query_string(args):
    """Return the end of an address that asks for a part of the list."""
    return f"?{urlencode(args)}" if args else ""


def get_todos(user, args):
    """Return the to-dos of one page, newest first, and one to spare.

    SQLite finds "completed IN (0)" in the index; it could not find the
    "NOT completed" that Django 5.2 makes of completed=False.
    """
    todos = user.todo_set.order_by("-id")
    if "show" in args:
        todos = todos.filter(completed__in=[args["show"] == "completed"])
    if "before" in args:
        todos = todos.filter(id__lt=args["before"])
    return list(todos[: PAGE_SIZE + 1])


def redirect_to_list(request):
    """Return to the part of the list that the visitor came from."""
    return redirect(reverse("index", query=list_args(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def index(request):
    """Show a page of the list; add what the visitor wrote."""
    args = list_args(request)
    form = TodoForm()
    if request.method == "POST":
        form = TodoForm(request.POST)
        if form.is_valid():
            request.user.todo_set.create(title=form.cleaned_data["title"])
            args.pop("before", None)  # what is new is on the first page
            return redirect(reverse("index", query=args))
    todos = get_todos(request.user, args)
    older = None
    if len(todos) > PAGE_SIZE:
        older = query_string({**args, "before": todos[PAGE_SIZE - 1].id})
    active = request.user.todo_set.filter(completed__in=[False])
    completed = request.user.todo_set.filter(completed__in=[True])
    context = {
        "form": form,
        "error": first_error(form),
        "args": args,
        "query": query_string(args),
        "todos": todos[:PAGE_SIZE],
        "older": older,
        "active_count": active.count(),
        "any_completed": completed.exists(),
    }
    return render(request, "index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request, todo_id):
    """Change the title of a to-do."""
    todo = get_object_or_404(request.user.todo_set, id=todo_id)
    form = TodoForm(instance=todo)
    if request.method == "POST":
        form = TodoForm(request.POST, instance=todo)
        if form.is_valid():
            # form.save() would undo a toggle made meanwhile.
            todos = request.user.todo_set.filter(id=todo_id)
            todos.update(title=form.cleaned_data["title"])
            return redirect_to_list(request)
    context = {
        "form": form,
        "error": first_error(form),
        "query": query_string(list_args(request)),
    }
    return render(request, "edit.html", context)


@require_POST
@login_required
def toggle(request, todo_id):
    """Complete a to-do, or make it active again."""
    todos = request.user.todo_set.filter(id=todo_id)
    if not todos.update(completed=~F("completed")):
        raise Http404
    return redirect_to_list(request)


@require_POST
@login_required
def delete(request, todo_id):
    """Delete a to-do."""
    deleted, _ = request.user.todo_set.filter(id=todo_id).delete()
    if not deleted:
        raise Http404
    return redirect_to_list(request)


@require_POST
@login_required
def toggle_all(request):
    """Complete all to-dos; if they all are, make them all active."""
    todos = request.user.todo_set
    todos.update(completed=Exists(todos.filter(completed=False)))
    return redirect_to_list(request)


@require_POST
@login_required
def clear_completed(request):
    """Delete the completed to-dos."""
    request.user.todo_set.filter(completed=True).delete()
    return redirect_to_list(request)


# URLs

login_view = LoginView.as_view(
    template_name="login.html",
    redirect_authenticated_user=True,
    redirect_field_name=None,
)
logout_view = LogoutView.as_view(redirect_field_name=None)
# The admin's style sheets, which runserver would only serve for debugging.
ADMIN_STATIC = {"document_root": Path(admin.__file__).with_name("static")}

urlpatterns = [
    path("signup/", signup, name="signup"),
    path("login/", login_view, name="login"),
    path("logout/", logout_view, name="logout"),
    path("", index, name="index"),
    path("<int:todo_id>/edit/", edit, name="edit"),
    path("<int:todo_id>/toggle/", toggle, name="toggle"),
    path("<int:todo_id>/delete/", delete, name="delete"),
    path("toggle-all/", toggle_all, name="toggle_all"),
    path("clear-completed/", clear_completed, name="clear_completed"),
    path("admin/", admin.site.urls),
    re_path(r"^static/(?P<path>[\w./-]{1,200})$", serve_static, ADMIN_STATIC),
]

handler400 = bad_request

application = get_wsgi_application()

# Templates: each can move into templates/, as a file of that name

TEMPLATES["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A to-do list in one file of Django.">
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
<header>Made with Django{% block account %}{% endblock %}</header>
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
<b>{{ user.username }}</b>
<form method="post" action="{% url 'logout' %}">{% csrf_token %}
<button>Log out</button>
</form>
{% endblock %}
{% block content %}
<h1>todos</h1>
<form method="post" action="{% url 'index' %}{{ query }}">{% csrf_token %}
<div class="row">
<input class="new-todo" name="title" autofocus
  value="{{ form.title.value|default_if_none:'' }}"
  placeholder="What needs to be done?" aria-label="What needs to be done?"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<button class="primary">Add</button>
</div>
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
</form>
{% if active_count or any_completed %}
<form method="post">{% csrf_token %}
<p><button class="toggle-all"
  formaction="{% url 'toggle_all' %}{{ query }}">
{% if active_count %}Complete all{% else %}Reactivate all{% endif %}
</button></p>
<ul class="todo-list">
{% for todo in todos %}
<li{% if todo.completed %} class="completed"{% endif %}>
<button class="toggle" aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ todo.completed|yesno:'true,false' }}"
  formaction="{% url 'toggle' todo.id %}{{ query }}">
{% if todo.completed %}✓{% endif %}
</button>
<a class="title"
  href="{% url 'edit' todo.id %}{{ query }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{% url 'delete' todo.id %}{{ query }}">×</button>
</li>
{% endfor %}
</ul>
{% if not todos %}<p>Nothing to show here.</p>{% endif %}
{% if older %}
<p><a href="{% url 'index' %}{{ older }}">Older</a></p>
{% endif %}
<div class="row status">
<p class="todo-count"><strong>{{ active_count }}</strong>
item{{ active_count|pluralize }} left</p>
<nav class="filters" aria-label="Filters">
<a href="{% url 'index' %}"
  {% if not args.show %}aria-current="page"{% endif %}>All</a>
<a href="{% url 'index' %}?show=active"
  {% if args.show == 'active' %}aria-current="page"{% endif %}>Active</a>
<a href="{% url 'index' %}?show=completed"
  {% if args.show == 'completed' %}aria-current="page"{% endif %}
  >Completed</a>
</nav>
{% if any_completed %}
<button class="clear-completed"
  formaction="{% url 'clear_completed' %}{{ query }}">
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
<form method="post">{% csrf_token %}
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
<label for="title">Title</label>
<input class="edit" id="title" name="title" autofocus
  value="{{ form.title.value|default_if_none:'' }}"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<p class="row"><button class="primary">Save</button>
<a href="{% url 'index' %}{{ query }}">Cancel</a></p>
</form>
{% endblock %}
"""

TEMPLATES["login.html"] = """\
{% extends "base.html" %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">{% csrf_token %}
{% if form.errors %}
<p role="alert" id="error">No user has this username and password.</p>
{% endif %}
<label for="username">Username</label>
<input id="username" name="username" autofocus
  value="{{ form.username.value|default_if_none:'' }}"
  autocomplete="username" autocapitalize="none"
  {% if form.errors %}aria-invalid="true" aria-describedby="error"{% endif %}>
<label for="password">Password</label>
<input id="password" name="password" type="password"
  autocomplete="current-password">
<p class="row"><button class="primary">Log in</button>
<a href="{% url 'signup' %}">Sign up</a></p>
</form>
{% endblock %}
"""

TEMPLATES["signup.html"] = """\
{% extends "base.html" %}
{% block title %}Sign up{% endblock %}
{% block content %}
<h1>Sign up</h1>
<form method="post">{% csrf_token %}
{% if error %}<p role="alert" id="error">{{ error }}</p>{% endif %}
<label for="username">Username</label>
<input id="username" name="username" autofocus
  value="{{ form.username.value|default_if_none:'' }}"
  autocomplete="username" autocapitalize="none"
  {% if error %}aria-invalid="true" aria-describedby="error"{% endif %}>
<label for="password1">Password (at least 8 characters)</label>
<input id="password1" name="password1" type="password"
  autocomplete="new-password">
<label for="password2">The same password again</label>
<input id="password2" name="password2" type="password"
  autocomplete="new-password">
<p class="row"><button class="primary">Sign up</button>
<a href="{% url 'login' %}">Log in</a></p>
</form>
{% endblock %}
"""

TEMPLATES["error.html"] = """\
{% extends "base.html" %}
{% block title %}{{ error.reason_phrase }}{% endblock %}
{% block content %}
<h1>{{ error.reason_phrase }}</h1>
{% if error.status_code == 403 %}
<p>This form is out of date, or another site sent it.
Go back, reload the page and try again.</p>
{% elif error.status_code == 404 %}
<p>There is nothing at this address.</p>
{% elif error.status_code == 500 %}
<p>Something went wrong here. It has been logged.</p>
{% endif %}
<p><a href="/">Back to the list</a></p>
{% endblock %}
"""

# Start

init_db()

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if sys.argv[1:]:
        sys.exit(execute_from_command_line())
    port = os.environ.get("PORT", "8000")
    try:
        serve(application, listen=f"127.0.0.1:{port}")
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot serve on port {port}: {error}")
    finally:  # waitress leaves its sockets to the system to close
        warnings.simplefilter("ignore", ResourceWarning)
