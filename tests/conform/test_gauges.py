"""A gauge falls only where a number says so."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from eventproof.conform.exchange import HttpReceived
from eventproof.conform.gauges import Gauges, values_of
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import Inconclusive
from eventproof.target import Budgets, Metrics, MetricsFormat, Rest, Target
from tests.hostile.server import BEHAVIOURS, running

TEXT = Metrics("/metrics", ("open", "rooms"))
JSON = Metrics("/metrics", ("open", "/ws/rooms"), MetricsFormat.JSON)


def values(metrics: Metrics, text: str, status: int = 200, kind: str = "text/plain") -> Mapping[str, float]:
    headers = CIMultiDictProxy(CIMultiDict({"Content-Type": kind}))
    return values_of(metrics, "http://x/metrics", HttpReceived(status, "", headers, text.encode(), None))


@pytest.mark.parametrize(
    "text",
    [
        "open 2\nrooms 1\n",
        '# TYPE open gauge\nopen{a="1"} 1\nopen{a="2"} 1\nrooms 1.0 1700000000000\nother NaN\n',
        '# TYPE open gauge\n# UNIT open x\nopen 2.0\nrooms 1.0\n# TYPE s stateset\ns{s="a"} 1 # {t="x"} 1\n# EOF\n',
        "open 2\r\nrooms 1\r\n",
    ],
    ids=["plain", "labels", "openmetrics", "crlf"],
)
def test_gauges_are_read_from_text_whatever_else_is_there(text: str) -> None:
    assert values(TEXT, text) == {"open": 2.0, "rooms": 1.0}


def test_a_gauge_with_labels_that_counts_nothing_is_nothing() -> None:
    assert values(TEXT, "# TYPE open gauge\nrooms 0\n") == {"open": 0.0, "rooms": 0.0}


def test_gauges_are_read_from_json_by_name_or_by_pointer() -> None:
    assert values(JSON, '{"open": 2, "ws": {"rooms": 1.5}}') == {"open": 2.0, "/ws/rooms": 1.5}


@pytest.mark.parametrize(
    ("metrics", "text", "sentence"),
    [
        (TEXT, "open NaN\nrooms 1\n", "open is nan"),
        (TEXT, "open +Inf\nrooms 1\n", "open is inf"),
        (TEXT, "open -Inf\nrooms 1\n", "open is -inf"),
        (TEXT, 'open{a="1"} +Inf\nopen{a="2"} -Inf\nrooms 1\n', "open is nan"),
        (TEXT, "open many\nrooms 1\n", "no numbers that Prometheus could read: open many"),
        (TEXT, "<!doctype html><p>open 2\nrooms 1", "has no open"),
        (TEXT, "", "has no open, rooms: correct gauges under"),
        (TEXT, '{"open": 2, "rooms": 1}', "has no open, rooms"),
        (JSON, '{"open": "2", "ws": {"rooms": 1}}', "has no open"),
        (JSON, '{"open": true, "ws": {"rooms": 1}}', "has no open"),
        (JSON, '{"open": NaN, "ws": {"rooms": 1}}', "open is nan"),
        (JSON, '{"open": 1' + "0" * 400 + ', "ws": {"rooms": 1}}', "open is inf"),
        (JSON, "open 2\n", "that is no JSON"),
        (JSON, "[" * 3000, "that is no JSON"),
    ],
)
def test_what_is_no_number_is_said_and_never_taken_for_fallen(metrics: Metrics, text: str, sentence: str) -> None:
    with pytest.raises(NotTestable, match=sentence):
        values(metrics, text)


def test_a_page_instead_of_metrics_is_named_as_what_it_came_as() -> None:
    with pytest.raises(NotTestable, match=r"read as prometheus and came as text/html"):
        values(TEXT, "<!doctype html>", kind="text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("status", "remedy"), [(404, "correct path"), (401, 'identity = "admin"'), (302, "correct path")]
)
def test_an_answer_that_is_no_success_says_what_to_do(status: int, remedy: str) -> None:
    with pytest.raises(NotTestable, match=f"answered {status}: {remedy}"):
        values(TEXT, "", status)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("flooding_body", Inconclusive),
        ("bombing", Inconclusive),
        ("dripping", Inconclusive),
        ("pretending_gzip", Inconclusive),
        ("page", NotTestable),
        ("failing", NotTestable),
        ("nesting_deeper", NotTestable),
    ],
)
async def test_hostile_metrics_are_no_fault_of_ours(behaviour: str, kind: type[Exception]) -> None:
    with running(BEHAVIOURS[behaviour]) as server:
        async with Gauges(target(server.url, seconds=1.0 if behaviour == "dripping" else 30.0)) as gauges:
            with pytest.raises(kind):
                await gauges.read()


def target(url: str, metrics: Metrics = TEXT, seconds: float = 10.0) -> Target:
    return Target("p", url, ("user-state",), Rest(url), {}, metrics=metrics, budgets=Budgets(call=seconds))


async def test_gauges_behind_a_login_and_a_key_are_read(serving: Any) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer t" or request.headers.get("X-Key") != "k":
            return web.Response(status=401)
        return web.json_response({"open": 1, "ws": {"rooms": 2}})

    application = web.Application()
    application.router.add_get("/metrics", handle)
    locked = Metrics("/metrics", JSON.gauges, MetricsFormat.JSON, "admin", {"X-Key": "k"})
    async with serving(application) as url:
        async with Gauges(target(url, locked), "t") as gauges:
            assert await gauges.read() == {"open": 1.0, "/ws/rooms": 2.0}
            assert await gauges.fallen_to({"open": 1.0, "/ws/rooms": 1.0}, 0) == {"/ws/rooms": 2.0}
        async with Gauges(target(url, locked)) as gauges:
            with pytest.raises(NotTestable, match="answered 401"):
                await gauges.read()
