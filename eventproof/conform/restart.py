"""Restarts the target, by the program that its profile names."""

import asyncio
from typing import Final

from eventproof.errors import Inconclusive
from eventproof.target import Target

from .verdicts import NotApplicable

__all__ = ["restart"]

_SECONDS: Final = 60.0


async def restart(target: Target) -> None:
    """Run the profile's `restart`, which returns when the server answers again.

    Raises NotApplicable where the profile names no program, Inconclusive where it fails or takes over a minute.
    """
    if target.restart is None:
        raise NotApplicable("the profile does not say how to restart the server: restart")
    try:
        process = await asyncio.create_subprocess_exec(
            *target.restart,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=target.folder,
        )
    except OSError as error:
        raise Inconclusive(f"{target.source}: restart cannot be run: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(_SECONDS):
            code = await process.wait()
    except TimeoutError:
        raise Inconclusive(f"{target.source}: restart did not end within {_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
    if code != 0:
        raise Inconclusive(f"{target.source}: restart failed with exit code {code}")
