"""What all pages of ours are made of: templates that escape everything, a style, a policy that lets nothing else run.

Every text is made visible and stripped of secrets on its way in: what a target sent stays text.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .visible import shown, spans

__all__ = ["PAGE", "asset", "coded", "environment", "policy"]

PAGE = Path(__file__).with_name("page")

_LENGTH = 4_000


def environment() -> Environment:
    """The templates."""
    return Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def asset(name: str) -> Markup:
    """A file of ours that goes into a page as it is."""
    return Markup((PAGE / name).read_text("utf-8"))  # noqa: S704 - a file of ours


def policy(style: str, script: str = "") -> str:
    """The content security policy of a page with this style and this script, and nothing else."""
    sources = f"style-src {_hash(style)}" + (f"; script-src {_hash(script)}" if script else "")
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def coded(text: str) -> Markup:
    """A sentence, with what stands in backticks as code."""
    pieces = spans(shown(text, _LENGTH))
    return Markup().join(Markup("<code>{}</code>").format(piece) if is_code else piece for piece, is_code in pieces)


def _shown(value: Any) -> Any:
    """What stands in the page for a printed expression; the template's own markup stays what it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return shown(value, _LENGTH)
    return value


def _hash(content: str) -> str:
    digested = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digested}'"
