"""The screens: a page that shows that the events suffice to build the app, served where the settings say so.

Its files are read once, at the start, so no path of a request ever names a file. What may run there is what comes from
here (Content Security Policy, level 3): no inline script, no HTML made of text, nothing from elsewhere, in no frame.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from eventproof.errors import UsageError

from .http import Handler, Request
from .paths import READING, Paths
from .reply import Reply, json_response

PATH: Final = "/screens/"
FOLDER: Final = Path(__file__).parents[1] / "screens"
CLIENT: Final = "vendor/socket.io.esm.min.js"
"""The official client, as npm has it; `make screens` puts it there, and a wheel brings it."""
_PAGE: Final = "index.html"
_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def mount(paths: Paths[Handler], systems: Sequence[str], folder: Path = FOLDER) -> None:
    """Serve the screens of these systems. Raises UsageError where the official client is not there."""
    if not (folder / CLIENT).is_file():
        raise UsageError(
            "the screens need the official Socket.IO client, which is not here: "
            "run `make screens` in a checkout, which takes it from npm"
        )
    files = {
        file.relative_to(folder).as_posix(): (file.read_bytes(), _TYPES[file.suffix])
        for file in folder.rglob("*")
        if file.suffix in _TYPES
    }

    served = json_response(200, {"systems": list(systems)}, _HEADERS)
    replies = {
        PATH.rstrip("/"): Reply(308, headers={**_HEADERS, "Location": PATH}),
        PATH + "systems.json": served,
        **{PATH + name: Reply(200, body, f"{kind}; charset=utf-8", _HEADERS) for name, (body, kind) in files.items()},
    }
    for path, reply in {**replies, PATH: replies[PATH + _PAGE]}.items():
        for method in READING:
            paths.add(method, path, partial(_given, reply))


async def _given(reply: Reply, _: Request) -> Reply:
    return reply
