"""Session tokens: what is read at once is read as the library reads it."""

from typing import Any

import jwt
import pytest

from reference_server.accounts.account import Account, Session, Tier
from reference_server.refusals import Refusal
from reference_server.tokens import ALGORITHM, Tokens

NOW = 1_800_000_000.0
SECRET = b"k" * 48
TOKENS = Tokens(SECRET, lifetime=3600.0, leeway=5.0, clock=lambda: NOW)
ACCOUNT = Account("usr_1", "a@example.com", "user", Tier.FREE, banned=False, epoch=3)
CLAIMS = {"sub": "usr_1", "jti": "t1", "iat": int(NOW), "exp": int(NOW) + 60, "epoch": 3, "role": "user"}


def _signed(secret: bytes = SECRET, algorithm: str = ALGORITHM, headers: Any = None, **claims: Any) -> str:
    payload = {name: value for name, value in (CLAIMS | claims).items() if value != "left out"}
    return jwt.encode(payload, secret, algorithm=algorithm, headers=headers)


def _altered(token: str, part: int, by: str) -> str:
    parts = token.split(".")
    parts[part] = by + parts[part][len(by) :]
    return ".".join(parts)


def test_what_was_issued_is_read() -> None:
    session = TOKENS.read(TOKENS.issue(ACCOUNT))
    assert (session.user_id, session.epoch, session.expires_at) == ("usr_1", 3, NOW + 3600)
    assert session.token_id


READ = {
    "as we issue it": _signed(),
    "a claim more": _signed(tier="free"),
    "a claim less": _signed(role="left out"),
    "no epoch": _signed(epoch="left out"),
    "another header": _signed(headers={"kid": "1"}),
    "a user whose id is not ASCII": _signed(sub="jürgen"),
    "an expiry with a fraction": _signed(exp=NOW + 0.5),
    "issued a little ahead": _signed(iat=int(NOW) + 5),
    "another secret": _signed(b"j" * 48),
    "another algorithm": _signed(b"k" * 64, algorithm="HS512"),
    "no signature": _signed().rpartition(".")[0] + ".",
    "a longer signature": _signed() + "A",
    "a padded signature": _signed() + "=",
    "another payload": _altered(_signed(), 1, "eyJzdWIiOiJ1c3JfMiI"),
    "another head": _altered(_signed(), 0, "eyJhbGciOiJub25lIi"),
    "expired": _signed(exp=int(NOW)),
    "not valid yet": _signed(nbf=int(NOW) + 60),
    "issued far ahead": _signed(iat=int(NOW) + 60),
    "no expiry": _signed(exp="left out"),
    "no session": _signed(jti="left out"),
    "an expiry that is no number": _signed(exp="soon"),
    "an expiry that never comes": _signed(exp=float("inf")),
    "a user that is no text": _signed(sub=1),
    "a session that is no text": _signed(jti=1),
    "an epoch that is no number": _signed(epoch="3"),
    "two tokens": f"{_signed()}.{_signed()}",
    "no token": "x",
    "no ASCII": _signed() + "ü",
    "dots": "..",
}


@pytest.mark.parametrize("token", READ.values(), ids=READ)
def test_a_token_is_read_as_the_library_reads_it(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    def outcome() -> Session | str:
        try:
            return TOKENS.read(token)
        except Refusal as refused:
            return refused.code

    ours = outcome()
    monkeypatch.setattr(Tokens, "_own", lambda *_: None)
    assert outcome() == ours


def test_only_a_token_of_ours_is_read_at_once() -> None:
    at_once = {name for name, token in READ.items() if TOKENS._own(token) is not None}
    assert "as we issue it" in at_once
    assert not {"another secret", "another algorithm", "another header", "another payload", "a claim more"} & at_once


def test_a_token_that_is_known_expires_all_the_same() -> None:
    now = [1000.0]
    tokens = Tokens(b"s" * 32, 60.0, 0.0, lambda: now[0])
    token = tokens.issue(ACCOUNT)
    assert tokens.read(token, again=True) == tokens.read(token, again=True)
    now[0] = 1061.0
    with pytest.raises(Refusal) as refused:
        tokens.read(token, again=True)
    assert refused.value.code == "token_expired"


def test_only_so_many_tokens_are_known() -> None:
    tokens = Tokens(b"s" * 32, 60.0, 0.0, lambda: 1000.0)
    for _ in range(1100):
        tokens.read(tokens.issue(ACCOUNT), again=True)
    assert len(tokens._known) == 1024
