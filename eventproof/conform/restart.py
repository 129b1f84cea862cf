"""Restarts the target, by the program that its profile names."""

from typing import Final

from eventproof.errors import Inconclusive
from eventproof.target import Target

from . import program
from .verdicts import NotApplicable

__all__ = ["restart"]

_SECONDS: Final = 60.0
_SHOWN: Final = 200


async def restart(target: Target) -> None:
    """Run the profile's `restart`, which returns when the server answers again.

    Raises NotApplicable where the profile names no program, UsageError where it cannot be run, Inconclusive where it
    fails or takes over a minute.
    """
    if target.restart is None:
        raise NotApplicable("the profile does not say how to restart the server: restart")
    what = f"{target.source}: restart"
    ended = await program.run(target.restart, what=what, seconds=_SECONDS, folder=target.folder)
    if ended.code != 0:
        last = ended.output.strip().rpartition("\n")[2][:_SHOWN]
        raise Inconclusive(f"{target.source}: restart failed with exit code {ended.code}{f': {last}' if last else ''}")
