"""How much a command line imports before it knows what it has to do."""

import subprocess
import sys

import pytest

HEAVY = {
    *("aiohttp", "faker", "gevent", "hypothesis", "jinja2", "jsonschema", "jsonschema_rs", "locust", "pytest", "rich"),
    *("schemathesis", "socketio", "sqlalchemy", "yaml"),
}


def imported(*arguments: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "eventproof", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}


@pytest.mark.parametrize("asked", [("--help",), ("check", "--help"), ("swarm", "--help"), ("init", "--help")])
def test_help_imports_nothing_that_is_slow_to_import(asked: tuple[str, ...]) -> None:
    assert imported(*asked) & HEAVY == set()


def test_what_does_something_imports_what_it_needs() -> None:
    assert "yaml" in imported("contract", "list")
