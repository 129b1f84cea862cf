from collections.abc import Callable
from pathlib import Path

import pytest

from eventproof import profile
from eventproof.catalog import System
from eventproof.documents import overlay, own
from eventproof.settings import Table

Read = Callable[..., System]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a document that is written as a text, with what a profile says of it, as `own.system` does."""

    def of(text: str, name: str = "chat.yaml", **said: object) -> System:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        table = Table({"asyncapi": name, **said}, "eventproof.toml", {}, "contracts.chat")
        return own.system(overlay.read(table, "chat", tmp_path))

    return of


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], tuple[System, ...]]:
    """Reads the contracts of a profile that is written as a text."""

    def of(text: str) -> tuple[System, ...]:
        path = tmp_path / "eventproof.toml"
        path.write_text(text, encoding="utf-8")
        return profile.own_contracts(path, env={})

    return of
