"""What the tests share: pytest finds it here by its name."""

import signal

import pytest
from servers import Server

# A shell makes what it starts in the background ignore Ctrl-C; scripts that
# the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start(tmp_path):
    """Give a function that starts scripts; no traceback may come of it."""
    servers = []

    def start(name, *command, folder="", **environ):
        servers.append(Server(name, tmp_path / folder, *command, **environ))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
    for server in servers:
        assert server.may_fail or "Traceback" not in server.output()
