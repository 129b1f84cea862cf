"""What MkDocs asks of us (`hooks` in mkdocs.yml): pages link to files of the checkout, which the site takes along.

It is loaded by its path, in the environment of MkDocs, and imports nothing of ours.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["inside", "on_files", "on_page_markdown", "outside"]

_ROOT = Path(__file__).resolve().parents[1]
_STYLE = ".md-typeset thead:not(:has(th:not(:empty))) { display: none }\n"
"""Tables of facts have no head; Markdown gives them an empty one."""
_LINK = re.compile(r"\]\(((?:\.\./)+)([^()\s#]+)")


def on_files(files: Any, config: Any) -> Any:
    """Add the files outside of docs/ that a page links to, and the style."""
    from mkdocs.structure.files import File

    pages = [file for file in files if file.is_documentation_page()]
    wanted = {path for page in pages for path in outside(page.src_uri, page.content_string)}
    for path in sorted(wanted):
        if (_ROOT / path).is_file():
            files.append(File.generated(config, path, abs_src_path=str(_ROOT / path)))
    files.append(File.generated(config, "site.css", content=_STYLE))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page with its links to them as they lie in the site, and what is folded as Markdown, as GitHub takes it."""
    return inside(page.file.src_uri, markdown).replace("<details>", '<details markdown="1">')


def outside(page: str, text: str) -> Iterator[str]:
    """The paths in the checkout of what a page, by its path in docs/, links to beyond docs/."""
    for up, path in _LINK.findall(text):
        if _leaves(page, up):
            yield path


def inside(page: str, text: str) -> str:
    """The text of a page with such links as they are where docs/ is the root of everything."""

    def moved(link: re.Match[str]) -> str:
        return f"]({link[1][3:]}{link[2]}" if _leaves(page, link[1]) else link[0]

    return _LINK.sub(moved, text)


def _leaves(page: str, up: str) -> bool:
    return len(up) // 3 > page.count("/")
