"""Where the shipped folders are: beside the engine in an installed wheel, one level up in a checkout."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

_ENGINE = Path(__file__).resolve().parent
_CHECKOUT = not (_ENGINE / "contracts").is_dir()
_ROOT = _ENGINE.parent if _CHECKOUT else _ENGINE

CONTRACTS: Path = _ROOT / "contracts"
CONFORMANCE: Path = _ROOT / "conformance"
LOADTESTS: Path = _ROOT / "loadtests"


def reference_server(module: str) -> ModuleType:
    """Import one module of the bundled reference server, by its name inside that package."""
    package = "reference_server" if _CHECKOUT else "eventproof.reference_server"
    return import_module(f"{package}.{module}")
