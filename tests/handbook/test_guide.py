"""The pages written by hand: what they show works as it stands there."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from eventproof import profile, session_pack
from eventproof.cli.main import eventproof
from handbook.material import ROOT, Material
from handbook.pages import pages as generated
from handbook.site import inside, outside

GUIDE = sorted((ROOT / "docs/guide").glob("*.md"))
SHOWN = [*GUIDE, ROOT / "README.md"]
SECRETS = {"ADMIN_PASSWORD": "a", "TESTER_PASSWORD": "b", "JWT_SECRET": "c" * 32}


def blocks(language: str, *pages: Path) -> Iterator[Any]:
    """The code blocks of a language, each with where it stands."""
    for page in pages:
        text = page.read_text("utf-8")
        for number, block in enumerate(re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
            yield pytest.param(block, id=f"{page.stem}-{number}")


def commands() -> Iterator[Any]:
    """Every command line of ours that is shown."""
    for shown in blocks("sh", *SHOWN):
        (text,) = shown.values
        for number, line in enumerate(str(text).replace("\\\n", " ").splitlines()):
            found = re.search(r"(?:^|\s)eventproof ((?:check|swarm|serve|mock|init|contract|demo)\b[^>|&]*)", line)
            if found and "podman" not in line:
                yield pytest.param(shlex.split(found[1], comments=True), id=f"{shown.id}-{number}")


@pytest.mark.parametrize("text", [*blocks("toml", *SHOWN)])
def test_every_profile_that_is_shown_loads(text: str, tmp_path: Path) -> None:
    path = tmp_path / "eventproof.toml"
    path.write_text(text)
    (tmp_path / "credentials.ndjson").write_text(
        '{"id": "1", "email": "a@example.com", "password": "x", "role": "admin"}\n'
    )
    shutil.copy(ROOT / "examples/chat/chat.yaml", tmp_path)
    (tmp_path / "replace").write_text("#!/bin/sh\n")
    (tmp_path / "replace").chmod(0o755)
    reads = session_pack.load if "[session]" in text else profile.load
    assert reads(path, env=SECRETS)


@pytest.mark.parametrize("words", [*commands()])
def test_every_command_line_that_is_shown_is_understood(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = next(blocks("python", ROOT / "docs/guide/scenario.md")).values
    (tmp_path / "evening.py").write_text(shown)
    name, *arguments = words
    command: click.Command | None = eventproof.get_command(click.Context(eventproof), name)
    assert command is not None
    if isinstance(command, click.Group):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    try:
        command.make_context(name, arguments)
    except click.exceptions.Exit as left:
        code = left.exit_code
    else:
        code = 0
    assert code == 0


def test_an_option_that_is_not_there_would_be_seen() -> None:
    command = eventproof.get_command(click.Context(eventproof), "check")
    assert command is not None
    with pytest.raises(click.UsageError):
        command.make_context("check", ["--nonsense"])


@pytest.mark.parametrize("text", [*blocks("python", *SHOWN)])
def test_every_program_that_is_shown_compiles(text: str) -> None:
    assert compile(text, "shown", "exec")


def test_every_page_has_its_place_in_the_site(material: Material) -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("tag:yaml.org,2002:python/name:", lambda _loader, suffix, _node: suffix)
    nav = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader)["nav"]
    assert sorted(_leaves(nav)) == sorted([*(f"guide/{page.name}" for page in GUIDE), *generated(material)])


def _leaves(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    for part in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _leaves(part)


def test_no_file_that_the_site_takes_along_stands_in_the_place_of_a_page() -> None:
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix(): page.read_text("utf-8") for page in docs.rglob("*.md")}
    taken = [(name, path) for name, text in pages.items() for path in outside(name, text)]
    assert taken
    assert [(name, path) for name, path in taken if path in pages] == []


def test_links_beyond_the_docs_are_taken_into_the_site() -> None:
    text = "[a](../contracts/x.yaml) [b](../guides.md#x) [c](../../contracts/y.yaml#z) [d](https://x/../y)"
    assert list(outside("page.md", text)) == ["contracts/x.yaml", "guides.md", "contracts/y.yaml"]
    assert list(outside("guide/page.md", text)) == ["contracts/y.yaml"]
    assert inside("guide/page.md", text) == text.replace("../../contracts/y", "../contracts/y")


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/pictures").iterdir()), ids=lambda picture: picture.name)
def test_every_picture_is_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size <= 150_000
    assert any(f"pictures/{picture.name})" in page.read_text("utf-8") for page in SHOWN)


def test_no_picture_takes_anything_from_the_network() -> None:
    drawn = (ROOT / "docs/pictures/terminal.svg").read_text("utf-8")
    assert "eventproof&#160;check&#160;--reference" in drawn
    assert not re.search(r"url\((?!#)|<image|<script", drawn)


NAMED = (ROOT / "README.md", ROOT / "docs/guide/ci.md", ROOT / "templates/eventproof.yml", ROOT / "pyproject.toml")
_OF_A_PUBLISHER = re.compile(r"([\w.-]+)/eventproof(?=[@\"\n]|/eventproof@)")


def publishers(*files: Path) -> list[str]:
    """Whoever publishes this, as often as files say it."""
    return [name for file in files for name in _OF_A_PUBLISHER.findall(file.read_text("utf-8"))]


def test_whoever_publishes_this_is_named_alike_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (name,) = publishers(ROOT / "pyproject.toml")
    assert project["urls"]["Repository"] == f"https://github.com/{name}/eventproof"
    assert all(publishers(file) for file in NAMED)
    assert set(publishers(*NAMED)) == {name}


def test_one_command_puts_the_publishers_name_everywhere(tmp_path: Path) -> None:
    copies = [tmp_path / file.relative_to(ROOT) for file in (*NAMED, ROOT / "scripts/publisher.sh")]
    for copy in copies:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / copy.relative_to(tmp_path), copy)
    for words in (["git", "init", "-q"], ["git", "add", "."], ["sh", "scripts/publisher.sh", "somebody"]):
        subprocess.run(words, cwd=tmp_path, check=True, timeout=30)
    assert set(publishers(*copies[:-1])) == {"somebody"}
