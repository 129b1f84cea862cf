"""Streams whose encoding knows few letters: what we write for people stays readable, and all else is an escape."""

import codecs
import io
from typing import Final, TextIO

__all__ = ["legible"]

_HANDLER: Final = "eventproof"
_ASCII: Final = {"–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "·": "-", "µ": "u", "≤": "<="}


def legible(stream: TextIO) -> None:
    """Have the stream write what its encoding can say, and raise for nothing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (plain := _ASCII.get(error.object[error.start])):
        return plain, error.start + 1
    return codecs.backslashreplace_errors(error)


codecs.register_error(_HANDLER, _replaced)
