"""The life of a claim where calls are not answered, or refused: what the books then expect, permit and lose."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from math import inf
from time import monotonic
from typing import Any

import gevent
import pytest

from eventproof import profile
from eventproof.load.acknowledging import Acknowledging
from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare
from eventproof.target import Identity
from loadtests.shield.claim import ClaimLife
from loadtests.shield.claimant import Claimant

_STATUS = {"reviewClaim": "under_review", "approveClaim": "approved", "denyClaim": "denied", "payClaim": "paid"}
_SILENCE = CallAnswer(0, None, "was not answered")
_TROUBLE = {"mute": _SILENCE, "broken": CallAnswer(500, None)}


class BackEnd:
    """Does what it is asked to, and answers as `trouble` says: None where all is well."""

    def __init__(self, trouble: Callable[[str, int], str | None]) -> None:
        self._trouble = trouble
        self._numbers = count(1)
        self._calls: dict[str, int] = {}
        self.claims: dict[str, dict[str, Any]] = {}

    def token_for(self, _operation: str, own: str | None, _admin: Callable[[], str | None]) -> str | None:
        return own

    def perform(self, operation: str, parameters: Mapping[str, Any], _token: str | None = None) -> CallAnswer:
        self._calls[operation] = self._calls.get(operation, 0) + 1
        trouble = self._trouble(operation, self._calls[operation])
        if trouble == "refused":
            return CallAnswer(409, None)
        if trouble == "lost":
            return _SILENCE
        answer = self._do(operation, parameters)
        return _TROUBLE.get(trouble or "", answer)

    def _do(self, operation: str, parameters: Mapping[str, Any]) -> CallAnswer:
        if operation == "submitClaim":
            claim = {**parameters, "claimId": f"c{next(self._numbers)}", "status": "submitted"}
            self.claims[claim["claimId"]] = claim
            return CallAnswer(201, claim)
        if operation == "listClaims":
            return CallAnswer(200, {"claims": list(self.claims.values())})
        claim = self.claims[parameters["claimId"]]
        claim["status"] = _STATUS.get(operation, claim["status"])
        return CallAnswer(200, claim)

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def generator() -> Iterator[Generator]:
    target = replace(profile.for_url("http://127.0.0.1:1", env={}), capabilities=frozenset({"replay"}))
    generator = Generator(
        target,
        scenario=Scenario("shield", patience=0.2, keys={"claim_status_changed": "/data/newStatus"}),
        share=ProcessShare(),
        deadline=1,
        limits=GeneratorLimits(),
        seed=0,
        report=lambda *_: None,
    )
    yield generator
    generator.close()


def _lived(generator: Generator, trouble: Callable[[str, int], str | None], *, denied: bool = False) -> BackEnd:
    """What the target holds after a claim of somebody who is away has lived its life."""
    back_end = BackEnd(trouble)
    generator.calls = back_end  # type: ignore[assignment]  # what a claim asks of it is there
    claimant = Claimant(generator, Identity("user", id="u1", token="t"), 1, Acknowledging.PROMPT, 0)
    ClaimLife(generator, claimant, monotonic(), pace=0, denied=denied).live()
    return back_end


def _expected(generator: Generator) -> dict[str, int]:
    return {event: tally.expected for event, tally in generator.books.ledger.tallies.items() if tally.expected}


_WHOLE_LIFE = {
    "claim_submitted": 1,
    "claim_under_review": 1,
    "claim_approved": 1,
    "claim_status_changed": 3,
    "payout_initiated": 1,
    "payout_completed": 1,
    "claim_paid": 1,
    "coverage_updated": 1,
    "cancellation_restriction_changed": 1,
}


def _count(generator: Generator, *names: str) -> list[int]:
    account = generator.account()
    return [account.count(name) for name in names]


def test_a_paid_claim_expects_what_its_calls_cause(generator: Generator) -> None:
    _lived(generator, lambda *_: None)
    assert _expected(generator) == _WHOLE_LIFE
    assert _count(generator, "claims", "paid", "denied", "unanswered", "failed") == [1, 1, 0, 0, 0]


def test_a_denied_claim_ends_there(generator: Generator) -> None:
    _lived(generator, lambda *_: None, denied=True)
    expected = {"claim_submitted": 1, "claim_under_review": 1, "claim_denied": 1, "claim_status_changed": 2}
    assert _expected(generator) == expected
    assert _count(generator, "paid", "denied") == [0, 1]


@pytest.mark.parametrize("trouble", ["mute", "lost"])
@pytest.mark.parametrize("operation", ["submitClaim", "reviewClaim", "approveClaim", "payClaim"])
def test_a_call_without_an_answer_is_expected_to_have_caused_what_the_target_says(
    generator: Generator, operation: str, trouble: str
) -> None:
    """Done or not: what is read decides whether the claim goes on, or the step is taken again."""
    back_end = _lived(generator, lambda asked, number: trouble if (asked, number) == (operation, 1) else None)
    assert [claim["status"] for claim in back_end.claims.values()] == ["paid"]
    assert _expected(generator) == _WHOLE_LIFE
    assert _count(generator, "claims", "paid", "unanswered", "failed") == [1, 1, 1, 0]


@pytest.mark.parametrize(("operation", "reading"), [("submitClaim", "listClaims"), ("payClaim", "getClaim")])
def test_what_nobody_knows_is_permitted_and_not_expected(generator: Generator, operation: str, reading: str) -> None:
    _lived(generator, lambda asked, _: "mute" if asked in (operation, reading) else None)
    assert _count(generator, "paid", "failed") == [0, 1]
    assert "claim_paid" not in _expected(generator)
    ledger = generator.books.ledger
    caused = {"submitClaim": "claim_submitted", "payClaim": "claim_paid"}[operation]
    recipients = {recipient for (recipient, event), until in ledger._permits.items() if (event, until) == (caused, inf)}
    assert len(recipients) == 1


def test_a_claim_whose_cover_is_used_up_is_denied(generator: Generator) -> None:
    back_end = _lived(generator, lambda asked, _: "refused" if asked == "approveClaim" else None)
    assert [claim["status"] for claim in back_end.claims.values()] == ["denied"]
    assert _count(generator, "denied", "failed") == [1, 0]


def test_a_claim_that_was_given_up_and_done_after_all_is_its_members_own(generator: Generator) -> None:
    """The submission and the list after it are slower than the second submission."""
    back_end = BackEnd(lambda asked, number: "mute" if (asked, number) == ("submitClaim", 1) else None)
    generator.calls = back_end  # type: ignore[assignment]  # what a claim asks of it is there
    claimant = Claimant(generator, Identity("user", id="u1", token="t"), 1, Acknowledging.PROMPT, 0)
    (device,) = claimant.devices
    claimant.submitting = 1
    generator.books.received("claim_submitted", device, monotonic(), subject="c1")
    claimant.met(device, "c1")
    claimant.perform("submitClaim", {"ticketNumber": "T-1"})
    claimant.submitting = 0
    claimant.ask_whose()
    gevent.sleep(0)
    generator.books.ledger.conclude()
    assert _count(generator, "leaked") == [0]


def test_a_refused_step_fails_and_expects_nothing(generator: Generator) -> None:
    _lived(generator, lambda asked, _: "refused" if asked == "payClaim" else None)
    assert _count(generator, "paid", "failed", "unanswered") == [0, 1, 0]
    assert "claim_paid" not in _expected(generator)


def test_a_claim_that_the_end_of_the_test_interrupts_is_unfinished(generator: Generator) -> None:
    generator.stopping.set()
    _lived(generator, lambda *_: None)
    assert _count(generator, "claims", "unfinished") == [1, 1]


def test_an_answer_that_the_target_failed_is_a_failure_and_the_claim_goes_on_from_where_it_stands(
    generator: Generator,
) -> None:
    back_end = _lived(generator, lambda asked, number: "broken" if (asked, number) == ("payClaim", 1) else None)
    assert [claim["status"] for claim in back_end.claims.values()] == ["paid"]
    assert _expected(generator) == _WHOLE_LIFE
    assert _count(generator, "paid", "failed", "unanswered") == [1, 1, 0]
