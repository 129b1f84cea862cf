import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from eventproof.errors import UsageError
from eventproof.load import otel
from eventproof.report.records import Glance
from tests.report import samples


class _Meter:
    """Remembers what it is to observe."""

    def __init__(self) -> None:
        self.gauges: dict[str, Any] = {}

    def create_observable_gauge(self, name: str, callbacks: list[Any], unit: str, description: str) -> None:
        assert unit
        assert description
        (self.gauges[name],) = callbacks


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> _Meter:
    meter = _Meter()
    metrics = SimpleNamespace(
        get_meter=lambda name, version: meter, Observation=lambda value, attributes=None: (value, attributes)
    )
    for name, module in {"": ModuleType("opentelemetry"), ".sdk": ModuleType("sdk"), ".metrics": metrics}.items():
        monkeypatch.setitem(sys.modules, f"opentelemetry{name}", module)
    return meter


def test_without_the_package_the_option_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    otel.is_there(SimpleNamespace(otel=False))
    with pytest.raises(UsageError, match=r"pip install 'locust\[otel\]'"):
        otel.is_there(SimpleNamespace(otel=True))


def test_connections_and_events_are_observed(meter: _Meter) -> None:
    otel.is_there(SimpleNamespace(otel=True))
    standing: list[Glance | None] = [None]
    otel.begin(lambda: standing[0])
    assert {name: list(observe(None)) for name, observe in meter.gauges.items()} == {
        "eventproof.connections": [],
        "eventproof.events": [],
    }
    standing[0] = Glance(9.0, samples.series(), samples.swarm().delivery)
    assert list(meter.gauges["eventproof.connections"](None)) == [(287.0, None)]
    events = list(meter.gauges["eventproof.events"](None))
    assert (1_412, {"event": "user.banned", "outcome": "delivered"}) in events
    assert (0, {"event": "user.banned", "outcome": "leaked"}) in events
