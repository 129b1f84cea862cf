"""`eventproof contract diff OLD NEW`: two contracts in, what changed and whom it breaks, as data and as text.

A contract is a folder of them, somebody's AsyncAPI document, or a profile with what it says beside its documents.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from . import catalog as contracts
from . import own_contracts, profile
from .catalog import Catalog
from .diff import RULES, Change, Level
from .errors import UsageError
from .report.visible import visible

__all__ = ["BUNDLED", "data_of", "fails", "opened", "rules", "rules_text", "text_of"]

BUNDLED: Final = "bundled"
"""Stands for the contracts that ship with the engine."""
_DOCUMENT: Final = "document"
_LONGEST: Final = 100


def opened(place: str) -> Catalog:
    """The contracts in a folder, an AsyncAPI document or a profile; those that ship with the engine for `bundled`.

    Raises UsageError where there are none, ContractError where they are wrong.
    """
    if place == BUNDLED:
        return contracts.load()
    folder = Path(place)
    if folder.is_file():
        return _written(folder)
    if not folder.is_dir():
        raise UsageError(
            f"{place}: there is no such folder of contracts and no such AsyncAPI document; "
            f'"{BUNDLED}" stands for the contracts of the engine'
        )
    found = contracts.load(folder)
    if not found.systems:
        raise UsageError(f"{place} holds no contract: each folder in it with a requirements.yaml is one")
    return found


def _written(file: Path) -> Catalog:
    """Somebody's own; that of a document has one name, as the file of the next one may have another."""
    if file.suffix != ".toml":
        return Catalog({_DOCUMENT: own_contracts.contract_of(file)}, (), {})
    found = {system.name: system for system in profile.own_contracts(file)}
    if not found:
        raise UsageError(f"{file} has no [contracts], so there is nothing in it to compare")
    return Catalog(found, (), {})


def fails(changes: Iterable[Change], on: Level | None) -> bool:
    """Whether a change is as grave as what the caller does not want; None: nothing is."""
    order = list(Level)
    return on is not None and any(order.index(change.level) <= order.index(on) for change in changes)


def data_of(changes: Sequence[Change]) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "breaking": any(change.level is Level.BREAKING for change in changes),
        "counts": _counts(changes),
        "changes": [{**asdict(change), "sentence": change.sentence} for change in changes],
    }


def text_of(changes: Sequence[Change]) -> str:
    """One line a change, the gravest first, and how many there are of each kind."""
    counts = ", ".join(f"{count} {level}" for level, count in _counts(changes).items() if count)
    return "\n".join([*map(visible, map(_line, changes)), counts or "nothing changed"])


def rules() -> list[dict[str, str]]:
    """Every rule, with what it says of either direction."""
    return [
        {"rule": name, "from the server": rule.sent, "from clients": rule.taken, "sentence": rule.sentence}
        for name, rule in RULES.items()
    ]


def rules_text() -> str:
    """The same for a person."""
    head = f"{'rule':<24}  {'from the server':<15}  {'from clients':<12}"
    lines = (f"{name:<24}  {rule.sent:<15}  {rule.taken:<12}  {rule.sentence}" for name, rule in RULES.items())
    return "\n".join([head, *lines])


def _counts(changes: Iterable[Change]) -> dict[str, int]:
    levels = [change.level for change in changes]
    return {level.value: levels.count(level) for level in Level}


def _line(change: Change) -> str:
    told = [_short(value) for value in (change.old, change.new) if value is not None]
    if change.old is not None and change.new is not None:
        told = [" -> ".join(told)]
    what = f": {told[0]}" if told else ""
    return f"{change.level:<8}  {change.system}: {change.where}: {change.sentence} [{change.rule}]{what}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
