"""What owners do to their libraries is told to students, and at the desk."""

from typing import Any

from eventproof import checks
from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, on_each, requirement

from .spots import LIBRARY_UPDATED, PRICING_UPDATED, a_name, open_spot, set_scene

_PRICE = 76.25


@requirement("STD-LIB-1")
async def test_a_change_of_a_library_is_told_to_students_and_to_its_own_desk(case: Case) -> None:
    scene = await set_scene(case)
    (await scene.spot.owner.call("updateLibrary", libraryId=scene.spot.id, name=a_name(case))).must_be_accepted()
    students = [scene.mine, *scene.others[0].lines]
    await on_each(
        [*students, *scene.desk], lambda line: line.hears(LIBRARY_UPDATED, scene.spot.is_about), "heard of the change"
    )
    await scene.nobody_else(LIBRARY_UPDATED)


@requirement("STD-LIB-2")
async def test_the_new_pricing_is_told_with_its_library_and_is_that_of_rest(case: Case) -> None:
    student = await case.user()
    spot = await open_spot(case)
    line = await student.connect()
    (await spot.owner.call("updatePricing", libraryId=spot.id, hourly=_PRICE)).must_be_accepted()
    told = await line.hears(PRICING_UPDATED, spot.is_about)
    case.judge(checks.invalid(case.records, case.known, PRICING_UPDATED))
    pricing = at(told.payload, "/pricing")
    shown = (await student.call("getLibrary", libraryId=spot.id)).must_succeed().says("pricing")
    if not _has(pricing, _PRICE) or (shown is not None and not _agree(pricing, shown)):
        raise ContractViolation(
            f"`{PRICING_UPDATED}` does not tell the new pricing",
            expected=f"the hourly rate {_PRICE}, as in {shown}",
            observed=str(told.payload)[:400],
        )


def _has(value: Any, wanted: float) -> bool:
    """Whether a price is somewhere in it, as a number or a text."""
    if isinstance(value, dict | list):
        return any(_has(part, wanted) for part in (value.values() if isinstance(value, dict) else value))
    try:
        return float(value) == wanted
    except (TypeError, ValueError):
        return False


def _agree(told: Any, shown: Any) -> bool:
    """What both name is the same; one of them may say more."""
    if not isinstance(told, dict) or not isinstance(shown, dict):
        return bool(told == shown)
    return all(told[name] == shown[name] for name in told.keys() & shown.keys())
