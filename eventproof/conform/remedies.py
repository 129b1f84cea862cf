"""What mends a requirement that does not hold: those of its guides that are about what its checks found."""

from collections.abc import Collection, Iterable, Mapping

from eventproof.catalog import Guide, Requirement, Wire
from eventproof.report.records import Check, Remedy
from eventproof.verdict import Verdict

__all__ = ["remedies_of"]


def remedies_of(
    requirement: Requirement, checks: Iterable[Check], kinds: Mapping[str, str], wires: Collection[Wire]
) -> tuple[Remedy, ...]:
    """The remedies for the checks that failed; none where none did.

    Where they differ by wire, those of the `wires` that the target speaks.

    `kinds` are those of the checks that follow from the contract, by the checks' names; all others were written for
    their requirement, and so are the guides that it names itself, unless what they found is of a kind that others find
    as well. Where neither leads to one, all of its guides do.
    """
    found = {kind for check in checks if check.verdict is Verdict.FAIL for kind in _found(check, kinds)}
    if not found:
        return ()
    included = {part.kind for part in requirement.includes}
    chosen = [guide for guide in requirement.guides if (guide.name if guide.name in included else "") in found]
    return tuple(_remedy(guide, frozenset(wires)) for guide in chosen or requirement.guides)


def _found(check: Check, kinds: Mapping[str, str]) -> set[str]:
    """Of what kind is what a check found."""
    return {part.rpartition("/")[2] for part in check.breaks} or {kinds.get(check.name, "")}


def _remedy(guide: Guide, wires: frozenset[Wire]) -> Remedy:
    if not guide.native:
        return Remedy(guide.cause, guide.mend, guide.node, guide.python)
    of_socketio = (guide.node, guide.python) if Wire.SOCKET_IO in wires else ("", "")
    return Remedy(guide.cause, guide.mend, *of_socketio, guide.native if wires - {Wire.SOCKET_IO} else "")
