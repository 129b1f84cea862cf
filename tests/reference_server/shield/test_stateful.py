"""Shield against its model: whatever members, admins and connections do, all hear and read what the model says.

The server is real, and so are REST and the connections. After each step everyone who is connected has heard exactly
what the step had to tell them, and REST shows what the model holds. Who
comes back hears what they missed, in its order, and nothing that was acknowledged.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from reference_server.limits import Limits
from tests.reference_server.house import House, Person, keep_house
from tests.reference_server.shield.model import ClaimModel, MemberModel, Refused, Told
from tests.reference_server.shield.people import TICKET, Ears, Heard, connect

LIMITS = Limits(ack_first=600, ack_within=6000, max_replay=10_000, max_replay_size=1 << 26, events_a_second=10_000)
"""No retry comes by itself, and no bound is met: both have tests of their own."""

USER = st.sampled_from([0, 0, 0, 1])
WHICH = st.sampled_from([0, 0, 0, 1, 2, 3])
"""Which of the things that a step could be about; those that it makes sense for come first."""
AMOUNT = st.one_of(st.sampled_from([17_529, 100_000, 2_505, 2_515, 2_500, 1]), st.integers(1, 120_000)).map(
    lambda cents: Decimal(cents) / 100
)

ON_CLAIMS: dict[str, tuple[Any, Callable[[ClaimModel], bool], Callable[[MemberModel, str, Any], list[Told]]]] = {
    "approve": ({}, lambda claim: claim.is_open, lambda model, claim, _: model.move(claim, "approve")),
    "pay": (None, lambda claim: claim.status == "approved", lambda model, claim, answer: model.pay(claim, answer)),
    "review": (None, lambda claim: claim.is_open, lambda model, claim, _: model.move(claim, "review")),
    "deny": ({"denialCode": "D007"}, lambda claim: claim.is_open, lambda model, claim, _: model.move(claim, "deny")),
    "proof-request": (
        {"message": "The receipt, please."},
        lambda claim: claim.status == "paid",
        lambda model, claim, _: model.ask_for_proof(claim),
    ),
    "proof-overdue": (None, lambda claim: claim.lacks_proof, lambda model, claim, _: model.flag(claim)),
    "fraud-alert": ({"message": "Again."}, lambda claim: claim.is_open, lambda model, claim, _: model.suspect(claim)),
}
"""What an admin does to a claim: the body, the claims that it makes sense for, and what the model makes of it."""

ON_SUBSCRIPTIONS: dict[str, tuple[str, dict[str, str], Callable[..., list[Told]]]] = {
    "renew": ("POST subscription/renew", {}, MemberModel.renew),
    "cancel": ("POST subscription/cancel", {}, MemberModel.cancel),
    **{
        status: ("PUT subscription/status", {"status": status}, MemberModel.set_status)
        for status in ("active", "past_due", "inactive")
    },
    **{
        plan: ("PUT subscription/plan", {"planId": plan}, MemberModel.upgrade)
        for plan in ("basic", "pro", "professional")
    },
}
"""What changes a subscription: the call, its body, and what the model makes of it."""

TOUR = (
    *("submit", "approve", "pay", "acknowledge", "withdraw", "decide", "come", "proof-request", "proof-overdue"),
    *("submit", "go", "go", "review", "approve", "pay", "come", "renew", "let_time_pass", "prove", "read", "deny"),
    *("submit", "approve", "withdraw", "decide", "pro", "pay", "acknowledge_anothers", "past_due", "let_time_pass"),
    *(
        "submit",
        "deny",
        "active",
        "cancel",
        "fraud-alert",
        "professional",
        "inactive",
        "basic",
        "go",
        "restart",
        "come",
    ),
)
"""The steps in an order that makes sense. A run follows it, and leaves out as many at each step as it is told to."""
SKIPPED = st.one_of(st.integers(0, 2), st.integers(0, len(TOUR) - 1))


def _pick(things: Sequence[str], which: int) -> str | None:
    return things[which % len(things)] if things else None


class World:
    """A server that can be started anew, and the loop that it runs on."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.do: Callable[[Coroutine[Any, Any, Any]], Any] = runner.run
        self._folder = folder
        self._stack = AsyncExitStack()
        self.start()

    def start(self) -> None:
        """Start the server; it finds what the last one left."""
        keeping = keep_house(self._folder, limits=LIMITS, test_controls=True, log_level="error")
        self.house: House = self.do(self._stack.enter_async_context(keeping))

    def stop(self) -> None:
        """Stop the server."""
        self.do(self._stack.aclose())


class User:
    """One user: the model of their things, all that they were ever told, and their connections."""

    def __init__(self, person: Person, model: MemberModel) -> None:
        self.person = person
        self.model = model
        self.told: list[Told] = []
        self.ears: list[Ears] = []

    @property
    def newest_claims(self) -> list[str]:
        """The ids of the claims, the newest first."""
        return list(self.model.claims)[::-1]

    def claim(self, which: int, likely: Callable[[ClaimModel], bool]) -> str | None:
        """One of the claims, if there is any; the likely ones come first."""
        return _pick(sorted(self.newest_claims, key=lambda claim: not likely(self.model.claims[claim])), which)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:
        kept = World(tmp_path, runner)
        yield kept
        kept.stop()


@pytest.mark.unmeasured
@pytest.mark.timeout(300)
def test_whatever_happens_everyone_hears_and_reads_what_the_model_says(world: World) -> None:
    machine = type("Shield", (Shield,), {"world": world})
    options = settings(
        max_examples=20,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # to shrink would take minutes: the steps are printed as they were taken
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=options)


class Shield(RuleBasedStateMachine):
    """The server and the model, step by step."""

    world: World

    @rule(user=USER, skipped=SKIPPED, which=WHICH, amount=AMOUNT, choice=st.integers(0, 6))
    def step(self, user: int, skipped: int, which: int, amount: Decimal, choice: int) -> None:
        """The next step but so many; what else is drawn is what it may need."""
        self.place += skipped + 1
        name, member = TOUR[(self.place - 1) % len(TOUR)], self.users[user]
        note(f"step {name} of user {user}")
        if name in ON_CLAIMS:
            self.act_on_a_claim(member, name, which)
        elif name in ON_SUBSCRIPTIONS:
            self.change_the_subscription(member, name)
        elif name == "submit":
            self.submit(member, amount)
        elif name == "withdraw":
            self.withdraw(member, max(Decimal("0.01"), (amount / 10).quantize(Decimal("0.01"))))
        elif name == "decide":
            self.decide(member, which, ("completed", "failed")[choice % 2])
        elif name == "prove":
            self.prove(member, which)
        elif name == "let_time_pass":
            self.let_time_pass(member, (90, 31, 365, 1, 28, 89, 91)[choice])
        elif name == "acknowledge":
            self.acknowledge(member, leaves=bool(choice % 2))
        else:
            {"read": self.read, "come": self.come, "go": self.go, "restart": self.restart}.get(
                name, self.acknowledge_anothers
            )(member)

    # Claims, the wallet, the subscription.

    def submit(self, member: User, amount: Decimal) -> None:
        answer = self.own(member, "POST", "claims", TICKET | {"amount": float(amount)})
        self.heard(member, member.model.submit(answer["claimId"], amount))

    def act_on_a_claim(self, member: User, action: str, which: int) -> None:
        body, likely, act = ON_CLAIMS[action]
        claim = member.claim(which, likely)
        if claim is not None:
            answer = self.admins(member, "POST", f"claims/{claim}/{action}", body)
            self.agree(member, answer, lambda: act(member.model, claim, answer))

    def prove(self, member: User, which: int) -> None:
        claim = member.claim(which, lambda claim: claim.lacks_proof)
        if claim is not None:
            other = self.users[member is self.users[0]]
            assert self.own(other, "POST", f"claims/{claim}/proof")["error"]["code"] == "claim_not_found"
            answer = self.own(member, "POST", f"claims/{claim}/proof")
            self.agree(member, answer, lambda: member.model.prove(claim))

    def withdraw(self, member: User, amount: Decimal) -> None:
        answer = self.own(member, "POST", "withdrawals", {"amount": float(amount), "bankAccountLastFour": "6789"})
        self.agree(member, answer, lambda: member.model.withdraw(amount, answer))

    def decide(self, member: User, which: int, outcome: str) -> None:
        pending = {withdrawal: status == "pending" for withdrawal, (_, status) in member.model.withdrawals.items()}
        withdrawal = _pick(sorted(pending, key=lambda each: not pending[each]), which)
        if withdrawal is not None:
            answer = self.admins(member, "POST", f"withdrawals/{withdrawal}/decision", {"outcome": outcome})
            self.agree(member, answer, lambda: member.model.decide(withdrawal, outcome))

    def change_the_subscription(self, member: User, change: str) -> None:
        call, body, act = ON_SUBSCRIPTIONS[change]
        method, place = call.split()
        by = self.own if place in ("subscription/cancel", "subscription/plan") else self.admins
        self.agree(member, by(member, method, place, body or None), lambda: act(member.model, *body.values()))

    def let_time_pass(self, member: User, days: int) -> None:
        now = datetime.fromisoformat(self.admins(member, "POST", "clock", {"days": days})["now"])
        self.heard(member, member.model.pass_until(now))

    def read(self, member: User) -> None:
        for unread in self.own(member, "GET", "notifications")["notifications"]:
            self.own(member, "POST", f"notifications/{unread['id']}/read")
            member.model.unread -= not unread["read"]
        self.heard(member, [])

    # Connections.

    def come(self, member: User) -> None:
        """A notification tells that there is no more of what was missed, and that all is told as ever."""
        if len(member.ears) < 3:
            ears = self.world.do(connect(self.world.house, member.person, acknowledges=False))
            missed = self.world.do(ears.heard())
            member.model.unread += 1
            assert self.now(member.ears) == [[]] * len(member.ears), "another connection is no news to these"
            self.replayed(member, missed)
            member.ears.append(ears)

    def go(self, member: User) -> None:
        if member.ears:
            self.world.do(member.ears.pop().close())

    def acknowledge(self, member: User, *, leaves: bool) -> None:
        """All that is owed is acknowledged, on one connection, which may then be lost."""
        if member.ears:
            ears = member.ears[-1]
            for told in member.told:
                if told.owed and told.payload is not None:
                    self.world.do(ears.acknowledge(told.name, told.payload))
                    told.acknowledged = True
            self.heard(member, [])
            if leaves:
                self.go(member)

    def acknowledge_anothers(self, member: User) -> None:
        other = self.users[member is self.users[0]]
        paid = [told.payload for told in other.told if told.name == "payout_completed" and told.payload]
        if member.ears and paid:
            self.world.do(member.ears[0].acknowledge("payout_completed", paid[-1]))
            [(name, complaint)] = self.now(member.ears[:1])[0]
            assert (name, complaint["data"]["code"]) == ("error", "NOT_AUTHORIZED")

    def restart(self, _: User) -> None:
        """What was committed outlives the server; who was connected is not."""
        self.hang_up()
        self.world.stop()
        self.world.start()
        self.begin_listening()
        for member in self.users:
            self.compare(member)

    # How it begins and ends.

    @initialize()
    def begin(self) -> None:
        self.place = 0
        self.users: list[User] = []
        for _ in range(2):
            person = self.world.do(self.world.house.person())
            status, answer = self.world.do(self.world.house.call("GET", "/api/shield/subscription", person))
            assert status == 200
            started = datetime.fromisoformat(answer["coverage"]["periodStart"])
            self.users.append(User(person, MemberModel(started)))
        self.begin_listening()
        self.come(self.users[0])

    def begin_listening(self) -> None:
        self.admin = self.world.do(connect(self.world.house, self.world.house.admin))
        self.world.do(self.admin.heard())

    def hang_up(self) -> None:
        for ears in [self.admin, *(each for user in self.users for each in user.ears)]:
            self.world.do(ears.close())
        for user in self.users:
            user.ears.clear()

    def teardown(self) -> None:
        if hasattr(self, "admin"):
            self.hang_up()

    # What each step does, and what must come of it.

    def own(self, member: User, method: str, path: str, body: Any = None) -> Any:
        options = {} if body is None else {"json": body}
        return self.world.do(self.world.house.call(method, f"/api/shield/{path}", member.person, **options))[1]

    def admins(self, member: User, method: str, path: str, body: Any = None) -> Any:
        options = {} if body is None else {"json": body}
        place = f"/api/admin/users/{member.person.id}/{path}"
        return self.world.do(self.world.house.call(method, place, self.world.house.admin, **options))[1]

    def agree(self, member: User, answer: Any, act: Callable[[], list[Told]]) -> None:
        """The server and the model both did it, or both refuse it with the same code."""
        told, code = [], None
        try:
            told = act()
        except Refused as refused:
            code = str(refused)
        assert answer.get("error", {}).get("code") == code, answer
        self.heard(member, told)

    def heard(self, member: User, told: list[Told]) -> None:
        """Each of the member's connections has heard what is theirs of this, the admin the rest, others nothing."""
        mine = [each for each in told if not each.to_admins]
        member.told += mine
        expected = [(ears, mine if user is member else []) for user in self.users for ears in user.ears]
        expected.append((self.admin, [each for each in told if each.to_admins]))
        for events, (_, wanted) in zip(self.now([ears for ears, _ in expected]), expected, strict=True):
            self.fit(events, wanted)
        self.compare(member)

    def fit(self, events: list[Heard], told: list[Told]) -> None:
        assert [name for name, _ in events] == [each.name for each in told]
        for (name, payload), each in zip(events, told, strict=True):
            assert each.fits(name, payload), (each, payload)
            each.payload = payload

    def replayed(self, member: User, events: list[Heard]) -> None:
        """Who comes back hears, in order, all that was missed or is owed, maybe more, and nothing acknowledged."""
        rest = list(events)
        for told in reversed([each for each in member.told if not each.acknowledged]):
            if rest and told.fits(*rest[-1]):
                told.payload = rest.pop()[1]
            else:
                assert told.payload is not None, ("missed", told, events)
                assert not told.owed, ("owed", told, events)
        assert not rest, ("unexpected", rest)

    def now(self, ears: Sequence[Ears]) -> list[list[Heard]]:
        """What each connection has heard so far: what comes before the answer to a question that is asked now."""

        async def all_of_them() -> list[list[Heard]]:
            return await asyncio.gather(*(each.so_far() for each in ears))

        heard: list[list[Heard]] = self.world.do(all_of_them())
        return heard

    def compare(self, member: User) -> None:
        """REST shows what the model holds."""

        async def read() -> list[Any]:
            paths = ("claims", "wallet", "subscription", "notifications")
            calls = (self.world.house.call("GET", f"/api/shield/{path}", member.person) for path in paths)
            return [*(await asyncio.gather(*calls))]

        model = member.model
        claims, wallet, subscription, notifications = (answer for _, answer in self.world.do(read()))
        assert [(each["claimId"], each["status"]) for each in claims["claims"]] == [
            (claim, model.claims[claim].status) for claim in member.newest_claims
        ]
        assert wallet["balance"] == float(model.balance)
        signs = {"payout": 1, "reversal": 1, "withdrawal": -1}
        assert (
            sum(signs[each["kind"]] * Decimal(str(each["amount"])) for each in wallet["transactions"]) == model.balance
        )
        assert (subscription["status"], subscription["planId"]) == (model.status, model.plan)
        assert datetime.fromisoformat(subscription["nextRenewalDate"]) == model.renews_at
        assert subscription["coverage"].items() >= model.coverage().items()
        assert subscription["cancellation"]["canCancel"] == (model.restricted_until is None)
        assert notifications["unreadCount"] == model.unread
