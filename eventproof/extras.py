"""The optional parts of the package, and what to install where one of them is missing.

`pip install eventproof` brings the check and the contracts. Which distribution belongs to which extra is said once, in
the package's own metadata.
"""

import re
from collections.abc import Iterator
from importlib import metadata

from .errors import UsageError

__all__ = ["require"]

_PACKAGE = "eventproof"
_REQUIREMENT = re.compile(r"""(?P<name>[\w.-]+).*;.*\bextra\s*==\s*["'](?P<extra>[\w-]+)["']""")


def require(what: str, *extras: str) -> None:
    """Raises UsageError with the command that helps, where `what` needs something of these extras that is missing."""
    missing = sorted({name for name in _brought_by(extras) if not _is_installed(name)})
    if missing:
        raise UsageError(
            f"{what} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed: "
            f"pip install '{_PACKAGE}[{','.join(extras)}]'"
        )


def _brought_by(extras: tuple[str, ...]) -> Iterator[str]:
    """The distributions of these extras; none where the package itself was never installed."""
    try:
        lines = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        found = _REQUIREMENT.match(line)
        if found and found["extra"] in extras:
            yield found["name"]


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
