"""Runs a program that the profile names: its output has a limit, its time a deadline, and nothing of it stays."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from eventproof.errors import Inconclusive, UsageError

__all__ = ["Ended", "run", "run_unheard"]

_LONGEST: Final = 16 * 1024 * 1024
_STEP: Final = 64 * 1024
_GRACE: Final = 0.5
"""Seconds for what a program left in its pipe when it ended; a grandchild may hold that pipe open for ever."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that came to its end; `output` is what it printed and complained of."""

    code: int
    output: str


async def run(arguments: Sequence[str], *, what: str, seconds: float, folder: str | None = None) -> Ended:
    """Run a program in a folder, without a shell; `what` names it in sentences, such as `p.toml: restart`.

    It and its children are killed at the deadline, and where it prints too much. Raises UsageError where it cannot be
    started, TimeoutError where it did not end in time, Inconclusive where it printed more than 16 MB.
    """
    # The pipe is ours: asyncio lets a program end only when nobody holds its own pipes any more.
    ours, theirs = os.pipe()
    stream, output = asyncio.StreamReader(limit=_STEP), bytearray()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", 0)
    )
    reading = asyncio.create_task(_read(stream, output))
    try:
        try:
            process = await _started(arguments, what, theirs, folder)
        finally:
            os.close(theirs)
        ending = asyncio.create_task(_ended(process, seconds))
        try:
            await asyncio.wait((ending, reading), return_when=asyncio.FIRST_COMPLETED)
            if len(output) > _LONGEST:
                raise Inconclusive(f"{what} printed more than {_LONGEST // 2**20} MB")
            code = await ending
        finally:
            ending.cancel()
            await asyncio.wait((ending,))
        await asyncio.wait((reading,), timeout=_GRACE)
    finally:
        reading.cancel()
        transport.close()
    return Ended(code, output.decode(errors="replace"))


async def run_unheard(arguments: Sequence[str], *, what: str, seconds: float, folder: str | None = None) -> int:
    """Run a program as `run` does, and give its exit code; what it starts may go on printing, which nobody reads."""
    return await _ended(await _started(arguments, what, DEVNULL, folder), seconds)


async def _started(arguments: Sequence[str], what: str, output: int, folder: str | None) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *arguments, stdin=DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{what} cannot be run: {arguments[0]}: {reason or error}") from error


async def _ended(process: Process, seconds: float) -> int:
    """The exit code; whoever is still there when the time is over, or nobody waits any more, is killed."""
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _read(stream: asyncio.StreamReader, output: bytearray) -> None:
    while len(output) <= _LONGEST and (part := await stream.read(_STEP)):
        output += part
