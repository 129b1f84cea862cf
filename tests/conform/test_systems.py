"""Several systems at once: each case connects to the channel of its own, and shared cases run for each of them."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventproof import catalog, profile
from eventproof.client.aio import Received
from eventproof.conform import run
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.listing import collected, explained
from eventproof.conform.person import Person
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import UsageError
from eventproof.reference import SYSTEMS, Reference
from eventproof.report.records import Run
from eventproof.target import Transport
from eventproof.verdict import Outcome, Verdict

HEAD = "from eventproof.conform.cases import *\nimport pytest\n"


def checked(server: Reference, folder: Path, cases: str, *only: str, systems: tuple[str, ...] = ()) -> Run:
    path = folder / "test_cases.py"
    path.write_text(HEAD + cases)
    return run.check(profile.load(server.profile), cases=[path], only=only, systems=systems, seed=1)


def passed(ran: Run) -> bool:
    assert ran.outcome is Outcome.PASS, [line for line in ran.requirements if line.verdict is Verdict.FAIL]
    return True


def test_a_case_connects_to_the_channel_of_its_own_system(server: Reference, tmp_path: Path) -> None:
    cases = """
@requirement("SHD-CONN-1")
async def test_of_shield(case):
    user = await case.user()
    line = await user.connect()
    assert (case.system.name, line.system) == ("shield", "shield")
    assert (await line.hears("connected")).payload["userId"] == user.id
    assert (await user.connect(system="user-state")).received == ()

@requirement("UST-CONN-1")
async def test_of_user_state(case):
    line = await (await case.user()).connect()
    await case.canary(*[])
    assert (case.system.name, line.system, line.received) == ("user-state", "user-state", ())
"""
    assert passed(checked(server, tmp_path, cases, "SHD-CONN-1", "UST-CONN-1"))


def test_a_case_for_every_system_runs_for_each_of_those_under_test(server: Reference, tmp_path: Path) -> None:
    cases = """
seen = []

@every_system
@pytest.mark.parametrize("letter", ["a", "b"])
@requirement("ALL-MSG-1")
async def test_of_all(case, letter):
    seen.append(case.system.name + letter)
    await (await case.user()).connect()
    assert len(seen) == len(set(seen))
"""
    ran = checked(server, tmp_path, cases, "ALL-MSG-1")
    (line,) = [line for line in ran.requirements if line.id == "ALL-MSG-1"]
    expected = [f"of_all[{system}-{letter}]" for system in SYSTEMS for letter in "ab"]
    assert sorted(check.name for check in line.checks) == sorted(expected)
    assert passed(ran)
    alone = checked(server, tmp_path, cases, "of_all[shield-a]", systems=("shield",))
    (line,) = [line for line in alone.requirements if line.id == "ALL-MSG-1"]
    assert [check.name for check in line.checks] == ["of_all[shield-a]"]


def test_shared_cases_are_listed_for_the_systems_that_are_asked_for() -> None:
    names = [case.name for case in collected(["shield"]) if case.requirements == ("ALL-LEAK-1",)]
    assert names == ["what_clients_leave_behind_is_gone[shield]"]
    assert len(explained("ALL-LEAK-1").cases) == len(SYSTEMS)


CLAIM: dict[str, Any] = {"ticketNumber": "T-1", "amount": 100, "city": "c", "state": "s", "violationType": "v"}


class House:
    """A case of the named system on a running server, and someone on it."""

    def __init__(self, server: Reference, system: str) -> None:
        self.check_run = CheckRun(profile.load(server.profile), catalog.load(), seed=1)
        self.case = self.check_run.case("a case", system)

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_: object) -> None:
        assert self.case.leave() == []
        self.check_run.close()


def test_an_operation_that_two_systems_have_belongs_to_the_first_of_them(server: Reference) -> None:
    with House(server, "shield") as house, House(server, "user-state") as other:
        shield = {operation.id for operation in house.case.operations}
        user_state = {operation.id for operation in other.case.operations}
    assert "login" in user_state
    assert "submitClaim" in shield
    assert not shield & user_state


def test_a_canary_arrives_on_the_channel_of_its_system_and_reaches_admins_too(server: Reference) -> None:
    with House(server, "shield") as house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            lines = [await person.connect() for person in (user, *await case.admins(2))]
            elsewhere = await user.connect(system="user-state")
            await case.canary(user, *await case.admins(2))
            assert [line.news()[-1] for line in lines] == ["notification_received"] * 3
            assert elsewhere.received == ()

        case.perform(acts())


def test_more_admins_than_there_are_cannot_be_had(server: Reference) -> None:
    with House(server, "shield") as house, pytest.raises(NotTestable, match=r"add to \[\[identities\.admins\]\]"):
        house.case.perform(_admins(house.case, 1000))


async def _admins(case: Case, count: int) -> None:
    await case.admins(count)


def test_a_further_channel_that_is_a_systems_is_opened_as_that(server: Reference) -> None:
    with House(server, "user-state") as house:
        case = house.case
        further = case.target.main("shield")

        async def acts() -> None:
            line = await (await case.user()).connect_to(further)
            await line.hears("connected")
            assert line.system == "shield"

        case.perform(acts())


def test_a_line_says_and_waits_and_looks_back(server: Reference) -> None:
    with House(server, "shield") as house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            line = await user.connect(answers_pings=False)
            titles = [f"{number} {uuid.uuid4()}" for number in range(3)]
            for title in titles:
                await _notify(case, user, title)
            third = await line.hears("notification_received", lambda event: _title(event) == titles[2])
            assert third.at <= case.now
            found = await line.hears_all("notification_received", 2, lambda event: _title(event) in titles)
            assert [_title(event) for event in found] == titles[:2]
            assert len(line.heard("notification_received", lambda event: _title(event) in titles)) == 3
            assert line.news()[-3:] == ["notification_received"] * 3
            await line.say_raw('42/shield/ws,["claim_paid_ack",{"claimId":')
            assert (await line.hears("error")).payload["data"]["code"] == "INVALID_PAYLOAD"
            await line.say("pong")
            await line.say("client_disconnect", {"reason": "logout"})
            closed = await line.ends()
            assert closed.by == "peer"
            assert any(frame.payload == '42/shield/ws,["pong"]' for frame in line.frames)

        case.perform(acts())


async def _notify(case: Case, user: Person, title: str) -> None:
    answer = await case.admin.call("notifyUser", userId=user.id, title=title, message="x", type="general")
    answer.must_succeed()


def _title(event: Received) -> str:
    return str(event.payload["data"]["notification"]["title"])


def test_a_line_that_answers_nothing_is_let_go_and_its_twin_is_kept(server: Reference) -> None:
    with House(server, "shield") as house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            silent = await user.connect(answers_pings=False, answers_heartbeats=False)
            twin = await user.connect()
            await silent.ends(within=2 * case.budgets.heartbeat_timeout)
            assert len(twin.heartbeats) >= 2
            assert twin.heard("ping")
            assert any(record.name == "pong" for record in case.records if record.connection == twin.name)
            assert twin.closed is None
            assert silent.closed is not None
            assert await twin.heartbeat() in twin.heartbeats

        case.perform(acts())


def test_acknowledgements_are_sent_where_they_are_asked_for(server: Reference) -> None:
    with House(server, "shield") as house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            line = await user.connect(acknowledges=True)
            claim_id = (await user.call("submitClaim", **CLAIM)).must_succeed().says("claimId")
            submitted = await line.hears("claim_submitted")
            assert await line.acknowledge(submitted) == {"claimId": claim_id, "received": True}
            for operation in ("approveClaim", "payClaim"):
                (await case.admin.call(operation, userId=user.id, claimId=claim_id)).must_succeed()
            await line.hears("claim_paid", lambda event: event.payload["data"]["claimId"] == claim_id)
            await line.hears("payout_completed", lambda event: event.payload["data"]["claimId"] == claim_id)
            await case.canary(user)
            with pytest.raises(UsageError, match="no acknowledgement for `payout_initiated`"):
                await line.acknowledge(line.heard("payout_initiated")[0])
            assert "error" not in line.names()
            sent = {record.name for record in case.records if record.kind == "sent"}
            assert {"claim_paid_ack", "claim_submitted_ack", "payout_completed_ack"} <= sent

        case.perform(acts())


def test_what_a_case_left_without_an_acknowledgement_is_acknowledged_when_it_is_over(server: Reference) -> None:
    with House(server, "shield") as house:
        case = house.case

        async def acts() -> None:
            user = await case.user()
            line = await user.connect()
            claim_id = (await user.call("submitClaim", **CLAIM)).must_succeed().says("claimId")
            for operation in ("approveClaim", "payClaim"):
                (await case.admin.call(operation, userId=user.id, claimId=claim_id)).must_succeed()
            await line.hears("claim_paid", lambda event: event.payload["data"]["claimId"] == claim_id)
            assert not [record for record in case.records if record.name == "claim_paid_ack"]

        case.perform(acts())
        assert case.leave() == []
        assert [record for record in case.whole_run if record.name == "claim_paid_ack"]


def test_only_socketio_has_events_to_send(server: Reference) -> None:
    with House(server, "user-state") as house:
        case = house.case
        further = next(channel for channel in case.target.other_channels or () if channel.wire == "sse")

        async def acts() -> None:
            line = await (await case.user()).connect_to(further)
            with pytest.raises(UsageError, match=r"is a stream, on which nothing can be sent"):
                await line.say("pong")

        case.perform(acts())


def test_a_transport_that_a_channel_does_not_have_is_not_applicable(server: Reference, tmp_path: Path) -> None:
    cases = """
@requirement("SHD-CONN-8")
async def test_by_polling(case):
    await (await case.user()).connect(Transport.POLLING)
"""
    (tmp_path / "test_cases.py").write_text(HEAD + cases)
    text = server.profile.read_text() + '\n[channels.shield]\ntransports = ["websocket"]\n'
    limited = server.profile.with_name("limited.toml")
    limited.write_text(text)
    ran = run.check(profile.load(limited), cases=[tmp_path / "test_cases.py"], only=["SHD-CONN-8"])
    (line,) = [line for line in ran.requirements if line.id == "SHD-CONN-8"]
    assert (line.verdict, line.reason) == (
        Verdict.NOT_APPLICABLE,
        f"the profile lists no {Transport.POLLING} among the transports",
    )


SLOW = """
@slow("the end of the retries", takes="ack_retries_end")
@requirement("SHD-ACK-7")
async def test_is_slow(case):
    await case.user()

@slow("a round trip", takes=lambda budgets: budgets.call)
@requirement("SHD-ACK-8")
async def test_is_not_that_slow(case):
    await case.user()
"""


@pytest.mark.parametrize(("slow", "verdict"), [(False, Verdict.NOT_APPLICABLE), (True, Verdict.PASS)])
def test_a_case_that_waits_for_long_runs_where_that_is_asked_for(
    server: Reference, tmp_path: Path, slow: bool, verdict: Verdict
) -> None:
    (tmp_path / "test_cases.py").write_text(HEAD + SLOW)
    patient = server.profile.with_name("patient.toml")
    patient.write_text(server.profile.read_text().replace('ack_retries_end = "4s"', 'ack_retries_end = "5min"'))
    target = profile.load(patient)
    ran = run.check(target, cases=[tmp_path / "test_cases.py"], only=["SHD-ACK-7", "SHD-ACK-8"], slow=slow, seed=7)
    lines = {line.id: line for line in ran.requirements}
    assert (lines["SHD-ACK-7"].verdict, lines["SHD-ACK-8"].verdict) == (verdict, Verdict.PASS)
    if not slow:
        assert lines["SHD-ACK-7"].reason == (
            "it waits 300 s for the end of the retries; to run it: eventproof check --seed 7 --slow --only is_slow"
        )


def test_where_an_answer_does_not_say_for_whom_it_is_nobody_is_blamed_and_nothing_is_proved(server: Reference) -> None:
    target = profile.load(server.profile)
    made = target.operations["createOrder"]
    silent = replace(made, answers={**made.answers, "sellerId": "/no/such/place"})
    lacking = replace(target, operations={**target.operations, "createOrder": silent})
    only, systems = ["MKT-ORD-3"], ["marketplace"]
    (line,) = [each for each in run.check(lacking, only=only, systems=systems).requirements if each.id == only[0]]
    assert line.verdict is Verdict.INCONCLUSIVE
    assert "the answer to createOrder gives no sellerId" in line.reason
    assert "[operations.createOrder] answers = { sellerId = … }" in line.reason
    assert run.check(target, only=only, systems=systems).outcome is Outcome.PASS
