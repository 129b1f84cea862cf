"""No secret of a run is in any output, however the target echoes it."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.cli import echoing

LITERAL = "literal/pass+word=1"
PROFILE = """
base_url = "{url}"
systems = ["user-state"]
other_channels = []
allow_load = true

[rest.headers]
Authorization = "Bearer {{token}}"
X-Api-Key = "${{GATEWAY}}"

[jwt]
secret_env = "SIGNING"
expired_env = "OLD_TOKEN"

[[identities.admins]]
email = "admin@echo.example"
password = "{literal}"

[[identities.users]]
email = "user-{{n}}@echo.example"
count = 12
password_env = "USER_PASSWORD"

[operations.login]
answers = {{ token = "/token", userId = "/user/id", tier = "/user/tier" }}
[operations.getMe]
answers = {{ userId = "/id", tier = "/tier" }}
"""
SECRETS = {
    "GATEWAY": "gate-way-key-7781",
    "SIGNING": "signing secret & <more>",
    "OLD_TOKEN": "old:token-that-says-nothing",
    "USER_PASSWORD": 'pass"wörd\\99',
}


SOME = tuple(part for name in ("UST-CONN-1", "UST-CONN-2", "UST-TIER-1", "ALL-MSG-1") for part in ("--only", name))
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("eventproof", "check", *SOME, "--results", "results"),
    "check-json": ("eventproof", "check", "--only", "UST-TIER-1", "--json", "--results", "results"),
    "dry-run": ("eventproof", "check", "--dry-run"),
    "swarm": (
        *("eventproof", "swarm", "ban_storm", "eventproof.toml", "--users", "6", "--admins", "1"),
        *("--run-time", "4s", "--results", "results"),
    ),
    "workers": (
        *("eventproof", "swarm", "ban_storm", "eventproof.toml", "--users", "6", "--admins", "2"),
        *("--run-time", "4s", "--processes", "2", "--results", "results"),
    ),
    "pytest": (
        *("pytest", "--pyargs", "conformance", "--eventproof-target", "eventproof.toml", "-p", "no:cacheprovider"),
        *("--eventproof-only", "UST-TIER-1", "--eventproof-results", "results"),
    ),
}


@dataclass(frozen=True)
class Ran:
    outputs: dict[str, str]
    """Standard output, standard error, and every file that was written."""
    secrets: set[str]


@pytest.fixture(scope="module", params=list(COMMANDS.values()), ids=list(COMMANDS))
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("echo")
    with subprocess.Popen(
        [sys.executable, echoing.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as echo:
        assert echo.stdout is not None
        assert echo.stdin is not None
        profile = PROFILE.format(url=echo.stdout.readline().strip(), literal=LITERAL)
        (folder / "eventproof.toml").write_text(profile, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", *request.param],
            cwd=folder,
            env={**os.environ, **SECRETS},
            capture_output=True,
            encoding="utf-8",
            timeout=200,
        )
        echo.stdin.close()
        seen = json.loads(echo.stdout.readline())
    files = {path.name: path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}
    del files["eventproof.toml"]
    return Ran({"stdout": done.stdout, "stderr": done.stderr, **files}, {*seen, *SECRETS.values(), LITERAL})


def test_no_output_has_a_secret_that_the_target_echoes(ran: Ran) -> None:
    assert len(ran.secrets) > len(SECRETS) + 2
    spellings = {
        spelling
        for secret in ran.secrets
        for spelling in (
            secret,
            json.dumps(secret)[1:-1],
            quote(secret, safe=""),
            base64.b64encode(f"someone:{secret}".encode()).decode().rstrip("=")[12:-2],
        )
    }
    leaks = {(name, spelling) for name, text in ran.outputs.items() for spelling in spellings if spelling in text}
    assert not leaks


def test_what_was_struck_out_is_marked_and_moves_no_cursor(ran: Ran) -> None:
    files = {name: text for name, text in ran.outputs.items() if name not in ("stdout", "stderr", ".eventproof")}
    assert not files or any("[redacted]" in text for text in files.values())
    assert not [name for name, text in ran.outputs.items() if "\x1b[31m" in text or "\x00" in text]
