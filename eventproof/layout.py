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
    return _shipped("reference_server", module)


def conformance(module: str) -> ModuleType:
    """Import one module of the conformance suite, by its name inside that package."""
    return _shipped("conformance", module)


def loadtests(module: str) -> ModuleType:
    """Import one module that a swarm is made of, by its name inside that package."""
    return _shipped("loadtests", module)


def _shipped(package: str, module: str) -> ModuleType:
    return import_module(f"{package}.{module}" if _CHECKOUT else f"eventproof.{package}.{module}")
