"""Where each thing stands in the reference, and how one page leads there."""

import re
from collections.abc import Mapping

from eventproof.catalog import Catalog, Channel, Event, System

from . import markdown

__all__ = [
    "COMMANDS",
    "GUIDES",
    "INDEX",
    "LIMITS",
    "PROFILE",
    "SHARED",
    "SWARMS",
    "Links",
    "contract_of",
    "event_anchors",
    "page_of",
]

INDEX = "README.md"
SHARED = "every-system.md"
"""The page of what every system has to keep."""
GUIDES = "guides.md"
"""The page that says how requirements are checked and mended."""
LIMITS = "limits.md"
"""The page of the reference server's limits."""
COMMANDS = "command-line.md"
"""The page of every command and its options."""
PROFILE = "profile.md"
"""The page of the keys of a profile."""
SWARMS = "swarms.md"
"""The page of the scenarios, what they measure, and how objectives are written."""

_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_REQUIREMENT = re.compile(r"\b[A-Z]{3}-[A-Z]+-[1-9][0-9]*\b")


def page_of(system: str) -> str:
    """The page of a system, by its name; that of the index for what no system owns."""
    return f"{system}.md"


def contract_of(system: System) -> str:
    """The folder of a system's contract, as the pages reach it."""
    return f"../contracts/{system.name.replace('-', '_')}"


def event_anchors(system: System) -> Mapping[Event, str]:
    """The place of each event on its page; one that another channel has under the same name is told apart by it."""
    found: dict[Event, str] = {}
    for event in system.events:
        plain = markdown.anchor("event", event.name)
        taken = plain in found.values()
        found[event] = markdown.anchor("event", event.channels[0].name, event.name) if taken else plain
    return found


class Links:
    """The links of one page."""

    def __init__(self, catalog: Catalog, here: str) -> None:
        self._catalog = catalog
        self._here = here
        self._events = {name: event_anchors(system) for name, system in catalog.systems.items()}
        self._requirements = {line.id: line for line in catalog.requirements()}

    def event(self, event: Event) -> str:
        """To an event; with its channel, where another one of its system has its name."""
        namesakes = [other for other in self._events[event.system] if other.name == event.name]
        return self._event(event) + (f" on {markdown.code(event.channels[0].address)}" if len(namesakes) > 1 else "")

    def named(self, system: System, name: str) -> str:
        """To the first event of that name in a system; the name alone where there is none."""
        found = next((event for event in system.events if event.name == name), None)
        return markdown.code(name) if found is None else self._event(found)

    def call(self, system: str, operation_id: str) -> str:
        """To a call, on the page of this system: several may have it."""
        return self._to(page_of(system), markdown.anchor("call", operation_id), markdown.code(operation_id))

    def channel(self, system: str, channel: Channel) -> str:
        """To a channel."""
        return self._to(page_of(system), markdown.anchor("channel", channel.name), markdown.code(channel.address))

    def requirement(self, requirement_id: str) -> str:
        """To a requirement; its id alone where there is none."""
        if requirement_id not in self._requirements:
            return requirement_id
        owner = self._requirements[requirement_id].system
        page = page_of(owner) if owner in self._catalog.systems else SHARED
        return self._to(page, requirement_id, requirement_id)

    def error(self, code: str) -> str:
        """To an error code in the index."""
        known = code in self._catalog.errors
        return self._to(INDEX, markdown.anchor("error", code), markdown.code(code)) if known else markdown.code(code)

    def guide(self, name: str) -> str:
        """To a guide."""
        return self._to(GUIDES, markdown.anchor("guide", name), name)

    def system(self, system: System) -> str:
        """To the page of a system."""
        return markdown.link(system.title, page_of(system.name))

    def prose(self, text: str, system: System | None = None) -> str:
        """A text of the contracts, with what it names linked: events and calls of this system, codes, requirements."""
        pieces = _CODE.split(markdown.escaped(text))
        return "".join(
            self._known(piece, system) if index % 2 else _REQUIREMENT.sub(lambda hit: self.requirement(hit[0]), piece)
            for index, piece in enumerate(pieces)
        )

    def _event(self, event: Event) -> str:
        return self._to(page_of(event.system), self._events[event.system][event], markdown.code(event.name))

    def _known(self, name: str, system: System | None) -> str:
        if system is not None:
            if any(event.name == name for event in system.events):
                return self.named(system, name)
            if any(call.id == name for call in system.operations):
                return self.call(system.name, name)
        return self.error(name) if name in self._catalog.errors else markdown.code(name)

    def _to(self, page: str, place: str, text: str) -> str:
        return markdown.link(text, f"#{place}" if page == self._here else f"{page}#{place}")
