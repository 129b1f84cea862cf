"""Everything that can be wrong with contracts is found when they are loaded, and said with its file and place."""

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from eventproof import catalog, layout
from eventproof.errors import ContractError
from eventproof.verdict import ExitCode

BANNED = "user_state/events/user.banned.json"
TIER = "user_state/events/user.tier.updated.json"
UNBANNED = "user_state/events/user.unbanned.json"
ASYNCAPI = "user_state/asyncapi.yaml"
OPENAPI = "user_state/openapi.yaml"
REQUIREMENTS = "user_state/requirements.yaml"
GUIDES = "guides.yaml"
MESSAGE = "/channels/user/messages/user.banned"
SHIELD = "shield/asyncapi.yaml"
PLANS = "plan_sync/asyncapi.yaml"
PLAN_CALLS = "plan_sync/openapi.yaml"
ERRORS = "errors.yaml"
CLAIMS = "shield/openapi.yaml"
CLAIM_LINES = "shield/requirements.yaml"
LOGIN = "/paths/~1api~1auth~1login/post"


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """A copy of the contracts that a test may spoil."""
    return Path(shutil.copytree(layout.CONTRACTS, tmp_path / "the contracts"))


def refused(contracts: Path) -> str:
    with pytest.raises(ContractError) as caught:
        catalog.load(contracts)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


@pytest.fixture
def spoiled(contracts: Path) -> Callable[[str, str, str], str]:
    """Replace a text in one file of the contracts, once, and tell what loading them says then.

    The other systems are left out: they are sound, and would take most of the time.
    """

    def spoil(name: str, old: str, new: str) -> str:
        path = contracts / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        _without_others(contracts, name)
        said = refused(contracts)
        return said.removeprefix(f"{contracts}/")

    return spoil


def _without_others(contracts: Path, name: str) -> None:
    """Keep the system of this file, and the one whose documents the others refer to."""
    for other in contracts.glob("*/requirements.yaml"):
        if other.parent.name not in (name.partition("/")[0], "user_state"):
            shutil.rmtree(other.parent)


Fault = tuple[str, str, str, str]
"""A file, a text in it, what replaces that text, and a part of what loading says then."""

IN_THE_SYNTAX: dict[str, Fault] = {
    "a key twice in JSON": (BANNED, '"message": {\n', '"message": true, "message": {\n', '"message" stands twice'),
    "a comma missing in JSON": (BANNED, '"type": "object",', '"type": "object"', "line 6: no valid JSON"),
    "a key twice in YAML": (ASYNCAPI, "x-wire: sse", "x-wire: sse\n    x-wire: sse", '"x-wire" stands twice'),
    "a key that is a number": (OPENAPI, "'200':", "200:", "the key 200 must be text"),
    "a control character in YAML": (REQUIREMENTS, "prefix: UST", "prefix: \x01", "no valid YAML"),
    "a bracket open in YAML": (REQUIREMENTS, "prefix: UST", "prefix: [UST", "line "),
}
IN_THE_FORMAT: dict[str, Fault] = {
    "a misspelt keyword": (BANNED, '"required"', '"requierd"', "/: expected no other fields than"),
    "a key of a counterexample": (TIER, '"breaks"', '"brakes"', "/x-counterexamples/0: expected"),
    "a key of a message": (ASYNCAPI, "x-trigger", "x-triggers", f"{MESSAGE}: expected no other fields than"),
    "a key of a channel": (ASYNCAPI, "x-wire: sse", "x-wires: sse", "/channels/stream: expected"),
    "a wire": (ASYNCAPI, "x-wire: sse", "x-wire: smoke", "/channels/stream/x-wire: expected one of"),
    "a token's place": (SHIELD, "Bearer {token}", "Bearer {tokn}", "/channels/shield/x-auth/token: expected text that"),
    "a key of a retry": (SHIELD, "first: 5", "fist: 5", "/channels/shield/messages/claim_paid/x-ack"),
    "an audience": (ASYNCAPI, "user:{userId}", "users:{userId}", f"{MESSAGE}/x-audience/0: expected text that"),
    "an action": (ASYNCAPI, "action: send", "action: shout", "/operations/tellUser/action: expected one of"),
    "a version": (ASYNCAPI, "asyncapi: 3.1.0", "asyncapi: 2.6.0", '/asyncapi: expected "3.1.0"'),
    "a role": (OPENAPI, "x-role: anyone", "x-role: No One", f"{LOGIN}/x-role: expected text that"),
    "a key of an operation": (OPENAPI, "x-refusals: [inv", "x-refusal: [inv", f"{LOGIN}: expected no other fields"),
    "whose sessions end": (OPENAPI, "sessions: caller", "sessions: calls", "x-ends-sessions: expected one of"),
    "a limit of nothing": (
        SHIELD,
        "events_a_second: 10",
        "events_a_second: 0",
        "x-limits/events_a_second: expected minimum",
    ),
    "a state that is a number": (
        CLAIMS,
        "{approved: paid}",
        "{approved: 5}",
        "/x-states/claim/calls/payClaim/approved",
    ),
    "where an answer says it": (
        OPENAPI,
        "token: /token",
        "token: token",
        "/x-answers/token: expected text that matches",
    ),
    "a header of an answer": (
        PLAN_CALLS,
        "version: $response.header.ETag",
        "version: $response.headers.ETag",
        "/x-answers/version: expected text that matches",
    ),
    "what follows": (REQUIREMENTS, "banned/delivery", "banned/delivry", "includes/1: expected text that matches"),
    "a token": (REQUIREMENTS, "/connect/missing", "/connect/lost", "includes/0: expected text that matches"),
    "a level": (REQUIREMENTS, "level: MUST", "level: OUGHT", "/requirements/0/level: expected one of"),
    "a key of a requirement": (REQUIREMENTS, "source:", "sauce:", "/requirements/0: expected"),
    "an id": (REQUIREMENTS, "UST-CONN-1", "UST-CONN", "/requirements/0/id: expected text that matches"),
    "a status": (ERRORS, "status: 400", "status: 200", "/malformed_json/status: expected minimum: 400"),
    "a code of mixed case": (ERRORS, "AUTH_EXPIRED", "AUTH_expired", "/: expected text that matches"),
    "where a code applies": (ERRORS, "applies: body", "applies: soul", "/malformed_json/applies: expected one of"),
}
IN_A_SCHEMA: dict[str, Fault] = {
    "an unknown type": (BANNED, '"object"', '"thing"', "/type: the schema does not compile"),
    "a broken pattern": (
        BANNED,
        '"const"',
        '"pattern": "(", "const"',
        "/properties/message/pattern: the schema",
    ),
    "an unknown format": (UNBANNED, '"minLength": 1', '"format": "phone"', "the schema does not compile"),
    "a broken reference": (BANNED, '"const"', '"$ref": "#/definitions/no", "const"', "the schema does not compile"),
    "a reference elsewhere": (BANNED, '"const"', '"$ref": "http://127.0.0.1:1/", "const"', "does not compile"),
}
IN_THE_MEANING: dict[str, Fault] = {
    "a trigger": (
        ASYNCAPI,
        "[banUser]",
        "[banUsr]",
        f"{MESSAGE}/x-trigger: names no operation",
    ),
    "an event twice": (ASYNCAPI, "name: user.unbanned", "name: user.banned", 'two events "user.banned"'),
    "an address twice": (ASYNCAPI, "address: /me\n", "address: /\n", "/channels/me: two channels have the address /"),
    "an unknown channel": (
        ASYNCAPI,
        "#/channels/stream",
        "#/channels/brook",
        "#/channels/brook: the reference",
    ),
    "a missing schema": (ASYNCAPI, "events/user.banned.json", "events/gone.json", "gone.json: the file is missing"),
    "no audience": (
        ASYNCAPI,
        '        x-audience: ["user:{userId}"]\n',
        "",
        f"{MESSAGE}: an event that the server",
    ),
    "an unbound audience": (ASYNCAPI, "user:{userId}", "user:{who}", f"{MESSAGE}/x-audience: {{who}} is neither"),
    "an audience without a cause": (ASYNCAPI, "x-trigger: [banUser]", "x-ack: none", "{userId} is neither"),
    "an acknowledgement by nothing": (
        ASYNCAPI,
        "x-trigger: [banUser]",
        "x-trigger: [banUser]\n        x-ack: {level: required, by: user.ack}",
        f'{MESSAGE}/x-ack/by: "user.ack" is neither',
    ),
    "an acknowledgement's unknown field": (
        SHIELD,
        "match: {claimId",
        "match: {claimNo",
        "match/claimNo: is no field of cl",
    ),
    "an acknowledgement of nothing": (
        SHIELD,
        "match: {claimId: /data/cl",
        "match: {claimId: /data/d",
        "/data/daimId is no field",
    ),
    "an acknowledgement half matched": (
        SHIELD,
        "{claimId: /data/claimId, transactionId: /data/transactionId}",
        "{claimId: /data/claimId}",
        "claim_paid/x-ack/match: nothing says what transactionId of claim_paid_ack is",
    ),
    "a retry of what need not be acknowledged": (
        SHIELD,
        "level: required",
        "level: optional",
        "claim_paid/x-ack/retry: only what must be acknowledged is sent again",
    ),
    "a CONNECT where there is none": (
        ASYNCAPI,
        "x-wire: sse",
        "x-wire: sse\n    x-auth: {token: '{token}'}",
        "/channels/stream/x-auth: sse has no CONNECT",
    ),
    "a refusal that has no place for a code": (
        ASYNCAPI,
        "x-wire: sse",
        "x-wire: sse\n    x-refused-with: {otherwise: AUTH_INVALID}",
        "/channels/stream/x-refused-with: sse has no CONNECT_ERROR with a code in its data",
    ),
    "an audience of a call that causes nothing": (
        ASYNCAPI,
        'x-audience: ["user:{userId}"]',
        'x-audience: {login: ["user:{userId}"]}',
        f"{MESSAGE}/x-audience: banUser causes it or has an audience here, not both",
    ),
    "a room of what the server sends": (
        ASYNCAPI,
        'x-audience: ["user:{userId}"]',
        'x-audience: ["user:{userId}"]\n        x-joins: "room:{userId}"',
        f"{MESSAGE}/x-joins: only what a client sends",
    ),
    "what clients begin with": (
        ASYNCAPI,
        "x-wire: socket.io",
        "x-wire: socket.io\n    x-opening: {event: hello}",
        '/channels/user/x-opening: "hello" is no message of the channel',
    ),
    "who joins a room": (
        OPENAPI,
        "x-ends-sessions: caller",
        "x-ends-sessions: caller\n      x-joins: {'room:desk:{deskId}': caller}",
        "/x-joins: deskId is neither a parameter of",
    ),
    "a cause always and at times": (
        ASYNCAPI,
        "x-trigger: [banUser]",
        "x-trigger: [banUser]\n        x-may-trigger: [banUser]",
        f"{MESSAGE}/x-trigger: banUser causes it always or at times, not both",
    ),
    "a cause that does not tell what its event is about": (
        SHIELD,
        "x-trigger: [decideWithdrawal]",
        "x-trigger: [renewSubscription]",
        "x-correlate: renewSubscription causes withdrawal_status_changed, and neither takes nor answers with withdraw",
    ),
    "a need of nothing": (OPENAPI, "x-needs: [banUser]", "x-needs: [banUsr]", 'x-needs: names "banUsr", which is no'),
    "a need of each other": (
        OPENAPI,
        "operationId: banUser\n",
        "operationId: banUser\n      x-needs: [unbanUser]\n",
        "unbanUser needs banUser, and banUser needs unbanUser",
    ),
    "what follows from no event": (
        REQUIREMENTS,
        "user.banned/delivery",
        "user.band/delivery",
        "includes: user.band is no event of the contract",
    ),
    "what no call causes for certain": (
        REQUIREMENTS,
        "user.banned/delivery",
        "user.unbanned/delivery",
        "no call causes user.unbanned for certain",
    ),
    "what another call causes": (
        REQUIREMENTS,
        "user.banned/delivery",
        "user.banned/delivery/unbanUser",
        "unbanUser does not cause user.banned for certain",
    ),
    "what ends no sessions": (
        REQUIREMENTS,
        "/session/banUser",
        "/session/getUser",
        "includes: getUser is no call that ends the sessions of a user",
    ),
    "a limit of what nobody says": (
        PLANS,
        "x-wire: sse",
        "x-wire: sse\n    x-limits: {event_bytes: 1}",
        "/x-limits: clients say nothing on sse",
    ),
    "a state by no call": (
        CLAIMS,
        "      payClaim: {",
        "      payClam: {",
        '/x-states/claim/calls: names "payClam", which is no operation here',
    ),
    "states of what nothing makes": (
        CLAIMS,
        "submitClaim: submitted",
        "submitProof: {submitted: submitted}",
        "/x-states/claim/calls: no call makes the claim",
    ),
    "states of what its call does not name": (
        CLAIMS,
        "denyClaim: {submitted",
        "cancelSubscription: {submitted",
        "/x-states/claim/calls: claimId is not a parameter of cancelSubscription",
    ),
    "a state by what its call does not take": (
        CLAIMS,
        "decideWithdrawal outcome=failed",
        "decideWithdrawal outcom=failed",
        "/x-states/withdrawal/calls: outcom is not a parameter of decideWithdrawal",
    ),
    "a state that nothing leads to": (
        CLAIMS,
        "payClaim: {approved: paid}",
        "payClaim: {approved: paid, granted: paid}",
        "/x-states/claim/calls: nothing leads to granted, from which payClaim leads",
    ),
    "a call after itself by its states": (
        CLAIMS,
        "operationId: submitClaim\n",
        "operationId: submitClaim\n      x-needs: [payClaim]\n",
        "approveClaim needs submitClaim, and submitClaim needs approveClaim",
    ),
    "what follows from no states": (
        CLAIM_LINES,
        "/states/claim",
        "/states/wallet",
        "includes: openapi.yaml has no states of wallet (x-states)",
    ),
    "x-correlate": (ASYNCAPI, "x-trigger: [banUser]", "x-correlate: /id", f"{MESSAGE}/x-correlate: /id is no field"),
    "x-order-by": (ASYNCAPI, "x-trigger: [banUser]", "x-order-by: /message/x", "x-order-by: /message/x is no field"),
    "an operation twice": (OPENAPI, "operationId: logout", "operationId: login", 'there are two operations "login"'),
    "an unknown code": (OPENAPI, "[user_not_found]", "[user_lost]", 'x-refusals names "user_lost"'),
    "a status undocumented": (
        OPENAPI,
        "        '422': {$ref: '#/components/responses/InvalidInput'}\n",
        "",
        f"{LOGIN}/responses: the status 422 is given, and not documented",
    ),
    "a status never given": (
        OPENAPI,
        "        '422':",
        "        '418': {description: No.}\n        '422':",
        f"{LOGIN}/responses: the status 418 is documented, and no refusal has it",
    ),
    "an undoing by nothing": (
        OPENAPI,
        "{operation: unbanUser}",
        "{operation: unbnUser}",
        'names "unbnUser", which is no',
    ),
    "an undoing of nobody": (OPENAPI, "{operation: unbanUser}", "{operation: getMe}", "getMe has no parameter userId"),
    "an undoing with what nobody takes": (
        OPENAPI,
        "parameters: {tier: ",
        "parameters: {plan: ",
        "x-undone-by: updateUserTier has no parameter plan",
    ),
    "a channel's parameter undescribed": (
        PLANS,
        "    parameters:\n      planId: {description: The plan whose changes it carries.}\n",
        "",
        "/channels/plan: the parameter planId is in the address or described, not both",
    ),
    "a room of something else": (
        PLANS,
        "x-room: room:plan:{planId}",
        "x-room: room:plan:{plan}",
        "/channels/plan/x-room: plan is no parameter of the address",
    ),
    "a removal of what nobody made": (
        PLAN_CALLS,
        "parameters: {planId: '{planId}'}}",
        "parameters: {id: '{planId}'}}",
        "x-undone-by: deletePlan has no parameter id",
    ),
    "a parameter missing": (OPENAPI, "features/{feature}:", "features/{name}:", "the path's parameter name is not"),
    "a parameter unknown": (
        OPENAPI,
        "#/components/parameters/userId",
        "#/components/parameters/id",
        "the reference",
    ),
    "a guide that is none": (
        REQUIREMENTS,
        "guides: [close]",
        "guides: [closed]",
        '/requirements/3/guides: there is no guide closed (did you mean "close"?) in guides.yaml',
    ),
    "a requirement without a guide": (
        REQUIREMENTS,
        "    guides: [close]\n",
        "",
        "/requirements/3/id: UST-BAN-2 has no guide: name one of guides.yaml in `guides`",
    ),
    "a guide without its cause": (GUIDES, "  cause: ", "  reason: ", "/schema: expected"),
    "a requirement twice": (REQUIREMENTS, "UST-CONN-2", "UST-CONN-1", "/requirements/1/id: UST-CONN-1 stands twice"),
    "a wrong prefix": (REQUIREMENTS, "id: UST-CONN-1", "id: ALL-CONN-1", "ALL-CONN-1 does not begin with UST-"),
}
FAULTS = IN_THE_SYNTAX | IN_THE_FORMAT | IN_A_SCHEMA | IN_THE_MEANING


@pytest.mark.parametrize(("name", "old", "new", "sentence"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_said_with_its_file_and_place(
    spoiled: Callable[[str, str, str], str], name: str, old: str, new: str, sentence: str
) -> None:
    said = spoiled(name, old, new)
    assert sentence in said
    assert ".yaml" in said or ".json" in said
    assert "\n" not in said


def test_an_event_without_an_example_is_refused(contracts: Path) -> None:
    path = contracts / BANNED
    schema = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(schema | {"examples": []}), encoding="utf-8")
    assert f"{path}: /examples: expected minItems: 1, found []" in refused(contracts)
    del schema["examples"]
    path.write_text(json.dumps(schema), encoding="utf-8")
    assert f'{path}: /: expected the field "examples"' in refused(contracts)


def test_two_systems_with_one_prefix_are_refused(contracts: Path) -> None:
    shutil.copytree(contracts / "user_state", contracts / "again")
    assert "two systems have the prefix UST" in refused(contracts)


def test_a_message_that_no_operation_sends_is_refused(contracts: Path) -> None:
    path = contracts / ASYNCAPI
    kept, _ = path.read_text(encoding="utf-8").split("  tellUserOnSocket:\n")
    path.write_text(kept, encoding="utf-8")
    assert "/channels/socket/messages/user.banned: no operation sends or receives it" in refused(contracts)


def test_an_operation_may_not_send_another_channels_message(contracts: Path) -> None:
    with (contracts / ASYNCAPI).open("a", encoding="utf-8") as document:
        document.write("    messages: [{$ref: '#/channels/me/messages/user.banned'}]\n")
    said = refused(contracts)
    assert "/operations/tellUserOnSocket: #/channels/me/messages/user.banned is no message of its channel" in said


def test_a_missing_document_is_named(contracts: Path) -> None:
    (contracts / OPENAPI).unlink()
    assert refused(contracts) == f"{contracts / OPENAPI}: the file is missing"


def test_a_document_that_is_a_list_is_refused(contracts: Path) -> None:
    (contracts / "errors.yaml").write_text("- one\n", encoding="utf-8")
    assert refused(contracts) == f"{contracts / 'errors.yaml'}: must hold an object"


def test_a_document_that_is_no_text_is_refused(contracts: Path) -> None:
    (contracts / "errors.yaml").write_bytes(b"\xff\xfe\x00")
    assert "errors.yaml: cannot be read" in refused(contracts)


def test_a_reference_that_leads_back_to_itself_is_refused(spoiled: Callable[[str, str, str], str]) -> None:
    itself = "    Credentials: {$ref: '#/components/schemas/Credentials'}\n    Formerly:\n"
    assert "the reference leads back to itself" in spoiled(OPENAPI, "    Credentials:\n", itself)


def test_a_folder_that_is_no_system_is_left_alone(contracts: Path) -> None:
    (contracts / "notes").mkdir()
    assert list(catalog.load(contracts).systems) == ["marketplace", "plan-sync", "shield", "studyspot", "user-state"]


def test_yaml_is_read_as_json_would_be(contracts: Path) -> None:
    path = contracts / ASYNCAPI
    text = path.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 2026-03-14\n  x-answer: no", 1)
    path.write_text(text, encoding="utf-8")
    info = catalog.load(contracts).system("user-state").asyncapi["info"]
    assert (info["version"], info["x-answer"]) == ("2026-03-14", "no")


def test_acknowledgements_and_pointers_are_read(contracts: Path) -> None:
    path = contracts / ASYNCAPI
    text = path.read_text(encoding="utf-8").replace(
        "x-trigger: [banUser]",
        "x-trigger: [banUser]\n        x-ack: {level: required, by: callback}",
        1,
    )
    path.write_text(text, encoding="utf-8")
    banned = catalog.load(contracts).event("user-state", "/", catalog.Direction.SEND, "user.banned")
    assert banned is not None
    assert banned.ack == catalog.Ack(catalog.AckLevel.REQUIRED, "callback")


def test_a_channel_of_both_directions_keeps_them_apart(contracts: Path) -> None:
    path = contracts / ASYNCAPI
    text = path.read_text(encoding="utf-8").replace(
        "operations:\n",
        "operations:\n  userTells:\n    action: receive\n    channel: {$ref: '#/channels/user'}\n"
        "    messages: [{$ref: '#/channels/user/messages/user.unbanned'}]\n",
        1,
    )
    path.write_text(text, encoding="utf-8")
    system = catalog.load(contracts).system("user-state")
    heard = system.event("/", catalog.Direction.RECEIVE, "user.unbanned")
    assert heard is not None
    assert heard.channels == system.channels[:1]
    assert system.event("/", catalog.Direction.RECEIVE, "user.banned") is None
    assert heard is not system.event("/", catalog.Direction.SEND, "user.unbanned")


def test_loading_reaches_for_neither_the_slow_validator_nor_faker() -> None:
    program = """
        import sys
        from eventproof import catalog
        catalog.load()
        print(sorted({"jsonschema", "faker"} & set(sys.modules)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "[]"
