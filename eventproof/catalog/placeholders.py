"""Texts with placeholders, such as `room:plan:{planId}`."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["PLACEHOLDER", "filled"]

PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


def filled(template: str, values: Mapping[str, object]) -> str:
    """The template with its placeholders filled; raises KeyError with the name of one that `values` lacks."""
    return PLACEHOLDER.sub(lambda found: str(values[found[1]]), template)
