"""The section of one requirement: what must hold, why, what proves it, and what proves that the proof bites."""

from collections.abc import Iterable, Iterator
from typing import Final

from eventproof import layout
from eventproof.catalog import Requirement, System
from eventproof.catalog.model import Derived
from eventproof.conform.listing import ListedCase
from reference_server.faults import Fault

from .links import Links
from .markdown import anchored, bullets, code, escaped, facts, folded, link, listed, table
from .material import ROOT, Material

__all__ = ["section"]

_COMMON: Final = layout.CONFORMANCE / "common"
"""Where the cases are that hold for whatever a contract says."""

_OF_EVENT: Final = {
    "schema": "each {event} of a run fits its schema",
    "delivery": "{event} reaches everybody of its audience, in time",
    "audience": "{event} reaches nobody else",
    "order": "{event} comes in the order of its causes",
    "retry": "{event} is sent again, unchanged, while nothing acknowledges it",
    "ack": "{event} that was acknowledged is sent no more",
    "foreign-ack": "the acknowledgement of {event} by another user does not count",
}
_OF_SYSTEM: Final = {
    "connect": "the main channel refuses a token that is {about}",
    "connect-code": "the main channel refuses a token that is {about} by the code of the contract",
    "session": "{about} ends the connections of its user on every channel, and no one else's",
    "states": "what the states of `{about}` do not allow is refused, and tells nothing",
    "scope": "the system's channels carry nothing that the contract does not have",
}
_WHERE: Final = "where the reference server has the fault"


def section(line: Requirement, system: System | None, material: Material, links: Links) -> str:
    """The whole section; `system` is None for what every system shares."""
    cases = [case for case in material.cases if line.id in case.requirements]
    parts = [
        anchored(3, line.id, f"{line.id} · {line.level}"),
        links.prose(line.sentence, system),
        facts(_facts(line, system, links)),
        f"It includes what the contract says:\n\n{bullets(_included(line, system, links))}"
        if line.includes and system
        else "",
        _cases(cases),
        _faults(line, material.faults, links),
    ]
    return "\n\n".join(part for part in parts if part)


def _facts(line: Requirement, system: System | None, links: Links) -> Iterator[tuple[str, str]]:
    yield "Source", links.prose(line.source, system)
    yield "Decision", links.prose(line.decision, system) if line.decision else ""
    yield "Checked and mended", listed(links.guide(guide.name) for guide in line.guides)
    yield "Binds", f"only targets that claim the capability {code(line.capability)}" if line.capability else ""
    yield "No case can check it", links.prose(line.excluded, system) if line.excluded else ""


def _included(line: Requirement, system: System, links: Links) -> Iterator[str]:
    for part in line.includes:
        told = _derived(part, system, links)
        yield f"{told} ({code(_written(part))})"


def _derived(part: Derived, system: System, links: Links) -> str:
    about = part.about or ""
    if part.is_of_event:
        told = _OF_EVENT[part.kind].format(event=links.named(system, about))
        return f"{told}, after {links.call(system.name, part.by)}" if part.by else told
    is_call = part.kind == "session"
    return _OF_SYSTEM[part.kind].format(about=links.call(system.name, about) if is_call else about)


def _written(part: Derived) -> str:
    """As it stands in `includes`."""
    if part.is_of_event:
        return "/".join(filter(None, (part.about, part.kind, part.by)))
    return "/" + "/".join(filter(None, (part.kind, part.about)))


def _cases(cases: Iterable[ListedCase]) -> str:
    known = list(cases)
    if not known:
        return ""
    derived = sum(_is_common(case) for case in known)
    summary = f"{len(known)} case{'' if len(known) == 1 else 's'}"
    summary += {0: " written for it", len(known): " that every contract gets"}.get(
        derived, f": {len(known) - derived} written for it, {derived} that every contract gets"
    )
    rows = ((code(case.name), escaped(case.about), _file(case)) for case in known)
    return folded(summary, table(("Case", "What it does", "File"), rows))


def _is_common(case: ListedCase) -> bool:
    return case.file.parent == _COMMON


def _file(case: ListedCase) -> str:
    path = case.file.relative_to(ROOT).as_posix()
    return link(case.file.name, f"../{path}")


def _faults(line: Requirement, faults: Iterable[Fault], links: Links) -> str:
    """The faults that were made for it, those whose damage shows here, too, and those that it takes load to see."""
    known = list(faults)
    made: dict[str, list[str]] = {}
    for fault in known:
        if fault.breaks == line.id:
            made.setdefault(fault.scenario, []).append(f"{code(fault.name)}: {links.prose(fault.summary)}")
    beside = [code(fault.name) for fault in known if line.id in fault.implies]
    seen = made.pop("", [])
    told = [f"The cases fail {_WHERE}\n\n{bullets(seen)}"] if seen else []
    told += [f"They may fail with {listed(beside)}."] if beside else []
    for scenario, shown in made.items():
        told.append(f"The scenario {code(scenario)} fails {_WHERE}\n\n{bullets(shown)}")
    return "\n\n".join(told)
