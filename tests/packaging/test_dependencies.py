"""What is imported is declared: an environment that pip made from our own lists has it."""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from eventproof import layout

ROOT = layout.CONTRACTS.parent
SHIPPED = ("eventproof", "reference_server", "conformance", "loadtests")
EXTRAS = ("server", "swarm")
OF_SWARMS = ("eventproof/load", "eventproof/client/hub")
"""What a swarm alone imports; that run.py of it is imported without its extra, the wheel's tests show."""
OF_THE_MOCK = "eventproof/mock"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
IMPORTS = (ast.Import, ast.ImportFrom)


def imported(file: Path) -> Iterator[str]:
    """The packages of others that a file imports, wherever in it."""
    return packages_of(ast.walk(ast.parse(file.read_text("utf-8"))))


def packages_of(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names and package not in SHIPPED:
                yield package


def declared(*extras: str) -> set[str]:
    """The distributions that come with the package and these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {_normal(re.split(r"[^\w.-]", line)[0]) for line in lines}


def at_once(file: Path) -> Iterator[str]:
    """The packages of others without which a file cannot be imported."""
    tree = ast.parse(file.read_text("utf-8"))
    inside = {node for function in ast.walk(tree) if isinstance(function, FUNCTIONS) for node in ast.walk(function)}
    outside = [node for node in ast.walk(tree) if isinstance(node, IMPORTS) and node not in inside]
    return packages_of(outside)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def used(files: Iterable[Path], imports: Callable[[Path], Iterator[str]] = imported) -> dict[str, set[str]]:
    """The packages that these files import, with the distributions that have them."""
    packages = {name for file in files for name in imports(file)}
    known = packages_distributions()
    return {package: {_normal(name) for name in known.get(package, [])} for package in packages}


def files_of(*folders: str) -> list[Path]:
    return [file for folder in folders for file in (ROOT / folder).rglob("*.py")]


def test_every_import_of_what_we_ship_is_a_declared_dependency() -> None:
    brought = declared(*EXTRAS)
    assert [package for package, sources in used(files_of(*SHIPPED)).items() if not sources & brought] == []


def test_every_declared_dependency_is_imported() -> None:
    assert declared(*EXTRAS) - {source for sources in used(files_of(*SHIPPED)).values() for source in sources} == set()


def test_the_check_needs_no_extra_to_be_imported() -> None:
    of_extras = tuple(str(ROOT / part) for part in (*OF_SWARMS, OF_THE_MOCK))
    files = [file for file in files_of("eventproof", "conformance") if not str(file).startswith(of_extras)]
    needed = used(files, at_once)
    assert len(needed) > 5
    assert {package: sources for package, sources in needed.items() if not sources & declared()} == {}


@pytest.mark.parametrize(
    ("folder", "extra"), [("reference_server", "server"), (OF_THE_MOCK, "server"), ("eventproof/load", "swarm")]
)
def test_what_an_extra_is_for_needs_that_extra_alone(folder: str, extra: str) -> None:
    needed = used(files_of(folder))
    assert [package for package, sources in needed.items() if not sources & declared(extra)] == []
    assert [package for package, sources in needed.items() if not sources & declared()] != []


def test_all_is_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert extras.pop("all") == [f"eventproof[{','.join(EXTRAS)}]"]
    assert set(extras) == set(EXTRAS)
