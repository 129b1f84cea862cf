"""Markdown as GitHub renders it: tables, links, anchors, code. Text in, text out."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = [
    "anchor",
    "anchored",
    "bullets",
    "code",
    "compact",
    "facts",
    "folded",
    "json_block",
    "link",
    "listed",
    "table",
]

_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def anchor(kind: str, *names: str) -> str:
    """The id of a place on a page; names stand in it as they are, but for what no link may hold."""
    return "-".join(_UNSAFE.sub("-", part) for part in (kind, *names))


def anchored(level: int, place: str, text: str) -> str:
    """A heading that a link can lead to; the id is our own, since renderers disagree on those that they make up."""
    return f'{"#" * level} <a id="{place}"></a>{text}'


def link(text: str, target: str) -> str:
    """A link; the text is Markdown already."""
    return f"[{text}]({target})"


def code(text: str) -> str:
    """Text as it is, also where it holds backticks."""
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def compact(value: Any) -> str:
    """A JSON value on one line, as code."""
    return code(json.dumps(value, ensure_ascii=False))


def escaped(text: str) -> str:
    """Text of a contract, in which backticks are code and nothing is HTML."""
    pieces, end = [], 0
    for span in _CODE.finditer(text):
        pieces += [text[end : span.start()].replace("<", "&lt;"), span[0]]
        end = span.end()
    return "".join([*pieces, text[end:].replace("<", "&lt;")])


def json_block(value: Any) -> str:
    """A JSON value over several lines."""
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a line's end in a cell becomes a space, and a bar is kept from ending the cell."""
    lines = [_row(heads), "|" + "---|" * len(heads), *map(_row, rows)]
    return "\n".join(lines)


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """A table of two columns without a head; a fact that is empty is left out."""
    return table(("", ""), ((f"**{name}**", told) for name, told in rows if told))


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {_flat(line)}" for line in lines)


def folded(summary: str, body: str) -> str:
    """What a reader unfolds; the blank lines have the body rendered as Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def listed(parts: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    known = list(parts)
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {last} {known[-1]}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_flat(cell).replace("|", "\\|") for cell in cells) + " |"


def _flat(text: str) -> str:
    return " ".join(text.split("\n")).strip()
