"""What the contract says of every event, judged on all that came in the whole run."""

from eventproof import checks
from eventproof.conform.case import Kind, NotApplicable, Stage, each_event, judges_the_run


@judges_the_run
@each_event("schema")
async def test_every_one_that_was_received_fits_its_schema(stage: Stage, event: str) -> None:
    """On the system's own channels."""
    own = stage.own_channels
    received = [
        record
        for record in stage.whole_run
        if record.kind is Kind.RECEIVED and record.channel in own and record.name == event
    ]
    if not received:
        raise NotApplicable(f"no `{event}` was received in this run")
    stage.judge(checks.invalid(received, stage.known))
