"""What is taken out of a log entry before it is written."""

from reference_server.logs import REDACTED, redact

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def test_tokens_and_passwords_are_redacted_wherever_they_are() -> None:
    entry = {
        "event": f"a call with {TOKEN} failed",
        "password": "hunter2",
        "headers": {"Authorization": f"Bearer {TOKEN}", "Accept": "*/*"},
        "tried": [TOKEN, "fine"],
        "count": 3,
    }
    assert redact(None, "info", entry) == {
        "event": f"a call with {REDACTED} failed",
        "password": REDACTED,
        "headers": {"Authorization": REDACTED, "Accept": "*/*"},
        "tried": [REDACTED, "fine"],
        "count": 3,
    }
