"""The life of one claim in a swarm: submitted by its member, then reviewed, decided and paid by admins, all on time.

What a step causes is expected as soon as it is known to be done: by the answer of its call, or where there was none, by
what the target then says of the claim. A call without an answer leaves its outcome unknown until then; what it would
have caused may come meanwhile, and waits in the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import gevent

from eventproof import actions
from eventproof.load.backoff import backoff
from eventproof.load.calls import Answer
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.reading import tells_status

from .claimant import Claimant
from .desk import ADMINS

__all__ = ["DENIAL", "Claim", "Step"]

DENIAL = "D003"
_TICKET = {"city": "San Francisco", "state": "CA", "violationType": "no_parking"}
_CENTS = (3_000, 9_900)
"""The least and the most that a ticket costs: small, so that a plan's cover lasts."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 2.0
"""Seconds between two questions how far a claim has come."""
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the call that makes it, the status that it leads to, and its place in the order of the steps."""

    operation: str
    status: str
    number: int


_SUBMIT = Step("submitClaim", "submitted", 0)
_REVIEW = Step("reviewClaim", "under_review", 1)
_APPROVE = Step("approveClaim", "approved", 2)
_DENY = Step("denyClaim", "denied", 2)
_PAY = Step("payClaim", "paid", 3)

_NEXT: Mapping[tuple[str, bool], Step] = {
    ("submitted", False): _REVIEW,
    ("submitted", True): _REVIEW,
    ("under_review", False): _APPROVE,
    ("under_review", True): _DENY,
    ("approved", False): _PAY,
    ("approved", True): _PAY,
}
"""What is done next with a claim of this status that will be denied, or not. What is not listed is at its end."""

_REACHED: Mapping[str, int] = {step.status: step.number for step in (_SUBMIT, _REVIEW, _APPROVE, _DENY, _PAY)}


class Claim:
    """One claim of a member; its steps are `pace` seconds apart, counted from the intended time of its submission."""

    def __init__(self, generator: Generator, claimant: Claimant, intended: float, *, pace: float, denied: bool) -> None:
        self._generator = generator
        self._claimant = claimant
        self._intended = intended
        self._pace = pace
        self._will_be_denied = denied
        self._id: str | int | None = None
        self._status: str | None = None
        self._lost = 0
        """How often the present step got lost."""

    def live(self) -> None:
        """Live until the end of the claim, or of the test."""
        generator, books = self._generator, self._generator.books
        books.count("actions")
        books.record("send_lag", monotonic() - self._intended)
        self._submit()
        while self._status is not None and (step := _NEXT.get((self._status, self._will_be_denied))) is not None:
            intended = self._intended + step.number * self._pace
            if generator.stopping.wait(max(intended - monotonic(), 0)):
                books.count("unfinished")
                return
            if not self._take(step, intended):
                return
        if self._status in ("paid", "denied"):
            books.count(self._status)

    def _submit(self) -> None:
        """Submit a claim, a second one where the first cannot have arrived."""
        claimant, generator = self._claimant, self._generator
        claimant.submitting += 1
        try:
            while self._id is None:
                ticket = f"T-{generator.random.getrandbits(48):012X}"
                amount = generator.random.randint(*_CENTS) / 100
                called = monotonic()
                answer = claimant.perform("submitClaim", {**_TICKET, "ticketNumber": ticket, "amount": amount})
                if answer.done:
                    operation = generator.target.operations["submitClaim"]
                    told = actions.read(operation, "claimId", answer.body)
                    if not isinstance(told, str | int):
                        self._failed(_SUBMIT, "the answer has no claimId")
                        return
                    self._id = told
                elif _is_refusal(answer):
                    self._failed(_SUBMIT, str(answer))
                    return
                else:
                    self._was_not_answered(_SUBMIT, answer)
                    if not self._find(ticket):
                        return
                    if self._id is None:
                        self._pause()
            claimant.claims_known.appendleft(self._id)
        finally:
            claimant.submitting -= 1
            claimant.ask_whose()
        generator.books.count("claims")
        self._caused(_SUBMIT, self._intended, called)

    def _find(self, ticket: str) -> bool:
        """Learn from the target whether the claim for this ticket was taken; whether it could be learned."""
        listed = self._ask(self._claimant.claims)
        if listed is None:
            self._nobody_knows(_SUBMIT)
            return False
        places = self._generator.target.operations["listClaims"].answers
        for claim in listed:
            if actions.at(claim, places.get("ticketNumber", "")) == ticket:
                told = actions.at(claim, places.get("claimId", ""))
                self._id = told if isinstance(told, str | int) else None
        return True

    def _take(self, step: Step, intended: float) -> bool:
        """Take a step; whether the claim goes on from where it then stands."""
        generator, called = self._generator, monotonic()
        details = {"denialCode": DENIAL} if step is _DENY else {}
        answer = generator.administer(step.operation, self._claimant.identity, claimId=str(self._id), **details)
        if not answer.done:
            if not _is_refusal(answer):
                self._was_not_answered(step, answer)
            status = self._ask(self._stands)
            if status is None:
                self._nobody_knows(step)
                return False
            if _REACHED.get(status, -1) < step.number:
                return self._was_not_done(step, answer)
        self._caused(step, intended, called)
        return True

    def _was_not_done(self, step: Step, answer: Answer) -> bool:
        """Whether there is another way on: the same step again where it got lost, a denial where the cover is used."""
        if not _is_refusal(answer):
            self._pause()
            return True
        if step is _APPROVE and answer.status == _CONFLICT:
            self._will_be_denied = True
            return True
        self._failed(step, str(answer))
        return False

    def _caused(self, step: Step, intended: float, called: float) -> None:
        """The step is done: enter what it causes."""
        # A timer may fire a little early, and no cause comes after its call.
        intended = min(intended, called)
        self._status, self._lost = step.status, 0
        for event in self._generator.books.events.values():
            if step.operation not in event.triggers:
                continue
            key = step.status if tells_status(event) else None
            subject = self._id if event.order_by is not None else None
            for device in self._told(event.audience):
                device.expect(
                    f"{step.operation} of {self._id}",
                    event.name,
                    at=intended,
                    called=called,
                    subject=subject,
                    key=key,
                    step=step.number if subject is not None else None,
                )

    def _was_not_answered(self, step: Step, answer: Answer) -> None:
        """The outcome is to be read. An answer that says that the target failed is a failure all the same."""
        books = self._generator.books
        if answer.status:
            books.count("failed")
            books.incident(str(self._claimant), f"{step.operation} failed: {answer}")
        else:
            books.count("unanswered")

    def _failed(self, step: Step, why: str) -> None:
        """The claim ends here."""
        books = self._generator.books
        books.count("failed")
        books.incident(str(self._claimant), f"{step.operation} failed: {why}")

    def _nobody_knows(self, step: Step) -> None:
        """The claim ends here, and what the step may have caused is permitted."""
        self._failed(step, "it was not answered, and nobody knows whether it was done")
        books = self._generator.books
        for event in books.events.values():
            if step.operation in event.triggers:
                books.ledger.permit(event.name, self._told(event.audience), until=inf)

    def _told(self, audience: tuple[str, ...]) -> tuple[Device, ...]:
        if ADMINS in audience:
            return tuple(desk.device for desk in self._generator.desks)
        return self._claimant.devices

    def _stands(self) -> str | None:
        answer = self._claimant.perform("getClaim", {"claimId": self._id})
        if not answer.done:
            return None
        status = actions.read(self._generator.target.operations["getClaim"], "status", answer.body)
        return None if status is None else str(status)

    def _pause(self) -> None:
        """A target that loses calls has enough to do."""
        gevent.sleep(backoff(self._lost, self._generator.random, first=_FIRST_PAUSE))
        self._lost += 1

    def _ask(self, question: Any) -> Any:
        """Ask until there is an answer, while the ledger has patience; None where none comes."""
        generator, end = self._generator, monotonic() + self._generator.patience
        attempt = 0
        while (answer := question()) is None and monotonic() < end:
            gevent.sleep(backoff(attempt, generator.random, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
            attempt += 1
        return answer


def _is_refusal(answer: Answer) -> bool:
    """Whether the target says that it did not do what was asked."""
    return 400 <= answer.status < 500
