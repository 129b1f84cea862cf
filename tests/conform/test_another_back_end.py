"""The check on a back end that is not ours, in another language and of another shape: by a profile, without code.

`tests/js/backend.mjs` differs from our documents in all that a profile can tell: paths, methods, fields, names of
tiers, ids that are numbers, tokens that say nothing, refusals, the Socket.IO path and what CONNECT carries.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from eventproof.conform import rehearsal
from eventproof.errors import TargetUnavailable
from eventproof.verdict import ExitCode
from tests.conform import back_ends
from tests.conform.back_ends import JS, BackEnd

PROFILE = """
base_url = "http://127.0.0.1:{port}"
systems = ["user-state"]
openapi = {openapi}

[socketio]
path = "/rt"
auth = {{ bearer = "{{token}}" }}

[rest]
url = "http://127.0.0.1:{port}/v1"
code = "/code"
message = "/detail"

[[identities.admins]]
id = 1
email = "head-of-staff"
password_env = "MEMBER_PASSWORD"

[[identities.users]]
email = "member-{{n}}"
first = 17
count = 10
password_env = "MEMBER_PASSWORD"

[jwt]
expired_env = "EXPIRED_TOKEN"

[operations]
getUser = false

[operations.login]
path = "/sessions"
body = {{ user = "{{email}}", pass = "{{password}}" }}
answers = {{ token = "/data/access", userId = "/data/account/no", tier = "/data/account/plan" }}

[operations.logout]
method = "DELETE"
path = "/sessions/current"

[operations.getMe]
path = "/profile"
answers = {{ userId = "/data/account/no", tier = "/data/account/plan" }}

[operations.useFeature]
path = "/exports"

[operations.banUser]
method = "DELETE"
path = "/staff/members/{{userId}}/access"

[operations.unbanUser]
path = "/staff/pardons"
body = {{ member = "{{userId}}" }}

[operations.updateUserTier]
method = "PATCH"
path = "/staff/members/{{userId}}"
body = {{ plan = "{{tier}}" }}

[tiers.starter]
shown = "Starter"

[tiers.plus]
shown = "Plus"

[tiers.pro]
shown = "Pro"
unlocks = {{ operation = "useFeature" }}

[[other_channels]]
kind = "socketio"
address = "/desk"

[[other_channels]]
kind = "sse"
address = "/v1/feed"
token = "query"
parameter = "access"

[environments.impatient.budgets]
close = "1s"
"""


def running(folder: Path, bug: str = "", habit: str = "") -> AbstractContextManager[BackEnd]:
    openapi = json.dumps(str(JS / "backend.openapi.yaml"))
    return back_ends.running(
        ["node", str(JS / "backend.mjs")],
        folder,
        lambda said: PROFILE.format(port=said["port"], openapi=openapi),
        lambda said: {"MEMBER_PASSWORD": said["password"], "EXPIRED_TOKEN": said["expired"]},
        bug=bug,
        habit=habit,
    )


@pytest.fixture(scope="module")
def back_end(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackEnd]:
    with running(tmp_path_factory.mktemp("back-end")) as back_end:
        yield back_end


def test_it_passes_by_its_profile_alone(back_end: BackEnd, tmp_path: Path) -> None:
    ran = back_end.check("--json", "--results", str(tmp_path / "results"))
    assert ran.reasons() == {"ALL-LEAK-1": 'the profile does not claim the capability "metrics"'}
    assert ran.code == ExitCode.PASS, ran.errors
    written = [file.read_text(encoding="utf-8") for file in (tmp_path / "results").iterdir()]
    assert not [secret for secret in back_end.secrets.values() for text in [*written, ran.errors] if secret in text]
    history = (tmp_path / "results" / "history.ndjson").read_text(encoding="utf-8")
    assert history.count('"access": "[redacted]"') == history.count('"access"') > 0


def test_a_dry_run_finds_that_nothing_is_missing(back_end: BackEnd) -> None:
    ran = back_end.check("--dry-run")
    assert [line for line in ran.output.splitlines() if not line.startswith("ok ")] == []
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.parametrize(
    ("bug", "breaks", "whole"),
    [
        ("ban-forgets-other-device", "UST-BAN-2", {"UST-BAN-4", "UST-BAN-6", "UST-TIER-5"}),
        ("transport-is-trusted", "UST-BAN-2", {"UST-BAN-4", "UST-BAN-5", "UST-BAN-6"}),
        ("tells-who-left", "UST-BAN-2", {"UST-BAN-4", "UST-BAN-6", "UST-BAN-8"}),
        ("token-lives-on", "UST-BAN-4", {"UST-BAN-1", "UST-BAN-6", "UST-TIER-5"}),
        ("tier-told-to-all", "UST-TIER-5", {"UST-BAN-1", "UST-BAN-4", "UST-TIER-3"}),
    ],
)
@pytest.mark.usefixtures("node_modules")
def test_a_bug_in_it_fails_the_requirement_that_it_breaks(
    tmp_path: Path, bug: str, breaks: str, whole: set[str]
) -> None:
    only = [argument for line in sorted({breaks, *whole}) for argument in ("--only", line)]
    with running(tmp_path, bug) as back_end:
        ran = back_end.check("--json", "--environment", "impatient", *only)
    assert ran.code == ExitCode.FAIL, ran.errors
    assert ran.ids("fail") == {breaks}
    assert ran.ids("pass") == whole


@pytest.mark.usefixtures("node_modules")
def test_a_ban_may_end_the_namespace_and_leave_the_transport(tmp_path: Path) -> None:
    bans = {f"UST-BAN-{number}" for number in range(1, 13)}
    only = [argument for line in sorted(bans) for argument in ("--only", line)]
    with running(tmp_path, habit="ban-ends-the-namespace") as back_end:
        ran = back_end.check("--json", *only)
    assert {line: ran.requirements[line]["reason"] for line in bans - ran.ids("pass")} == {}
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.parametrize(
    ("here", "instead", "sentence"),
    [
        ('auth = { bearer = "{token}" }', "", "unauthorized; see auth under [socketio]"),
        ('parameter = "access"', "", "see the address, the token and the parameter under [[other_channels]]"),
        ('token = "/data/access"', 'token = "/token"', "values at /data/access, /data/account/no, /data/account/user"),
        ('pass = "{password}"', 'word = "{password}"', "see [operations.login] and the password of head-of-staff"),
        ("[tiers.plus]", "[tiers.plush]", 'for the tier "plush": see [operations.updateUserTier]'),
        ('message = "/detail"', "", "has no message at /error/message: correct code and message under [rest]"),
        ("getUser = false", "", "correct method and path in [operations.getUser], or write getUser = false"),
    ],
)
def test_a_dry_run_names_the_setting_to_correct(back_end: BackEnd, here: str, instead: str, sentence: str) -> None:
    assert sentence in rehearsal.text_of(rehearsal.dry_run(back_end.target(here, instead)))


def test_a_wrong_socketio_path_is_told_from_a_server_that_is_not_there(back_end: BackEnd) -> None:
    with pytest.raises(TargetUnavailable, match=r"see path \(now /socket.io/\) and transports under \[socketio\]"):
        rehearsal.dry_run(back_end.target('path = "/rt"', ""))
