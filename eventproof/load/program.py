"""A program that performs an operation for a swarm: bounded in time and output.

Where it is killed, all that it started is; what a program leaves running when it ends is its own business.
"""

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic

from eventproof.wire.http import MAX_BODY

__all__ = ["Overflow", "run"]

_GLANCE = 0.1
"""Seconds between two looks at whether a program has ended whose output somebody else still holds open."""


class Overflow(Exception):
    """A program wrote more than anybody reads."""


def run(
    arguments: Sequence[str],
    *,
    folder: str | None,
    timeout: float,
    most: int = MAX_BODY,
    variables: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """The exit code of a program and what it wrote to its standard output; `variables` are in its environment, too.

    Raises OSError where it cannot be started; subprocess.TimeoutExpired and Overflow where it was killed for it.
    """
    deadline = monotonic() + timeout
    process = subprocess.Popen(  # noqa: S603 - the profile's own command
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={**os.environ, **(variables or {})},
        start_new_session=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        output = _read(process, process.stdout.fileno(), deadline, most)
        return process.wait(max(deadline - monotonic(), 0)), output
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
        process.wait()


def _read(process: "subprocess.Popen[bytes]", pipe: int, deadline: float, most: int) -> bytes:
    """What comes until the end of the output, or of the program where another one keeps its output open."""
    output = bytearray()
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    while True:
        left = deadline - monotonic()
        if left <= 0:
            raise subprocess.TimeoutExpired(process.args, 0)
        has_ended = process.poll() is not None
        if waiting.poll(1000 * min(left, _GLANCE)):
            piece = os.read(pipe, 64 * 1024)
            if not piece:
                return bytes(output)
            output += piece
            if len(output) > most:
                raise Overflow(f"more than {most} bytes")
        elif has_ended:
            return bytes(output)
