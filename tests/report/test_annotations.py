import json
from dataclasses import replace

from hypothesis import given, settings

from eventproof.report import annotations
from eventproof.report.annotations import Profile, github, gitlab
from eventproof.report.records import Objective, Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples
from tests.report.strategies import runs

PROFILE = Profile(
    "service/eventproof.toml", '# user-state\nbase_url = "x"\nsystems = ["user-state"]\n"UST-BAN-8" = "slow"\n'
)


def test_a_requirement_is_told_at_its_line_else_at_that_of_its_system() -> None:
    assert PROFILE.line_of("UST-BAN-8", "user-state") == 4
    assert PROFILE.line_of("UST-BAN-1", "user-state") == 3
    assert PROFILE.line_of("UST-BAN", "base") == 1


def test_the_gravest_are_errors_and_others_are_warnings() -> None:
    commands = github(samples.failing(), PROFILE).splitlines()
    assert commands[0].startswith("::error file=service/eventproof.toml,line=3,title=UST-BAN-2::")
    assert {command.split(" ")[0] for command in commands} == {"::error", "::warning"}
    told = {one.title: one.is_error for one in annotations.annotations(samples.failing())}
    assert told["UST-BAN-2"] is True


def test_missed_objectives_come_first_and_stand_at_no_line() -> None:
    missed = Objective("ban_to_logout: p(99) < 250ms", Verdict.FAIL, "612 ms")
    run = replace(samples.failing(), objectives=(missed, replace(missed, expression="lost == 0", verdict=Verdict.PASS)))
    first = github(run, PROFILE).splitlines()[0]
    assert first == "::error title=ban_to_logout%3A p(99) < 250ms::observed 612 ms"
    assert "lost" not in github(run, PROFILE)


def test_a_pass_has_none_and_what_is_no_pass_has_one() -> None:
    assert github(samples.passing(), PROFILE) == ""
    stopped = replace(samples.passing(), outcome=Outcome.INTERRUPTED)
    assert github(stopped, None).startswith("::warning title=check%3A interrupted::stopped after")


def test_more_than_a_step_can_show_is_counted() -> None:
    failed = [
        samples.requirement(f"UST-X-{number}", verdict=Verdict.FAIL, reason=f"reason {number}") for number in range(13)
    ]
    lines = github(samples.run(*failed), PROFILE).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "::notice title=eventproof::3 more are told in the summary of the job"


@given(runs)
@settings(max_examples=60)
def test_whatever_a_server_sent_stays_within_its_command(run: Run) -> None:
    found = annotations.annotations(run)
    lines = github(run, PROFILE).splitlines()
    assert len(lines) <= len(found)
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert len(json.loads(gitlab(run, PROFILE))) == len(found)
