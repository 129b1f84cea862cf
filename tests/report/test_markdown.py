import re
from dataclasses import replace

from hypothesis import given, settings

from eventproof.report import markdown
from eventproof.report.records import Delivery, Frame, Remedy, Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples
from tests.report.strategies import runs


def test_the_first_line_is_the_verdict_and_its_reason() -> None:
    assert (
        markdown.render(samples.failing()).splitlines()[0]
        == "## ❌ FAIL: 3 of 12 requirements do not hold, 1 cannot be tested, 1 inconclusive"
    )
    assert markdown.render(samples.passing()).splitlines()[0] == "## ✅ PASS: all 13 requirements hold"


def test_each_requirement_that_is_no_plain_pass_is_a_row() -> None:
    text = markdown.render(samples.failing())
    assert (
        "| ❌ | UST-BAN-2 | MUST | fail | user-1's connection on the laptop was still open 5.0 s after the ban |"
        in text
    )
    assert "| UST-CONN-1 |" not in text


def test_what_was_not_selected_is_one_line() -> None:
    left_out = [
        samples.requirement(f"UST-X-{number}", verdict=Verdict.INCONCLUSIVE, reason="not selected")
        for number in range(9)
    ]
    text = markdown.render(samples.run(samples.requirement(), *left_out))
    assert "\n9 inconclusive: not selected\n" in text
    assert "UST-X" not in text


def test_a_swarm_has_its_objectives_latencies_and_account() -> None:
    text = markdown.render(samples.swarm())
    assert "| ✅ | `ban_to_logout: p(99) < 250ms` | 31.4 ms | pass |" in text
    assert "| metric | count | p50 | p90 | p99 | p99.9 | max |" in text
    assert "| user.banned | 1,412 | 1,412 | 0 | 0 | 0 | 0 | 0 | 0 |" in text


def test_what_went_wrong_with_deliveries_is_bold() -> None:
    run = replace(samples.run(), delivery=(Delivery("user.banned", 3, 2, 1, 0, 0, 0, 0),))
    assert "| user.banned | 3 | 2 | **1** | 0 | 0 | 0 | 0 | 0 |" in markdown.render(run)


def test_what_a_target_sent_stays_text() -> None:
    text = "</details><script>|```\n# heading [link](javascript:x) ![i](y)"
    failed = samples.check(
        text, verdict=Verdict.FAIL, observed=text, frames=(Frame(0.0, text, text, text),), repeat=text
    )
    run = samples.run(samples.requirement(verdict=Verdict.FAIL, reason=text, checks=(failed,)), outcome=Outcome.FAIL)
    outside = re.sub(r"^(````+)\n.*?\n\1$", "", markdown.render(run), flags=re.MULTILINE | re.DOTALL)
    assert outside.count("</details>") == 1
    assert "<script>" not in outside
    assert not re.search(r"(?<!\\)\[link", outside)
    assert "\n# heading" not in markdown.render(run)


def test_many_failures_are_cut_for_the_pages_limit() -> None:
    failed = [
        samples.requirement(
            f"UST-X-{n}", verdict=Verdict.FAIL, checks=(samples.check(f"test_{n}", verdict=Verdict.FAIL),)
        )
        for n in range(30)
    ]
    text = markdown.render(samples.run(*failed, outcome=Outcome.FAIL))
    assert text.count("<details>") == 20
    assert "10 more are told in report.html." in text


@settings(max_examples=30, deadline=None)
@given(runs)
def test_every_table_row_has_as_many_cells_as_its_header(run: Run) -> None:
    width = 0
    for line in markdown.render(run).splitlines():
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        assert not (cells and width) or cells == width
        width = cells


def test_what_mends_it_is_told_with_names_as_code() -> None:
    remedy = Remedy("`x` | *y*", "Close `it`")
    line = replace(
        samples.requirement(verdict=Verdict.FAIL, checks=(samples.check(verdict=Verdict.FAIL),)), remedies=(remedy,)
    )
    text = markdown.render(samples.run(line, outcome=Outcome.FAIL))
    assert "\nLikely cause: `x` \\| \\*y\\*\n" in text
    assert "\n- mend: Close `it`\n" in text
