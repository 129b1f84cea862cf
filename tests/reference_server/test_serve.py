"""`eventproof serve`: each thing that is wrong is one sentence and an exit code."""

import asyncio
import fcntl
import io
import json
import logging
import os
import resource
import socket
import sqlite3
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from eventproof.cli import run
from eventproof.errors import UsageError
from eventproof.verdict import ExitCode
from reference_server import seed as seeding
from reference_server import settings
from reference_server.delivery.conduct import Conduct
from reference_server.faults import FAULTS
from reference_server.limits import LIMITS, Limits, Unit
from reference_server.run import People, running
from reference_server.settings import Settings

VARIABLES = (
    "EVENTPROOF_JWT_SECRET",
    "EVENTPROOF_DATABASE_URL",
    "EVENTPROOF_ADMIN_EMAIL",
    "EVENTPROOF_ADMIN_PASSWORD",
    "EVENTPROOF_DEBUG",
)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A folder of its own, no variables of ours, and the logging that was there before."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `serve` with these arguments; gives the sentence that refused them."""

    def refuse(*arguments: object, code: ExitCode = ExitCode.USAGE) -> str:
        assert run(["serve", "--port", "0", *map(str, arguments)]) == code
        out, err = capsys.readouterr()
        assert out == ""
        (sentence,) = [line for line in err.splitlines() if not line.startswith("{")]
        assert sentence.startswith("eventproof: ")
        return sentence.removeprefix("eventproof: ")

    return refuse


Refused = Callable[..., str]


def _database(folder: Path, version: int = 1) -> Path:
    path = folder / "server.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE eventproof_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO eventproof_schema VALUES (?)", (version,))
    connection.close()
    return path


def test_a_port_in_use_is_named(refused: Refused) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refused("--port", port)
    assert sentence == f"127.0.0.1:{port} is in use by another program: choose another with --port (0 takes a free one)"


def test_a_host_that_is_not_ours_is_named(refused: Refused) -> None:
    assert refused("--host", "192.0.2.1").startswith("cannot listen on 192.0.2.1:0 (")


def test_a_database_that_is_locked_is_to_be_waited_for(refused: Refused, tmp_path: Path) -> None:
    path = _database(tmp_path)
    intruder = sqlite3.connect(path, isolation_level=None)
    intruder.execute("BEGIN EXCLUSIVE")
    sentence = refused("--database-url", f"sqlite:///{path}", code=ExitCode.UNAVAILABLE)
    intruder.close()
    assert sentence == (
        f"the database {path} is locked by another program: wait until it is done or stop it, then start again"
    )


def test_a_database_that_another_server_has_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = _database(tmp_path)
    with (tmp_path / "server.db.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sentence = refused("--database-url", f"sqlite:///{path}", code=ExitCode.UNAVAILABLE)
    assert sentence == (
        f"the database {path} is in use by another server: stop that one, or choose another with --database-url"
    )


def test_a_database_of_another_version_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = _database(tmp_path, version=7)
    sentence = refused("--database-url", f"sqlite:///{path}")
    assert "has version 7 and this server needs version 4" in sentence


def test_a_read_only_database_is_refused(refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _database(tmp_path)
    # Root may write whatever the mode says, so the driver is told to open the file for reading alone.
    connect = sqlite3.dbapi2.connect
    monkeypatch.setattr(
        sqlite3.dbapi2, "connect", lambda name, **options: connect(f"file:{name}?mode=ro", uri=True, **options)
    )
    assert refused("--database-url", f"sqlite:///{path}") == (
        f"the database {path} is read-only: make it writable, or choose another with --database-url"
    )


def test_a_folder_that_cannot_be_written_is_refused(refused: Refused) -> None:
    sentence = refused("--database-url", "sqlite:////proc/nowhere/server.db")
    assert sentence.startswith("the database folder /proc/nowhere cannot be written (")


def test_a_folder_in_place_of_the_database_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert refused("--database-url", f"sqlite:///{tmp_path / 'data'}").startswith("the database")


def test_a_file_that_is_no_database_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "server.db"
    path.write_text("not a database, but long enough to be taken for one by its length alone\n" * 20)
    assert refused("--database-url", f"sqlite:///{path}") == (
        f"{path} is no SQLite database: choose another with --database-url"
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "the database URL cannot be read: write it like sqlite:///folder/server.db"),
        ("mysql://localhost/x", "databases of the kind 'mysql' are not supported: use one of sqlite, postgresql"),
        ("sqlite://", "the database must be a file that outlives the server: write it like sqlite:///folder/server.db"),
        (
            "sqlite:///:memory:",
            "the database must be a file that outlives the server: write it like sqlite:///folder/server.db",
        ),
        ("postgresql://localhost/x", "the driver asyncpg is not installed: pip install asyncpg, or use SQLite"),
    ],
)
def test_a_url_that_names_no_database_is_refused(refused: Refused, url: str, sentence: str) -> None:
    assert refused("--database-url", url) == sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--systems", "nonsense"],
            "there is no system 'nonsense': choose from user-state, shield, plan-sync, studyspot, marketplace",
        ),
        (["--fault", "nonsense"], "there is no fault 'nonsense': `eventproof serve --list-faults` names them"),
        (["--seed", "5"], "--seed and --credentials belong together: give both or neither"),
        (["--credentials", "x"], "--seed and --credentials belong together: give both or neither"),
        (
            ["--create-admin", "a@b.example"],
            "there is no terminal to ask for the password: set EVENTPROOF_ADMIN_PASSWORD",
        ),
        (
            ["--ack-first", "nan"],
            "the command line, limits: ack_first must be a number above 0 and below 1000000000, not nan",
        ),
        (["--config", "nowhere.toml"], "the configuration nowhere.toml cannot be read: No such file or directory"),
    ],
)
def test_a_bad_option_is_refused(
    refused: Refused, arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert refused(*arguments) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("port = ", "is not valid TOML"),
        ("prot = 1", "unknown setting 'prot'; did you mean 'port'?"),
        ("port = 'x'", "port must be a whole number, not negative, not 'x'"),
        ("port = true", "port must be a whole number, not negative, not True"),
        ("systems = 'user-state'", "systems must be a list of texts, not 'user-state'"),
        ("stop_timeout = -1", "stop_timeout must be a number above 0 and below 1000000000, not -1"),
        ("host = 1", "host must be a text, not 1"),
        ("limits = 1", "limits must be a table"),
        ("[limits]\nping = 1", "limits: unknown setting 'ping'"),
        ("[limits]\nmax_rooms = 0", "limits: max_rooms must be a whole number from 1 to 2147483647, not 0"),
        ("[limits]\nmax_rooms = -1", "limits: max_rooms must be a whole number from 1 to 2147483647, not -1"),
        ("[limits]\nmax_rooms = 1.5", "limits: max_rooms must be a whole number from 1 to 2147483647, not 1.5"),
        ("[limits]\nmax_rooms = 9999999999", "limits: max_rooms must be a whole number from 1 to 2147483647"),
        ("[limits]\nmax_attachments = -1", "limits: max_attachments must be a whole number from 0 to 2147483647"),
        ("[limits]\nhead_timeout = -3", "limits: head_timeout must be a number above 0 and below 1000000000, not -3"),
        ("[limits]\nmax_connections = 2000000000", "limits: max_connections may be "),
        ("[limits]\nping_interval = 0", "ping_interval must be a number above 0 and below 1000000000, not 0"),
        ("[limits]\nack_first = 0", "limits: ack_first must be a number above 0 and below 1000000000, not 0"),
        ("[limits]\nack_within = nan", "limits: ack_within must be a number above 0 and below 1000000000, not nan"),
        (
            "[limits]\nreplay_window = true",
            "limits: replay_window must be a number above 0 and below 1000000000, not True",
        ),
        (
            "[limits.shield]\nping_interval = 1",
            "limits, shield: ping_interval holds for the whole server: set it in limits",
        ),
        ("[limits.shield]\nmax_event = 'x'", "limits, shield: max_event must be a whole number"),
        ("[limits.shield]\nmax_events = 1", "limits, shield: unknown setting 'max_events'; did you mean 'max_event'?"),
        ("test_controls = 1", "test_controls must be true or false, not 1"),
        ("log_level = 'loud'", "log_level must be one of debug, info, warning, error, not 'loud'"),
    ],
)
def test_a_bad_configuration_is_refused_with_its_place(
    refused: Refused, tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "server.toml"
    file.write_text(text)
    found = refused("--config", file)
    assert sentence in found
    assert str(file) in found


def test_no_limit_is_less_than_works_or_more_than_anybody_means(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    for limit in LIMITS.values():
        a_time = limit.unit is Unit.SECONDS
        for value in (-1, limit.least if a_time else limit.least - 1, limit.most, "nan", "inf", "true", "'1'"):
            file.write_text(f"[limits]\n{limit.name} = {value}")
            with pytest.raises(UsageError, match=f"^{file}, limits: {limit.name} m(ust|ay) be "):
                settings.load({}, file)
        least = 1e-3 if a_time else limit.least
        file.write_text(f"[limits]\n{limit.name} = {least}")
        assert getattr(settings.load({}, file).limits, limit.name) == least


@pytest.mark.parametrize("value", ["0", "-1", "2147483648"])
def test_limits_are_printed_only_where_they_may_hold(refused: Refused, tmp_path: Path, value: str) -> None:
    file = tmp_path / "server.toml"
    file.write_text(f"[limits]\nmax_rooms = {value}")
    sentence = f"limits: max_rooms must be a whole number from 1 to 2147483647, not {value}"
    assert refused("--config", file, "--limits") == f"{file}, {sentence}"


def test_every_limit_is_printed_with_its_value_its_setting_and_what_it_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nmax_body = 4321\nmax_attachments = 0\n[limits.shield]\nmax_event = 9")
    assert run(["serve", "--limits", "--config", str(file), "--heartbeat-interval", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"4321 bytes  [limits] max_body", "0  [limits] max_attachments", "9 bytes  [limits.shield] max_event"} <= {
        line.strip() for line in lines
    }
    for limit in Limits().lines():
        (at,) = [number for number, line in enumerate(lines) if line.split("  ")[-1].split(",")[0] == limit.setting]
        assert lines[at + 1].strip() == limit.meaning
        assert limit.option is None or lines[at].endswith(limit.option)
    assert any(line.split() == ["7", "s", "[limits]", "ping_interval,", "--heartbeat-interval"] for line in lines)


@pytest.mark.parametrize("more", [["--limits"], []])
def test_more_connections_than_the_system_allows_are_refused(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 1000))
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nmax_connections = 953")
    assert refused("--config", file, *more) == (
        f"{file}, limits: max_connections may be 952 at most here, where the process may open 1000 files "
        "(raise that with `ulimit -n`), not 953"
    )
    file.write_text("[limits]\nmax_connections = 952")
    assert settings.load({}, file).limits.max_connections == 952
    fitted = settings.fitted(Limits())
    assert (fitted.max_connections, fitted.max_strangers) == (952, 951)
    assert settings.fitted(Limits(max_strangers=3)).max_strangers == 3


@pytest.mark.parametrize("more", [["--limits"], []])
def test_too_few_files_for_a_server_are_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (55, 55))
    assert refused(*more) == (
        "this process may open 55 files and needs at least 56: "
        "raise the limit (`ulimit -n` in a shell, LimitNOFILE in systemd), then start again"
    )


def test_a_limit_of_one_system_holds_for_it_alone(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nmax_replay = 7\n[limits.shield]\nmax_event = 9\nreplay_window = 600")
    limits = settings.load({"limits": {"events_a_second": 5}}, file).limits
    assert (limits.of("shield").max_event, limits.of("shield").max_replay) == (9, 7)
    assert (limits.of("plan-sync").max_event, limits.max_event) == (64 * 1024, 64 * 1024)
    assert limits.of("shield").events_a_second == 5
    assert (limits.replay_window, limits.longest_window) == (300, 600)


def test_a_limit_of_an_unknown_system_is_refused(refused: Refused, tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits.sheild]\nmax_event = 9")
    assert refused("--config", file).startswith("there is no system 'sheild'")


def test_a_secret_that_is_too_short_is_refused(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTPROOF_JWT_SECRET", "short")
    sentence = refused()
    assert sentence == "EVENTPROOF_JWT_SECRET is too short: give at least 32 random characters"


def test_a_kept_secret_that_others_can_read_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "server.db.secret"
    path.write_text("x" * 64)
    path.chmod(0o644)
    sentence = refused("--database-url", f"sqlite:///{tmp_path / 'server.db'}")
    assert sentence == f"the secret in {path} can be read by others: chmod 600 it, or remove it to get a new one"


def test_a_kept_secret_that_was_cut_short_is_refused(refused: Refused, tmp_path: Path) -> None:
    path = tmp_path / "server.db.secret"
    path.write_text("x")
    path.chmod(0o600)
    assert "too short" in refused("--database-url", f"sqlite:///{tmp_path / 'server.db'}")


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("nobody", "a long enough password", "'nobody' is no email address: write it like admin@example.com"),
        ("a@b.example", "short", "the administrator's password must have between 12 and 1024 characters"),
        (
            "a@b.example",
            None,
            "EVENTPROOF_ADMIN_EMAIL is set and EVENTPROOF_ADMIN_PASSWORD is not: set both or neither",
        ),
    ],
)
def test_an_administrator_of_the_environment_must_be_whole(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, email: str, password: str | None, sentence: str
) -> None:
    monkeypatch.setenv("EVENTPROOF_ADMIN_EMAIL", email)
    if password is not None:
        monkeypatch.setenv("EVENTPROOF_ADMIN_PASSWORD", password)
    assert refused() == sentence


def test_credentials_that_cannot_be_written_are_named(refused: Refused) -> None:
    sentence = refused("--seed", 1, "--credentials", "/proc/nowhere/x")
    assert sentence.startswith("the credentials /proc/nowhere/x cannot be written (")


def test_the_faults_are_listed_with_what_each_breaks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--list-faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FAULTS)
    assert lines[0].split()[1] == "UST-BAN-1"


def _people(folder: Path, users: int) -> tuple[Settings, People]:
    settings = Settings(port=0, database_url=f"sqlite:///{folder / 'server.db'}")
    return settings, People(
        admins=[("boss@example.com", "a long enough password")], users=users, credentials=folder / "c"
    )


async def _seeded(folder: Path, users: int) -> list[dict[str, str]]:
    import aiohttp

    settings, people = _people(folder, users)
    async with running(settings, people, Conduct()) as server, aiohttp.ClientSession() as http:
        lines = [json.loads(line) for line in (folder / "c").read_text().splitlines()]
        for line in (lines[0], lines[-1]):
            headers = {"Authorization": f"Bearer {line['token']}"}
            async with http.get(f"{server.url}/api/me", headers=headers) as answer:
                assert (await answer.json())["email"] == line["email"]
        for email, password in ((lines[-1]["email"], lines[-1]["password"]), people.admins[0]):
            body = {"email": email, "password": password}
            async with http.post(f"{server.url}/api/auth/login", json=body) as answer:
                assert answer.status == 200
        async with http.post(
            f"{server.url}/api/admin/users/{lines[-1]['id']}/ban",
            headers={"Authorization": f"Bearer {lines[0]['token']}"},
        ) as answer:
            assert answer.status == 200
    return lines


def test_seeding_gives_credentials_that_work_at_the_first_start_and_at_every_other(tmp_path: Path) -> None:
    first = asyncio.run(_seeded(tmp_path, 10))
    counted = Counter(line["role"] for line in first)
    assert (counted.pop("admin"), set(counted.values())) == (seeding.ADMINS, {10})
    assert {"user", "student", "library_owner", "staff"} <= counted.keys()
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600
    again = asyncio.run(_seeded(tmp_path, 12))
    ids = {line["email"]: line["id"] for line in again}
    assert all(ids[line["email"]] == line["id"] for line in first)
    assert again[0]["password"] != first[0]["password"]


def test_what_is_kept_is_the_owners_alone_and_outlives_a_restart(tmp_path: Path) -> None:
    asyncio.run(_seeded(tmp_path, 1))
    secret = (tmp_path / "server.db.secret").read_bytes()
    asyncio.run(_seeded(tmp_path, 1))
    assert (tmp_path / "server.db.secret").read_bytes() == secret
    for path in tmp_path.iterdir():
        if path.name != "server.db.lock":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert not [path for path in tmp_path.iterdir() if str(os.getpid()) in path.name], "no draft is left behind"
