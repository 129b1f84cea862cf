"""The pack on back ends in Node.js and Python that were not written for it: by a short profile, without a contract."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from eventproof.verdict import ExitCode
from tests.conform import back_ends
from tests.conform.back_ends import JS, BackEnd, Said

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


@contextmanager
def running(command: list[str], folder: Path, profile: str, secret: str, **switches: str) -> Iterator[BackEnd]:
    def profile_of(said: Said) -> str:
        people = [json.dumps({"password": said.get("password"), **person}) for person in said["people"]]
        (folder / "people.ndjson").write_text("\n".join(people), encoding="utf-8")
        return profile.replace("{port}", str(said["port"])).replace("{{", "{").replace("}}", "}")

    secrets_of: Callable[[Said], dict[str, str]] = lambda said: {"PASSWORD": said[secret]}  # noqa: E731 - one line
    with back_ends.running(command, folder, profile_of, secrets_of, **switches) as back_end:
        yield back_end


def check(back_end: BackEnd, *arguments: str) -> back_ends.Ran:
    return back_end.check("--pack", "session", "--json", *arguments)


@pytest.mark.usefixtures("node_modules")
def test_a_node_back_end_is_green(tmp_path: Path) -> None:
    with running(["node", str(JS / "backend.mjs")], tmp_path, STAFFED + BAN, "password") as back_end:
        ran = check(back_end)
    assert ran.ids("pass") == set(ran.requirements) - ran.ids("n/a"), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.usefixtures("node_modules")
def test_another_node_back_end_is_green(tmp_path: Path) -> None:
    with running(["node", str(JS / "members.mjs")], tmp_path, MEMBERS, "secret") as back_end:
        ran = check(back_end)
    assert ran.ids("pass") == set(ran.requirements) - ran.ids("n/a"), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors


def test_a_python_back_end_is_green(tmp_path: Path) -> None:
    command = [sys.executable, str(JS.parent / "conform" / "stock.py")]
    with running(command, tmp_path, STOCK, "secret") as back_end:
        ran = check(back_end)
    assert ran.ids("pass") == set(ran.requirements) - ran.ids("n/a"), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize(
    ("switch", "verdict"), [({"habit": "ban-ends-the-namespace"}, "pass"), ({"bug": "transport-is-trusted"}, "fail")]
)
def test_a_transport_that_outlives_its_namespace_lets_nobody_in(
    tmp_path: Path, switch: dict[str, str], verdict: str
) -> None:
    with running(["node", str(JS / "backend.mjs")], tmp_path, STAFFED + BAN, "password", **switch) as back_end:
        ran = check(back_end, "--only", "SESSION-SILENT-1")
    assert ran.ids(verdict) == {"SESSION-SILENT-1"}, ran.reasons()


@pytest.mark.usefixtures("node_modules")
def test_a_logout_that_leaves_the_sockets_open_is_caught(tmp_path: Path) -> None:
    profile = f'{STAFFED}{LEAVING}[budgets]\nclose = "1s"\n'
    with running(["node", str(JS / "backend.mjs")], tmp_path, profile, "password") as back_end:
        ran = check(back_end, "--only", "SESSION-CLOSE-1")
    assert ran.ids("fail") == {"SESSION-CLOSE-1"}, ran.reasons()
    assert "0 of 8 connections were closed" in ran.requirements["SESSION-CLOSE-1"]["reason"]
    assert ran.code == ExitCode.FAIL, ran.errors


def cookies(folder: Path, bug: str = "") -> AbstractContextManager[BackEnd]:
    command = [sys.executable, str(Path(__file__).with_name("cookies.py"))]
    return running(command, folder, COOKIES, "password", bug=bug)


def test_sessions_in_cookies_are_green_and_leave_every_password_as_it_was(tmp_path: Path) -> None:
    with cookies(tmp_path) as back_end:
        ran, again = check(back_end), check(back_end, "--only", "SESSION-OPEN-1")
    assert set(ran.requirements) == ran.ids("pass"), ran.reasons()
    assert ran.code == again.code == ExitCode.PASS, ran.errors


@pytest.mark.parametrize(
    ("bug", "breaks"),
    [
        ("logout-ends-all", "SESSION-OTHERS-1"),
        ("password-spares-others", "SESSION-CLOSE-1"),
        ("renewed-for-ever", "SESSION-RENEW-1"),
        ("renewing-closes", "SESSION-RENEW-2"),
        ("told-for-a-moment", "SESSION-SILENT-2"),
    ],
)
def test_a_bug_fails_the_requirement_that_it_breaks(tmp_path: Path, bug: str, breaks: str) -> None:
    with cookies(tmp_path, bug) as back_end:
        ran = check(back_end, "--only", breaks)
    assert ran.ids("fail") == {breaks}, ran.reasons()
