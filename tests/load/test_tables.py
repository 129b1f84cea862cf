from types import SimpleNamespace
from typing import Any

from eventproof.load.tables import strike_secrets
from eventproof.redaction import learn


def test_what_another_process_was_given_is_struck_out_of_locusts_tables() -> None:
    told = "the target sent an error: no such token kJ8s-opaque-Zx91"
    entry, failure = SimpleNamespace(name=told), SimpleNamespace(name=told, error=f"Unexpected('{told}')")
    stats: Any = SimpleNamespace(entries={("a", "b"): entry}, errors={"c": failure})
    strike_secrets(stats)
    assert entry.name == told, "nobody knows that it is one"
    learn("kJ8s-opaque-Zx91")
    strike_secrets(stats)
    assert entry.name == failure.name == "the target sent an error: no such token [redacted]"
    assert "opaque" not in failure.error
