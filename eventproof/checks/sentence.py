"""Whether a text is a sentence that a person can act on, in any language; whether a value is a code. Pure."""

import math
import re
from typing import Any, Final

__all__ = ["is_code", "is_sentence"]

_FEWEST_WORDS: Final = 3
_LETTERS_A_WORD: Final = (
    (
        re.compile(
            "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3041-\u30ff\u3105-\u312f\ua000-\ua4cf\U00020000-\U0003ffff]"
        ),
        2,
    ),
    (re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"), 3),
    (re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1980-\u19df\ua9e0-\ua9ff\uaa60-\uaa7f\u1a20-\u1aaf]"), 4),
    (re.compile("[\u0f0b\u0f0d]"), 1),
    (re.compile("[\u0590-\u06ff\u0750-\u077f\u08a0-\u08ff]"), 4),
)
"""Letters of scripts that write no spaces, or few, and about how many of them are a word: Han, Kana and Yi; Hangul;
Thai, Lao, Burmese, Khmer and their kin; Tibetan, by the marks between its syllables; Hebrew and Arabic.
"""
_END: Final = re.compile("[。！？｡．]|(?<=[\uac00-\ud7af])[.!?]")
"""What only a sentence ends with, in scripts that write no spaces."""


def is_code(value: Any) -> bool:
    """Whether it is a code: a text that is not blank, or a number (0 is one, as of Engine.IO; `true` is none)."""
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_sentence(value: Any) -> bool:
    """Whether it is a text of three words at least, or of as many letters as three words have in its script."""
    if not isinstance(value, str):
        return False
    spaced = sum(any(letter.isalnum() for letter in word) for word in value.split())
    dense = sum(math.ceil(len(letters.findall(value)) / many) for letters, many in _LETTERS_A_WORD)
    return max(spaced, dense + (1 if dense and _END.search(value) else 0)) >= _FEWEST_WORDS
