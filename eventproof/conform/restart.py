"""Restarts the target, by the program that its profile names."""

from typing import Final

from eventproof.errors import Inconclusive
from eventproof.target import Target

from . import program
from .verdicts import NotApplicable

__all__ = ["restart"]

_SECONDS: Final = 60.0


async def restart(target: Target) -> None:
    """Run the profile's `restart`, which returns when the server answers again.

    Raises NotApplicable where the profile names no program, UsageError where it cannot be run, Inconclusive where it
    fails or takes over a minute.
    """
    if target.restart is None:
        raise NotApplicable("the profile does not say how to restart the server: restart")
    what = f"{target.source}: restart"
    try:
        code = await program.run_unheard(target.restart, what=what, seconds=_SECONDS, folder=target.folder)
    except TimeoutError:
        raise Inconclusive(f"{what} did not end within {_SECONDS:g} s") from None
    if code != 0:
        raise Inconclusive(f"{what} failed with exit code {code}")
