"""`--wait TIME`: a server that is still starting is waited for, and so long only."""

from pathlib import Path

import pytest

from eventproof import catalog, cli, profile
from eventproof.conform import waiting
from eventproof.errors import TargetUnavailable, UsageError
from eventproof.verdict import ExitCode

KNOWN = catalog.load()


class Looks:
    """A target that answers at the third look."""

    def __init__(self, *said: Exception) -> None:
        self.said = list(said)

    def __call__(self, *_: object) -> None:
        if self.said:
            raise self.said.pop(0)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_PAUSE", 0.001)


def test_it_goes_on_as_soon_as_the_target_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(TargetUnavailable("nobody listens"), TargetUnavailable("not yet"))
    monkeypatch.setattr(waiting, "probe", looks)
    waiting.wait_for(profile.for_url("http://127.0.0.1:9", env={}), KNOWN, 60)
    assert looks.said == []


def test_what_more_waiting_does_not_mend_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(UsageError("the OpenAPI document is none"), TargetUnavailable("nobody listens"))
    monkeypatch.setattr(waiting, "probe", looks)
    with pytest.raises(UsageError):
        waiting.wait_for(profile.for_url("http://127.0.0.1:9", env={}), KNOWN, 60)
    assert len(looks.said) == 1


@pytest.mark.parametrize("verb", ["check", "swarm"])
def test_a_target_that_does_not_come_is_unavailable(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run([verb, "http://127.0.0.1:9", "--wait", "50ms"]) == ExitCode.UNAVAILABLE
    assert "waited 0.05 s for it" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("profile_text", "arguments"),
    [
        (
            '[session]\nshows = { path = "/me" }\nchannels.main = { kind = "socketio" }\n'
            'begins = { path = "/login", answers = { token = "/token" } }\nends.leaving = { path = "/logout" }\n'
            '[[identities.users]]\nemail = "u{n}@example.com"\ncount = 4\npassword = "p"\n',
            ["--pack", "session"],
        ),
        (
            '[contracts.news]\nasyncapi = "news.yaml"\n[[identities.users]]\ntoken = "u{n}"\ncount = 4\n',
            [],
        ),
    ],
    ids=["the pack", "a contract of one's own"],
)
def test_what_is_no_system_of_ours_is_waited_for_as_well(
    profile_text: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eventproof.toml").write_text(f'base_url = "http://127.0.0.1:9"\n{profile_text}')
    Path("news.yaml").write_text(
        "asyncapi: 3.0.0\ninfo: {title: News, version: '1'}\nservers: {a: {host: h, protocol: ws}}\n"
        "channels: {n: {address: /n, messages: {m: {name: m, payload: {type: object}}}}}\n"
        "operations: {o: {action: send, channel: {$ref: '#/channels/n'}}}\n"
    )
    assert cli.run(["check", "--wait", "50ms", *arguments]) == ExitCode.UNAVAILABLE
    assert "waited 0.05 s for it" in capsys.readouterr().err


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "http://127.0.0.1:9", "--wait", "soon"]) == ExitCode.USAGE
    assert "must be a duration" in capsys.readouterr().err
