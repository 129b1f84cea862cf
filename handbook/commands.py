"""The page of the command line: what `--help` says of every command.

How `--help` itself is written click keeps from whoever asked first: it is left out of the tables.
"""

import inspect
from collections.abc import Iterator, Mapping

import click

from .links import INDEX
from .markdown import anchor, anchored, bullets, code, escaped, link, table
from .material import Material

__all__ = ["page"]


def page(material: Material) -> str:
    """The whole page."""
    found = dict(_all(material.command, "eventproof", material.verbs))
    return (
        "\n\n".join(
            (
                "# The command line",
                f"Every command and its options, as `--help` (or `-h`) behind it tells them. "
                f"[The reference]({INDEX}) has the rest. Written by `make docs` from the commands themselves.",
                bullets(link(code(name), f"#{_place(name)}") for name in found),
                *(_section(name, command) for name, command in found.items()),
            )
        )
        + "\n"
    )


def _all(
    command: click.Command, name: str, handed_on: Mapping[str, click.Command]
) -> Iterator[tuple[str, click.Command]]:
    """A command, then those in it, each with the words that call it."""
    yield name, command
    if isinstance(command, click.Group):
        for verb in command.list_commands(click.Context(command)):
            yield from _all(handed_on.get(verb, command.commands[verb]), f"{name} {verb}", {})


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    records = (each.get_help_record(context) for each in command.params)
    rows = [(code(record[0]), escaped(" ".join(record[1].split()))) for record in records if record and record[1]]
    parts = (
        anchored(2, _place(name), code(name)),
        code(usage),
        *(escaped(" ".join(part.split())) for part in inspect.cleandoc(command.help or "").split("\n\n")),
        table(("Option", "What it does"), rows) if rows else "",
    )
    return "\n\n".join(part for part in parts if part)


def _place(name: str) -> str:
    return anchor("command", *name.split())
