"""A text file that a person names: UTF-8, with or without a BOM, of a bounded size; else a sentence says what it is."""

import codecs
from pathlib import Path
from typing import Final

from .errors import UsageError

__all__ = ["LIMIT", "decoded", "read"]

LIMIT: Final = 10 * 1024 * 1024
"""Bytes; a larger file is no profile, no list of credentials and no payload."""

_OTHERS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""The marks of what editors and PowerShell write instead; the longer ones first, as one begins like another."""


def read(path: Path, what: str, most: int = LIMIT) -> str:
    """The text of a file; `what` is what it is to people, such as "the profile".

    Raises UsageError where it is not there, is no file, is larger than `most` bytes or is not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no regular file"
            raise UsageError(f"{path}: {what} cannot be read: this is {kind}")
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"{path}: {what} cannot be read: {reason or error}") from None
    return decoded(content, str(path), what, most)


def decoded(content: bytes, name: str, what: str, most: int = LIMIT) -> str:
    """What was read under this name as text, without a BOM; raises UsageError as `read` does."""
    if len(content) > most:
        raise UsageError(f"{name}: {what} is larger than {most // 1024**2} MB: is it the right file?")
    for mark, encoding in _OTHERS:
        if content.startswith(mark):
            raise UsageError(f"{name}: {what} is written in {encoding}; save it as UTF-8")
    if b"\0" in content:
        raise UsageError(
            f"{name}: {what} cannot be read: it is not UTF-8 text, since it holds NUL bytes; save it as UTF-8"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise UsageError(
            f"{name}:{line}: {what} cannot be read: it is not UTF-8 text, since it holds the byte 0x{byte:02x} (is it "
            "Latin-1, or a Windows code page?); save it as UTF-8"
        ) from None
