"""When the garbage collector looks at everything."""

import asyncio

import pytest

from reference_server import garbage
from reference_server.garbage import Garbage


@pytest.mark.parametrize(
    ("remaining", "gone", "collections"),
    [(0, 999, 0), (0, 1000, 1), (0, 5000, 5), (18_000, 17_999, 0), (18_000, 18_000, 1), (18_000, 36_000, 2)],
)
async def test_everything_is_looked_at_once_as_many_have_gone_as_remain(
    monkeypatch: pytest.MonkeyPatch, remaining: int, gone: int, collections: int
) -> None:
    monkeypatch.setattr(garbage, "_PAUSE", 0.0)
    done: list[None] = []
    rubbish = Garbage(lambda: done.append(None))
    for _ in range(gone):
        rubbish.left(remaining)
    assert not done
    await asyncio.sleep(0.01)
    assert len(done) == collections
