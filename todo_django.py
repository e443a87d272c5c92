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
import os
import secrets
import sys
from pathlib import Path

from django import forms
from django.apps import AppConfig
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.management import call_command, execute_from_command_line
from django.core.paginator import Paginator
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, re_path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.static import serve as serve_static
from waitress import serve

# Configuration

DATABASE = Path(__file__).with_name("todo_django.sqlite3")
FILTERS = {  # what ?show= may be, and its condition
    None: models.Q(),
    # Django 5.2 turns =False into NOT, for which SQLite uses no index.
    "active": models.Q(completed__in=[False]),
    "completed": models.Q(completed=True),
}
PAGE_SIZE = 50  # to-dos
HTML = {}  # the templates, by name
CACHED = [
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
                "init_command": "PRAGMA journal_mode = WAL",
                "timeout": 60,  # seconds
                "transaction_mode": "IMMEDIATE",
            },
        }
    },
    DEBUG="runserver" in sys.argv,
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
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    ROOT_URLCONF=__name__,
    # The reloader hands the key on, so that a reload logs nobody out.
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

# These import models, so they can only come after the set-up above.
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
::placeholder, .helptext { color: var(--quiet); opacity: 1 }
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
<header>Made with Django
{% if user.is_authenticated %}
<b>{{ user.username }}</b>
{% if user.is_staff %}<a href="{% url 'admin:index' %}">Admin</a>{% endif %}
<form method="post" action="{% url 'logout' %}">{% csrf_token %}
<button>Log out</button>
</form>
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
        indexes = [models.Index(fields=["owner", "completed"])]

    def __str__(self):
        return self.title


@admin.register(Todo)
class TodoAdmin(admin.ModelAdmin):
    list_display = ["title", "owner", "completed"]
    list_filter = ["completed"]
    search_fields = ["title", "owner__username"]


# All tables or none, however many processes start at once. In a transaction,
# Django makes tables only while keys are not checked (it documents no way).
with connection.constraint_checks_disabled(), transaction.atomic():
    call_command("migrate", run_syncdb=True, verbosity=0)
connection.close()  # which no process may inherit from a server that forks

# Accounts

# No "next": what was asked for may be an address that only answers POST.
login_view = LoginView.as_view(
    template_name="login.html", redirect_field_name=None
)


@login_not_required
@transaction.atomic  # the second of two clicks waits, and is told "taken"
def signup(request):
    """Make an account and log in."""
    form = UserCreationForm(request.POST or None)
    if form.is_valid():
        login(request, form.save())
        return redirect("index")
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
        attrs = {
            "class": "new-todo",
            "autofocus": True,
            "placeholder": labels["title"],
            "aria-label": labels["title"],
        }
        widgets = {"title": forms.TextInput(attrs)}


def redirect_to_list(request):
    """Return to the filter and the page that the visitor came from."""
    return redirect(reverse("index", query=request.GET))


@never_cache
def index(request):
    """Show a page of the list; add what the visitor wrote."""
    form = TodoForm(request.POST or None, instance=Todo(owner=request.user))
    if form.is_valid():
        form.save()
        return redirect_to_list(request)
    show = request.GET.get("show")
    if show not in FILTERS:
        show = None
    todos = request.user.todo_set.order_by("-id")
    paginator = Paginator(todos.filter(FILTERS[show]), PAGE_SIZE)
    context = {
        "form": form,
        "show": show,
        "filters": FILTERS,
        "active_count": todos.filter(FILTERS["active"]).count(),
        "completed_count": todos.filter(FILTERS["completed"]).count(),
        "page": paginator.get_page(request.GET.get("page")),
    }
    return render(request, "index.html", context)


@never_cache
def edit(request, todo_id):
    """Change the title of a to-do."""
    todos = request.user.todo_set.filter(id=todo_id)
    todo = get_object_or_404(todos)
    form = TodoForm(request.POST or None, instance=todo)
    if form.is_valid():
        # form.save() would bring back what has been deleted meanwhile.
        todos.update(**form.cleaned_data)
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
    """Delete a to-do."""
    request.user.todo_set.filter(id=todo_id).delete()
    return redirect_to_list(request)


@require_POST
def toggle_all(request):
    """Complete all to-dos, or make them all active again."""
    request.user.todo_set.update(completed="completed" in request.POST)
    return redirect_to_list(request)


@require_POST
def clear_completed(request):
    """Delete the completed to-dos."""
    request.user.todo_set.filter(completed=True).delete()
    return redirect_to_list(request)


# The browser keeps the fragment of a button's address (#row-3) across the
# redirect: the visitor is back at that row, whichever to-do it holds now.
HTML["index.html"] = """\
{% extends "base.html" %}
{% block title %}Todos{% endblock %}
{% block content %}
{% querystring as query %}
<h1>todos</h1>
<form method="post" action="{% url 'index' %}{% querystring page=None %}">
{% csrf_token %}
<div class="row">
{{ form.title }}
<button class="primary">Add</button>
{{ form.title.errors }}</div>
</form>
{% if active_count or completed_count %}
<form method="post">{% csrf_token %}
<div class="row">
<span class="todo-count"><strong>{{ active_count }}</strong>
item{{ active_count|pluralize }} left</span>
<button class="toggle-all" {% if active_count %}name="completed"{% endif %}
  formaction="{% url 'toggle_all' %}{{ query }}">
{{ active_count|yesno:"Complete,Reactivate" }} all</button>
</div>
<ul class="todo-list">
{% for todo in page %}
<li id="todo-{{ todo.id }}" class="{{ todo.completed|yesno:'completed,' }}">
<button class="toggle" {% if not todo.completed %}name="completed"{% endif %}
  aria-label="Complete {{ todo.title }}"
  aria-pressed="{{ todo.completed|yesno:'true,false' }}"
  formaction="{% url 'toggle' todo.id %}{{ query }}#row-{{ forloop.counter }}">
{% if todo.completed %}✓{% endif %}</button>
<a class="title" id="row-{{ forloop.counter }}"
  href="{% url 'edit' todo.id %}{{ query }}">{{ todo.title }}</a>
<button class="destroy" aria-label="Delete {{ todo.title }}"
  formaction="{% url 'delete' todo.id %}{{ query }}#row-{{ forloop.counter }}"
  >×</button>
</li>
{% empty %}
<li>Nothing to show here.</li>
{% endfor %}
</ul>
<div class="row" id="row-{{ page|length|add:1 }}">
<nav class="filters" aria-label="Filters">
{% for name in filters %}
<a href="{% url 'index' %}{% querystring show=name page=None %}"
  {% if name == show %}aria-current="page"{% endif %}>
{{ name|default:"all"|title }}</a>
{% endfor %}
</nav>
{% if page.has_previous %}
<a href="{% querystring page=page.previous_page_number %}">Newer</a>
{% endif %}
{% if page.has_next %}
<a href="{% querystring page=page.next_page_number %}">Older</a>
{% endif %}
{% if completed_count %}
<button class="clear-completed"
  formaction="{% url 'clear_completed' %}{{ query }}">
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

# Django leaves static files to a web server; here the admin's come along.
ADMIN_STATIC = {"document_root": Path(admin.__file__).with_name("static")}

urlpatterns = [
    path("login/", login_view, name="login"),
    path("signup/", signup, name="signup"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", index, name="index"),
    path("<int:todo_id>/edit/", edit, name="edit"),
    path("<int:todo_id>/toggle/", toggle, name="toggle"),
    path("<int:todo_id>/delete/", delete, name="delete"),
    path("toggle-all/", toggle_all, name="toggle_all"),
    path("clear-completed/", clear_completed, name="clear_completed"),
    path("admin/", admin.site.urls),
    # Up to Python 3.13, to look for a longer name is an OSError.
    re_path(
        r"^static/(?P<path>[\w./-]{1,200})$",
        login_not_required(serve_static),
        ADMIN_STATIC,
    ),
]

# Start

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if sys.argv[1:]:
        sys.exit(execute_from_command_line())
    port = os.environ.get("PORT", "8000")
    try:
        serve(application, host="127.0.0.1", port=port)
    except OSError as error:
        sys.exit(f"Port {port}: {error}. Set PORT to another number.")
