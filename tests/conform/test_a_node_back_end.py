"""The check on a back end as Node.js teams write them, with the defaults and the habits of express and socket.io.

`tests/js/members.mjs` recovers the state of connections, so an offset stands behind each event; it chooses its key by
`kid`, checks the form of ids before it looks for them, bans and unbans by one path and method, lets a connection in
before it looks whether its session is still good, and bans with `socket.disconnect()`, which leaves the transport open.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eventproof.verdict import ExitCode
from tests.conform import back_ends
from tests.conform.back_ends import JS, BackEnd

PROFILE = """
base_url = "http://127.0.0.1:{port}"
systems = ["user-state"]
openapi = {openapi}
other_channels = []

[rest]
url = "http://127.0.0.1:{port}/api/v2"
code = "/errorCode"
message = "/error"

[identities]
file = "people.ndjson"

[jwt]
secret_env = "JWT_SECRET"

[operations.login]
path = "/auth/login"
answers = {{ token = "/accessToken", userId = "/member/id", tier = "/member/plan" }}

[operations.logout]
path = "/auth/logout"

[operations.getMe]
path = "/members/me"
answers = {{ userId = "/id", tier = "/plan" }}

[operations.getUser]
path = "/members/{{userId}}"

[operations.useFeature]
method = "GET"
path = "/features/{{feature}}"

[operations.banUser]
method = "PUT"
path = "/members/{{userId}}/standing"
body = {{ standing = "banned" }}

[operations.unbanUser]
method = "PUT"
path = "/members/{{userId}}/standing"
body = {{ standing = "active" }}

[operations.updateUserTier]
method = "POST"
path = "/members/{{userId}}/transitions"
body = {{ plan = "{{tier}}" }}

[tiers.free]
shown = "Free"

[tiers.plus]
shown = "Plus"

[tiers.pro]
shown = "Pro"
unlocks = {{ operation = "useFeature", feature = "exports" }}

[environments.impatient.budgets]
event_arrival = "1s"
close = "1s"
"""


def running(folder: Path, bug: str = "") -> AbstractContextManager[BackEnd]:
    def profile_of(said: back_ends.Said) -> str:
        people = [json.dumps({**person, "password": said["password"]}) for person in said["people"]]
        (folder / "people.ndjson").write_text("\n".join(people), encoding="utf-8")
        return PROFILE.format(port=said["port"], openapi=json.dumps(str(JS / "members.openapi.yaml")))

    command = ["node", str(JS / "members.mjs")]
    return back_ends.running(command, folder, profile_of, lambda said: {"JWT_SECRET": said["secret"]}, bug=bug)


@pytest.fixture(scope="module")
def back_end(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackEnd]:
    with running(tmp_path_factory.mktemp("members")) as back_end:
        yield back_end


def test_it_is_green(back_end: BackEnd) -> None:
    ran = back_end.check("--json")
    assert ran.reasons() == {
        "ALL-LEAK-1": 'the profile does not claim the capability "metrics"',
        "UST-BAN-11": "the profile says that there is no further channel",
    }
    assert ran.code == ExitCode.PASS, ran.errors


def test_a_dry_run_finds_that_nothing_is_missing(back_end: BackEnd) -> None:
    ran = back_end.check("--dry-run")
    assert [line for line in ran.output.splitlines() if not line.startswith("ok ")] == []
    assert ran.code == ExitCode.PASS, ran.errors


def test_a_swarm_sees_a_ban_by_disconnect_through(back_end: BackEnd) -> None:
    ran = back_end.run("swarm", "ban_storm", str(back_end.profile), "--users", "8", "--run-time", "5s", "--json")
    results = json.loads(ran.output)
    (banned,) = [account for account in results["delivery"] if account["event"] == "user.banned"]
    assert banned["delivered"] == banned["expected"] > 0
    assert results["load"]["stragglers"] == []


@pytest.mark.parametrize(
    ("bug", "breaks"),
    [
        ("ban-spares-a-device", "UST-BAN-2"),
        ("ban-without-a-word", "UST-BAN-1"),
        ("old-token-reads-features", "UST-BAN-4"),
        ("old-token-connects", "UST-BAN-5"),
        ("login-of-the-banned", "UST-BAN-6"),
        ("ban-told-to-all", "UST-BAN-7"),
        ("late-joiner-survives", "UST-BAN-10"),
        ("plan-from-the-token", "UST-TIER-3"),
        ("exp-never-looked-at", "UST-CONN-2"),
        ("ban-of-nobody", "UST-ADMIN-2"),
        ("anyone-may-unban", "UST-ADMIN-1"),
        ("unban-revives-tokens", "UST-UNBAN-2"),
        ("trace-in-the-answer", "ALL-MSG-1"),
        ("plan-by-its-key", "UST-TIER-1"),
        ("crash-on-bad-json", "ALL-REST-1"),
        ("malformed-packet-ends-all", "ALL-WIRE-1"),
    ],
)
@pytest.mark.usefixtures("node_modules")
def test_a_bug_in_it_fails_the_requirement_that_it_breaks(tmp_path: Path, bug: str, breaks: str) -> None:
    with running(tmp_path, bug) as back_end:
        ran = back_end.check("--json", "--environment", "impatient", "--only", breaks)
    assert ran.ids("fail") == {breaks}, ran.reasons()
    assert ran.code == ExitCode.FAIL, ran.errors
