"""The tab "Delivery" of Locust's web UI: the account of every event while the test runs."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from eventproof.redaction import redacted
from eventproof.report import digest
from eventproof.report.records import Delivery

_KEY = "delivery"


def show(web_ui: Any, deliveries: Callable[[], tuple[Delivery, ...]]) -> None:
    """Add the tab; `deliveries` is asked each time that the page refreshes its tables."""
    columns = [{"key": field.name, "title": digest.heading(field.name).capitalize()} for field in fields(Delivery)]
    web_ui.template_args |= {
        "extended_tabs": [{"title": "Delivery", "key": _KEY}],
        "extended_tables": [{"key": _KEY, "structure": columns}],
    }

    @web_ui.app.after_request  # type: ignore[untyped-decorator]  # the web UI is not typed
    def add_rows(response: Any) -> Any:
        from flask import request

        if request.path.endswith("/stats/requests") and response.is_json:
            rows = [{"key": _KEY, "data": [asdict(delivery) for delivery in deliveries()]}]
            response.set_data(json.dumps(redacted({**response.json, "extended_stats": rows})))
        return response
