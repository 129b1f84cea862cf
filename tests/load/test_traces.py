"""What the calls of the swarm of any contract leave: by the contract, what is removed, undone, or told."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from eventproof import catalog, profile
from eventproof.load.calls import CallAnswer
from eventproof.load.changes import Changes
from eventproof.target import Identity
from loadtests.any_contract.traces import Traces


class _Person:
    """Somebody whose calls are answered with this, and noted."""

    def __init__(self, status: int = 200, body: Any = None) -> None:
        self.identity = Identity("anna", id="u1")
        self.made: list[tuple[str, Mapping[str, Any]]] = []
        self._answer = CallAnswer(status, body)

    def perform(self, call: str, given: Mapping[str, Any]) -> CallAnswer:
        self.made.append((call, given))
        return self._answer


class _Run:
    """A system of ours, and what its calls left."""

    def __init__(self, name: str) -> None:
        self.changes = Changes()
        self.system = catalog.load().system(name)
        target = profile.for_url("http://127.0.0.1:1", env={})
        books = SimpleNamespace(changes=self.changes)
        self.traces = Traces(SimpleNamespace(books=books, system=self.system, target=target))  # type: ignore[arg-type]

    def made(self, call: str, given: Mapping[str, Any], by: _Person, **says: Any) -> None:
        self.traces.made(self.system.operation(call), given, says, by)  # type: ignore[arg-type]

    def end(self) -> list[str]:
        self.changes.take_back(until=1e12, fault=_fail)
        return list(self.changes.left())


def _fail(error: Exception) -> None:
    raise error


@pytest.fixture
def plans() -> _Run:
    return _Run("plan-sync")


def test_what_a_call_makes_is_removed_at_the_end_by_whoever_made_it(plans: _Run) -> None:
    admin = _Person()
    plans.made("createPlan", {}, admin, planId="p1")
    assert (plans.end(), admin.made) == ([], [("deletePlan", {"planId": "p1"})])


def test_what_is_gone_already_is_not_left(plans: _Run) -> None:
    plans.made("createPlan", {}, _Person(status=404), planId="p1")
    assert plans.end() == []


def test_what_cannot_be_removed_is_told(plans: _Run) -> None:
    plans.made("createPlan", {}, _Person(status=409), planId="p1")
    assert plans.end() == ["left on the target: 1 thing of createPlan is there, or may be"]


def test_what_the_run_itself_removes_is_not_removed_again(plans: _Run) -> None:
    admin = _Person()
    plans.made("createPlan", {}, admin, planId="p1")
    plans.made("deletePlan", {"planId": "p1"}, admin)
    assert (plans.end(), admin.made) == ([], [])


def test_an_edit_is_gone_with_its_thing_and_else_told(plans: _Run) -> None:
    admin = _Person()
    plans.made("createPlan", {}, admin, planId="p1")
    plans.made("updatePlan", {"planId": "p1"}, admin)
    plans.made("updatePlan", {"planId": "of somebody else"}, admin)
    plans.made("getPlan", {"planId": "of somebody else"}, admin)
    assert plans.end() == ["left on the target, as no call takes it back: what was done by updatePlan (1)"]


def test_a_thing_of_which_the_answer_tells_no_id_is_told(plans: _Run) -> None:
    plans.made("createPlan", {}, _Person())
    assert plans.end() == ["left on the target, as no call takes it back: what was done by createPlan (1)"]


def test_a_user_is_given_back_what_the_target_told_of_them() -> None:
    run, user, admin = _Run("user-state"), _Person(body={"id": "u1", "tier": "basic"}), _Person()
    undoing = run.traces.undoing(run.system.operation("updateUserTier"), user)  # type: ignore[arg-type]
    assert undoing == {"updateUserTier": {"userId": "u1", "tier": "basic"}}
    run.traces.does(user, "updateUserTier", undoing["updateUserTier"], admin)  # type: ignore[arg-type]
    assert (run.end(), admin.made) == ([], list(undoing.items()))


def test_who_was_given_it_back_is_left_alone() -> None:
    run, user, admin = _Run("user-state"), _Person(), _Person()
    assert run.traces.undoing(run.system.operation("banUser"), user) == {"unbanUser": {"userId": "u1"}}  # type: ignore[arg-type]
    run.traces.does(user, "unbanUser", {"userId": "u1"}, admin)  # type: ignore[arg-type]
    run.traces.undone("unbanUser", user)  # type: ignore[arg-type]
    assert (run.end(), admin.made) == ([], [])
