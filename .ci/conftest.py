"""What the tests share: pytest finds it here by its name."""

import signal

import pytest
from servers import Server

# In the background a shell has interrupts ignored, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def start(tmp_path):
    """Give a function that starts demos; no unexpected traceback may come."""
    servers = []

    def start(name, *command, folder="", **environ):
        servers.append(Server(name, tmp_path / folder, *command, **environ))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
    for server in servers:
        assert server.may_fail or "Traceback" not in server.output()
