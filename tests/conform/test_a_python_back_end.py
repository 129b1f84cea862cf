"""The check on a back end of stock python-socketio: what its defaults do is blamed for nothing, and it can be green."""

import json
import sys
from pathlib import Path

from eventproof.verdict import ExitCode
from tests.conform import back_ends

PROFILE = """
base_url = "http://127.0.0.1:{port}"
systems = ["user-state"]
capabilities = ["metrics"]
openapi = false
other_channels = []

[rest]
code = "/code"
message = "/msg"

[identities]
file = "people.ndjson"

[jwt]
secret_env = "JWT_SECRET"

[metrics]
path = "/internal/stats"
format = "json"
identity = "admin"
gauges = ["/sockets/open", "/rooms"]
"""


def test_it_is_green(tmp_path: Path) -> None:
    def profile_of(said: back_ends.Said) -> str:
        people = tmp_path / "people.ndjson"
        people.write_text("\n".join(map(json.dumps, said["people"])), encoding="utf-8")
        return PROFILE.format(port=said["port"])

    command = [sys.executable, str(Path(__file__).with_name("stock.py"))]
    with back_ends.running(command, tmp_path, profile_of, lambda said: {"JWT_SECRET": said["secret"]}) as back_end:
        ran = back_end.check("--json")
    assert ran.reasons() == {
        "ALL-REST-1": "the profile says that the server publishes no OpenAPI document: openapi = false",
        "UST-BAN-11": "the profile says that there is no further channel",
    }
    assert ran.code == ExitCode.PASS, ran.errors
