# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Hello World in Flask.

Run it:     python hello_flask.py, then open http://127.0.0.1:5000
Live-code:  flask --app hello_flask run --debug
Needs:      pip install flask waitress
"""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello_world():
    return "<p>Hello, World!</p>"


# That was the application. The rest starts it with `python hello_flask.py`.

if __name__ == "__main__":
    import logging
    import os
    import sys
    import warnings

    from waitress import serve

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    port = os.environ.get("PORT", "5000")
    try:
        serve(app, listen=f"127.0.0.1:{port}")
    except (OSError, ValueError) as error:
        sys.exit(f"Cannot serve on port {port}: {error}")
    finally:  # waitress leaves its sockets to the system to close
        warnings.simplefilter("ignore", ResourceWarning)
