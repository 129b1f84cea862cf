"""What a case says about itself: the requirements it proves, the capability it needs.

A case is an async function that takes `case`; `requirement` makes it one that pytest calls as it is, whatever
other plugins think of coroutines.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from eventproof.target import Budgets

__all__ = [
    "LONG",
    "MARKERS",
    "as_case",
    "capabilities_of",
    "capability",
    "each_event",
    "each_system",
    "every_system",
    "judges_the_run",
    "kind_of",
    "name_of",
    "proves",
    "requirement",
    "requirements_of",
    "runs_last",
    "slow",
    "waits_of",
]

MARKERS = (
    "eventproof_requirement(*ids): the requirements that this case proves",
    "eventproof_capability(name): the case binds only a target that claims this capability",
    "eventproof_judges_the_run: the case judges what all others received, and so comes last",
    "eventproof_every_system: the case runs for every system under test",
    "eventproof_derived(kind, *names): the case runs for all of that kind that a requirement includes",
    "eventproof_slow(what, takes): the case waits for that, so long by the budgets of the profile",
)
"""Prefixed, since they are registered in every project whose environment has eventproof."""

LONG = 20.0
"""A case that waits longer, in seconds, runs only where slow cases are asked for."""

_Case = TypeVar("_Case", bound=Callable[..., Any])


def requirement(*ids: str) -> Callable[[_Case], Any]:
    """Mark a case with the ids of the requirements that fail when it fails."""

    def mark(case: _Case) -> Any:
        return proves(*ids)(as_case(case) if inspect.iscoroutinefunction(case) else case)

    return mark


def proves(*ids: str) -> pytest.MarkDecorator:
    """The mark alone, for one parameter of a case: `pytest.param(…, marks=proves("UST-BAN-1"))`."""
    return pytest.mark.eventproof_requirement(*ids)


def capability(name: str) -> pytest.MarkDecorator:
    """Mark a case that is n/a for a target which does not claim `name`."""
    return pytest.mark.eventproof_capability(name)


def every_system(case: _Case) -> Any:
    """Let a case run once for every system under test: `case.system` is the one it runs for."""
    return pytest.mark.eventproof_every_system(pytest.mark.usefixtures("system")(case))


def each_event(kind: str, *further: str) -> Callable[[_Case], Any]:
    """Let a case run once for each `event` of the systems under test whose requirements include `EVENT/kind`.

    It proves those requirements. With `further`, the call that `EVENT/kind/CALL` names is its parameter of that name,
    an empty text where none is named.
    """
    return _derived(kind, "event", *further)


def each_system(kind: str, *names: str) -> Callable[[_Case], Any]:
    """Let a case run for each system under test whose requirements include `/kind`, or `/kind/VALUE`.

    It proves those requirements. The value is its parameter of the name that is given, where one is.
    """
    return _derived(kind, *names)


def _derived(kind: str, *names: str) -> Callable[[_Case], Any]:
    def mark(case: _Case) -> Any:
        return pytest.mark.eventproof_derived(kind, *names)(pytest.mark.usefixtures("system")(as_case(case)))

    return mark


def slow(what: str, takes: "str | Callable[[Budgets], float]") -> pytest.MarkDecorator:
    """Mark a case that waits for `what`: a budget by its name, or what a function makes of them, in seconds."""
    return pytest.mark.eventproof_slow(what, takes)


judges_the_run = pytest.mark.eventproof_judges_the_run
"""The case judges what all others received, and so comes last."""


def runs_last(item: pytest.Item) -> bool:
    """Whether a case has to come after those that are not marked so."""
    return item.get_closest_marker("eventproof_judges_the_run") is not None


def name_of(nodeid: str) -> str:
    """What a case is called: its function without `test_`, and its parameters."""
    return nodeid.rpartition("::")[2].removeprefix("test_")


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """The ids that a collected case is marked with, in order, without repetition."""
    return tuple(dict.fromkeys(_arguments(item, "eventproof_requirement")))


def capabilities_of(item: pytest.Item) -> tuple[str, ...]:
    """The capabilities that a collected case is marked with."""
    return tuple(dict.fromkeys(_arguments(item, "eventproof_capability")))


def kind_of(item: pytest.Item) -> str:
    """What of a contract a collected case follows from (`schema`, `delivery`); empty where it was written by itself."""
    mark = item.get_closest_marker("eventproof_derived")
    return str(mark.args[0]) if mark is not None else ""


def waits_of(item: pytest.Item, budgets: "Budgets") -> tuple[float, str]:
    """How long a case waits by these budgets, and for what; 0 s where it is not marked as slow."""
    marks = list(item.iter_markers("eventproof_slow"))
    if not marks:
        return 0.0, ""
    what, takes = marks[0].args
    return float(getattr(budgets, takes) if isinstance(takes, str) else takes(budgets)), str(what)


def _arguments(item: pytest.Item, name: str) -> Iterator[str]:
    for mark in item.iter_markers(name):
        yield from mark.args


def as_case(function: Callable[..., Any]) -> Callable[..., None]:
    """Make an async function a case that pytest calls as it is; `requirement` does so by itself."""

    @functools.wraps(function)
    def performed(case: Any, **arguments: Any) -> None:
        case.carry_out(lambda: function(case=case, **arguments))

    return performed
