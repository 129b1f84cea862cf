"""Whom a verb is about: a profile, a URL, or the bundled server while the verb lasts."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from eventproof.errors import UsageError

from .duration import Duration

__all__ = ["chosen", "profile_of", "target_options", "typed", "wait_option"]


def _options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


target_options = _options(
    click.argument("target", required=False, metavar="[PROFILE or URL]"),
    click.option(
        "--reference", is_flag=True, help="Start the bundled server on a free port and take it as the target."
    ),
    click.option(
        "--fault", metavar="NAME", help="A misbehaviour of the bundled server; `serve --list-faults` names them."
    ),
    click.option("--environment", metavar="NAME", help="A named environment of the profile (local, staging, …)."),
)


wait_option = click.option(
    "--wait", type=Duration(), default="0s", metavar="TIME", help="Wait so long for the target to answer, such as 30s."
)


@contextmanager
def chosen(
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None = None,
    wait: float = 0.0,
    pack: str | None = None,
    **server: Any,
) -> Iterator[str]:
    """What the caller named as a target: a profile's path or a URL, or the bundled server while it runs.

    Where nothing is named it is the profile of this folder, or of one above it in the same repository. With `wait`, in
    seconds, it is given once it answers as what the `pack` or its systems need; raises TargetUnavailable where it does
    not in that time.
    """
    from eventproof import profile
    from eventproof import reference as bundled

    if fault and not reference:
        raise UsageError("--fault is of the bundled server: add --reference")
    if reference and target:
        raise UsageError("give either a target or --reference, not both")
    if reference:
        with bundled.start(fault=fault, **server) as running:
            yield str(running.profile)
    elif named := target or profile.found():
        if wait:
            _await(str(named), environment, pack, wait)
        yield str(named)
    else:
        raise UsageError(
            "no target: name a profile or a URL, write eventproof.toml here with `eventproof init`, or try --reference"
        )


def _await(given: str, environment: str | None, pack: str | None, seconds: float) -> None:
    from eventproof.conform import launch, waiting

    if pack:
        waiting.wait_for(*launch.pack_of(given, environment), seconds)
    else:
        target = launch.target_of(given, environment)
        waiting.wait_for(target, target.catalog, seconds)


def profile_of(target: str | None, reference: bool) -> Path | None:
    """The profile that a person wrote; None for a URL, and for the bundled server."""
    from eventproof import profile

    if reference or (target is not None and "://" in target):
        return None
    return profile.found() if target is None else Path(target)


def typed(
    verb: Iterable[str],
    target: str | None,
    reference: bool,
    fault: str | None,
    environment: str | None,
    options: Iterable[str] = (),
) -> str:
    """What a person typed, to be typed again."""
    named = ["--reference", *(["--fault", fault] if fault else [])] if reference else [target] if target else []
    where = ["--environment", environment] if environment else []
    return shlex.join(["eventproof", *verb, *named, *where, *options])
