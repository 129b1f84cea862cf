"""Headers of HTTP by their names, which are the same in capitals and in small letters."""

from collections.abc import Mapping

__all__ = ["merged", "value_of"]


def merged(usual: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Both, each header once: what is `own` replaces what is usual."""
    replaced = {name.lower() for name in own}
    return {**{name: value for name, value in usual.items() if name.lower() not in replaced}, **own}


def value_of(headers: Mapping[str, str], name: str) -> str | None:
    """What a header says; None where it is not there."""
    return next((value for known, value in headers.items() if known.lower() == name.lower()), None)
