"""Text that came from a target, made safe to show: nothing in it moves the cursor, hides or reorders what is read."""

import re

from .redaction import redacted_text

__all__ = ["shown", "visible"]

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, line separators, what has no width, and what turns the direction of reading."""


def visible(text: str) -> str:
    r"""The text on one line, with what cannot be seen written as an escape such as `\n` or `\u202e`."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def shown(text: str, length: int) -> str:
    """The text as a report for people has it: visible, without secrets, cut after `length` and then saying so."""
    beginning = visible(redacted_text(text[:length]))
    return beginning if len(text) <= length else f"{beginning}… ({len(text):,} characters)"
