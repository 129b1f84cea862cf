import json
from typing import Any

from eventproof.history import History, Kind
from eventproof.report import ndjson
from tests.report import samples


def test_each_record_is_one_line_with_its_empty_fields_left_out() -> None:
    lines = ndjson.render(samples.run(), samples.history()).splitlines()
    assert len(lines) == len(samples.history())
    assert json.loads(lines[3]) == {
        "at": 0.02,
        "kind": "received",
        "actor": "user-1",
        "connection": "user-1/phone",
        "channel": "/",
        "name": "user.banned",
        "payload": {"message": samples.MESSAGE},
    }
    assert list(json.loads(lines[0])) == ["at", "kind", "actor", "name", "payload"]


def test_no_secret_gets_into_the_file() -> None:
    text = ndjson.render(samples.run(), samples.history())
    assert text.count("[redacted]") == 3
    assert "hunter2" not in text
    assert "eyJ" not in text


def test_a_payload_that_says_nothing_true_is_kept() -> None:
    history = History(clock=lambda: 0.0)
    nothings: tuple[Any, ...] = (0, False, [], {})
    for payload in nothings:
        history.add(Kind.RECEIVED, "user-1", payload=payload)
    lines = ndjson.render(samples.run(), tuple(history)).splitlines()
    assert [json.loads(line)["payload"] for line in lines] == [0, False, [], {}]


def test_an_event_cannot_break_its_line() -> None:
    history = History(clock=lambda: 0.0)
    history.add(Kind.RECEIVED, "user-1", payload="one\r\ntwo\u2028three")
    text = ndjson.render(samples.run(), tuple(history))
    assert text.count("\n") == 1
    assert json.loads(text)["payload"] == "one\r\ntwo\u2028three"
