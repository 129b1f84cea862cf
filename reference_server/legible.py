"""Legible: what clients say that people come to read is text which is as it looks.

Control characters move a terminal's cursor, and U+202E turns what follows around: "exe.gnp" is shown for "png.exe".
Tabs and line breaks are text, and so are the marks that scripts from right to left need for single letters.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ESCAPE: Final = "\\u"


def legible(text: str) -> str:
    """The text, with U+FFFD for what cannot be seen and does something all the same."""
    return _UNSEEN.sub("\ufffd", text)


def illegible(document: str, value: Any) -> str | None:
    """Where, in this JSON document and its value, a text is not as it looks: a path such as `items/0/name`."""
    if _ESCAPE not in document and _UNSEEN.search(document) is None:
        return None
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, found = waiting.pop()
        if isinstance(found, str) and _UNSEEN.search(found):
            return place
        if isinstance(found, Mapping):
            waiting += [(f"{place}/{key}" if place else key, item) for key, item in found.items()]
        elif isinstance(found, list):
            waiting += [(f"{place}/{number}", item) for number, item in enumerate(found)]
    return None
