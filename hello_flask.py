# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["flask>=3.1,<4", "waitress>=3,<4"]
# ///
"""Hello World in Flask.

Run it:     python hello_flask.py, then open http://127.0.0.1:5000
Busy port:  set PORT in the environment, to 5001 for instance
Live-code:  flask --app hello_flask run --debug
Needs:      pip install flask waitress
"""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello_world():
    return "<p>Hello, World!</p>"


if __name__ == "__main__":
    import logging
    import os

    from waitress import serve

    # waitress logs its address.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    serve(app, host="127.0.0.1", port=os.environ.get("PORT", "5000"))
