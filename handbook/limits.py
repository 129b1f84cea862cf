"""The page of the reference server's limits: the table that the server itself checks by."""

from collections.abc import Iterator
from typing import Final

from reference_server.limits import Limit, Limits

from .links import INDEX
from .markdown import code, escaped, table
from .material import Material

__all__ = ["page"]

_ALL: Final = "the whole server"


def page(material: Material) -> str:
    """The whole page."""
    limits = material.limits
    return (
        "\n\n".join(
            (
                "# The limits of the reference server",
                f"How much of anything one client may use, and how long it may take. [The reference]({INDEX}) has the "
                "rest. Written by `make docs` from the table that the server checks its settings by.",
                "A limit is set in the table `[limits]` of the file that `eventproof serve --config` is given, or by "
                "its option; one that may differ by system, also in `[limits.<system>]`. `eventproof serve --limits` "
                "prints what holds with the settings beside it. A size or a number is whole, a time is "
                "positive: anything else ends the server with one sentence and exit code 2.",
                table(("Setting", "Value", "What it means", "Option", "Holds for"), map(_row, limits.lines())),
                "Otherwise than the rest, where nothing else is set:",
                table(("Setting", "Value"), _otherwise(limits)),
            )
        )
        + "\n"
    )


def _row(line: Limit) -> tuple[str, ...]:
    option = code(line.option) if line.option else ""
    return code(line.name), line.shown, escaped(line.meaning), option, "each system" if line.by_system else _ALL


def _otherwise(limits: Limits) -> Iterator[tuple[str, str]]:
    for system, values in limits.by_system.items():
        lines = {line.name: line.shown for line in limits.of(system).lines()}
        for name in values:
            yield code(f"[limits.{system}] {name}"), lines[name]
