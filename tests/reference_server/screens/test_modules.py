"""The page's own files: nothing that a server says can become HTML or code in them."""

import re

import pytest

from reference_server.transport import screens

FILES = sorted(
    file.relative_to(screens.FOLDER).as_posix()
    for file in screens.FOLDER.rglob("*")
    if file.suffix in {".js", ".html"} and file.parent.name != "vendor"
)
MAKES_HTML = r"(inner|outer|insertAdjacent)HTML|document\.write|DOMParser|\beval\b|new Function|srcdoc|javascript:"
INLINE = r"<script(?![^>]*\bsrc=)|<style|\bon[a-z]+=\"|\bstyle="


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_read_as_html_or_as_code(name: str) -> None:
    source = (screens.FOLDER / name).read_text("utf-8")
    assert re.search(MAKES_HTML, source) is None
    assert re.search(INLINE, source) is None


@pytest.mark.parametrize("name", FILES)
def test_a_file_can_be_read_in_one_go(name: str) -> None:
    lines = (screens.FOLDER / name).read_text("utf-8").splitlines()
    assert len(lines) < 400
    assert max(map(len, lines)) <= 120
