import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest

from eventproof import catalog, profile
from eventproof.catalog import Wire
from eventproof.errors import UsageError
from eventproof.minting import mint
from eventproof.target import SOCKET_IO, Call, Command, Identity, Target, Transport

CATALOG = catalog.load()
SMALLEST = 'base_url = "http://127.0.0.1:8080"\nsystems = ["user-state"]\n'


def load(tmp_path: Path, text: str, environment: str | None = None, **env: str) -> Target:
    path = tmp_path / "eventproof.toml"
    path.write_text(text, encoding="utf-8")
    manage = tmp_path / "manage"
    manage.touch()
    manage.chmod(0o700)
    return profile.load(path, environment, env, CATALOG)


def test_the_smallest_profile_takes_everything_else_from_our_documents(tmp_path: Path) -> None:
    target = load(tmp_path, SMALLEST)
    assert target.base_url == "http://127.0.0.1:8080"
    assert target.socketio.path == "/socket.io/"
    assert target.socketio.transports == SOCKET_IO
    tier = target.operations["updateUserTier"]
    assert isinstance(tier, Call)
    assert (tier.method, tier.path, tier.identity) == ("PUT", "/api/admin/users/{userId}/tier", "admin")
    assert tier.body == {"tier": "{tier}"}
    login = target.operations["login"]
    assert isinstance(login, Call)
    assert login.body == {"email": "{email}", "password": "{password}"}
    assert login.answers["token"] == "/token"
    assert [tier.name for tier in target.tiers] == ["free", "basic", "premium"]
    assert not target.allow_load
    assert not target.allow_hostile


def test_the_template_loads_as_it_is(tmp_path: Path) -> None:
    target = load(tmp_path, profile.template())
    assert target.systems == ("user-state",)


def test_every_line_of_the_template_that_is_commented_out_loads_too(tmp_path: Path) -> None:
    settings = [line.removeprefix("# ") if _is_setting(line) else line for line in profile.template().splitlines()]
    target = load(
        tmp_path,
        "\n".join(settings).replace("credentials.ndjson", str(_credentials(tmp_path, []))),
        ADMIN_PASSWORD="a",
        TESTER_PASSWORD="b",
        JWT_SECRET="c" * 32,
        API_KEY="d",
        WEBHOOK_SECRET="e",
    )
    assert len(target.users) == 20
    assert target.webhook_secret == "e"
    assert isinstance(target.operations["banUser"], Command)
    assert target.metrics is not None
    assert target.openapi == str(tmp_path / "openapi.yaml")


def _is_setting(line: str) -> bool:
    return re.match(r'# (\[|[a-z_]+ = |"[A-Z])', line) is not None


def _credentials(folder: Path, people: list[dict[str, str | int]]) -> Path:
    path = folder / "people.ndjson"
    path.write_text("".join(json.dumps(person) + "\n" for person in people), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('base_ur = "x"', 'unknown key "base_ur" (did you mean "base_url"?)'),
        ('[socketio]\ntransport = ["polling"]', 'unknown key "transport" in [socketio] (did you mean "transports"?)'),
        ('[socketio]\ntransports = ["pooling"]', 'must be among websocket, polling, upgrade, not "pooling"'),
        ("[socketio]\ntransports = []", "names none; there are websocket, polling, upgrade"),
        ('[channels.shild]\naddress = "/x"', '[channels] names "shild", which is no system (did you mean "shield"?)'),
        ('[channels.user-state]\nadress = "/x"', 'unknown key "adress" in [channels.user-state]'),
        ('[channels.user-state]\ntransports = ["pooling"]', '"channels.user-state.transports" must be among websocket'),
        ("[budgets]\nrestriction_days = 1.5", '"budgets.restriction_days" must be a whole number'),
        ('[rest]\nheaders = "x"', '"rest.headers" must be a table of strings'),
        ('capabilities = "metrics"', "\"capabilities\" must be a list of strings, not 'metrics'"),
        ('capabilities = ["metric"]', 'claims "metric", which is no capability (did you mean "metrics"?)'),
        ("[budgets]\nevent_arival = 1", 'unknown key "event_arival" in [budgets] (did you mean "event_arrival"?)'),
        ('[budgets]\ncall = "5 parsecs"', '"budgets.call" must be a duration such as "250ms", "5s" or "2min"'),
        ("[budgets]\ncall = true", '"budgets.call" must be a duration'),
        ("[budgets]\ncall = 0", '"budgets.call" must be a duration'),
        ('allow_hostile = "yes"', "\"allow_hostile\" must be true or false, not 'yes'"),
        ('allow_load = "yes"', "\"allow_load\" must be true or false, not 'yes'"),
        ('[operations.banuser]\npath = "/x"', 'unknown operation "banuser" in [operations] (did you mean "banUser"?)'),
        ("[operations]\nbanUser = true", '"operations.banUser" must be a table, not True'),
        ('[operations.banUser]\nidentity = "root"', 'must be one of anyone, user, admin, not "root"'),
        ('[operations.banUser]\npaht = "/x"', 'unknown key "paht" in [operations.banUser] (did you mean "path"?)'),
        ('[operations.login.answers]\ntoken = "token"', 'must be a JSON pointer such as "/user/id", not "token"'),
        ("[[identities.users]]\ncount = 3", '"identities.users[0].email" is missing'),
        ('[[identities.users]]\nemail = "a"\ncount = 0', "must be a whole number of at least 1"),
        ("[[identities.users]]\nid = 1.5", '"identities.users[0].id" must be a string or a whole number, not 1.5'),
        ("[[identities.users]]\nid = true", '"identities.users[0].id" must be a string or a whole number, not True'),
        ('[identities]\nusers = "many"', '"identities.users" must be a list of tables'),
        ('[identities]\nfile = "nowhere.ndjson"', "the file of credentials cannot be read"),
        ('[[other_channels]]\nkind = "sse"', '"other_channels[0].address" is missing'),
        ('[[other_channels]]\nkind = "ss"\naddress = "/x"', 'must be one of socketio, sse, websocket, not "ss"'),
        ('[[other_channels]]\nkind = "sse"\naddress = "/x"\ntoken = "auth"', 'can be "auth" only where kind'),
        ('[tiers.gold]\nunlocks = { operation = "useFeatur" }', '(did you mean "useFeature"?)'),
        ('[known_failures]\n"UST-BAN-99" = "x"', 'names "UST-BAN-99", which is no requirement'),
        ('[known_failures]\n"UST-BAN-1" = " "', "must give the reason"),
        ('[metrics]\npath = "/metrics"', '"metrics.gauges" is missing'),
        ("[jwt]\n", '"jwt.secret_env" is missing'),
        ("[webhooks]\n", '"webhooks.secret_env" is missing'),
        ('[webhooks]\nsecrets = "x"', '"webhooks.secret_env" is missing'),
        ("[budgets]\nlow_stock = 0.5", '"budgets.low_stock" must be a whole number'),
        ('[jwt]\nsecret = "no base64!"\nsecret_is = "base64"', '"jwt.secret_is" cannot be "base64"'),
        ('[jwt]\nexpired = "x"\nsecret_is = "base64"', '"jwt.secret_is" is about a secret, and there is none'),
        ('[jwt]\nsecret = "x"\nsecret_is = "hex"', '"jwt.secret_is" must be'),
        ('[jwt]\nexpired = "x"\nclaims = { sub = "{id}" }', '"jwt.claims" needs the secret that signs them'),
        ('environments = "staging"', '"environments" must hold tables'),
        ('[environments.staging]\nbase_ulr = "x"', 'unknown key "base_ulr" in [environments.staging]'),
        ("= 3", "this is not TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_that_names_the_file(
    tmp_path: Path, settings: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, SMALLEST + settings)
    assert sentence in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", '"base_url" is missing'),
        ('base_url = "localhost:8080"\nsystems = ["user-state"]', 'must be a URL such as "http://127.0.0.1:8080"'),
        ('base_url = "http://127.0.0.1"\n', '"systems" is missing'),
        ('base_url = "http://127.0.0.1"\nsystems = []', "names no system; there are"),
        ('base_url = "http://127.0.0.1"\nsystems = ["user-stat"]', 'no system (did you mean "user-state"?)'),
    ],
)
def test_what_every_profile_needs_is_asked_for(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=r"eventproof\.toml") as caught:
        load(tmp_path, text)
    assert sentence in str(caught.value)


def test_a_call_that_a_server_does_not_have_is_denied_by_name(tmp_path: Path) -> None:
    target = load(tmp_path, SMALLEST + "[operations]\ngetUser = false")
    assert "getUser" not in target.operations
    assert "banUser" in target.operations


def test_ids_may_be_numbers(tmp_path: Path) -> None:
    people = _credentials(tmp_path, [{"id": 18, "token": "t"}])
    target = load(tmp_path, f'{SMALLEST}[identities]\nfile = "{people.name}"\n[[identities.users]]\nid = 17\n')
    assert [(user.id, user.name) for user in target.users] == [(17, "17"), (18, "18")]


def test_a_profile_that_is_not_there_is_a_sentence_about_init(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such profile; `eventproof init` writes one"):
        profile.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    "settings",
    [
        '[[identities.users]]\nemail = "a@b"\npassword_env = "TESTER_PASSWORD"',
        '[[identities.users]]\nemail = "${TESTER_PASSWORD}@b"',
        '[rest]\nheaders = { Key = "${TESTER_PASSWORD}" }',
    ],
)
def test_a_missing_secret_is_named_by_its_variable(tmp_path: Path, settings: str) -> None:
    with pytest.raises(UsageError, match="needs the environment variable TESTER_PASSWORD, which is not set"):
        load(tmp_path, SMALLEST + settings)


def test_secrets_come_from_the_environment_and_stay_out_of_what_is_shown(tmp_path: Path) -> None:
    target = load(
        tmp_path,
        SMALLEST
        + '[jwt]\nsecret_env = "S"\n[[identities.users]]\nemail = "u-{n}@x"\ncount = 2\nfirst = 5\npassword_env = "P"',
        S="signing-secret",
        P="open-sesame",
    )
    assert [user.email for user in target.users] == ["u-5@x", "u-6@x"]
    assert target.users[0].password == "open-sesame"
    assert target.jwt is not None
    assert target.jwt.secret == "signing-secret"
    assert "open-sesame" not in repr(target)
    assert "signing-secret" not in repr(target)


def test_a_file_of_credentials_gives_admins_and_users(tmp_path: Path) -> None:
    _credentials(
        tmp_path,
        [
            {"id": "1", "email": "a@x", "password": "p", "role": "admin", "tier": "free", "token": "t1"},
            {"id": "2", "email": "b@x", "password": "p", "role": "user", "tier": "free", "token": "t2"},
            {"id": "3", "email": "c@x", "password": "p"},
        ],
    )
    target = load(tmp_path, SMALLEST + '[identities]\nfile = "people.ndjson"')
    assert [admin.id for admin in target.admins] == ["1"]
    assert [user.id for user in target.users] == ["2", "3"]
    assert target.users[0].token == "t2"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("not json", "every line must be a JSON object"), ('{"email": 3}', '"email" must be a string, not 3')],
)
def test_a_bad_line_of_credentials_is_named_by_its_number(tmp_path: Path, line: str, sentence: str) -> None:
    (tmp_path / "people.ndjson").write_text('{"email": "a@x"}\n' + line + "\n")
    with pytest.raises(UsageError, match=r"people\.ndjson:2") as caught:
        load(tmp_path, SMALLEST + '[identities]\nfile = "people.ndjson"')
    assert sentence in str(caught.value)


def test_an_operation_is_overridden_where_it_differs(tmp_path: Path) -> None:
    target = load(
        tmp_path,
        SMALLEST
        + """
[operations.login]
path = "/v1/sessions"
body = { login = "{email}", password = "{password}" }
answers = { token = "/data/token" }
[operations.banUser]
command = ["./manage", "ban", "{userId}"]
""",
    )
    login = target.operations["login"]
    assert isinstance(login, Call)
    assert (login.method, login.path) == ("POST", "/v1/sessions")
    assert login.body == {"login": "{email}", "password": "{password}"}
    assert login.answers == {"token": "/data/token", "userId": "/user/id", "tier": "/user/tier"}
    assert target.operations["banUser"] == Command("banUser", ("./manage", "ban", "{userId}"), "admin")


def test_other_doors_are_listed_with_how_the_token_goes(tmp_path: Path) -> None:
    target = load(
        tmp_path,
        SMALLEST
        + """
[[other_channels]]
kind = "sse"
address = "/stream"
token = "query"
parameter = "access_token"
[[other_channels]]
kind = "socketio"
address = "/me"
""",
    )
    assert target.other_channels is not None
    stream, namespace = target.other_channels
    assert (stream.wire, stream.query, stream.headers) == (Wire.SSE, {"access_token": "{token}"}, {})
    assert (namespace.wire, namespace.auth, namespace.query) == (Wire.SOCKET_IO, {"token": "{token}"}, {})


BOTH = 'base_url = "http://127.0.0.1:8080"\nsystems = ["user-state", "shield"]\n'


def test_the_main_channel_of_each_system_is_that_of_its_contract(tmp_path: Path) -> None:
    target = load(tmp_path, BOTH + '[socketio]\nauth = { bearer = "{token}" }\ntransports = ["polling", "websocket"]')
    user_state, shield = target.main("user-state"), target.main("shield")
    assert (user_state.address, user_state.auth) == ("/", {"bearer": "{token}"})
    assert (shield.address, dict(shield.auth)) == ("/shield/ws", {"token": "Bearer {token}"})
    assert user_state.transports == shield.transports == (Transport.POLLING, Transport.WEBSOCKET)


def test_a_profile_says_where_a_main_channel_differs_from_its_contract(tmp_path: Path) -> None:
    text = BOTH + '[channels.shield]\naddress = "/claims"\nauth = { jwt = "{token}" }\ntransports = ["websocket"]'
    shield = load(tmp_path, text).main("shield")
    assert (shield.known_as, shield.address, shield.auth) == ("/shield/ws", "/claims", {"jwt": "{token}"})
    assert shield.transports == (Transport.WEBSOCKET,)


PLANS = 'base_url = "http://127.0.0.1:8080"\nsystems = ["plan-sync"]\n'


def test_a_further_channel_with_parameters_is_there_unless_the_profile_denies_it(tmp_path: Path) -> None:
    target = load(tmp_path, PLANS)
    main, one = target.main("plan-sync"), target.channels["plan-sync", "plan"]
    assert (main.wire, main.address, main.name_at) == (Wire.SSE, "/api/plans/subscribe", "/type")
    assert one.address == "/api/plans/{planId}/subscribe"
    moved = load(tmp_path, PLANS + '[channels.plan-sync.plan]\naddress = "/stream?plan={planId}"\nname_at = false')
    one = moved.channels["plan-sync", "plan"]
    assert (one.known_as, one.address, one.name_at) == (
        "/api/plans/{planId}/subscribe",
        "/stream?plan={planId}",
        None,
    )
    denied = load(tmp_path, PLANS + "[channels.plan-sync]\nplan = false")
    assert list(denied.channels) == [("plan-sync", "plans")]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('[channels.plan-sync.plan]\naddress = "/x/{plan}"', '"channels.plan-sync.plan.address"'),
        ('[channels.plan-sync.plam]\naddress = "/x"', 'unknown key "plam" in [channels.plan-sync]'),
        ('[channels.plan-sync]\nname_at = "type"', 'did you mean "/type"?'),
        ('[channels.plan-sync]\nauth = { token = "{token}" }', "is for Socket.IO, and the channel plans is none"),
        ('[operations.getPlan.answers]\nversion = "ETag"', 'did you mean "/ETag"?'),
    ],
)
def test_what_is_wrong_about_a_channel_is_said(tmp_path: Path, settings: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, PLANS + settings)
    assert sentence in str(caught.value)


def test_a_further_door_to_what_the_main_channel_carries_is_there_where_it_is_named(tmp_path: Path) -> None:
    assert list(load(tmp_path, SMALLEST).channels) == [("user-state", "user")]
    named = load(tmp_path, SMALLEST + "[channels.user-state.stream]")
    assert named.channels["user-state", "stream"].address == "/api/me/stream"


def test_an_operation_that_takes_a_capability_is_there_where_it_is_claimed(tmp_path: Path) -> None:
    assert "advanceTime" not in load(tmp_path, BOTH).operations
    assert "advanceTime" in load(tmp_path, 'capabilities = ["clock"]\n' + BOTH).operations


def test_saying_nothing_about_other_doors_differs_from_saying_that_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, SMALLEST).other_channels is None
    assert load(tmp_path, SMALLEST + "other_channels = []").other_channels == ()


def test_an_environment_overrides_key_by_key(tmp_path: Path) -> None:
    text = (
        SMALLEST
        + '[budgets]\ncall = "3s"\nclose = "2s"\n[environments.staging]\nbase_url = "https://staging.example.com/"\n'
        + '[environments.staging.budgets]\ncall = "9s"\n'
    )
    staging = load(tmp_path, text, "staging")
    assert staging.base_url == "https://staging.example.com"
    assert (staging.budgets.call, staging.budgets.close) == (9.0, 2.0)
    assert staging.environment == "staging"
    assert load(tmp_path, text).budgets.call == 3.0


def test_full_force_is_allowed_by_an_environment_itself_or_not_at_all(tmp_path: Path) -> None:
    text = "allow_hostile = true\n" + SMALLEST + "[environments.live]\n[environments.mine]\nallow_hostile = true\n"
    assert [load(tmp_path, text, name).allow_hostile for name in (None, "mine", "live")] == [True, True, False]
    with pytest.raises(UsageError, match=r"write allow_hostile = true under \[environments.live\]"):
        load(tmp_path, text, "live").require_hostile()


def test_the_check_attacks_unless_the_profile_says_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, SMALLEST).attacks
    assert not load(tmp_path, "attacks = false\n" + SMALLEST).attacks


def test_an_unknown_environment_is_answered_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no \[environments.prod\]; the profile has staging"):
        load(tmp_path, SMALLEST + "[environments.staging]\nallow_load = true", "prod")


def test_a_url_gets_its_identities_from_the_environment(tmp_path: Path) -> None:
    target = profile.for_url(
        "http://127.0.0.1:8080/",
        {
            "EVENTPROOF_ADMIN_EMAIL": "root@x",
            "EVENTPROOF_ADMIN_PASSWORD": "p",
            "EVENTPROOF_USER_EMAILS": "a@x, b@x",
            "EVENTPROOF_USER_PASSWORD": "q",
        },
    )
    assert target.base_url == "http://127.0.0.1:8080"
    assert target.admins[0].email == "root@x"
    assert [user.email for user in target.users] == ["a@x", "b@x"]
    target.require_identities()

    people = _credentials(tmp_path, [{"email": "a@x", "role": "admin"}, {"email": "b@x"}])
    target.require_identities()
    target = profile.for_url("http://127.0.0.1:8080", {"EVENTPROOF_CREDENTIALS": str(people)})
    assert (len(target.admins), len(target.users)) == (1, 1)


def test_a_url_without_identities_says_which_are_missing() -> None:
    target = profile.for_url("http://127.0.0.1:8080", {})
    with pytest.raises(UsageError, match="gives no admin: list them under"):
        target.require_identities()
    target = profile.for_url("http://127.0.0.1:8080", {"EVENTPROOF_ADMIN_TOKEN": "t"})
    with pytest.raises(UsageError, match="gives 0 users where 1 are needed"):
        target.require_identities()


def test_an_unknown_tier_is_answered_with_those_of_the_profile(tmp_path: Path) -> None:
    target = load(tmp_path, SMALLEST)
    assert target.tier("premium").shown == "Premium"
    with pytest.raises(UsageError, match='no tier is named "gold"'):
        target.tier("gold")


def test_a_profile_says_with_what_else_callers_are_refused(tmp_path: Path) -> None:
    assert load(tmp_path, SMALLEST).rest.refused_with == frozenset()
    assert load(tmp_path, f"{SMALLEST}[rest]\nrefused_with = [302, 404]\n").rest.refused_with == {302, 404}


@pytest.mark.parametrize("value", ["404", '["404"]', "[200]", "[500]", "[true]", "[404.0]", "[429]", '"404"'])
def test_what_is_no_status_of_a_refusal_is_said(tmp_path: Path, value: str) -> None:
    with pytest.raises(UsageError, match=r'"rest.refused_with" must be a list of HTTP statuses from 300 to 499'):
        load(tmp_path, f"{SMALLEST}[rest]\nrefused_with = {value}\n")


def test_a_command_may_refuse_by_an_exit_code_and_be_told_who_calls(tmp_path: Path) -> None:
    text = f'{SMALLEST}[operations.banUser]\ncommand = ["true", "{{userId}}"{{more}}]\n'
    silent = load(tmp_path, text.replace("{more}", "")).operations["banUser"]
    told = load(tmp_path, text.replace("{more}", ', "--as={token}"') + "refused = 3\n").operations["banUser"]
    assert isinstance(silent, Command)
    assert isinstance(told, Command)
    assert (silent.refused, silent.tells_caller) == (None, False)
    assert (told.refused, told.tells_caller) == (3, True)


@pytest.mark.parametrize("code", ["0", "256", "-1", "true", '"3"'])
def test_what_is_no_exit_code_of_a_refusal_is_said(tmp_path: Path, code: str) -> None:
    with pytest.raises(UsageError, match=r'"operations.banUser.refused" must be'):
        load(tmp_path, f'{SMALLEST}[operations.banUser]\ncommand = ["./ban"]\nrefused = {code}\n')


@pytest.mark.parametrize("write", [b64encode, urlsafe_b64encode, lambda key: b64encode(key).rstrip(b"=")])
def test_a_secret_in_base64_signs_with_the_bytes_that_it_stands_for(
    tmp_path: Path, write: Callable[[bytes], bytes]
) -> None:
    key = bytes(range(220, 256)) + b"!"
    head, claims = f'{SMALLEST}[jwt]\nsecret_is = "base64"\n', 'claims = { sub = "{id}" }'
    target = load(tmp_path, f'{head}secret = "{write(key).decode()}"\n{claims}\n')
    made = mint(target, Identity("user", id="7"), 0.0, "n")
    assert made is not None
    assert jwt.decode(made, key, ["HS256"]) == {"sub": "7"}


def test_a_profile_can_be_taken_to_another_server(tmp_path: Path) -> None:
    written = tmp_path / "eventproof.toml"
    written.write_text('base_url = "http://127.0.0.1:1"\nallow_hostile = true\nsystems = ["user-state"]\n')
    here, there = profile.load(written, env={}), profile.load(written, env={}, base_url="http://127.0.0.1:2")
    assert (here.base_url, here.allow_hostile) == ("http://127.0.0.1:1", True)
    assert (there.base_url, there.rest.url, there.systems) == ("http://127.0.0.1:2", "http://127.0.0.1:2", here.systems)
    assert not there.allow_hostile  # that was said of the first one


def test_one_that_names_servers_by_their_urls_cannot(tmp_path: Path) -> None:
    written = tmp_path / "eventproof.toml"
    written.write_text('base_url = "http://127.0.0.1:1"\n[rest]\nurl = "http://127.0.0.1:3"\n')
    with pytest.raises(
        UsageError, match=r"\[rest\] names a server by a url of its own.*write a profile of that server"
    ):
        profile.load(written, env={}, base_url="http://127.0.0.1:2")
