"""Whose contract a mock serves: a bundled system by its name, an AsyncAPI document, or one of a profile's own."""

from pathlib import Path

from eventproof import catalog, own_contracts, profile
from eventproof.catalog import System
from eventproof.errors import UsageError
from eventproof.settings import nearest

__all__ = ["contract"]


def contract(named: str, system: str | None = None) -> System:
    """The contract that is named; `system` says which one where a profile has several.

    Raises UsageError that says what there is, ContractError with file, line and remedy.
    """
    bundled, path = catalog.load().systems, Path(named)
    if named in bundled:
        return bundled[named]
    if not path.suffix and not path.exists():
        raise UsageError(
            f'"{named}" is neither a file nor a bundled system{nearest(named, bundled)}; those are {", ".join(bundled)}'
        )
    if path.suffix != ".toml":
        return own_contracts.contract_of(path)
    own = {each.name: each for each in profile.own_contracts(path)}
    if not own:
        raise UsageError(f"{path} has no contract of its own: name an AsyncAPI document, or a bundled system")
    if system is None and len(own) > 1:
        raise UsageError(f"{path} has several contracts; say which with --system: {', '.join(own)}")
    if system is not None and system not in own:
        raise UsageError(f'{path} has no contract "{system}"{nearest(system, own)}; it has {", ".join(own)}')
    return own[system or next(iter(own))]
