from collections import Counter

import pytest

from eventproof.errors import UsageError
from eventproof.load.acknowledging import Acknowledging, AcknowledgingShares


@pytest.mark.parametrize("first", [0, 7, 12_345])
def test_of_a_thousand_members_in_a_row_each_way_of_acknowledging_has_its_share(first: int) -> None:
    shares = AcknowledgingShares(late=0.1, silent=0.1, cut=0.05)
    found = Counter(shares.of(number) for number in range(first, first + 1000))
    expected = {Acknowledging.LATE: 100, Acknowledging.SILENT: 100, Acknowledging.CUT: 50, Acknowledging.PROMPT: 750}
    assert all(abs(found[manner] - count) <= 3 for manner, count in expected.items())


def test_without_shares_everybody_is_prompt() -> None:
    assert {AcknowledgingShares().of(number) for number in range(100)} == {Acknowledging.PROMPT}


@pytest.mark.parametrize("shares", [{"late": -0.1}, {"late": 0.6, "silent": 0.5}, {"cut": 1.1}])
def test_shares_beyond_all_members_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must lie between 0 and 1"):
        AcknowledgingShares(**shares)
