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
import sys
import warnings

from flask import Flask, render_template
from jinja2 import DictLoader
from waitress import serve

# Configuration

TEMPLATES = {}  # file name: text; filled below

app = Flask(__name__)
app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
app.jinja_loader = DictLoader(TEMPLATES)

# Views


@app.route("/")
def index():
    """Welcome the visitor."""
    return render_template("index.html")


@app.route("/about/")
def about():
    """Say what this website is."""
    return render_template("about.html")


@app.errorhandler(404)
def page_not_found(error):
    """Show the way home from an address that does not exist."""
    return render_template("404.html"), 404


# Templates: each can move into templates/, as a file of that name

TEMPLATES["base.html"] = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A personal website in one file of Flask.">
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
<footer>Made with Flask</footer>
</body>
</html>
"""

TEMPLATES["index.html"] = """\
{% extends "base.html" %}
{% block title %}Personal Website{% endblock %}
{% block content %}
<h1>Welcome to My Website</h1>
<p><a href="{{ url_for('about') }}">About Me</a></p>
{% endblock %}
"""

TEMPLATES["about.html"] = """\
{% extends "base.html" %}
{% block title %}About Me{% endblock %}
{% block content %}
<h1>About Me</h1>
<p>This is my personal website.</p>
<p><a href="{{ url_for('index') }}">Home</a></p>
{% endblock %}
"""

TEMPLATES["404.html"] = """\
{% extends "base.html" %}
{% block title %}Not Found{% endblock %}
{% block content %}
<h1>Not Found</h1>
<p>There is no page at this address.</p>
<p><a href="{{ url_for('index') }}">Home</a></p>
{% endblock %}
"""

# Start

if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = os.environ.get("PORT", "5000")
    try:
        serve(app, listen=f"127.0.0.1:{port}")
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot serve on port {port}: {error}")
    finally:  # waitress leaves its sockets to the system to close
        warnings.simplefilter("ignore", ResourceWarning)
