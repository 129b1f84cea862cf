"""What the tests of hostile targets share: how one is started, and how much of this machine a swarm takes meanwhile."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import psutil

MOST_BYTES = 256 * 1024 * 1024
START_SECONDS = 25.0
"""What a busy machine needs until a swarm has begun; a quiet one takes two."""


@contextmanager
def serving(program: str, manner: str) -> Iterator[str]:
    """A target of this folder while a block lasts; what it gives is its URL."""
    command = [sys.executable, str(Path(__file__).with_name(program)), manner]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        try:
            yield child.stdout.readline().strip()
        finally:
            child.kill()


@contextmanager
def watched() -> Iterator[Callable[[], int]]:
    """How much memory the load generators of this process have used at most."""
    most, over = 0, Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.05):
            for child in psutil.Process().children():
                try:
                    is_ours = "locust" in child.cmdline()
                    most = max(most, child.memory_info().rss if is_ours else 0)
                except psutil.Error:
                    continue

    thread = Thread(target=watch)
    thread.start()
    try:
        yield lambda: most
    finally:
        over.set()
        thread.join()
