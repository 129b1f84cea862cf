"""The same event caused several times, one after the other: in which order it is heard."""

from functools import partial
from typing import Any, Final

from eventproof.catalog import Event, effects
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.client.aio import Received
from eventproof.errors import ContractViolation, Inconclusive

from .case import Case
from .client_events import enter_rooms
from .performing import begun, perform

__all__ = ["must_come_in_order"]

_TIMES: Final = 6
"""So often it is caused: what is late now and then shows."""


async def must_come_in_order(case: Case, event: Event) -> None:
    """Cause it again and again within one key, each time after the answer to the one before.

    Raises ContractViolation where a connection hears them in another order, Inconclusive where nothing tells them apart
    or they do not all come: other cases judge that.
    """
    system, trigger = case.system, case.system.operation(event.certain[0])
    user = await case.user()
    lines = [await user.connect(transport, acknowledges=True) for transport in case.transports]
    known: dict[str, Any] = begun(system)
    for needed in system.before(trigger.id):
        await perform(case, user, needed, known)
    for line in lines:
        await enter_rooms(case, line, set(PLACEHOLDER.findall(" ".join(event.audience))), known)
    subjects: list[str] = []
    keys: set[str | None] = set()
    for _ in range(_TIMES):
        _, cause = await perform(case, user, trigger, dict(known))
        found = next(effects([event], cause))
        if found.subject is None or found.subject in subjects:
            raise Inconclusive(f"nothing tells one `{event.name}` from the next: say by what (correlate)")
        subjects.append(found.subject)
        keys.add(found.key)
    if len(keys) > 1:
        raise Inconclusive(f"each `{event.name}` is of a key of its own, within which there is no order")
    for line in lines:
        for subject in subjects:
            await line.awaits(event.name, partial(_is_about, event, subject))
        about = [str(event.subject(heard.payload)) for heard in line.heard(event.name)]
        order = [subject for subject in dict.fromkeys(about) if subject in subjects]
        if order != subjects:
            raise ContractViolation(
                f"{line.name} heard `{event.name}` in another order than it was caused in",
                expected=", ".join(subjects),
                observed=", ".join(order),
            )


def _is_about(event: Event, subject: str, heard: Received) -> bool:
    return str(event.subject(heard.payload)) == subject
