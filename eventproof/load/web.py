"""Two tabs of Locust's web UI while the test runs: "Delivery", the account of every event, and "Over time", charts.

And beside them, for Prometheus, /eventproof/metrics. A test whose objectives cannot be read does not begin.
"""

import json
from dataclasses import asdict, fields
from typing import Any, Protocol

from eventproof.redaction import redacted
from eventproof.report import digest, html, pages, prometheus
from eventproof.report.records import Delivery, Glance, Series

from .greenlets import sleep

__all__ = ["show"]

_BEGIN = "locust.swarm"
"""What the form that begins a test is sent to."""
_DELIVERY = "delivery"
_TABS = [{"title": "Delivery", "key": _DELIVERY}, {"title": "Over time", "key": "over-time"}]
_SCRIPT = b'<script defer src="./eventproof/live.js"></script></body>'


class Standing(Protocol):
    """Knows how a swarm stands."""

    def deliveries(self) -> tuple[Delivery, ...]:
        """The account of every event."""

    def so_far(self) -> Series:
        """The last minutes."""

    def glance(self) -> Glance | None:
        """The last seconds; None where no test runs."""

    def problem(self, typed: str) -> str:
        """What is wrong with these objectives; empty where nothing is."""


def show(web_ui: Any, base: str, standing: Standing) -> None:
    """Add the tabs; what they show is asked for each time that the page refreshes them. `base` is Locust's own path."""
    columns = [{"key": field.name, "title": digest.heading(field.name).capitalize()} for field in fields(Delivery)]
    web_ui.template_args |= {
        "extended_tabs": _TABS,
        "extended_tables": [{"key": _DELIVERY, "structure": columns}],
    }
    web_ui.app.register_blueprint(_pages(web_ui, base, standing))
    begin = web_ui.app.view_functions[_BEGIN]
    web_ui.app.view_functions[_BEGIN] = web_ui.auth_required_if_enabled(lambda: _refusal(standing) or begin())

    @web_ui.app.after_request  # type: ignore[untyped-decorator]  # the web UI is not typed
    def add(response: Any) -> Any:
        from flask import request

        if request.endpoint == "locust.index" and response.mimetype == "text/html":
            response.set_data(response.get_data().replace(b"</body>", _SCRIPT))
        if request.path.endswith("/stats/requests") and response.is_json:
            rows = [{"key": _DELIVERY, "data": [asdict(delivery) for delivery in standing.deliveries()]}]
            response.set_data(json.dumps(redacted({**response.json, "extended_stats": rows})))
        return response


def _refusal(standing: Standing) -> Any:
    """The answer to a form whose objectives cannot be read; None where they can."""
    from flask import jsonify, request

    problem = standing.problem(request.form.get("objectives", ""))
    return jsonify({"success": False, "message": problem}) if problem else None


def _pages(web_ui: Any, base: str, standing: Standing) -> Any:
    """The charts, the script that puts them in their tab, and metrics to scrape; for those alone who may see the UI."""
    from flask import Blueprint, Response

    blueprint = Blueprint("eventproof", __name__, url_prefix=f"{base}/eventproof")

    @blueprint.get("/over-time")
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # the web UI is not typed
    def over_time() -> Response:
        pieces = []
        for piece in html.live(standing.so_far()):
            pieces.append(piece)
            sleep(0)  # this process measures, and the drawing of a chart is short
        return Response("".join(pieces), mimetype="text/html")

    @blueprint.get("/live.js")
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # the web UI is not typed
    def live() -> Response:
        return Response((pages.PAGE / "live.js").read_bytes(), mimetype="text/javascript")

    @blueprint.get("/metrics")
    @web_ui.auth_required_if_enabled  # type: ignore[untyped-decorator]  # the web UI is not typed
    def metrics() -> Response:
        return Response(prometheus.live(standing.glance()), content_type=prometheus.CONTENT_TYPE)

    return blueprint
