"""The pack on back ends in Node.js and Python that were not written for it: by a short profile, without a contract."""

import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from eventproof.verdict import ExitCode
from tests.conform import back_ends
from tests.conform.back_ends import JS, Ran, Said

pytestmark = pytest.mark.measured

STAFFED = """
base_url = "http://127.0.0.1:{port}"
socketio = {{ path = "/rt", auth = {{ bearer = "{{token}}" }} }}
rest.url = "http://127.0.0.1:{port}/v1"
identities.admins = [{{ email = "head-of-staff", password_env = "PASSWORD" }}]
identities.users = [{{ email = "member-{{n}}", first = 17, count = 10, password_env = "PASSWORD" }}]
[session]
begins = {{ path = "/sessions", body = {{ user = "{{email}}", pass = "{{password}}" }}, \
answers = {{ token = "/data/access" }} }}
shows = {{ path = "/profile", answers = {{ userId = "/data/account/no" }} }}
channels.main = {{ kind = "socketio" }}
channels.desk = {{ kind = "socketio", address = "/desk" }}
channels.feed = {{ kind = "sse", address = "/v1/feed", query = {{ access = "{{token}}" }} }}
"""
BAN = """
ends.ban = { identity = "admin", method = "DELETE", path = "/staff/members/{userId}/access", again = false, \
undo = { path = "/staff/pardons", body = { member = "{userId}" } } }
"""
LEAVING = """
ends.leaving = { method = "DELETE", path = "/sessions/current" }
"""
MEMBERS = """
base_url = "http://127.0.0.1:{port}"
rest.url = "http://127.0.0.1:{port}/api/v2"
identities.file = "people.ndjson"
jwt.secret_env = "PASSWORD"
[session]
begins = {{ path = "/auth/login", body = {{ email = "{{email}}", password = "{{password}}" }}, \
answers = {{ token = "/accessToken" }} }}
shows = {{ path = "/members/me", answers = {{ userId = "/id" }} }}
channels.main = {{ kind = "socketio" }}
[session.ends.ban]
identity = "admin"
method = "PUT"
path = "/members/{{userId}}/standing"
body = {{ standing = "banned" }}
again = false
undo = {{ method = "PUT", path = "/members/{{userId}}/standing", body = {{ standing = "active" }} }}
"""
STOCK = """
base_url = "http://127.0.0.1:{port}"
identities.file = "people.ndjson"
[session]
begins = {{ path = "/api/auth/login", body = {{ email = "{{email}}", password = "{{password}}" }}, \
answers = {{ token = "/token", userId = "/user/id" }} }}
shows = {{ path = "/api/me" }}
channels.main = {{ kind = "socketio" }}
ends.ban = {{ identity = "admin", path = "/api/admin/users/{{userId}}/ban", again = false, \
undo = {{ path = "/api/admin/users/{{userId}}/unban" }} }}
"""
COOKIES = """
base_url = "http://127.0.0.1:{port}"
rest.headers = {{ Cookie = "sid={{token}}" }}
identities.admins = [{{ email = "head", password_env = "PASSWORD" }}]
identities.users = [{{ email = "user-{{n}}", count = 6, password_env = "PASSWORD" }}]
budgets = {{ close = "1s" }}
[session]
shows = {{ path = "/me" }}
renews = {{ identity = "anyone", path = "/renew", body = {{ renewal = "{{renewal}}" }}, \
answers = {{ token = "$response.cookie.sid" }} }}
tells = {{ identity = "admin", path = "/tell" }}
channels.stream = {{ kind = "sse", address = "/stream" }}
ends.leaving = {{ path = "/logout" }}
ends.revoking = {{ identity = "admin", method = "DELETE", path = "/sessions/{{number}}", ends = "this" }}
[session.begins]
path = "/login"
body = {{ user = "{{email}}", password = "{{password}}" }}
answers = {{ token = "$response.cookie.sid", number = "/session", renewal = "/renewal" }}
[session.ends.password]
path = "/password"
body = {{ old = "{{password}}", new = "{{newPassword}}" }}
ends = "others"
undo = {{ identity = "user", path = "/password", body = {{ old = "{{newPassword}}", new = "{{password}}" }} }}
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """A back end with its profile, and the requirements that are checked, all where none is named."""

    command: tuple[str, ...]
    profile: str
    secret: str = "password"
    """What it says its secret is called."""
    only: str = ""
    bug: str = ""
    habit: str = ""
    still: str = ""
    """A requirement that holds afterwards, in a check of its own."""

    def run(self, folder: Path) -> Ran:
        """The check of it, while it runs for that alone."""
        secrets_of: Callable[[Said], dict[str, str]] = lambda said: {"PASSWORD": said[self.secret]}  # noqa: E731

        def profile_of(said: Said) -> str:
            people = [json.dumps({"password": said.get("password"), **person}) for person in said["people"]]
            (folder / "people.ndjson").write_text("\n".join(people), encoding="utf-8")
            return self.profile.replace("{port}", str(said["port"])).replace("{{", "{").replace("}}", "}")

        chosen = ("--only", self.only) if self.only else ()
        with back_ends.running(
            self.command, folder, profile_of, secrets_of, bug=self.bug, habit=self.habit
        ) as back_end:
            ran = back_end.check("--pack", "session", "--json", *chosen)
            if self.still:
                again = back_end.check("--pack", "session", "--only", self.still)
                assert again.code == ExitCode.PASS, again.errors
        return ran


NODE: Final = ("node", str(JS / "backend.mjs"))
COOKIE_JAR: Final = (sys.executable, str(Path(__file__).with_name("cookies.py")))
BREAKS: Final = {
    "logout-ends-all": "SESSION-OTHERS-1",
    "password-spares-others": "SESSION-CLOSE-1",
    "renewed-for-ever": "SESSION-RENEW-1",
    "renewing-closes": "SESSION-RENEW-2",
    "told-for-a-moment": "SESSION-SILENT-2",
}
"""The bugs of the back end with cookies, and the requirement that each breaks."""
TRIALS: Final[Mapping[str, Trial]] = {
    "node": Trial(NODE, STAFFED + BAN),
    "another node": Trial(("node", str(JS / "members.mjs")), MEMBERS, "secret"),
    "python": Trial((sys.executable, str(JS.parent / "conform" / "stock.py")), STOCK, "secret"),
    "cookies": Trial(COOKIE_JAR, COOKIES, still="SESSION-OPEN-1"),
    "transport outlives": Trial(NODE, STAFFED + BAN, only="SESSION-SILENT-1", habit="ban-ends-the-namespace"),
    "transport is trusted": Trial(NODE, STAFFED + BAN, only="SESSION-SILENT-1", bug="transport-is-trusted"),
    "logout leaves sockets": Trial(NODE, f'{STAFFED}{LEAVING}[budgets]\nclose = "1s"\n', only="SESSION-CLOSE-1"),
    **{bug: Trial(COOKIE_JAR, COOKIES, only=breaks, bug=bug) for bug, breaks in BREAKS.items()},
}
AT_ONCE: Final = 4


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Future[Ran]]:
    """Each of them, several at a time, those that take longest first: they wait more than they work."""
    possible = {name: one for name, one in TRIALS.items() if one.command[0] != "node" or (JS / "node_modules").is_dir()}
    folders = [tmp_path_factory.mktemp("trial") for _ in possible]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {name: pool.submit(one.run, at) for (name, one), at in zip(possible.items(), folders, strict=True)}


def is_green(ran: Ran) -> None:
    assert ran.ids("pass") == set(ran.requirements) - ran.ids("n/a"), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize("name", ["node", "another node"])
def test_a_node_back_end_is_green(ran: Mapping[str, Future[Ran]], name: str) -> None:
    is_green(ran[name].result())


def test_a_python_back_end_is_green(ran: Mapping[str, Future[Ran]]) -> None:
    is_green(ran["python"].result())


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize(("name", "verdict"), [("transport outlives", "pass"), ("transport is trusted", "fail")])
def test_a_transport_that_outlives_its_namespace_lets_nobody_in(
    ran: Mapping[str, Future[Ran]], name: str, verdict: str
) -> None:
    checked = ran[name].result()
    assert checked.ids(verdict) == {"SESSION-SILENT-1"}, checked.reasons()


@pytest.mark.usefixtures("node_modules")
def test_a_logout_that_leaves_the_sockets_open_is_caught(ran: Mapping[str, Future[Ran]]) -> None:
    checked = ran["logout leaves sockets"].result()
    assert checked.ids("fail") == {"SESSION-CLOSE-1"}, checked.reasons()
    assert "0 of 8 connections were closed" in checked.requirements["SESSION-CLOSE-1"]["reason"]
    assert checked.code == ExitCode.FAIL, checked.errors


def test_sessions_in_cookies_are_green_and_leave_every_password_as_it_was(ran: Mapping[str, Future[Ran]]) -> None:
    checked = ran["cookies"].result()
    assert set(checked.requirements) == checked.ids("pass"), checked.reasons()
    assert checked.code == ExitCode.PASS, checked.errors


@pytest.mark.parametrize("bug", BREAKS)
def test_a_bug_fails_the_requirement_that_it_breaks(ran: Mapping[str, Future[Ran]], bug: str) -> None:
    checked = ran[bug].result()
    assert checked.ids("fail") == {BREAKS[bug]}, checked.reasons()
