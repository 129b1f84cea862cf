import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from eventproof import catalog, profile
from eventproof.conform import rehearsal
from eventproof.conform.rehearsal import dry_run, text_of
from eventproof.errors import TargetUnavailable
from eventproof.reference import Reference
from eventproof.target import Call, Identity, Jwt, Metrics, Target
from eventproof.verdict import Verdict


@pytest.fixture
def target(server: Reference) -> Target:
    return profile.load(server.profile)


@pytest.fixture
def shield_target(server: Reference) -> Target:
    return replace(profile.load(server.profile), systems=("shield",))


def test_a_complete_profile_is_ok_from_end_to_end(target: Target) -> None:
    steps = dry_run(target)
    assert {step.verdict for step in steps} == {Verdict.PASS}
    text = text_of(steps)
    for words in ("a session for the admin", "connection to / by upgrade", "to /api/me/stream", "the call banUser"):
        assert words in text


def test_the_example_of_init_is_ok_from_end_to_end(server: Reference) -> None:
    running = tomllib.loads(server.profile.read_text())
    path = server.profile.with_name("example.toml")
    path.write_text(profile.example().replace("http://127.0.0.1:8080", running["base_url"]))
    example = profile.load(path, env={"EVENTPROOF_JWT_SECRET": running["jwt"]["secret"]})
    steps = dry_run(example)
    assert [step.sentence for step in steps if step.verdict is not Verdict.PASS] == []
    assert len(steps) > 10


def test_events_that_all_have_other_names_are_told_with_what_else_can_be_checked() -> None:
    known = [catalog.load().system("user-state")]
    (step,) = rehearsal._strange(["account:blocked", "account:plan", "account:plan"], known)
    assert step.sentence.startswith("`account:blocked`, `account:plan` came, which the contract does not have")
    assert "init --asyncapi" in step.sentence
    assert list(rehearsal._strange(["account:plan", "user.banned"], known)) == []
    assert list(rehearsal._strange([], known)) == []


def test_a_wrong_path_is_named_with_the_setting_that_corrects_it(target: Target) -> None:
    ban = target.operations["banUser"]
    assert isinstance(ban, Call)
    wrong = replace(target, operations={**target.operations, "banUser": replace(ban, path="/no/such/path")})
    (step,) = [step for step in dry_run(wrong) if step.verdict is not Verdict.PASS]
    assert step.what == "the call banUser"
    assert "correct method and path in [operations.banUser]" in step.sentence


def test_what_is_missing_is_said_in_words(target: Target) -> None:
    operations = {name: call for name, call in target.operations.items() if name != "unbanUser"}
    lacking = replace(target, jwt=None, other_channels=None, users=target.users[:3], operations=operations)
    step = next(step for step in dry_run(lacking) if step.what == "the means for every case")
    for words in (
        "[operations] denies unbanUser",
        "no expired token",
        "other_channels is not said",
        "3 users are too few",
    ):
        assert words in step.sentence


def test_metrics_that_are_not_there_are_said(target: Target) -> None:
    (step,) = [
        step for step in dry_run(replace(target, metrics=Metrics("/metrics", ("nothing",)))) if step.verdict != "pass"
    ]
    assert "has no nothing: correct gauges under [metrics]" in step.sentence


def test_an_admin_who_cannot_log_in_ends_it(target: Target) -> None:
    stranger = replace(target, admins=(Identity("admin", email="nobody@example.com", password="wrong"),))
    (step,) = dry_run(stranger)
    assert step.verdict is Verdict.INCONCLUSIVE
    assert "could not log in" in step.sentence


def test_a_target_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(TargetUnavailable):
        dry_run(profile.for_url("http://127.0.0.1:1", {}))


def answering(target: Target, operation: str, answers: Mapping[str, str]) -> Target:
    there = target.operations[operation]
    changed = replace(there, answers={**there.answers, **answers})
    return replace(target, operations={**target.operations, operation: changed})


def step_of(target: Target, what: str) -> Any:
    return next(step for step in dry_run(target) if step.what == what)


def test_whatever_is_read_from_an_answer_is_looked_for(target: Target) -> None:
    wrong = answering(answering(target, "getMe", {"tier": "/plan"}), "login", {"userId": "/who"})
    lost = replace(wrong, users=tuple(replace(user, tier=None) for user in target.users))
    steps = {step.what: step for step in dry_run(wrong)}
    assert steps["the tier in the answer of getMe"].verdict is Verdict.PASS  # the profile gives it
    assert "nothing needs it" in steps["the tier in the answer of getMe"].sentence
    assert steps["the userId in the answer of login"].verdict is Verdict.PASS
    assert {step.verdict for step in steps.values()} == {Verdict.PASS}
    step = step_of(lost, "the tier in the answer of getMe")
    assert step.verdict is Verdict.NOT_TESTABLE
    assert "there is nothing at /plan: correct [operations.getMe] answers" in step.sentence


def test_an_answer_that_a_case_reads_is_named_with_its_requirements(shield_target: Target) -> None:
    wrong = answering(shield_target, "getSubscription", {"nextRenewalDate": "/due"})
    step = step_of(wrong, "the nextRenewalDate in the answer of getSubscription")
    assert step.verdict is Verdict.NOT_TESTABLE
    assert "SHD-SUB-2" in step.untestable
    of_items = answering(shield_target, "listClaims", {"ticketNumber": "/no"})
    found = [step for step in dry_run(of_items) if "listClaims" in step.what]
    assert {step.verdict for step in found} == {Verdict.PASS}, found  # nothing needs it


def test_what_cannot_be_tested_is_listed_with_what_it_lacks(target: Target) -> None:
    operations = {name: call for name, call in target.operations.items() if name != "unbanUser"}
    steps = dry_run(replace(target, operations=operations, other_channels=None))
    step = next(step for step in steps if step.what == "the means for every case")
    assert {"UST-UNBAN-1", "UST-BAN-11"} <= set(step.untestable)
    assert "UST-TIER-1" not in step.untestable
    text = text_of(steps)
    assert "The check will not be able to test" in text.splitlines()[-1]
    assert "UST-UNBAN-1" in text.splitlines()[-1]


def test_a_call_that_no_case_needs_may_be_denied(target: Target) -> None:
    operations = {name: call for name, call in target.operations.items() if name not in ("getUser", "logout")}
    steps = dry_run(replace(target, operations=operations, openapi=False))
    assert {step.verdict for step in steps} == {Verdict.PASS}


def test_a_refusal_that_is_forgiven_is_said(target: Target) -> None:
    steps = dry_run(target)
    (step,) = [step for step in steps if step.what == "the call useFeature"]
    assert step.verdict is Verdict.PASS
    assert "it was refused, which is forgiven here: 403" in step.sentence
    assert any(line.startswith("ok ") and "forgiven here: 403" in line for line in text_of(steps).splitlines())


def test_a_secret_that_does_not_sign_the_targets_tokens_is_said(target: Target) -> None:
    wrong = replace(target, jwt=Jwt(secret="a secret of another server, which is long enough"))
    (step,) = [step for step in dry_run(wrong) if step.verdict is not Verdict.PASS]
    assert step.what == "the means for every case"
    assert "the secret in [jwt] is not the one that signs the target's own tokens" in step.sentence


def test_what_nobody_here_can_call_is_told_and_everything_else_is_called(target: Target) -> None:
    others = {role: people for role, people in target.others.items() if role != "staff"}
    steps = {step.what: step for step in dry_run(replace(target, systems=("studyspot",), others=others))}
    left_out = steps["the call addStaff"]
    assert left_out.verdict is Verdict.NOT_TESTABLE
    assert 'nobody of the role "staff"' in left_out.sentence
    assert "STD-AUTH-1" in left_out.untestable
    assert steps["the call cancelBooking"].verdict is Verdict.PASS
    assert steps["the calls of studyspot"].verdict is Verdict.PASS
