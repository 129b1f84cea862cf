"""A ban storm whose load generator does something else most of the time."""

from time import monotonic
from typing import Any

from locust import events

from eventproof import layout
from eventproof.load.greenlets import sleep, spawn

__all__ = ["Crowd", "Moderator"]

Crowd, Moderator = (getattr(layout.loadtests("ban_storm"), name) for name in ("Crowd", "Moderator"))


@events.test_start.add_listener  # type: ignore[untyped-decorator]  # Locust's events have no types
def _begin(**_: Any) -> None:
    spawn(_burn)


def _burn() -> None:
    while True:
        end = monotonic() + 0.6
        while monotonic() < end:
            pass
        sleep(0.05)
