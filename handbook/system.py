"""The page of one system, and the page of what every system has to keep."""

from eventproof.catalog import System

from . import call, channel, event, requirement, states
from .links import INDEX, SHARED, Links, contract_of, page_of
from .markdown import bullets, code, link
from .material import Material

__all__ = ["page", "shared_page"]


def page(system: System, material: Material) -> str:
    """Everything that the contract of a system says, and what proves it."""
    links = Links(material.catalog, page_of(system.name))
    drawn = states.section(system, links)
    chapters = {
        "Channels": "\n\n".join(channel.section(each, system, links) for each in system.channels),
        "Events": "\n\n".join(
            [event.overview(system, links), *(event.section(each, system, links) for each in system.events)]
        ),
        "Calls": "\n\n".join(
            [
                links.prose(_description(system.openapi), system),
                call.overview(system, links),
                call.common_refusals(material.catalog, links),
                *(call.section(each, system, material.catalog, links) for each in system.operations),
            ]
        ),
        **({"States": drawn} if drawn else {}),
        "Requirements": "\n\n".join(
            [
                f"What every system has to keep stands on [a page of its own]({SHARED}).",
                *(requirement.section(line, system, material, links) for line in system.requirements),
            ]
        ),
    }
    folder = contract_of(system)
    return _page(
        system.title,
        links.prose(_description(system.asyncapi), system),
        f"Written from [asyncapi.yaml]({folder}/asyncapi.yaml), [openapi.yaml]({folder}/openapi.yaml) and "
        f"[requirements.yaml]({folder}/requirements.yaml); its name on the command line is {code(system.name)}. "
        f"How to read it stands in [the index]({INDEX}).",
        bullets(link(title, f"#{title.lower()}") for title in chapters),
        *(f"## {title}\n\n{body}" for title, body in chapters.items()),
    )


def shared_page(material: Material) -> str:
    """The requirements that belong to no system."""
    links = Links(material.catalog, SHARED)
    return _page(
        "What every system has to keep",
        "Written from [requirements.yaml](../contracts/requirements.yaml). The cases run for every system under test; "
        f"how to read this stands in [the index]({INDEX}).",
        "## Requirements",
        *(requirement.section(line, None, material, links) for line in material.catalog.shared),
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"


def _description(document: object) -> str:
    info = document["info"] if isinstance(document, dict) else {}
    return str(info.get("description", "")).strip()
