# SPDX-License-Identifier: 0BSD
# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "waitress>=3,<4"]
# ///
"""Hello World in Django.

Run it:     python hello_django.py, then open http://127.0.0.1:8000
Busy port:  set PORT in the environment, to 8001 for instance
Live-code:  python hello_django.py runserver
Needs:      pip install django waitress
"""

import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG="runserver" in sys.argv,
    LOGGING_CONFIG=None,  # Django's own prints errors only while DEBUG is on
    ROOT_URLCONF=__name__,
    SECRET_KEY="hello",  # signs nothing here; the debug page asks for one
)


def hello_world(request):
    return HttpResponse("Hello, Django!")


urlpatterns = [path("", hello_world)]

application = get_wsgi_application()


if __name__ == "__main__":
    import logging
    import os

    from django.core.management import execute_from_command_line
    from waitress import serve

    # waitress logs its address.
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if sys.argv[1:]:
        sys.exit(execute_from_command_line())
    serve(application, host="127.0.0.1", port=os.environ.get("PORT", "8000"))
