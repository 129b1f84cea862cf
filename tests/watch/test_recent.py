"""The history of a watch, which forgets: by its number of records, and by how long they are."""

import pytest

from eventproof.conform import watching
from eventproof.conform.watching import Recent
from eventproof.history import Kind


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> Recent:
    monkeypatch.setattr(watching, "KEPT", 10)
    monkeypatch.setattr(watching, "_LETTERS", 100)
    return Recent(lambda: 0.0)


def test_it_forgets_its_oldest_records_and_counts_all(recent: Recent) -> None:
    for number in range(100):
        recent.add(Kind.NOTE, "a", name=str(number))
        assert [record.name for record in recent][-1] == str(number)
        assert sum(1 for _ in recent) <= 20
    assert len(recent) == 100
    assert [record.name for record in recent.since(98)] == ["98", "99"]
    assert sum(1 for _ in recent.since(0)) >= 10


def test_long_frames_are_forgotten_sooner(recent: Recent) -> None:
    for _ in range(50):
        recent.add(Kind.FRAME_IN, "a", payload="x" * 60)
        assert sum(len(record.payload) for record in recent) <= 100
    assert len(recent) == 50
    assert len(recent.since(49)) == 1
