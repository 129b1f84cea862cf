"""Two tabs of Locust's web UI while the test runs: "Delivery", the account of every event, and "Over time", charts."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from eventproof.redaction import redacted
from eventproof.report import digest, html
from eventproof.report.records import Delivery, Series

from .greenlets import sleep

__all__ = ["show"]

_DELIVERY = "delivery"
_TABS = [{"title": "Delivery", "key": _DELIVERY}, {"title": "Over time", "key": "over-time"}]
_SCRIPT = b'<script defer src="./eventproof/live.js"></script></body>'


def show(web_ui: Any, base: str, deliveries: Callable[[], tuple[Delivery, ...]], series: Callable[[], Series]) -> None:
    """Add the tabs; what they show is asked for each time that the page refreshes them. `base` is Locust's own path."""
    columns = [{"key": field.name, "title": digest.heading(field.name).capitalize()} for field in fields(Delivery)]
    web_ui.template_args |= {
        "extended_tabs": _TABS,
        "extended_tables": [{"key": _DELIVERY, "structure": columns}],
    }
    web_ui.app.register_blueprint(_charts(web_ui, base, series))

    @web_ui.app.after_request  # type: ignore[untyped-decorator]  # the web UI is not typed
    def add(response: Any) -> Any:
        from flask import request

        if request.endpoint == "locust.index" and response.mimetype == "text/html":
            response.set_data(response.get_data().replace(b"</body>", _SCRIPT))
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = [{"key": _DELIVERY, "data": [asdict(delivery) for delivery in deliveries()]}]
            response.set_data(json.dumps(redacted({**response.json, "extended_stats": rows})))
        return response


def _charts(web_ui: Any, base: str, series: Callable[[], Series]) -> Any:
    """The charts, and the script that puts them in their tab; both for those alone who may see the UI."""
    from flask import Blueprint, Response

    blueprint = Blueprint("eventproof", __name__, url_prefix=f"{base}/eventproof")

    @blueprint.get("/over-time")
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # the web UI is not typed
    def over_time() -> Response:
        pieces = []
        for piece in html.live(series()):
            pieces.append(piece)
            sleep(0)  # this process measures, and the drawing of a chart is short
        return Response("".join(pieces), mimetype="text/html")

    @blueprint.get("/live.js")
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # the web UI is not typed
    def live() -> Response:
        return Response((html.PAGE / "live.js").read_bytes(), mimetype="text/javascript")

    return blueprint
