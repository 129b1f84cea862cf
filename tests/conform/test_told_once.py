"""One bug of a real server is told once, whichever cases find it."""

import pytest

from eventproof import profile
from eventproof.conform import run
from eventproof.report import digest
from eventproof.verdict import Verdict
from reference_server.refusals import contracts
from tests.conform.trials import Trial, serving


@pytest.mark.parametrize(
    ("trial", "exact"),
    [
        (Trial("other-user-told", "user-state"), "UST-BAN-7"),
        (Trial("internal-settings-shown", "marketplace"), "MKT-SET-2"),
    ],
    ids=str,
)
def test_a_leak_is_told_by_the_requirement_that_is_about_it_and_the_one_of_all_systems_points_there(
    trial: Trial, exact: str
) -> None:
    with serving(trial) as place:
        ran = run.check(profile.load(place, catalog=contracts()), only=[exact, "ALL-ROOM-1"], catalog=contracts())
    first, second = digest.findings(ran)
    assert (first.requirement.id, first.told, first.remedies) == (exact, (), first.requirement.remedies)
    assert (second.requirement.id, second.told, second.remedies) == ("ALL-ROOM-1", (exact,), ())
    assert first.requirement.verdict is second.requirement.verdict is Verdict.FAIL
    assert len(first.checks) == 1, "several cases found it, and one of them tells"
