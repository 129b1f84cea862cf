"""What the events of a mock say: a made-up payload that is about what its hearer knows. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from eventproof import samples
from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Ack, Event
from eventproof.catalog.arguments import Arguments
from eventproof.catalog.fields import named
from eventproof.catalog.pointer import at

__all__ = ["acknowledgement", "fitted", "said", "sayable"]

Json = Any
_TRIES = 24
"""So many acknowledgements are made up until one says yes, or no."""
_YES = ("ok", "success")
"""The fields in which an acknowledgement says whether it accepts."""
_REASONS = ("error", "message", "reason")
"""Those in which a refusal says why."""


def sayable(event: Event) -> bool:
    """Whether a payload can be made up for it, or its contract has an example."""
    return bool(event.examples) or samples.made_up(event, 0) is not samples.NONE


def said(event: Event, turn: int) -> Json:
    """What it says the so-manieth time: one of its document's examples, then something made up, and so on.

    The event is `sayable`.
    """
    written = event.examples if event.schema.get("examples") else ()
    return written[turn // 2 % len(written)] if written and turn % 2 == 0 else samples.sample(event, turn)


def fitted(event: Event, payload: Json, known: Mapping[str, Json]) -> Json:
    """The payload with these values in its fields of these names, as far as the contract takes them.

    A value that came as text in an address may be a number there.
    """
    fields = named(event.schema)
    for name, value in known.items():
        for candidate in _spellings(value):
            changed = _with(event, payload, name, candidate, is_described=name in fields)
            if changed is not payload and event.is_valid(changed):
                payload = changed
                break
    return payload


def acknowledgement(ack: Ack, seed: int, *, wrong: str = "") -> tuple[Json, ...] | None:
    """The arguments of an acknowledgement by callback: one that accepts, or, with what is `wrong`, one that refuses.

    None where the contract has none that says so: then nothing is acknowledged.
    """
    usual: tuple[Json, ...] | None = None
    for number in range(seed * _TRIES, (seed + 1) * _TRIES):
        made = samples.acknowledged(ack, number)
        if made is samples.NONE:
            continue
        arguments = _arguments(made)
        if is_refusal(arguments) == bool(wrong):
            return _saying_why(ack, made, wrong) if wrong else arguments
        usual = arguments
    return None if wrong else usual


def _saying_why(ack: Ack, made: Json, wrong: str) -> tuple[Json, ...]:
    """The refusal with what says no, and the reason, in the fields that it has for these."""
    if ack.answer is None or not isinstance(made, Mapping):
        return _arguments(made)
    fields = named(ack.answer.document)
    for name, value in ((name, value) for names, value in ((_YES, False), (_REASONS, wrong)) for name in names):
        if name in fields and ack.fits(said := {**made, name: value}):
            made = said
    return (made,)


def _arguments(made: Json) -> tuple[Json, ...]:
    if isinstance(made, Arguments):
        return tuple(made)
    return () if made is None else (made,)


def _spellings(value: Json) -> Iterator[Json]:
    yield value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        yield int(value)


def _with(event: Event, payload: Json, name: str, value: Json, *, is_described: bool) -> Json:
    """The payload with this value where it has a field of that name, or might; itself where it has no place for one."""
    if isinstance(payload, Arguments):
        return Arguments(
            {**part, name: value} if isinstance(part, Mapping) and name in part else part for part in payload
        )
    if not isinstance(payload, Mapping):
        return payload
    if name in payload or is_described:
        return {**payload, name: value}
    place = event.channels[0].envelope
    inner = None if place is None or place.count("/") != 1 else at(payload, place)
    if place is None or not isinstance(inner, Mapping) or name not in inner:
        return payload
    return {**payload, place.removeprefix("/"): {**inner, name: value}}
