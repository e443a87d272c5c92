# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""A personal website in Flask: two pages, one base template.

Run it:     python site_flask.py, then open http://127.0.0.1:5000
Live-code:  flask --app site_flask run --debug
Needs:      pip install flask waitress
"""

import logging
import os
import socket
import sys

from flask import Flask, render_template
from jinja2 import DictLoader
from waitress import serve

# Configuration

HTML = {}  # the templates by name; Flask escapes what ends in .html

app = Flask(__name__)
app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
app.jinja_loader = DictLoader(HTML)

# The layout

HTML["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A personal website in one file of Flask.">
<title>{% block title %}{% endblock %}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; color: light-dark(#222, #eee);
  background: light-dark(#f6f3ec, #161618) }
body { display: flex; flex-direction: column; box-sizing: border-box;
  min-height: 100vh; max-width: 36em; margin: auto; padding: 1.5em;
  font: clamp(1.125rem, 1rem + .5vw, 1.75rem)/1.5 system-ui, sans-serif }
h1, a { color: light-dark(#1a4480, #a3c9ff) }
:focus-visible { outline: 2px solid }
nav a { margin-right: 1em }
main { margin: auto 0 }
h1 { margin: 0; line-height: 1.1; font-size: min(12vw, 3.5em);
  text-wrap: balance }
</style>
</head>
<body>
<nav>
<a href="{{ url_for('index') }}">Home</a>
<a href="{{ url_for('about') }}">About Me</a>
</nav>
<main>{% block content %}{% endblock %}</main>
<footer>Made with Flask</footer>
</body>
</html>
"""

# The pages


@app.route("/")
def index():
    return render_template("index.html")


HTML["index.html"] = """\
{% extends "base.html" %}
{% block title %}Personal Website{% endblock %}
{% block content %}
<h1>Welcome to My Website</h1>
<p>Two pages and the way between them, in one file.</p>
{% endblock %}
"""


@app.route("/about/")
def about():
    return render_template("about.html")


HTML["about.html"] = """\
{% extends "base.html" %}
{% block title %}About Me{% endblock %}
{% block content %}
<h1>About Me</h1>
<p>This is my personal website.</p>
{% endblock %}
"""


@app.errorhandler(404)
def page_not_found(error):
    """Answer an unknown address with a page of this website."""
    return render_template("404.html"), 404


HTML["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is no page at this address.</p>
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
