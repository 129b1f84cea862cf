"""Who comes back with `Last-Event-ID` gets what they missed."""

from typing import Final

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, HandshakeOptions, capability, requirement

from .plans import CHANGES, CONNECTED, DELETE, UPDATE, plans, shown

_MISSED: Final = (3.5, 4.5, 5.5)


@capability("resume")
@requirement("PLN-SSE-6")
async def test_who_comes_back_gets_what_was_missed_in_order(case: Case) -> None:
    """Each once, and then what is new; whoever does not say where they were gets only that."""
    user = await case.user()
    first = await user.connect()
    plan = await plans(case).create()
    await plans(case).update(plan, roi=1.5)
    await first.awaits(UPDATE, plan.is_told_by)
    last = first.stream.last_event_id
    if not last:
        raise ContractViolation(
            "the events of the stream have no id to come back with", expected="`id:` in each event", observed="none"
        )
    await first.close()
    for roi in _MISSED:
        await plans(case).update(plan, roi=roi)
    back = await user.connect(says=HandshakeOptions(headers={"Last-Event-ID": last}))
    afresh = await user.connect()
    await afresh.awaits(CONNECTED)
    await plans(case).delete(plan)
    await back.hears(DELETE, plan.is_told_by)
    await afresh.awaits(DELETE, plan.is_told_by)
    old = [event for event in afresh.heard(UPDATE, plan.is_told_by) if at(event.payload, "/planData/roi") in _MISSED]
    if old:
        raise ContractViolation(
            f"{afresh.name} did not say where it was, and was sent what had been told before",
            expected="what is new alone",
            observed=shown(old[0]),
        )
    told = [
        event.name if event.name != UPDATE else at(event.payload, "/planData/roi")
        for event in back.received
        if event.name in CHANGES and plan.is_told_by(event)
    ]
    if told != [*_MISSED, DELETE]:
        raise ContractViolation(
            f"{back.name} came back and did not get what was missed, in order and once",
            expected=", ".join(map(str, [*_MISSED, DELETE])),
            observed=", ".join(map(str, told)),
        )
