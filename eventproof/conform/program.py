"""Runs a program that the profile names: its output has a limit, its time a deadline, and nothing of it stays."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from eventproof.errors import Inconclusive, UsageError

__all__ = ["Ended", "run"]

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
    """Run a program without a shell, in a folder; `what` names it in sentences, such as `[operations.banUser] command`.

    It and its children are killed at the deadline, and where it prints too much. Raises UsageError where it cannot be
    started, Inconclusive where it did not end in time or printed more than 16 MB.
    """
    # The pipe is ours: asyncio lets a program end only when nobody holds its own pipes any more.
    ours, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        os.close(ours)
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{what} cannot be run: {arguments[0]}: {reason or error}") from error
    finally:
        os.close(theirs)
    output = bytearray()
    reading = asyncio.create_task(_read(ours, output))
    ending = asyncio.create_task(process.wait())
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait((ending, reading), return_when=asyncio.FIRST_COMPLETED)
            if len(output) > _LONGEST:
                raise Inconclusive(f"{what} printed more than {_LONGEST // 2**20} MB")
            code = await ending
            await asyncio.wait((reading,), timeout=_GRACE)
    except TimeoutError:
        raise Inconclusive(f"{what} did not end within {seconds:g} s: what it did is unknown") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        reading.cancel()
        await asyncio.wait((reading, ending))
    return Ended(code, output.decode(errors="replace"))


async def _read(pipe: int, output: bytearray) -> None:
    stream = asyncio.StreamReader(limit=_STEP)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb", 0)
    )
    try:
        while len(output) <= _LONGEST and (part := await stream.read(_STEP)):
            output += part
    finally:
        transport.close()
