from eventproof.load.acks import Acks


def _acks() -> Acks:
    return Acks(arrival=5, kept=100)


def test_an_acknowledgement_that_was_never_sent_is_owed() -> None:
    assert _acks().is_owed("member", "claim_paid", at=1000)


def test_an_acknowledgement_is_owed_until_it_must_have_arrived() -> None:
    acks = _acks()
    assert acks.sent("member", "claim_paid", "connection 1", at=10)
    assert acks.is_owed("member", "claim_paid", at=15)
    assert not acks.is_owed("member", "claim_paid", at=15.1)
    assert acks.is_owed("member", "payout_completed", at=15.1)


def test_a_second_acknowledgement_of_the_same_changes_nothing() -> None:
    acks = _acks()
    acks.sent("member", "claim_paid", "connection 1", at=10)
    assert not acks.sent("member", "claim_paid", "connection 1", at=14)
    assert not acks.is_owed("member", "claim_paid", at=15.1)


def test_what_was_on_its_way_when_its_connection_was_lost_is_owed_again() -> None:
    acks = _acks()
    acks.sent("member", "payout_completed", "connection 1", at=3)
    acks.sent("member", "claim_paid", "connection 1", at=10)
    acks.lost("connection 1", at=11)
    assert not acks.is_owed("member", "payout_completed", at=12)
    assert acks.is_owed("member", "claim_paid", at=1000)
    assert not acks.sent("member", "claim_paid", "connection 2", at=20)
    assert not acks.is_owed("member", "claim_paid", at=25.1)


def test_an_earlier_acknowledgement_on_another_connection_still_counts() -> None:
    acks = _acks()
    acks.sent("member", "claim_paid", "phone", at=1)
    acks.sent("member", "claim_paid", "tablet", at=10)
    acks.lost("tablet", at=11)
    assert not acks.is_owed("member", "claim_paid", at=12)


def test_acknowledgements_of_long_ago_are_forgotten() -> None:
    acks = _acks()
    for number in range(1000):
        acks.sent("member", number, "connection 1", at=number)
    assert len(acks) < 110
