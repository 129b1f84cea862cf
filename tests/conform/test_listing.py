import pytest

from eventproof import catalog
from eventproof.conform.listing import collected, explained, explained_text, listing, listing_text
from eventproof.errors import UsageError


def test_every_requirement_is_listed_with_its_cases() -> None:
    known = catalog.load()
    entries = listing(known, collected(["user-state"]), ["user-state"])
    assert [entry.requirement.id for entry in entries] == [line.id for line in known.requirements(["user-state"])]
    assert not [entry.requirement.id for entry in entries if not entry.cases and not entry.requirement.excluded]
    text = listing_text(entries)
    assert len(text.splitlines()) == len(entries)
    assert "UST-BAN-4    MUST   1 case" in text


def test_a_case_is_named_as_only_takes_it() -> None:
    names = [case.name for case in collected(["user-state"])]
    assert "every_connection_is_closed_by_the_server[polling]" in names
    assert "every_recipient_hears_of_it_on_every_connection[user-state-user.banned]" in names
    assert len(names) == len(set(names))


def test_a_requirement_is_explained_with_its_source_and_its_cases() -> None:
    text = explained_text(explained("UST-BAN-8"))
    assert text.startswith("UST-BAN-8 (SHOULD)")
    for words in ("at most 1 s", "Source: 3.1", "Decision:", "all_connections_close_within_the_time_given"):
        assert words in text


def test_what_a_requirement_needs_is_explained() -> None:
    assert 'claims the capability "metrics"' in explained_text(explained("ALL-LEAK-1"))


def test_an_unknown_requirement_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="UST-BAN-99"):
        explained("UST-BAN-99")
