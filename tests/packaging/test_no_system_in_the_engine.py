"""The engine knows no system, nor does what writes the reference: what they need of one stands in its contracts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventproof import catalog

_ENGINE = Path(catalog.__file__).parents[1]
_SYSTEMS = catalog.load().systems.values()
OPERATIONS = {operation.id for system in _SYSTEMS for operation in system.operations}
EVENTS = {event.name for system in _SYSTEMS for event in system.events}
OF_OTHERS = {"DELETE", "connected", "error", "ping", "pong"}
"""Names of events that are a method of HTTP, or words of every protocol."""
_WORD = re.compile(r"[A-Za-z][\w.:-]*\w")


def _texts(file: Path) -> Iterator[tuple[int, str]]:
    """Every text in a file, docstrings included, and every comment."""
    source = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for number, line in enumerate(source.splitlines(), 1):
        _, mark, comment = line.partition("# ")
        if mark:
            yield number, comment


def _named_in(folder: Path) -> list[str]:
    # A word of English (`login`, `logout`) is an operation's name only where it is the whole text.
    telling = {name for name in OPERATIONS | EVENTS if not name.isalpha() or not name.islower()} - OF_OTHERS
    plain = (OPERATIONS | EVENTS) - telling - OF_OTHERS
    return [
        f"{file.relative_to(folder)}:{line}: {name}"
        for file in folder.rglob("*.py")
        for line, text in _texts(file)
        for name in ({text} & plain) | (set(_WORD.findall(text)) & telling)
    ]


@pytest.mark.parametrize("folder", [_ENGINE, _ENGINE.parent / "handbook"], ids=lambda folder: folder.name)
def test_no_operation_and_no_event_of_any_system_is_named_there(folder: Path) -> None:
    assert list(folder.rglob("*.py")) != []
    assert _named_in(folder) == []


def test_a_name_would_be_seen_wherever_it_stands(tmp_path: Path) -> None:
    source = (
        '"""After banUser."""\nNAMES = ["login", "user.banned"]\nx = 1  # as UPDATE has it\n# logging in is no name\n'
    )
    (tmp_path / "engine.py").write_text(source)
    found = sorted(_named_in(tmp_path))
    assert found == ["engine.py:1: banUser", "engine.py:2: login", "engine.py:2: user.banned", "engine.py:3: UPDATE"]
