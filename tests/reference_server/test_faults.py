"""The table of faults: each breaks something that the contracts ask for, and is told from the others."""

from reference_server.delivery.conduct import Conduct
from reference_server.faults import FAULTS, TABLES, conduct_of
from reference_server.refusals import contracts

KNOWN = {requirement.id for requirement in contracts().requirements()}


def test_every_fault_breaks_known_requirements_and_says_how() -> None:
    for fault in FAULTS.values():
        assert {fault.breaks, *fault.implies} <= KNOWN, fault.name
        assert fault.breaks not in fault.implies, fault.name
        assert fault.summary.endswith("."), fault.name
        assert "\n" not in fault.summary, fault.name


def test_no_two_faults_have_one_name() -> None:
    assert len(FAULTS) == sum(map(len, TABLES))


def test_every_requirement_has_a_fault_that_breaks_it() -> None:
    assert KNOWN - {fault.breaks for fault in FAULTS.values()} == set()


def test_a_fault_answers_some_question_otherwise() -> None:
    for fault in FAULTS.values():
        conduct = type(fault.conduct())
        questions = [name for name in vars(Conduct) if not name.startswith("_")]
        assert any(getattr(conduct, name) is not getattr(Conduct, name) for name in questions), fault.name


def test_without_a_name_the_server_behaves() -> None:
    assert type(conduct_of("")) is Conduct
