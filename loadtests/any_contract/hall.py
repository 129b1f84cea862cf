"""What the users of one process share in the swarm of any contract: the places, who acts there, the calls they make."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import count
from math import inf
from time import monotonic
from typing import Any, Final

from eventproof import templates
from eventproof.call_arguments import arguments, begun
from eventproof.catalog import ANYONE, USER, Cause, Direction, Event, Operation, effects
from eventproof.catalog.audience import CONNECTION
from eventproof.errors import TargetUnavailable, UsageError
from eventproof.load.actor import Actor
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer, said
from eventproof.load.device import Device
from eventproof.load.expectation import UNORDERED
from eventproof.load.generator import Generator
from eventproof.load.greenlets import BoundedSemaphore, sleep
from eventproof.load.turns import Turns
from eventproof.load.visits import Visitor, Visits
from eventproof.refusal import LIMITED
from eventproof.target import Emission

from .overlaps import Overlaps
from .place import Hand, Place
from .rates import of_all, removing
from .traces import Traces

__all__ = ["Hall", "hall_of"]

_GLANCE: Final = 0.05
_CHANGES: Final = frozenset({"PUT", "PATCH"})
"""The methods of calls that, made twice, may change nothing the second time."""


class Hall(Visits[Place]):
    """That of one process and run."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.system = generator.system
        self.acting: Turns[Visitor[Place]] = Turns()
        self._beginning = BoundedSemaphore(1)
        self._overlaps = Overlaps()
        self._numbers = count(1)
        self._hands: dict[str, list[Hand]] = {}
        self._hired: count[int] = count()
        self._shared: tuple[Operation, ...] = ()
        self._last: dict[tuple[str, ...], Mapping[str, Any]] = {}
        """With what a thing that is there was changed last, by call and the ids in its path."""
        self._things_of: dict[tuple[Actor, str], dict[str, Any]] = {}
        """By user and call: what is known of what was made for it."""
        self._traces = Traces(generator)
        self._is_undoing = False
        self._alone: dict[Actor, BoundedSemaphore] = {}
        """Where calls do something to users that is undone: of each user, one call at a time."""
        self._used_up = removing(generator.system)
        """The calls after which what they were about cannot be used again, as far as that is known by now."""
        for event in generator.books.known:
            if event.audience == (CONNECTION,) and not event.triggers:
                continue
            if not event.triggers or not event.audience:
                lack = "what causes it" if not event.triggers else "whom it is for"
                generator.books.note(f"of {event.name} nothing says {lack}: its delivery and its leaks are not judged")
                generator.books.ledger.permit(event.name, (None,), until=inf)

    # The places.

    def begin(self, calls: Sequence[str], left_out: Mapping[str, str]) -> None:
        """Make what these calls are about, and what people ask to be told of; waits. Raises EventproofError.

        `left_out` are the calls that are not made, each with why.
        """
        with self._beginning:  # several may act in one process
            if not self.places:
                self._begin(calls, left_out)

    def _begin(self, calls: Sequence[str], left_out: Mapping[str, str]) -> None:
        said_of = self.generator.target.population
        for call, reason in left_out.items():
            self.generator.books.note(f"{call} is left out, as {reason}; [traffic] rates may name it")
        self._is_undoing = any(any(self._undone_at_once(call)) for call in calls)
        for role, number in said_of.people.items():
            self._people(role, self.generator.share.cut(range(number)))
        self._shared = of_all(self.system, calls)
        number_of = said_of.things if self._shared or self.system.chosen else 1
        for number in range(number_of):
            place = Place(begun(self.system, number), self._hire)
            self._must_be_there(calls, place)
            for needed in self._shared:
                self._must(needed, place.hand(self.system.member), place, place.known)
            self.places.append(place)
        self.settle_in()

    def asks(self, place: Place) -> Iterator[tuple[Event, Any]]:
        """What a client asks with to be told of a place: each event with its argument."""
        requests = self.generator.requests
        opening = "" if requests.opening is None else requests.opening.event
        for event in requests.events.values():
            if event.joins is None or event.name == opening:
                continue
            try:
                yield event, event.asking(event.joins, place.known, lambda role: place.hand(role).identity.id)
            except (KeyError, UsageError):
                continue  # nothing here has such an id

    # The calls.

    def tell(self, operation: Operation, user: Visitor[Place], intended: float) -> None:
        """Make a call about this user, by whoever makes it, after what it needs, and enter what it causes."""
        with self._alone.setdefault(user, BoundedSemaphore(1)) if self._is_undoing else nullcontext():
            self._tell(operation, user, intended)

    def _tell(self, operation: Operation, user: Visitor[Place], intended: float) -> None:
        books = self.generator.books
        books.count("actions")
        books.record("send_lag", monotonic() - intended)
        place = user.place or self.places[0]
        undoing = self._traces.undoing(operation, user) if self._is_undoing else {}
        for call, parameters in undoing.items():
            back = self.system.operation(call)
            by, given = self._prepared(back, user, place, parameters)
            self._last.setdefault(self._thing(back, given), given)
            self._traces.does(user, call, given, by)
        answer = self._with_what_is_there(operation, user, place, intended)
        if answer is None or (_is_refused(answer) and operation.needs):
            self._used_up.add(operation.id)
            answer = self._with_all_anew(operation, user, place)
        self._must_be_done(operation, answer)
        for call, parameters in undoing.items():
            back = self.system.operation(call)
            answer = self._make(back, user, place, {**place.known, **parameters}, at=None)
            self._must_be_done(back, answer)
            if answer.done:
                self._traces.undone(call, user)

    def _must_be_done(self, operation: Operation, answer: CallAnswer) -> None:
        if not answer.done:
            self.generator.books.count("failed")
            told = f"the call was answered with {answer}"
            self.generator.books.incident(f"{operation.id} {next(self._numbers)}", told)

    def _with_what_is_there(
        self, operation: Operation, user: Visitor[Place], place: Place, intended: float
    ) -> CallAnswer | None:
        """About what was made for it before, or now; None where that does not serve."""
        if operation.id in self._used_up:
            return None
        known, at = self._things_of.get((user, operation.id)), intended
        if known is None:
            known = dict(place.known)
            own = [needed for needed in self.system.before(operation.id) if needed not in self._shared]
            for needed in own:
                if _is_refused(self._make(needed, user, place, known, at=None)):
                    return None
            self._things_of[user, operation.id] = known
            at = monotonic() if own else intended
        return self._make(operation, user, place, dict(known), at=at)

    def _with_all_anew(self, operation: Operation, user: Actor, place: Place) -> CallAnswer:
        """About things that nobody knows beside who makes them."""
        known = begun(self.system, next(self._numbers))
        for needed in self.system.before(operation.id):
            self._must(needed, user, place, known)
        return self._make(operation, user, place, known, at=None)

    def _must(self, operation: Operation, user: Actor, place: Place, known: dict[str, Any]) -> None:
        answer = self._make(operation, user, place, known, at=None)
        if not answer.done:
            raise TargetUnavailable(f"{operation.id}, which comes before other calls, was answered with {answer}")

    def _make(
        self, operation: Operation, user: Actor, place: Place, known: dict[str, Any], *, at: float | None
    ) -> CallAnswer:
        """Make one call that was intended for then (None: for now); what its answer says is known from then on."""
        by, given = self._prepared(operation, user, place, known)
        things = self._things(operation, given, by)
        step, called = self._overlaps.begin(things), monotonic()
        try:
            answer, device = self._send(operation, by, given)
        finally:
            self._overlaps.end(things, step)
        action = self.generator.target.operations[operation.id]
        says = said(action, answer) if answer.done else {}
        cause = Cause(operation.id, given, by.identity.id, says, dict(known))
        name = f"{operation.id} {next(self._numbers)}"
        if answer.done:
            known |= {name: says[name] for name in operation.answers if name in says}
            self.generator.moved(cause, asked=called)
            ordered = step if self.generator.share.of == 1 else UNORDERED
            told = CallEffects(self.generator, cause, name, user.devices, sender=device)
            is_sure = self._changes_something(operation, given)
            self._traces.made(operation, given, says, by)
            told.expect(at=called if at is None else min(at, called), called=called, step=ordered, is_sure=is_sure)
        elif answer.was_made and not 400 <= answer.status < 500:
            self.generator.nobody_knows(operation.id)
        return answer

    def _prepared(
        self, operation: Operation, user: Actor, place: Place, known: Mapping[str, Any]
    ) -> tuple[Actor, dict[str, Any]]:
        """Who makes a call, and with what."""
        people = {name: self._somebody(role, user, place).identity.id for name, role in operation.people.items()}
        about = {name: of for name, of in {**people, **known, "userId": user.identity.id}.items() if of is not None}
        return self._caller(operation, user, place), arguments(operation, about)

    def _changes_something(self, operation: Operation, given: Mapping[str, Any]) -> bool:
        """Whether it is no change of a thing to what it was changed to before."""
        if operation.method not in _CHANGES or operation.id in self._used_up:
            return True
        thing = self._thing(operation, given)
        last, self._last[thing] = self._last.get(thing), given
        return last != given

    @staticmethod
    def _thing(operation: Operation, given: Mapping[str, Any]) -> tuple[str, ...]:
        return operation.id, *(str(given.get(name)) for name in operation.in_path)

    def _undone_at_once(self, call: str) -> Iterator[Operation]:
        """What undoes what a call, and what comes before it, do to users."""
        for each in (*self.system.before(call), self.system.operation(call)):
            if each.undone_by is not None and not each.undone_by.removes:
                yield self.system.operation(each.undone_by.operation)

    def _send(self, operation: Operation, by: Actor, given: Mapping[str, Any]) -> tuple[CallAnswer, Device | None]:
        """By a call, or as an event on a connection of theirs: the answer, and where it was sent."""
        action = self.generator.target.operations.get(operation.id)
        if not isinstance(action, Emission):
            return by.perform(operation.id, given), None
        event = self.system.event(action.channel, Direction.RECEIVE, action.event)
        device = by.device_on(action.channel)
        if event is None or device is None:
            return CallAnswer(0, None, f"{by} has no connection to send {action.event} on", was_made=False), None
        where = f"{self.generator.target.source}: {operation.id}"
        filled = templates.fill(action.arguments, given, where, frozenset(templates.names(action.arguments)))
        return device.say(event, filled), device

    def _things(self, operation: Operation, given: Mapping[str, Any], by: Actor) -> frozenset[str]:
        """What a call is about, as far as it tells: what keeps an order by its id."""
        caused = effects(self.generator.books.known, Cause(operation.id, given, by.identity.id))
        return frozenset(effect.key for effect in caused if effect.key is not None)

    # Who makes them.

    def _must_be_there(self, calls: Sequence[str], place: Place) -> None:
        """Have whoever makes these calls, and what they need, or is named in them. Raises UsageError."""
        member = self.system.member
        made = [each for call in calls for each in (*self.system.before(call), self.system.operation(call))]
        for operation in (*made, *(each for call in calls for each in self._undone_at_once(call))):
            for role in operation.people.values():
                if role not in (USER, member):
                    place.hand(role)
            if not {ANYONE, USER, member} & set(operation.roles):
                place.hand(self._role(operation))

    def _caller(self, operation: Operation, user: Actor, place: Place) -> Actor:
        """They themselves where their role may, else who acts for the first role that does and is there."""
        if {ANYONE, USER, user.role} & set(operation.roles):
            return user
        return place.hand(self._role(operation))

    def _role(self, operation: Operation) -> str:
        """The first one that may make a call, and is there."""
        given = self.generator.target.people
        return next((role for role in operation.roles if given(role)), operation.role)

    def _somebody(self, role: str, user: Actor, place: Place) -> Actor:
        return user if role in (USER, user.role) else place.hand(role)

    def _hire(self, role: str) -> Hand:
        """Somebody of a role, in turn, of whom each connects that says anything on a connection."""
        people = self._hands.get(role) or self._people(role, (0,))
        return people[next(self._hired) % len(people)]

    def _people(self, role: str, numbers: Sequence[int]) -> list[Hand]:
        """So many of a role come in; those with a device are waited for."""
        generator = self.generator
        there = generator.target.people(role)
        if not there:
            raise UsageError(
                f'{generator.target.source}: nobody of the role "{role}" is there to act; list them under '
                "[[identities.people]], or in a file of credentials that the profile names"
            )
        hands = self._hands.setdefault(role, [])
        for number in numbers:
            is_told = role in generator.target.population.people or role == self.system.member
            hand = Hand(generator, there[number % len(there)], int(is_told))
            generator.beside.append(hand)
            hand.enter()
            hands.append(hand)
        while any(hand.is_connecting for hand in hands):
            sleep(_GLANCE)
        return hands


def _is_refused(answer: CallAnswer) -> bool:
    """Whether what it was about may be the reason that it was not done."""
    return 400 <= answer.status < 500 and answer.status != LIMITED


def hall_of(generator: Generator) -> Hall:
    """The one of this process and run."""
    return generator.one(Hall)
