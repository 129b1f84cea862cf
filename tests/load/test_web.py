"""What we add to Locust's web UI, on a page and routes like its own; the UI itself is in test_web_in_a_browser.py."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, jsonify
from flask.testing import FlaskClient

from eventproof.load import web
from eventproof.report.records import Delivery, Glance, Series
from tests.report import samples


class Ui:
    """As much of Locust's web UI as ours needs."""

    def __init__(self, base: str, *, is_open: bool) -> None:
        self.app = Flask(__name__)
        self.template_args: dict[str, Any] = {}
        self._is_open = is_open
        blueprint = Blueprint("locust", __name__, url_prefix=base)
        blueprint.get("/", endpoint="index")(lambda: "<html><body><div id='root'></div></body></html>")
        blueprint.post("/swarm", endpoint="swarm")(lambda: jsonify({"success": True}))
        blueprint.get("/stats/requests")(lambda: jsonify({"state": "running", "token": "s3cr3t"}))
        self.app.register_blueprint(blueprint)

    def auth_required_if_enabled(self, view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*arguments: Any) -> Any:
            return view(*arguments) if self._is_open else abort(401)

        return guarded


class Standing:
    def __init__(self, series: Series, deliveries: tuple[Delivery, ...]) -> None:
        self._series, self._deliveries = series, deliveries

    def deliveries(self) -> tuple[Delivery, ...]:
        return self._deliveries

    def so_far(self) -> Series:
        return self._series

    def problem(self, typed: str) -> str:
        return "" if "lost" in typed or not typed else f"there is no {typed}"

    def glance(self) -> Glance:
        return Glance(9.0, self._series, self._deliveries)


def client(
    base: str = "",
    *,
    is_open: bool = True,
    series: Series | None = None,
    deliveries: tuple[Delivery, ...] = samples.swarm().delivery,
) -> FlaskClient:
    ui = Ui(base, is_open=is_open)
    web.show(ui, base, Standing(series or samples.series(), deliveries))
    assert [tab["title"] for tab in ui.template_args["extended_tabs"]] == ["Delivery", "Over time"]
    return ui.app.test_client()


@pytest.mark.parametrize("base", ["", "/locust"])
def test_the_page_loads_our_script_and_the_script_our_charts(base: str) -> None:
    browser = client(base)
    page = browser.get(f"{base}/").text
    assert page.count("<script") == 1
    assert page.endswith('<script defer src="./eventproof/live.js"></script></body></html>')
    script = browser.get(f"{base}/eventproof/live.js")
    assert script.mimetype == "text/javascript"
    assert 'new URL("over-time"' in script.text
    charts = browser.get(f"{base}/eventproof/over-time")
    assert charts.mimetype == "text/html"
    for words in ("ban to logout, ms", "deliveries, a second", ":host([data-theme=dark])"):
        assert words in charts.text


def test_before_a_test_there_is_a_sentence() -> None:
    nothing = Series(0, 1, 0, (), (), ())
    assert "Nothing has been measured yet" in client(series=nothing).get("/eventproof/over-time").text


def test_prometheus_may_scrape_how_it_stands() -> None:
    answer = client().get("/eventproof/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert 'eventproof_events{event="user.banned",outcome="delivered"} 1412.0' in answer.text


def test_the_charts_are_for_whoever_may_see_the_ui() -> None:
    browser = client(is_open=False)
    answers: list[Response] = [browser.get(f"/eventproof/{path}") for path in ("over-time", "live.js", "metrics")]  # type: ignore[misc]
    assert {answer.status_code for answer in answers} == {401}


def test_the_delivery_table_gets_its_rows_and_no_secret() -> None:
    answer = client().get("/stats/requests").json
    assert answer is not None
    (table,) = answer["extended_stats"]
    assert [row["event"] for row in table["data"]] == ["user.banned", "user.tier.updated"]
    assert answer["token"] == "[redacted]"


@pytest.mark.parametrize("form", [{"objectives": "lost == 0"}, {"objectives": ""}, {}])
def test_a_test_begins_whose_objectives_can_be_read(form: dict[str, str]) -> None:
    assert client().post("/swarm", data=form).json == {"success": True}


def test_a_test_does_not_begin_whose_objectives_cannot_be_read() -> None:
    answer = client().post("/swarm", data={"objectives": "lst == 0"})
    assert answer.json == {"success": False, "message": "there is no lst == 0"}


def test_whoever_may_not_see_the_ui_is_told_nothing_of_objectives() -> None:
    assert client(is_open=False).post("/swarm", data={"objectives": "lst == 0"}).status_code == 401
