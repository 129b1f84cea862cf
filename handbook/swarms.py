"""The page of the swarms: how an objective is written, what every scenario measures, and what each has of its own."""

from collections.abc import Iterable, Iterator

from eventproof.load.described import Description
from eventproof.load.grammar import GRAMMAR

from .links import INDEX
from .markdown import anchor, anchored, bullets, code, compact, escaped, link, table
from .material import Material

__all__ = ["page"]


def page(material: Material) -> str:
    """The whole page."""
    return (
        "\n\n".join(
            (
                "# Scenarios, metrics and objectives",
                f"What `eventproof swarm --list` tells. [The reference]({INDEX}) has the rest. Written by `make docs` "
                "from the scenarios' files and the table that objectives are read by.",
                bullets(
                    (
                        link("How an objective is written", "#objectives"),
                        link("What every scenario has", "#every-scenario"),
                        *(link(code(one.name), f"#{_place(one)}") for one in material.scenarios),
                    )
                ),
                anchored(2, "objectives", "How an objective is written"),
                f"`eventproof swarm SCENARIO --objective LINE`, as often as you like.\n\n```text\n{GRAMMAR}\n```",
                anchored(2, "every-scenario", "What every scenario has"),
                *_tables(material.every_scenario),
                *(_section(one) for one in material.scenarios),
            )
        )
        + "\n"
    )


def _section(one: Description) -> str:
    return "\n\n".join(
        (
            anchored(2, _place(one), code(one.name)),
            escaped(one.about),
            f"Unless told otherwise: {one.pace}.",
            *_tables(one),
        )
    )


def _tables(one: Description) -> Iterator[str]:
    """The options, what is measured, and what is asked for; nothing of what there is none of."""
    settings = ((code(each.name), compact(each.default), escaped(each.about)) for each in one.settings)
    if one.settings:
        yield table(("`--option`", "Default", "What it is"), settings)
    if one.latencies:
        yield table(("Latency", "What it measures"), _rows(one.latencies.items()))
    if one.counts:
        yield table(("Count", "What it counts"), _rows(one.counts.items()))
    if one.objectives:
        yield "Its objectives, where none are given:\n\n" + bullets(map(code, one.objectives))


def _rows(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((code(name), escaped(what)) for name, what in named)


def _place(one: Description) -> str:
    return anchor("scenario", one.name)
