# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "waitress>=3,<4"]
# ///
"""A personal website in Django: two pages, one base template.

Run it:     python site_django.py, then open http://127.0.0.1:8000
Live-code:  python site_django.py runserver
Needs:      pip install django waitress
"""

import logging
import os
import secrets
import sys
import warnings

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe
from waitress import serve

# Configuration

TEMPLATES = {}  # file name: text; filled below

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DEBUG=sys.argv[1:2] == ["runserver"],
    LOGGING_CONFIG=None,  # plain logging: errors go to stderr, always
    MIDDLEWARE=[
        f"{__name__}.empty_head",
        "django.middleware.common.CommonMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),  # the debug page asks for one
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                # Given by hand, loaders have no cache of their own.
                "loaders": [
                    (
                        "django.template.loaders.cached.Loader",
                        [("django.template.loaders.locmem.Loader", TEMPLATES)],
                    )
                ]
            },
        }
    ],
)

# Views


def empty_head(get_response):
    """Answer HEAD without a body, which waitress leaves to the application."""

    def middleware(request):
        response = get_response(request)
        if request.method == "HEAD":
            response.content = b""
        return response

    return middleware


@require_safe
def index(request):
    """Welcome the visitor."""
    return render(request, "index.html")


@require_safe
def about(request):
    """Say what this website is."""
    return render(request, "about.html")


urlpatterns = [
    path("", index, name="index"),
    path("about/", about, name="about"),
]

application = get_wsgi_application()

# Templates: each can move into templates/, as a file of that name

TEMPLATES["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A personal website in one file of Django.">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --accent: #b3233a; --quiet: #5c5c5c }
@media (prefers-color-scheme: dark) {
  :root { --accent: #ff9aa8; --quiet: #b8b8b8 } }
body { max-width: 36rem; margin: 3rem auto; padding: 0 1rem;
  background: canvas; font: 1.125rem/1.6 system-ui, sans-serif }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
footer { margin-top: 4rem; color: var(--quiet); font-size: .875rem }
</style>
</head>
<body>
<main>
{% block content %}{% endblock %}
</main>
<footer>Made with Django</footer>
</body>
</html>
"""

TEMPLATES["index.html"] = """\
{% extends "base.html" %}
{% block title %}Personal Website{% endblock %}
{% block content %}
<h1>Welcome to My Website</h1>
<p><a href="{% url 'about' %}">About Me</a></p>
{% endblock %}
"""

TEMPLATES["about.html"] = """\
{% extends "base.html" %}
{% block title %}About Me{% endblock %}
{% block content %}
<h1>About Me</h1>
<p>This is my personal website.</p>
<p><a href="{% url 'index' %}">Home</a></p>
{% endblock %}
"""

# Django finds this one by its name.
TEMPLATES["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is no page at this address.</p>
<p><a href="{% url 'index' %}">Home</a></p>
{% endblock %}
"""

# Start

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
