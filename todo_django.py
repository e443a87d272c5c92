# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "waitress>=3,<4"]
# ///
"""A to-do list with accounts in Django, kept in todo_django.sqlite3.

Run it:     python todo_django.py, then open http://127.0.0.1:8000
Live-code:  python todo_django.py runserver
Admin:      python todo_django.py createsuperuser, then log in
Needs:      pip install django waitress
"""

import logging
import mimetypes
import os
import secrets
import socket
import sys
from pathlib import Path

from django import forms
from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.views import serve as serve_static
from django.core.management import call_command, execute_from_command_line
from django.core.paginator import Paginator
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Index, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from waitress import serve

# Configuration

DATABASE = Path(__file__).with_name("todo_django.sqlite3")
PAGE_SIZE = 50  # to-dos
HTML = {}  # the templates, by name
CACHED = [  # Django caches templates by itself if no loaders are named
    ("django.template.loaders.locmem.Loader", HTML),
    "django.template.loaders.app_directories.Loader",
]
VALIDATOR = "django.contrib.auth.password_validation.MinimumLengthValidator"


class TodoConfig(AppConfig):
    """This file as an app, also when it is run as __main__."""

    name = __name__
    label = "todo"

    def ready(self):
        # Documented as read-only, but without it migrate finds no models.
        self.models_module = self.module


settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    AUTH_PASSWORD_VALIDATORS=[{"NAME": VALIDATOR}],
    # All ports of a host share their cookies, so these have their own names.
    CSRF_COOKIE_NAME="todo_django_csrf",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode = WAL",  # all can read
                "timeout": 60,  # seconds
                "transaction_mode": "IMMEDIATE",  # one writes, others wait
            },
        }
    },
    DEBUG="runserver" in sys.argv,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",  # for Django 5.2
    INSTALLED_APPS=[
        f"{__name__}.TodoConfig",
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
    ],
    LOGGING_CONFIG=None,  # Django's own prints errors only while DEBUG is on
    LOGIN_URL="login",
    MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    MIGRATION_MODULES={"todo": None},  # they are files; this is one
    ROOT_URLCONF=__name__,
    # In the environment it outlives a reload, which then logs nobody out.
    SECRET_KEY=os.environ.setdefault("SECRET_KEY", secrets.token_hex()),
    SESSION_COOKIE_NAME="todo_django",
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
                "loaders": [("django.template.loaders.cached.Loader", CACHED)],
            },
        }
    ],
    TIME_ZONE="UTC",
)
application = get_wsgi_application()

# These import models, which works only after the line above has set Django up.
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.views import LoginView, LogoutView

# Layout

HTML["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% if form.errors %}Error: {% endif %}
{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; scrollbar-gutter: stable;
  color: light-dark(#222, #eee); background: light-dark(#f1f1ed, #161618);
  --accent: light-dark(#0b5a2e, #9fdcae); scroll-padding-top: 40vh;
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
<header>Made with Django
{% if user.is_authenticated %}
<b>{{ user.username }}</b>
{% if user.is_staff %}<a href="{% url 'admin:index' %}">Admin</a>{% endif %}
<form method="post" action="{% url 'logout' %}">{% csrf_token %}
<button>Log out</button></form>
{% endif %}
</header>
<main>{% block content %}{% endblock %}</main>
</body>
</html>
"""

# Database


class Todo(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    title = models.CharField(max_length=200)
    completed = models.BooleanField(default=False)

    class Meta:
        # For SQLite, Django 5.2 and 6.0 write completed=True without a "=":
        # only an index that has the same condition is used for that.
        indexes = [
            Index("owner", name="todo_active", condition=Q(completed=False)),
            Index("owner", name="todo_completed", condition=Q(completed=True)),
        ]

    def __str__(self):
        return self.title


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin):
    autocomplete_fields = ["owner"]
    list_display = ["title", "owner", "completed"]
    list_filter = ["completed"]
    search_fields = ["title", "owner__username"]


# One transaction: all tables or none, however many processes start at once.
# SQLite allows it only while foreign keys are not checked; Django has this
# switch, but does not document it.
with connection.constraint_checks_disabled(), transaction.atomic():
    call_command("migrate", verbosity=0)  # the accounts, then the to-dos
    call_command("migrate", run_syncdb=True, verbosity=0)
connection.close()  # a server that forks must not share it

# Accounts

# Django would go on to the address that was asked for, which may only answer
# POST; None, which is no documented value, leaves that out.
login_view = LoginView.as_view(
    template_name="login.html", next_page="index", redirect_field_name=None
)


@login_not_required
def signup(request):
    """Make an account and log in, or say what is wrong."""
    form = UserCreationForm(request.POST or None)
    if form.is_valid():
        user = form.save(commit=False)  # hashes, before anything is locked
        try:
            with transaction.atomic():
                user.save()
                login(request, user)
                request.session.save()  # else no account, either
            return redirect("index")
        except IntegrityError:
            form.full_clean()  # finds the name, if it was taken meanwhile
            if form.is_valid():
                raise
    return render(request, "signup.html", {"form": form})


HTML["login.html"] = """\
{% extends "base.html" %}
{% block title %}Log in{% endblock %}
{% block content %}
<h1>Log in</h1>
<form method="post">{% csrf_token %}
{{ form }}
<p class="row"><button class="primary">Log in</button>
<a href="{% url 'signup' %}">Sign up</a></p>
</form>
{% endblock %}
"""

HTML["signup.html"] = """\
{% extends "base.html" %}
{% block title %}Sign up{% endblock %}
{% block content %}
<h1>Sign up</h1>
<form method="post">{% csrf_token %}
{{ form }}
<p class="row"><button class="primary">Sign up</button>
<a href="{% url 'login' %}">Log in</a></p>
</form>
{% endblock %}
"""

# The list


class TodoForm(forms.ModelForm):
    class Meta:
        model = Todo
        fields = ["title"]
        labels = {"title": "What needs to be done?"}
        widgets = {
            "title": forms.TextInput(
                attrs={
                    "class": "new-todo",
                    "autofocus": True,
                    "placeholder": "What needs to be done?",
                    "aria-label": "What needs to be done?",
                }
            )
        }


def redirect_to_list(request):
    """Return a redirect to the filter and page that the visitor came from."""
    return redirect(reverse("index", query=request.GET))


@never_cache
def index(request):
    """Show a page of the list, newest first; add what the visitor wrote."""
    form = TodoForm(request.POST or None, instance=Todo(owner=request.user))
    if form.is_valid():
        form.save()
        return redirect_to_list(request)
    todos = request.user.todo_set.order_by("-id")
    active = todos.filter(completed=False)
    completed = todos.filter(completed=True)
    filters = {"all": todos, "active": active, "completed": completed}
    show = request.GET.get("show")
    if show not in filters:
        show = "all"
    paginator = Paginator(filters[show], PAGE_SIZE)
    context = {
        "form": form,
        "show": show,
        "filters": filters,
        "counts": {"active": active.count(), "completed": completed.count()},
        "page": paginator.get_page(request.GET.get("page")),
    }
    return render(request, "index.html", context)


@never_cache
def edit(request, todo_id):
    """Show a to-do's title in a field; save what the visitor wrote."""
    todo = get_object_or_404(request.user.todo_set, id=todo_id)
    form = TodoForm(request.POST or None, instance=todo)
    if form.is_valid():
        # form.save() would bring back what has been deleted meanwhile.
        request.user.todo_set.filter(id=todo_id).update(**form.cleaned_data)
        return redirect_to_list(request)
    return render(request, "edit.html", {"form": form, "todo": todo})


@require_POST
def toggle(request, todo_id):
    """Complete a to-do, or make it active again."""
    todos = request.user.todo_set.filter(id=todo_id)
    todos.update(completed="completed" in request.POST)
    return redirect_to_list(request)


@require_POST
def delete(request, todo_id):
    """Delete a to-do; one that is gone is no error."""
    request.user.todo_set.filter(id=todo_id).delete()
    return redirect_to_list(request)


@require_POST
def toggle_all(request):
    """Complete all to-dos, or make them all active again."""
    request.user.todo_set.update(completed="completed" in request.POST)
    return redirect_to_list(request)


@require_POST
def clear_completed(request):
    """Delete the completed to-dos of all pages."""
    request.user.todo_set.filter(completed=True).delete()
    return redirect_to_list(request)


# The browser keeps the fragment of a button's address (#row-3) across the
# redirect: the visitor is back at that row, whichever to-do it holds now.
HTML["index.html"] = """\
{% extends "base.html" %}
{% block title %}Todos{% endblock %}
{% block content %}
{% querystring as args %}
<h1>todos</h1>
<form method="post" action="{% url 'index' %}{% querystring page=None %}">
{% csrf_token %}
<div class="row">
{{ form.title }}
<button class="primary">Add</button>
{{ form.title.errors }}</div>
</form>
{% if counts.active or counts.completed %}
<form method="post">{% csrf_token %}
<div class="row">
<span class="todo-count"><strong>{{ counts.active }}</strong>
item{{ counts.active|pluralize }} left</span>
<button class="toggle-all" {% if counts.active %}name="completed"{% endif %}
  formaction="{% url 'toggle_all' %}{{ args }}">
{% if counts.active %}Complete{% else %}Reactivate{% endif %} all</button>
</div>
<ul class="todo-list">
{% for todo in page %}
<li id="todo-{{ todo.id }}"
  {% if todo.completed %}class="completed"{% endif %}>
<button class="toggle" {% if not todo.completed %}name="completed"{% endif %}
  aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ todo.completed|yesno:'true,false' }}"
  formaction="{% url 'toggle' todo.id %}{{ args }}#row-{{ forloop.counter }}">
{% if todo.completed %}✓{% endif %}</button>
<a class="title" id="row-{{ forloop.counter }}"
  href="{% url 'edit' todo.id %}{{ args }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{% url 'delete' todo.id %}{{ args }}#row-{{ forloop.counter }}">
×</button>
</li>
{% empty %}
<li>Nothing to show here.</li>
{% endfor %}
</ul>
<div class="row" id="row-{{ page|length|add:1 }}">
<nav class="filters" aria-label="Filters">
{% for name in filters %}
<a href="{% url 'index' %}{% querystring show=name page=None %}"
  {% if name == show %}aria-current="page"{% endif %}>{{ name|title }}</a>
{% endfor %}
</nav>
{% if page.has_previous %}
<a href="{% querystring page=page.previous_page_number %}">Newer</a>
{% endif %}
{% if page.has_next %}
<a href="{% querystring page=page.next_page_number %}">Older</a>
{% endif %}
{% if counts.completed %}
<button class="clear-completed"
  formaction="{% url 'clear_completed' %}{{ args }}">
Clear completed</button>
{% endif %}
</div>
</form>
{% endif %}
{% endblock %}
"""

HTML["edit.html"] = """\
{% extends "base.html" %}
{% block title %}Edit a to-do{% endblock %}
{% block content %}
<h1>Edit</h1>
<form method="post" action="#todo-{{ todo.id }}">{% csrf_token %}
{{ form }}
<p class="row"><button class="primary">Save</button>
<a href="{% url 'index' %}{% querystring %}#todo-{{ todo.id }}">Cancel</a></p>
</form>
{% endblock %}
"""

# Errors

# Django finds the pages for errors by their names.
HTML["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is nothing at this address.</p>
<p><a href="{% url 'index' %}">Back to the list</a></p>
{% endblock %}
"""

HTML["403_csrf.html"] = """\
{% extends "base.html" %}
{% block title %}Forbidden{% endblock %}
{% block content %}
<h1>Forbidden</h1>
<p>This form is out of date, or another site sent it.</p>
<p><a href="{% url 'index' %}">Back to the list</a></p>
{% endblock %}
"""

# URLs

# Windows may have other types for these, and browsers would refuse the files.
mimetypes.add_type("text/css", ".css")
mimetypes.add_type("text/javascript", ".js")


@login_not_required
def admin_static(request, file):
    """Serve the admin's files, as "runserver --insecure" is documented to."""
    return serve_static(request, file, insecure=True)


urlpatterns = [
    path("login/", login_view, name="login"),
    path("signup/", signup, name="signup"),
    path("logout/", LogoutView.as_view(next_page="login"), name="logout"),
    path("", index, name="index"),
    path("<int:todo_id>/edit/", edit, name="edit"),
    path("<int:todo_id>/toggle/", toggle, name="toggle"),
    path("<int:todo_id>/delete/", delete, name="delete"),
    path("toggle-all/", toggle_all, name="toggle_all"),
    path("clear-completed/", clear_completed, name="clear_completed"),
    path("admin/", admin.site.urls),
    path("static/<path:file>", admin_static),
]

# Start

if __name__ == "__main__":
    # waitress logs its address.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if sys.argv[1:]:
        sys.exit(execute_from_command_line())
    port = int(os.environ.get("PORT", "8000"))
    try:
        # waitress itself would share a port that is taken, on Windows.
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        sys.exit(f"Port {port}: {error}. Set PORT to another number.")
    serve(application, sockets=[listener])
