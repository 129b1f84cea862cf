import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from eventproof.report import html, pages
from eventproof.report.merge import merge
from eventproof.report.records import Frame, Remedy, Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples
from tests.report.strategies import runs

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></script><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--",
    "]]>&amp;&#60;script&#62;",
)
VOID = {"meta", "input", "use", "path", "circle", "rect", "br", "link", "img"}


class Page(HTMLParser):
    """The elements of a page in their order, its text, and what stands in its script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += " "
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.unclosed and self.unclosed[-1] in self.inline:
            self.inline[self.unclosed[-1]].append(data)
        else:
            self.text += data


@cache
def demo() -> Page:
    return Page(html.render(merge([samples.failing(), samples.invalid()])))


def test_the_verdict_and_its_reason_come_first() -> None:
    page = Page(html.render(samples.failing()))
    text = " ".join(page.text.split())
    assert (
        text.index("FAIL")
        < text.index("3 of 12 requirements do not hold, 1 cannot be tested, 1 inconclusive")
        < text.index("UST-BAN-2")
    )


@settings(max_examples=20, deadline=None)
@given(runs)
def test_any_run_is_a_page_whose_elements_all_close(run: Run) -> None:
    assert Page(html.render(run)).unclosed == []


def test_the_page_refers_to_nothing_outside_itself() -> None:
    page = demo()
    addresses = [value for _, name, value in page.attributes if name in {"src", "href", "srcset", "action", "data"}]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.elements}
    assert not re.search(r"url\(|@import|https?:", "".join(page.inline["style"] + page.inline["script"]))


def test_every_reference_within_the_page_leads_somewhere_and_no_id_is_used_twice() -> None:
    page = demo()
    ids = Counter(value for _, name, value in page.attributes if name == "id")
    assert set(ids.values()) == {1}
    assert {value[1:] for _, name, value in page.attributes if name == "href"} <= set(ids)


def test_the_policy_lets_only_the_pages_own_script_and_style_in() -> None:
    page = demo()
    policy = next(value for _, name, value in page.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none';")
    for tag, pieces in page.inline.items():
        digest = base64.b64encode(hashlib.sha256("".join(pieces).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert not [name for _, name, _ in page.attributes if name == "style" or name.startswith("on")]


def test_what_a_target_sent_stays_text() -> None:
    tame = Page(html.render(_saying("nothing special")))
    for payload in HOSTILE:
        hostile = Page(html.render(_saying(payload)))
        assert hostile.elements == tame.elements
        assert payload in hostile.text


def test_control_characters_and_turned_text_are_shown_as_escapes() -> None:
    text = html.render(_saying("\x1b[2J \u202egnp.exe"))
    assert "\x1b" not in text
    assert r"\x1b[2J \u202egnp.exe" in text


def test_a_very_long_frame_is_cut_and_says_so() -> None:
    assert "… (1,000,000 characters)" in html.render(_saying("x" * 1_000_000))


def test_a_failure_shows_expected_observed_frames_and_how_to_repeat_it() -> None:
    text = " ".join(Page(html.render(samples.failing())).text.split())
    for piece in (
        "Every one of those connections is then closed by the server.",
        "Expected the server closes both connections of user-1 within 5 s",
        "Observed 1 of 2 closed; the laptop's answered heartbeats and stayed open",
        "+0.0143 s",
        '42["user.banned",{"message":"Your account has been banned by an administrator."}]',
        "3 s later",
        "eventproof check http://127.0.0.1:8000 --only UST-BAN-2 --seed 20260314",
        "The same is told under UST-BAN-2.",
    ):
        assert piece in text, piece


def test_a_swarm_shows_objectives_latency_delivery_and_the_generators_health() -> None:
    page = Page(html.render(samples.invalid()))
    text = " ".join(page.text.split())
    for piece in (
        "INVALID",
        "Saturated: loop lag p99 was 212 ms (limit 20 ms)",
        "ban_to_logout: p(99) < 250ms",
        "echo (floor)",
        "user.tier.updated",
        "user-17/phone",
    ):
        assert piece in text, piece
    curves = [value for tag, name, value in page.attributes if (tag, name) == ("path", "d") and "L" in value]
    assert len(curves) >= len(samples.invalid().latency)


def test_every_requirement_is_listed_in_its_system() -> None:
    page = Page(html.render(samples.failing()))
    listed = [value for tag, name, value in page.attributes if (tag, name) == ("details", "id")]
    assert listed == [name for name, _, _ in samples.REQUIREMENTS]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_its_icon_its_colour_and_its_filter(verdict: Verdict) -> None:
    page = Page(html.render(samples.failing()))
    style = "".join(page.inline["style"])
    assert ("symbol", "id", f"icon-{verdict.name}") in page.attributes
    assert f'[data-verdict="{verdict.value}"]' in style
    assert f'[value="{verdict.value}"]:checked' in style


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_colour(outcome: Outcome) -> None:
    page = Page(html.render(samples.run(outcome=outcome)))
    assert f'[data-outcome="{outcome.value}"]' in "".join(page.inline["style"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_text_have_contrast_enough(theme: str) -> None:
    style = (pages.PAGE / "style.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", style.split(":root {")[{"light": 1, "dark": 2}[theme]]))
    for name in ("ink", "quiet", "link", "pass", "fail", "warn", "unknown", "none", *(f"c{n}" for n in range(6))):
        for ground in ("page", "card"):
            assert _contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def _saying(text: str) -> Run:
    """A run in which every text that comes from outside is this one."""
    failed = samples.check(
        text,
        verdict=Verdict.FAIL,
        reason=text,
        expected=text,
        observed=text,
        frames=(Frame(0.0, text, text, text),),
        repeat=text,
    )
    requirement = samples.requirement(verdict=Verdict.FAIL, sentence=text, checks=(failed,))
    run = samples.run(requirement, outcome=Outcome.FAIL, notes=(text,))
    load = samples.swarm().load
    assert load is not None
    return replace(
        run,
        target=text,
        systems=(text,),
        command=text,
        tool=text,
        objectives=tuple(replace(one, expression=text, observed=text) for one in samples.swarm().objectives),
        delivery=tuple(replace(one, event=text) for one in samples.swarm().delivery),
        latency=tuple(replace(one, metric=text, what=text, histogram="") for one in samples.swarm().latency),
        load=replace(load, saturated=text, stragglers=(text,)),
    )


def _contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_names_in_backticks_are_code_and_what_mends_it_is_told() -> None:
    remedy = Remedy("It is `a < b`", "Close `it`", node="`socket.disconnect(true)`")
    line = replace(
        samples.requirement(verdict=Verdict.FAIL, sentence="It sends `user.banned`, and a lone ` stays."),
        remedies=(remedy,),
    )
    page = html.render(samples.run(line, outcome=Outcome.FAIL))
    assert "It sends <code>user.banned</code>, and a lone ` stays." in page
    assert "It is <code>a &lt; b</code>" in page
    assert "<li>Close <code>it</code></li>" in page
    assert "socket.io:</b> <code>socket.disconnect(true)</code>" in page
