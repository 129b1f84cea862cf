"""A made-up contract with what a page rarely has to tell: rooms by request, roles of its own, audiences by trigger."""

import json
import shutil
from pathlib import Path

import pytest

from eventproof import catalog, layout
from handbook.material import Material
from handbook.pages import pages
from reference_server.delivery.conduct import Conduct
from reference_server.faults import Fault

ASYNCAPI = """
asyncapi: 3.1.0
info: {title: Library, version: 1.0.0, description: 'Who sits where.\n\nIts second paragraph.'}
channels:
  desk:
    address: /desk
    x-wire: socket.io
    x-roles: [student, owner]
    x-opening: {event: hello, argument: {role: '{role}'}}
    messages: &messages
      hello:
        name: hello
        summary: A client says who it is.
        payload: {$ref: events/hello.json}
        x-joins: role:{role}
      enter:
        name: enter
        summary: To hear of a library.
        payload: {$ref: events/room.json}
        x-joins: room:library:{libraryId}
      leave:
        name: leave
        summary: To hear no more.
        payload: {$ref: events/room.json}
        x-leaves: room:library:{libraryId}
      seat:
        name: seat
        summary: A seat is taken, or free.
        payload: {$ref: events/seat.json}
        x-trigger: [takeSeat]
        x-may-trigger: [freeSeat]
        x-audience: {takeSeat: ['room:library:{libraryId}', 'role:owner'], freeSeat: ['user:{userId}']}
        x-may-receive: [everyone]
        x-ack: {level: required, by: callback, retry: {first: 1, factor: 2, longest: 4, within: 8}}
  line:
    address: /libraries/{libraryId}/line
    parameters: {libraryId: {description: The library.}}
    x-wire: websocket
    x-room: room:library:{libraryId}
    messages:
      note: {name: note, summary: A word to all., payload: {$ref: events/hello.json}, x-audience: [everyone]}
operations:
  tell:
    action: send
    channel: {$ref: '#/channels/desk'}
    messages: [{$ref: '#/channels/desk/messages/seat'}]
  hear:
    action: receive
    channel: {$ref: '#/channels/desk'}
    messages:
      - {$ref: '#/channels/desk/messages/hello'}
      - {$ref: '#/channels/desk/messages/enter'}
      - {$ref: '#/channels/desk/messages/leave'}
  tellLine:
    action: send
    channel: {$ref: '#/channels/line'}
"""

_CALL = """
  /seats/{seatId}/%(name)s:
    post:
      operationId: %(id)s
      summary: Change a seat.
      x-role: %(role)s
      x-answers: {libraryId: /libraryId}
      %(more)s
      parameters:
        - {name: seatId, in: path, required: true, description: The seat., x-role: owner, schema: {type: string}}
      responses:
        '200': {description: The seat.}
        '400': {description: x}
        '401': {description: x}
        '403': {description: x}
        '404': {description: x}
        '405': {description: x}
        '413': {description: x}
"""

OPENAPI = (
    "openapi: 3.1.1\ninfo: {title: Library, version: 1.0.0}\n"
    "x-states: {loan: {id: seatId, calls: {takeSeat: kept, freeSeat: {kept: over}}}}\npaths:"
    + _CALL
    % {
        "name": "take",
        "id": "takeSeat",
        "role": "[student, owner]",
        "more": "x-joins: {'room:library:{libraryId}': caller}",
    }
    + _CALL % {"name": "free", "id": "freeSeat", "role": "user", "more": "x-lasts: true"}
)

REQUIREMENTS = """
prefix: LIB
requirements:
  - id: LIB-SEAT-1
    level: MUST
    sentence: '`takeSeat` sends `seat`, and LIB-SEAT-2 holds.'
    source: "1"
    includes: [seat/delivery/takeSeat, seat/schema]
  - {id: LIB-SEAT-2, level: SHOULD, sentence: No case can see it., source: "2", excluded: Nobody can.}
"""


def _schema(**fields: object) -> str:
    draft = "http://json-schema.org/draft-07/schema#"
    return json.dumps({"$schema": draft, "title": "t", "description": "d", **fields})


@pytest.fixture
def page(tmp_path: Path) -> str:
    root = tmp_path / "contracts"
    shutil.copytree(layout.CONTRACTS / "formats", root / "formats")
    for name in ("errors.yaml", "guides.yaml", "requirements.yaml"):
        shutil.copy(layout.CONTRACTS / name, root / name)
    folder = root / "library"
    (folder / "events").mkdir(parents=True)
    (folder / "asyncapi.yaml").write_text(ASYNCAPI)
    (folder / "openapi.yaml").write_text(OPENAPI)
    (folder / "requirements.yaml").write_text(REQUIREMENTS)
    role = {"role": {"type": "string"}}
    hello = _schema(type="object", properties=role, required=["role"], examples=[{"role": "owner"}])
    (folder / "events/hello.json").write_text(hello)
    (folder / "events/room.json").write_text(_schema(type="string", examples=["lib_1"]))
    moves = {"previousState": {"enum": ["free"]}, "newState": {"enum": ["taken", "kept"]}}
    (folder / "events/seat.json").write_text(_schema(type="object", properties=moves, examples=[{}]))
    fault = Fault("seat-lost", "LIB-SEAT-1", "`seat` is lost.", Conduct, ("LIB-SEAT-2",))
    material = Material(catalog.load(root), (), (fault,))
    return pages(material)["library.md"]


def test_an_audience_by_trigger_is_told_for_each_trigger_and_with_who_is_in_the_room(page: str) -> None:
    assert (
        "| **Received by** | after [`takeSeat`](#call-takeSeat): everyone in the room `library:{libraryId}` "
        "(who is in it: every connection of [`/libraries/{libraryId}/line`](#channel-line); "
        "whoever has sent [`enter`](#event-enter); "
        "whoever has called [`takeSeat`](#call-takeSeat)) and every connection of role `owner` "
        "(who is in it: whoever has sent [`hello`](#event-hello)); "
        "after [`freeSeat`](#call-freeSeat): every connection of the user who makes the call; "
        "perhaps also every connection of the channel |"
    ) in page


def test_what_a_client_sends_first_and_what_it_joins_by_that_are_told(page: str) -> None:
    assert '| **Every client first sends** | [`hello`](#event-hello) with `{"role": "{role}"}` |' in page
    assert "| **Caused by** | a new connection of [`/desk`](#channel-desk) |" in page
    assert "| **Puts its connection in the room** | `room:library:{libraryId}` |" in page
    assert "no longer `library:{libraryId}` after [`leave`](#event-leave) |" in page
    assert "| **`{libraryId}` in it** | The library. |" in page
    assert "| **For** | role `student` or role `owner` |" in page


def test_a_call_tells_its_roles_and_its_rooms(page: str) -> None:
    assert "| **Who may** | role `student` or role `owner` |" in page
    assert "| **Puts in a room** | `room:library:{libraryId}`: the caller |" in page
    assert "| `seatId` | path | text | yes | The seat. The id of somebody of role `owner`. |" in page
    assert "| **Cannot be taken back** | what it does waits until it is used up |" in page


def test_a_retry_is_told_with_its_times(page: str) -> None:
    assert (
        "must be acknowledged by the acknowledgement of the wire itself; "
        "until then it is sent again 1, 3 and 7 s after the event, and no more after 8 s"
    ) in page


def test_changes_of_state_are_drawn(page: str) -> None:
    assert (
        "    [*] --> free\n    free --> taken: seat\n    free --> kept: seat\n    taken --> [*]\n    kept --> [*]\n"
        in page
    )


def test_a_table_of_states_is_drawn_by_its_calls(page: str) -> None:
    assert (
        "### The states of `loan`, by its `seatId`\n\n```mermaid\nstateDiagram-v2\n"
        "    [*] --> kept: takeSeat\n    kept --> over: freeSeat\n    over --> [*]\n"
    ) in page


def test_a_requirement_names_what_it_includes_and_the_faults_that_it_must_notice(page: str) -> None:
    assert "[`takeSeat`](#call-takeSeat) sends [`seat`](#event-seat), and [LIB-SEAT-2](#LIB-SEAT-2) holds." in page
    assert (
        "- [`seat`](#event-seat) reaches everybody of its audience, in time, after [`takeSeat`](#call-takeSeat)" in page
    )
    assert "- `seat-lost`: `seat` is lost." in page
    assert "They may fail with `seat-lost`." in page
    assert "| **No case can check it** | Nobody can. |" in page
