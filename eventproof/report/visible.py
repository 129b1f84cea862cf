"""Text that came from a target, made safe to show: nothing in it moves the cursor, hides or reorders what is read."""

import re

__all__ = ["shortened", "visible"]

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, line separators, what has no width, and what turns the direction of reading."""


def visible(text: str) -> str:
    r"""The text on one line, with what cannot be seen written as an escape such as `\n` or `\u202e`."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def shortened(text: str, length: int) -> str:
    """The text's beginning, and how long it is where something is left out."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"
