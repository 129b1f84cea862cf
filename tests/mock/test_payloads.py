"""What the events of a mock say."""

from eventproof import catalog
from eventproof.catalog import System
from eventproof.mock import payloads


def test_a_field_of_a_known_name_has_the_known_value_where_the_contract_takes_it(chat: System) -> None:
    new = next(event for event in chat.events if event.name == "message:new")
    payload = {"id": "1", "roomId": "garden", "from": "anna", "text": "hi", "number": 1}
    known = {"roomId": "lobby", "number": "7", "text": 9, "ok": True}
    assert payloads.fitted(new, payload, known) == {**payload, "roomId": "lobby", "number": 7}


def test_the_examples_of_a_document_are_said_in_turn_and_something_made_up_between_them() -> None:
    banned = next(each for each in catalog.load().system("user-state").events if each.name == "user.banned")
    written = banned.examples
    said = [payloads.said(banned, turn) for turn in range(2 * len(written) + 1)]
    assert said[::2] == [*written, written[0]]
    assert all(map(banned.is_valid, said))


def test_what_has_no_examples_is_made_up_each_time(chat: System) -> None:
    new = next(event for event in chat.events if event.name == "message:new")
    assert len({str(payloads.said(new, turn)) for turn in range(4)}) == 4


def test_the_same_seed_makes_the_same_acknowledgement(chat: System) -> None:
    post = next(event for event in chat.events if event.name == "message:post")
    assert post.ack is not None
    yes = payloads.acknowledgement(post.ack, 3)
    assert yes == payloads.acknowledgement(post.ack, 3)
    assert post.ack.fits(yes[0] if yes else None)
    no = payloads.acknowledgement(post.ack, 3, wrong="too long")
    assert no is not None
    assert (no[0]["ok"], no[0]["error"], post.ack.fits(no[0])) == (False, "too long", True)
