# SPDX-License-Identifier: 0BSD
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
import socket
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe
from waitress import serve

# Configuration

HTML = {}  # the templates, by name
LOADER = ("django.template.loaders.locmem.Loader", HTML)

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DEBUG="runserver" in sys.argv,
    LOGGING_CONFIG=None,  # Django's own prints errors only while DEBUG is on
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="site",  # signs nothing here; the debug page asks for one
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {"loaders": [LOADER]},
        }
    ],
)
application = get_wsgi_application()

# The layout

HTML["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A personal website in one file of Django.">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; color: light-dark(#222, #eee);
  background: light-dark(#f6f3ec, #161618) }
body { display: flex; flex-direction: column; box-sizing: border-box;
  min-height: 100vh; max-width: 36em; margin: auto; padding: 1.5em;
  font: clamp(1.125rem, 1rem + .5vw, 1.75rem)/1.5 system-ui, sans-serif }
h1, a { color: light-dark(#0b5a2e, #9fdcae) }
:focus-visible { outline: 2px solid }
nav a { margin-right: 1em }
main { margin: auto 0 }
h1 { margin: 0; line-height: 1.1; font-size: min(12vw, 3.5em);
  text-wrap: balance }
</style>
</head>
<body>
<nav>
<a href="{% url 'index' %}">Home</a>
<a href="{% url 'about' %}">About Me</a>
</nav>
<main>{% block content %}{% endblock %}</main>
<footer>Made with Django</footer>
</body>
</html>
"""

# The pages


@require_safe
def index(request):
    return render(request, "index.html")


HTML["index.html"] = """\
{% extends "base.html" %}
{% block title %}Personal Website{% endblock %}
{% block content %}
<h1>Welcome to My Website</h1>
<p>Two pages and the way between them, in one file.</p>
{% endblock %}
"""


@require_safe
def about(request):
    return render(request, "about.html")


HTML["about.html"] = """\
{% extends "base.html" %}
{% block title %}About Me{% endblock %}
{% block content %}
<h1>About Me</h1>
<p>This is my personal website.</p>
{% endblock %}
"""

# Django finds this page by its name.
HTML["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is no page at this address.</p>
{% endblock %}
"""

urlpatterns = [
    path("", index, name="index"),
    path("about/", about, name="about"),
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
