"""Text that came from a target, made safe to show: nothing in it moves the cursor, hides or reorders what is read."""

import json
import re
from collections.abc import Iterator

from eventproof.redaction import REDACTED, redacted_text

__all__ = ["sentence", "shown", "spans", "visible", "visible_lines"]

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control characters, line separators, what has no width, and what turns the direction of reading."""

_CODE = re.compile("`([^`]+)`")
_LONGEST_SECRET = 4096
"""Nobody has a longer one; so far behind a cut its end is looked for."""


def visible(text: str) -> str:
    r"""The text on one line, with what cannot be seen written as an escape such as `\n` or `\u202e`."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def visible_lines(text: str) -> str:
    """A text of several lines likewise, which it keeps; by the escapes of JSON, so that JSON stays what it is."""
    return _INVISIBLE.sub(lambda match: match[0] if match[0] in "\n\t" else json.dumps(match[0])[1:-1], text)


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a sentence, each with whether it stands in backticks, which are left out; one alone stays."""
    for number, piece in enumerate(_CODE.split(text)):
        if piece:
            yield piece, number % 2 == 1


def sentence(text: str) -> str:
    """What a person is told of an error: on one line, without secrets."""
    return visible(redacted_text(text))


def shown(text: str, length: int) -> str:
    """The text as a report for people has it: visible, without secrets, cut after `length` and then saying so."""
    # A secret that the cut goes through is struck out whole, and so is told whole that one was.
    struck = redacted_text(text[: length + _LONGEST_SECRET])
    marker = struck.find(REDACTED, max(0, length - len(REDACTED) + 1), length + len(REDACTED) - 1)
    beginning = visible(struck[: length if marker < 0 else marker + len(REDACTED)])
    return beginning if len(text) <= length else f"{beginning}… ({len(text):,} characters)"
