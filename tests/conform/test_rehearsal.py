from dataclasses import replace

import pytest

from eventproof import profile
from eventproof.conform.rehearsal import dry_run, text_of
from eventproof.errors import TargetUnavailable
from eventproof.reference import Reference
from eventproof.target import Call, Identity, Jwt, Metrics, Target
from eventproof.verdict import Verdict


@pytest.fixture
def target(server: Reference) -> Target:
    return profile.load(server.profile)


def test_a_complete_profile_is_ok_from_end_to_end(target: Target) -> None:
    steps = dry_run(target)
    assert {step.verdict for step in steps} == {Verdict.PASS}
    text = text_of(steps)
    for words in ("a session for the admin", "connection to / by upgrade", "to /api/me/stream", "the call banUser"):
        assert words in text


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


def test_a_secret_that_does_not_sign_the_targets_tokens_is_said(target: Target) -> None:
    wrong = replace(target, jwt=Jwt(secret="a secret of another server, which is long enough"))
    (step,) = [step for step in dry_run(wrong) if step.verdict is not Verdict.PASS]
    assert step.what == "the means for every case"
    assert "the secret in [jwt] is not the one that signs the target's own tokens" in step.sentence
