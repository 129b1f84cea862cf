"""The page of the guides: how each kind of requirement is checked, and what mends a server that does not keep it."""

from collections.abc import Iterator

from eventproof.catalog import Guide

from .links import GUIDES, INDEX, Links
from .markdown import anchor, anchored, escaped, facts, listed
from .material import Material

__all__ = ["page"]


def page(material: Material) -> str:
    """The whole page."""
    guides = material.catalog.guides
    links = Links(material.catalog, GUIDES)
    return (
        "\n\n".join(
            (
                "# How it is checked, and what mends it",
                f"By kind of requirement; [the reference]({INDEX}) has the requirements themselves. Reports tell the "
                "same where something does not hold, and `eventproof check --explain ID` for any requirement. Written "
                "by `make docs` from [guides.yaml](../contracts/guides.yaml).",
                " · ".join(links.guide(name) for name in guides),
                *(_section(guide, material, links) for guide in guides.values()),
            )
        )
        + "\n"
    )


def _section(guide: Guide, material: Material, links: Links) -> str:
    steps = "\n".join(f"{number}. {escaped(step)}" for number, step in enumerate(guide.checked, 1))
    return "\n\n".join(
        (anchored(2, anchor("guide", guide.name), guide.name), steps, facts(_facts(guide, material, links)))
    )


def _facts(guide: Guide, material: Material, links: Links) -> Iterator[tuple[str, str]]:
    yield "Likely cause", escaped(guide.cause)
    yield "How to mend it", escaped(guide.mend)
    yield "Node's socket.io", escaped(guide.node)
    yield "python-socketio", escaped(guide.python)
    yield "WebSocket, SSE", escaped(guide.native)
    lines = material.catalog.requirements()
    yield "Of", listed(links.requirement(line.id) for line in lines if guide in line.guides)
