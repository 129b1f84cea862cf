"""A terminal to print on."""

import os
import re
from collections.abc import Callable
from threading import Thread
from typing import TextIO


def printed(action: Callable[[TextIO], None]) -> str:
    """What `action` prints on a pseudo-terminal; read while it is written, for its buffer is small."""
    ours, theirs = os.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(ours, 65_536):
                pieces.append(piece)
        except OSError:  # how a pseudo-terminal says that its other end is closed
            pass

    reader = Thread(target=read)
    reader.start()
    try:
        with os.fdopen(theirs, "w", encoding="utf-8") as stream:
            action(stream)
    finally:
        reader.join(timeout=20)
        os.close(ours)
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n")


def plain(text: str) -> str:
    """What is read of it: without colours, links and movements of the cursor."""
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\", "", text)
