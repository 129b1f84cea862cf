"""The swarm of storefronts end to end: on the bundled server as it is, and as it is with some of its faults."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.load.run import swarm
from eventproof.report.records import Delivery, Run
from eventproof.verdict import Outcome, Verdict

from .patience import deadline, patient

_PATIENT = tuple(map(patient, ("preview", "order_to_last")))
_SHAPE = ("--storefronts=2", "--settings-rate=5", "--order-rate=5", "--order-pace=0.4", "--visit-rate=12")
_FAULTS = {
    "leavers-hear": ("leaked", "settings:branding_updated"),
    "internal-settings-shown": ("leaked", "settings:internal_updated"),
    "refund-not-on-native-wire": ("lost", "order_updated"),
    "payment-acts-twice": ("unexplained", "order:updated"),
}


def _swarmed(folder: Path, fault: str | None = None, processes: int = 1) -> Run:
    options = (*_SHAPE, deadline(fault), "--repeat-share=0.6", "--wire-share=0.6")
    with reference.start(
        systems=("marketplace",), fault=fault, seed_users=40, options=("--log-level", "warning")
    ) as running:
        return swarm(
            "storefront", str(running.profile), 30, 50, 7, processes, _PATIENT, folder / "results", options=options
        )


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """A swarm against each fault, two at once."""
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda fault: _swarmed(tmp_path_factory.mktemp(fault), fault), _FAULTS)
        return dict(zip(_FAULTS, runs, strict=True))


def _accounts(run: Run) -> Mapping[str, Delivery]:
    return {delivery.event: delivery for delivery in run.delivery}


def test_visitors_see_what_is_public_at_once_and_both_parties_hear_of_orders_on_both_wires(tmp_path: Path) -> None:
    run = _swarmed(tmp_path, processes=2)
    assert (run.outcome, run.systems) == (Outcome.PASS, ("marketplace",)), run.notes
    accounts = _accounts(run)
    for event in ("order:updated", "order_updated", "settings:internal_updated", "product:stock_changed"):
        assert accounts[event].expected == accounts[event].delivered > 0, event
    assert {"preview", "order_to_last", "join"} <= {latency.metric for latency in run.latency}


@pytest.mark.parametrize("fault", _FAULTS)
def test_what_a_server_breaks_is_counted_where_it_belongs(faulty: Mapping[str, Run], fault: str) -> None:
    run, (metric, event) = faulty[fault], _FAULTS[fault]
    verdicts = {objective.expression.split()[0]: objective.verdict for objective in run.objectives}
    assert (run.outcome, verdicts[metric], verdicts["failed"]) == (Outcome.FAIL, Verdict.FAIL, Verdict.PASS), run.notes
    account = _accounts(run)
    if metric == "unexplained":
        assert sum(one.duplicate - one.explained for one in account.values()) > 0
    elif fault == "leavers-hear":
        assert sum(one.leaked for one in account.values()) > 0
    else:
        assert getattr(account[event], metric) > 0
