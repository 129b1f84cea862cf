from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from eventproof.report import junit
from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples
from tests.report.strategies import runs

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "property": set(),
    "testcase": {"failure", "error", "skipped", "system-out"},
    "failure": set(),
    "error": set(),
    "skipped": set(),
    "system-out": set(),
}
COUNTS = {"tests", "failures", "errors", "time"}
ATTRIBUTES = {
    "testsuites": {"name"} | COUNTS,
    "testsuite": {"name", "timestamp", "skipped"} | COUNTS,
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
"""What the schema of Jenkins' xUnit plugin allows, as far as we use it."""


@settings(max_examples=50, deadline=None)
@given(runs)
def test_any_run_is_well_formed_counted_right_and_of_the_allowed_elements(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        assert set(element.keys()) == ATTRIBUTES[element.tag]
    for group in (root, *root):
        assert _count(group, "tests", "testcase")
        assert _count(group, "failures", "failure")
        assert _count(group, "errors", "error")
    assert all(_count(suite, "skipped", "skipped") for suite in root)


@settings(max_examples=50, deadline=None)
@given(runs)
def test_a_run_that_is_no_pass_is_never_green(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    if run.outcome is not Outcome.PASS:
        assert root.get("failures") != "0" or root.get("errors") != "0"


def test_each_system_is_a_suite_and_each_check_of_each_requirement_a_case() -> None:
    root = ET.fromstring(junit.render(samples.failing()))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["user-state", "every system"]
    cases = [case.get("name") for case in suites["user-state"].iter("testcase")]
    assert cases.count("UST-BAN-2: test_a_ban_closes_every_connection") == 1
    assert cases.count("UST-BAN-3: test_a_ban_closes_every_connection") == 1


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        (Verdict.PASS, None),
        (Verdict.WARN, None),
        (Verdict.FAIL, "failure"),
        (Verdict.NOT_TESTABLE, "failure"),
        (Verdict.INCONCLUSIVE, "error"),
        (Verdict.HARNESS_ERROR, "error"),
        (Verdict.NOT_APPLICABLE, "skipped"),
    ],
)
def test_a_verdict_is_told_by_its_element(verdict: Verdict, element: str | None) -> None:
    requirement = samples.requirement(verdict=verdict, reason="because", checks=(samples.check(verdict=verdict),))
    (case,) = ET.fromstring(junit.render(samples.run(requirement))).iter("testcase")
    told = [child for child in case if child.tag != "system-out"]
    assert [child.tag for child in told] == ([element] if element else [])
    assert all(child.get("message") == "because" for child in told)


def test_a_failed_check_of_a_should_is_no_failure() -> None:
    failed = samples.check(verdict=Verdict.FAIL, reason="1.42 s")
    run = samples.run(samples.requirement("UST-BAN-8", verdict=Verdict.WARN, checks=(failed,)))
    root = ET.fromstring(junit.render(run))
    assert root.get("failures") == "0"
    assert "warning: 1.42 s" in (root.findtext(".//system-out") or "")


def test_a_requirement_that_fails_although_its_checks_pass_is_a_case_of_its_own() -> None:
    stale = samples.requirement(verdict=Verdict.FAIL, reason="known failure is stale", checks=(samples.check(),))
    root = ET.fromstring(junit.render(samples.run(stale, outcome=Outcome.FAIL)))
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert [failure.get("message") for failure in root.iter("failure")] == ["known failure is stale"]


def test_a_check_that_was_left_out_stays_skipped_under_a_requirement_that_passes() -> None:
    checks = (samples.check("ran"), samples.check("left_out", verdict=Verdict.NOT_APPLICABLE))
    root = ET.fromstring(junit.render(samples.run(samples.requirement(checks=checks))))
    assert [case.get("name") for case in root.iter("testcase") if case.find("skipped") is not None] == [
        "UST-BAN-2: left_out"
    ]


def test_a_requirement_that_was_not_selected_makes_no_passing_run_red() -> None:
    left_out = samples.requirement("UST-BAN-4", verdict=Verdict.INCONCLUSIVE, reason="not selected", checks=())
    root = ET.fromstring(junit.render(samples.run(samples.requirement(), left_out)))
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert [case.get("name", "")[:9] for case in root.iter("testcase") if case.find("skipped") is not None] == [
        "UST-BAN-4"
    ]


def test_a_saturated_generator_is_an_error_although_all_objectives_are_met() -> None:
    run = replace(samples.invalid(), objectives=samples.swarm().objectives)
    (error,) = ET.fromstring(junit.render(run)).iter("error")
    assert "saturated" in (error.get("message") or "")


def test_a_failure_shows_the_sentence_the_frames_and_how_to_repeat_it() -> None:
    root = ET.fromstring(junit.render(samples.failing()))
    text = root.findtext(".//failure") or ""
    assert "Every one of those connections is then closed by the server." in text
    assert "+0.0143 s  user-1/phone  frame-in" in text
    assert "repeat: eventproof check" in text


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    failed = samples.check("\x1b[31m", verdict=Verdict.FAIL, observed="\x00\ufffe\ud800")
    run = samples.run(samples.requirement(verdict=Verdict.FAIL, checks=(failed,)))
    assert "observed: ��?" in (ET.fromstring(junit.render(run)).findtext(".//failure") or "")


def _count(group: ET.Element, attribute: str, element: str) -> bool:
    return int(group.get(attribute, "-1")) == len(list(group.iter(element)))
