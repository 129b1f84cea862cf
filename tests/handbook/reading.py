"""Reads pages of Markdown as far as the tests of the reference need: links, the places that they lead to, tables."""

import re
from collections.abc import Iterator
from pathlib import Path

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")


def prose(text: str) -> str:
    """A page without its code: what stands in code is no link and no anchor."""
    return _CODE.sub("", _FENCED.sub("", text))


def anchors(text: str) -> list[str]:
    """Every place of a page that a link can lead to: our own ids, and those that GitHub makes of headings."""
    plain = prose(text)
    return [*_ANCHOR.findall(plain), *(_slug(_ANCHOR.sub("", heading)) for heading in _HEADING.findall(plain))]


def own_anchors(text: str) -> list[str]:
    """Those of them that the page says itself."""
    return _ANCHOR.findall(prose(text))


def dead_links(file: Path) -> Iterator[str]:
    """The targets of a page's links that lead nowhere; pages of others are not asked for."""
    for target in _LINK.findall(prose(file.read_text(encoding="utf-8"))):
        path, _, place = target.partition("#")
        if "://" in path:
            continue
        there = file.parent / path if path else file
        is_lost = bool(place) and there.is_file() and place not in anchors(there.read_text(encoding="utf-8"))
        if is_lost or not there.exists():
            yield f"{file.name}: {target}"


def crooked_rows(text: str) -> Iterator[str]:
    """The rows of tables that have more or fewer cells than the row above them: renderers drop or invent cells."""
    above = 0
    for line in _FENCED.sub("", text).splitlines():
        cells = len(_BAR.split(line)) if line.startswith("|") else 0
        if cells and above and cells != above:
            yield line
        above = cells


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
