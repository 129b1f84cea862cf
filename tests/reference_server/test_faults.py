"""The table of faults: each breaks something that the contracts ask for, and is told from the others."""

from reference_server.conduct import Conduct
from reference_server.faults import FAULTS, conduct_of
from reference_server.refusals import contracts

KNOWN = {requirement.id for requirement in contracts().requirements()}


def test_every_fault_breaks_known_requirements_and_says_how() -> None:
    for fault in FAULTS.values():
        assert {fault.breaks, *fault.implies} <= KNOWN, fault.name
        assert fault.breaks not in fault.implies, fault.name
        assert fault.summary.endswith("."), fault.name


def test_every_requirement_has_a_fault_that_breaks_it() -> None:
    assert KNOWN - {fault.breaks for fault in FAULTS.values()} == set()


def test_a_fault_answers_some_question_otherwise() -> None:
    for fault in FAULTS.values():
        answered = set(vars(fault.conduct)) & set(vars(Conduct))
        assert answered - {"__doc__", "__module__", "__init__"}, fault.name


def test_without_a_name_the_server_behaves() -> None:
    assert type(conduct_of("")) is Conduct
