"""Judged on all that came in the whole run."""

import pytest

from eventproof import checks
from eventproof.conform.case import Kind, NotApplicable, Stage, judges_the_run, on_stage, proves

from .plans import CONNECTED, CREATE, DELETE, UPDATE


@judges_the_run
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(CONNECTED, marks=proves("PLN-SSE-2")),
        pytest.param(CREATE, marks=proves("PLN-EVT-1")),
        pytest.param(UPDATE, marks=proves("PLN-EVT-1")),
        pytest.param(DELETE, marks=proves("PLN-EVT-1")),
    ],
)
@on_stage
async def test_all_that_was_received_is_valid(stage: Stage, event: str) -> None:
    own = stage.own_channels
    received = [
        record
        for record in stage.whole_run
        if record.kind is Kind.RECEIVED and record.channel in own and record.name == event
    ]
    if not received:
        raise NotApplicable(f"no `{event}` was received in this run")
    stage.judge(checks.invalid(received, stage.known))
