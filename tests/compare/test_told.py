"""What a person and a program are told of a comparison."""

import json
from dataclasses import replace

from eventproof.compare import Comparison, compare
from eventproof.compare.as_json import render as as_json
from eventproof.compare.html import render as as_page
from eventproof.compare.terminal import text_of
from eventproof.report.records import Run
from eventproof.verdict import Verdict
from tests.report import samples

from .sides import judged, latency, side

HOSTILE = '<script>document.title="owned"</script>\x1b[2J'


def swarms() -> Comparison:
    before = replace(samples.swarm(), latency=(latency("ban_to_logout", 3_000, 5),))
    lost = (replace(before.delivery[0], lost=40, leaked=1, delivered=1_372), before.delivery[1])
    after = replace(before, latency=(latency("ban_to_logout", 3_000, 12),), delivery=lost)
    return compare((side("main", before), side("branch", after)))


def test_the_verdict_comes_first_and_says_what_is_worse() -> None:
    text = text_of(swarms())
    assert text.splitlines()[0] == "FAIL  worse than main: 1 latency, 2 counts"
    assert "leaked    0" in text
    assert "worse: no run may have any" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("ban to logout"))
    assert "× 2.4" in row
    assert row.endswith("worse")


def test_of_a_check_what_changed_has_a_line_and_all_else_a_number() -> None:
    text = text_of(compare((side("main", samples.passing()), side("branch", samples.failing()))))
    assert "UST-BAN-2    pass  fail          worse" in text
    assert "user-1's connection on the laptop was still open" in text
    assert "UST-CONN-1" not in text
    assert "13 requirements: 5 worse, 2 unknown, 6 same" in text


def test_three_sides_stand_beside_each_other() -> None:
    runs = (judged(Verdict.PASS), judged(Verdict.FAIL, "it broke"), judged(Verdict.WARN, "it bent"))
    text = text_of(compare(tuple(map(side, ("a", "b", "c"), runs))))
    assert "b, since a" in text
    assert "c, since a" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("UST-BAN-2"))
    assert row.split()[:6] == ["UST-BAN-2", "pass", "fail", "warn", "worse", "worse"]


def test_a_program_gets_the_verdict_the_code_and_every_figure() -> None:
    content = json.loads(as_json(swarms()))
    assert list(content)[:4] == ["format", "version", "verdict", "exit_code"]
    assert (content["verdict"], content["exit_code"], content["names"]) == ("fail", 1, ["main", "branch"])
    median = next(line for line in content["latencies"] if line["quantile"] == "p50")
    assert median["changes"][0]["change"] == "worse"
    assert median["changes"][0]["low"] > 1.5
    assert [
        count["number"] for line in content["counts"] if line["column"] == "leaked" for count in line["of_sides"]
    ] == [
        0,
        1,
        0,
        0,
    ]


def test_the_page_has_the_same_and_runs_nothing() -> None:
    page = as_page(swarms())
    assert "<h1>FAIL</h1>" in page
    assert "worse than main: 1 latency, 2 counts" in page
    assert "<script" not in page
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in page


def test_what_a_results_file_says_stays_text() -> None:
    runs = [replace(judged(verdict, HOSTILE), target=HOSTILE, seed=seed) for seed, verdict in enumerate(Verdict)]
    found = compare((side(HOSTILE, runs[0]), side("b", runs[1])))
    for told in (as_page(found), text_of(found), as_json(found)):
        assert "\x1b" not in told
    assert "<script" not in as_page(found)


def test_secrets_are_struck_out() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3YzFmIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
    secret: Run = replace(judged(Verdict.FAIL, f"refused {token}"), target=f"http://a:b@host/?token={token}")
    found = compare((side("a", judged(Verdict.PASS)), side("b", secret)))
    for told in (as_page(found), text_of(found), as_json(found)):
        assert token not in told
