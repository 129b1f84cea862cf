"""The selector that keeps a crowd from holding up the loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from selectors import EVENT_READ, EVENT_WRITE

import pytest

from reference_server.selector import FairSelector

Pair = tuple[socket.socket, socket.socket]


class Room:
    """A selector that watches one end of each pair; told by the number of the pair."""

    def __init__(self, stack: ExitStack, most_events: int = 3, most_endings: int = 2) -> None:
        self.selector = FairSelector(most_events, most_endings)
        stack.callback(self.selector.close)
        self._stack = stack

    def pairs(self, number: int, events: int = EVENT_READ) -> list[Pair]:
        made = []
        for place in range(number):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            self._stack.callback(ours.close)
            self._stack.callback(theirs.close)
            self.selector.register(ours, events, place)
            made.append((ours, theirs))
        return made

    def tells(self) -> list[tuple[int, int]]:
        return [(key.data, events) for key, events in self.selector.select(0)]


@pytest.fixture
def room() -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(stack)


def _ending(pairs: list[Pair]) -> None:
    for _, theirs in pairs:
        theirs.close()


def test_a_crowd_that_ends_is_told_in_slices_each_of_them_once(room: Room) -> None:
    pairs = room.pairs(7)
    _ending(pairs)
    told = []
    for _ in range(4):
        slice_ = room.tells()
        assert len(slice_) <= 2
        for place, events in slice_:
            assert events == EVENT_READ
            assert pairs[place][0].recv(1) == b""
            room.selector.unregister(pairs[place][0])
            told.append(place)
    assert sorted(told) == list(range(7))
    assert room.tells() == []
    assert not room.selector.get_map()


def test_who_says_something_is_told_before_those_who_end(room: Room) -> None:
    pairs = room.pairs(9)
    _ending(pairs[:8])
    assert len(room.tells()) == 2
    pairs[8][1].send(b"x")
    assert room.tells()[0] == (8, EVENT_READ)


def test_what_came_before_an_ending_is_read_before_it(room: Room) -> None:
    pairs = room.pairs(5)
    for _, theirs in pairs:
        theirs.send(b"last words")
    _ending(pairs)
    heard: dict[int, list[bytes]] = {place: [] for place in range(5)}
    while room.selector.get_map():
        for place, _ in room.tells():
            heard[place].append(pairs[place][0].recv(100))
            if not heard[place][-1]:
                room.selector.unregister(pairs[place][0])
    assert heard == {place: [b"last words", b""] for place in range(5)}


def test_who_half_closes_can_still_be_answered(room: Room) -> None:
    pairs = room.pairs(4)
    for _, theirs in pairs:
        theirs.shutdown(socket.SHUT_WR)
    told = dict(room.tells() + room.tells())
    assert told == dict.fromkeys(range(4), EVENT_READ)
    for ours, theirs in pairs:
        room.selector.modify(ours, EVENT_WRITE, None)
        ours.send(b"answer")
        assert theirs.recv(100) == b"answer"


def test_of_many_who_speak_all_have_their_turn(room: Room) -> None:
    pairs = room.pairs(8)
    for _, theirs in pairs:
        theirs.send(b"x" * 100)
    turns = [place for _ in range(9) for place, _ in room.tells()]
    assert [turns.count(place) for place in range(8)] == [3] * 8


def test_what_is_watched_no_more_is_not_told(room: Room) -> None:
    pairs = room.pairs(8)
    _ending(pairs[:4])
    for _, theirs in pairs[4:]:
        theirs.send(b"x")
    first = {place for place, _ in room.tells()}
    for place in set(range(8)) - first:
        room.selector.unregister(pairs[place][0])
    assert {place for place, _ in room.tells()} <= first
    with pytest.raises(KeyError):
        room.selector.unregister(pairs[7][0])


def test_a_descriptor_that_is_used_again_has_nothing_of_the_one_before(room: Room) -> None:
    pairs = room.pairs(5)
    _ending(pairs)
    room.tells()
    number = pairs[0][0].fileno()
    for ours, _ in pairs:
        room.selector.unregister(ours)
        ours.close()
    (fresh, other), *_ = room.pairs(1)
    assert fresh.fileno() == number
    assert room.tells() == []
    other.send(b"x")
    assert room.tells() == [(0, EVENT_READ)]


def test_both_kinds_of_events_are_told_and_changed(room: Room) -> None:
    ((ours, theirs),) = room.pairs(1, EVENT_READ | EVENT_WRITE)
    assert room.tells() == [(0, EVENT_WRITE)]
    room.selector.modify(ours, EVENT_READ, 0)
    assert room.tells() == []
    theirs.send(b"x")
    assert room.tells() == [(0, EVENT_READ)]
    assert room.selector.get_key(ours).events == EVENT_READ
    with pytest.raises(KeyError):
        room.selector.register(ours, EVENT_READ)


def test_a_loop_runs_on_it() -> None:
    async def chatter() -> int:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read())
            writer.close()

        async def say(port: int, number: int) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"%d" % number)
            writer.write_eof()
            heard = await reader.read()
            writer.close()
            return heard

        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            heard = await asyncio.gather(*(say(port, number) for number in range(50)))
            assert heard == [b"%d" % number for number in range(50)]
        return len(await asyncio.to_thread(bytes, 3))

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(FairSelector(4, 2))) as runner:
        assert runner.run(chatter()) == 3
