"""The bundled server as a child: it comes with a profile, and goes with whoever started it."""

import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from eventproof import profile, reference
from eventproof.errors import UsageError
from reference_server import app

PARENT = """
import sys
from eventproof import reference
with reference.start(seed_users=1) as server:
    print(server.pid, server.url, flush=True)
    sys.stdin.read()
"""


def test_its_profile_reaches_it() -> None:
    with reference.start(seed_users=3) as server:
        target = profile.load(server.profile)
        assert target.base_url == server.url
        assert len(target.users) == 3
        assert target.admins


def test_it_serves_every_system_that_there_is() -> None:
    assert tuple(app.SYSTEMS) == reference.SYSTEMS


def test_it_is_gone_when_the_block_ends() -> None:
    with reference.start(seed_users=1) as server:
        pass
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    assert not server.profile.parent.exists()


def test_a_fault_that_there_is_not_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="no-such-fault"), reference.start(fault="no-such-fault"):
        pass


def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    _, url = parent.stdout.readline().split()
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), timeout=30) as open_until_the_server_ends:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert open_until_the_server_ends.recv(1) == b""
    parent.stdin.close()
    parent.stdout.close()
