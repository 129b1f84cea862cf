"""Restarts a server that another program has started: that one listens on a socket, and does it for whoever asks there.

`python -m eventproof.restarts SOCKET` asks, and returns when the server answers again; its exit code is 1 where it does
not. So a profile can name a program for it (`restart`), and the server stays the child of whoever started it.
"""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Final

__all__ = ["command", "listening"]

_SECONDS: Final = 90.0
_DONE: Final = b"done\n"
_LONGEST: Final = 1000


def command(place: Path) -> list[str]:
    """The program that asks there."""
    return [sys.executable, "-m", "eventproof.restarts", str(place)]


@contextmanager
def listening(place: Path, restart: Callable[[], object]) -> Iterator[None]:
    """Restart for whoever asks at this place of the file system, one at a time, until the block ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        thread = Thread(target=_serve, args=(listener, restart), daemon=True)
        thread.start()
        try:
            yield
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, restart: Callable[[], object]) -> None:
    while True:
        try:
            asking, _ = listener.accept()
        except OSError:
            return
        with asking:
            try:
                restart()
            except BaseException as failure:  # whoever asks is to hear of it, whatever it is
                answer = f"{failure or type(failure).__name__}\n".encode()
            else:
                answer = _DONE
            with suppress(OSError):
                asking.sendall(answer)


def ask(place: str) -> str:
    """Why the server at this place is not there again; empty where it is. Raises OSError where nobody is asked."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(_SECONDS)
        asked.connect(place)
        answer = b"".join(iter(lambda: asked.recv(_LONGEST), b""))
    return "" if answer == _DONE else answer.decode("utf-8", "replace").strip() or "it gave no answer"


if __name__ == "__main__":
    try:
        problem = ask(sys.argv[1])
    except OSError as error:
        problem = f"{sys.argv[1]}: {error}"
    sys.exit(problem or 0)
