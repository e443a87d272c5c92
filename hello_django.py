# /// script
# requires-python = ">=3.10"
# dependencies = ["django>=5.2,<7", "waitress>=3,<4"]
# ///
"""Hello World in Django.

Run it:     python hello_django.py, then open http://127.0.0.1:8000
Live-code:  python hello_django.py runserver
Needs:      pip install django waitress
"""

import secrets
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=sys.argv[1:2] == ["runserver"],
    LOGGING_CONFIG=None,  # plain logging: errors go to stderr, always
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),  # the debug page asks for one
)


def hello_world(request):
    return HttpResponse("Hello, Django!")


urlpatterns = [path("", hello_world)]

application = get_wsgi_application()


# That was the application. The rest starts it with `python hello_django.py`.

if __name__ == "__main__":
    import logging
    import os
    import warnings

    from django.core.management import execute_from_command_line
    from waitress import serve

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
