"""What is shown around a finding is what happened around it."""

from dataclasses import replace

from eventproof.conform.evidence import frames_of
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.history import Kind, Record


def note(at: float) -> Record:
    return Record(at, Kind.NOTE, "user-1", payload=f"note {at:g}")


STORY = [note(at) for at in range(200)]


def texts(error: BaseException | None, case: list[Record] = STORY, whole: list[Record] = STORY) -> list[str]:
    return [frame.told for frame in frames_of(case, error, whole)]


def test_where_nothing_shows_it_the_last_frames_are_shown() -> None:
    assert texts(Inconclusive("silence"))[-1] == "note 199"
    assert len(texts(None)) == 60


def test_the_frames_are_those_around_the_finding_which_is_marked() -> None:
    shown = texts(ContractViolation("wrong", record=STORY[100]))
    assert len(shown) == 60
    assert "note 100  <- this" in shown
    assert shown[-1] == "note 114"


def test_the_last_call_before_it_is_shown_however_long_ago_it_was() -> None:
    calls = [Record(float(at), Kind.CALLED, "admin-1", name=f"call {at}") for at in (1, 2, 150)]
    story = sorted([*STORY, *calls], key=lambda record: record.at)
    shown = texts(ContractViolation("wrong", record=STORY[120]), story, story)
    assert shown[0] == "call 2"
    assert len(shown) == 60
    assert "call 2" not in texts(ContractViolation("wrong", record=STORY[180]), story, story)


def test_a_frame_that_is_told_in_words_beside_it_is_left_out_unless_it_is_what_was_found() -> None:
    kinds = (Kind.FRAME_IN, Kind.RECEIVED, Kind.SENT, Kind.FRAME_OUT, Kind.FRAME_OUT, Kind.SENT, Kind.FRAME_IN)
    story = [Record(number, kind, "user-1", "line-1", payload=number) for number, kind in enumerate(kinds)]
    assert [frame.text for frame in frames_of(story, None, story)] == ["1", "2", "5", "6"]
    found = ContractViolation("wrong", record=story[0])
    assert [frame.text for frame in frames_of(story, found, story)] == ["0", "1", "2", "5", "6"]
    apart = [replace(record, connection=f"line-{number}") for number, record in enumerate(story)]
    assert len(frames_of(apart, None, apart)) == len(apart)


def test_the_record_of_what_caused_a_failure_is_found() -> None:
    error = ContractViolation("in other words")
    error.__cause__ = ContractViolation("wrong", record=STORY[3])
    assert "note 3  <- this" in texts(error)


def test_a_finding_of_an_earlier_case_is_shown_among_the_frames_of_that_case() -> None:
    shown = texts(ContractViolation("wrong", record=STORY[20]), case=STORY[150:])
    assert "note 20  <- this" in shown
    assert "note 150" not in shown


def test_a_case_without_records_shows_nothing() -> None:
    assert frames_of([], None, []) == ()
