"""What is imported is declared: an environment that pip made from our own list has it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from eventproof import layout

ROOT = layout.CONTRACTS.parent
SHIPPED = ("eventproof", "reference_server", "conformance", "loadtests")


def imported(file: Path) -> Iterator[str]:
    """The packages of others that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names and package not in SHIPPED:
                yield package


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {_normal(re.split(r"[^\w.-]", line)[0]) for line in project["dependencies"]}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def used() -> dict[str, set[str]]:
    """The packages that what we ship imports, with the distributions that have them."""
    packages = {name for folder in SHIPPED for file in (ROOT / folder).rglob("*.py") for name in imported(file)}
    known = packages_distributions()
    return {package: {_normal(name) for name in known.get(package, [])} for package in packages}


def test_every_import_of_what_we_ship_is_a_declared_dependency() -> None:
    assert [package for package, sources in used().items() if not sources & declared()] == []


def test_every_declared_dependency_is_imported() -> None:
    assert declared() - {source for sources in used().values() for source in sources} == set()
