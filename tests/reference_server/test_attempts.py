"""How often a password may be guessed, and that guessing keeps nobody else out."""

from pathlib import Path

import pytest

from reference_server import passwords
from reference_server.attempts import Attempts
from reference_server.limits import Limits
from reference_server.refusals import Refusal
from tests.reference_server.house import keep_house

LIMITS = Limits(login_tries=3, login_tries_address=20, login_tries_account=8, logins_remembered=50)
HERE, THERE = "192.0.2.1", "192.0.2.2"


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def attempts(clock: _Clock) -> Attempts:
    return Attempts(LIMITS, clock)


def _guess(attempts: Attempts, address: str, account: str) -> int:
    """Guess in vain; gives the seconds to wait where that is refused, and 0 where it is not."""
    try:
        attempts.check(address, account)
    except Refusal as refusal:
        return int(refusal.headers["Retry-After"])
    attempts.begin(address, account)
    attempts.failed(address, account)
    return 0


def test_too_many_tries_in_vain_make_one_wait_until_the_window_has_passed(attempts: Attempts, clock: _Clock) -> None:
    assert [_guess(attempts, HERE, "ada") for _ in range(4)] == [0, 0, 0, 60]
    clock.now += 20
    assert _guess(attempts, HERE, "ada") == 40
    assert _guess(attempts, HERE, "bob") == 0
    clock.now += 40
    assert _guess(attempts, HERE, "ada") == 0


def test_the_refusal_has_a_code_of_its_own(attempts: Attempts) -> None:
    for _ in range(3):
        _guess(attempts, HERE, "ada")
    with pytest.raises(Refusal) as refused:
        attempts.check(HERE, "ada")
    assert (refused.value.code, refused.value.status) == ("too_many_attempts", 429)


def test_what_is_refused_does_not_count(attempts: Attempts, clock: _Clock) -> None:
    for _ in range(100):
        _guess(attempts, HERE, "ada")
    clock.now += 60
    assert [_guess(attempts, HERE, "ada") for _ in range(4)] == [0, 0, 0, 60]


def test_many_tries_at_once_are_not_all_let_in_before_the_first_has_failed(attempts: Attempts) -> None:
    for _ in range(3):
        attempts.check(HERE, "ada")
        attempts.begin(HERE, "ada")
    assert _guess(attempts, HERE, "ada") > 0
    attempts.take_back(HERE, "ada")
    assert _guess(attempts, HERE, "ada") == 0


def test_a_success_is_forgiving(attempts: Attempts) -> None:
    for _ in range(2):
        _guess(attempts, HERE, "ada")
    attempts.begin(HERE, "ada")
    attempts.succeeded(HERE, "ada")
    assert [_guess(attempts, HERE, "ada") for _ in range(4)] == [0, 0, 0, 60]


def test_made_up_names_make_it_forget_nobody_who_is_stopped(attempts: Attempts) -> None:
    for _ in range(3):
        _guess(attempts, HERE, "ada")
    for number in range(1000):
        _guess(attempts, f"198.51.100.{number}", f"nobody-{number}")
    assert _guess(attempts, HERE, "ada") == 60


def test_guesses_from_one_address_keep_nobody_out_who_is_at_another(attempts: Attempts) -> None:
    for _ in range(100):
        _guess(attempts, HERE, "ada")
    attempts.check(THERE, "ada")


def test_guesses_from_everywhere_are_slowed_and_the_owner_gets_in_at_the_first_try(attempts: Attempts) -> None:
    for number in range(8):
        assert _guess(attempts, f"198.51.100.{number}", "ada") == 0
    assert [_guess(attempts, "203.0.113.1", "ada") for _ in range(2)] == [0, 60]
    attempts.check(THERE, "ada")
    assert [_guess(attempts, "203.0.113.1", "bob") for _ in range(3)] == [0, 0, 0]


def test_an_address_that_guesses_at_many_accounts_has_to_wait_save_for_who_logged_in_there(attempts: Attempts) -> None:
    attempts.succeeded(HERE, "ada")
    assert all(_guess(attempts, HERE, f"name-{number}") == 0 for number in range(20))
    assert _guess(attempts, HERE, "bob") == 60
    attempts.check(HERE, "ada")
    attempts.check(THERE, "bob")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("no address:", "another:", False),
    ],
)
def test_an_address_is_what_one_customer_has(attempts: Attempts, one: str, other: str, same: bool) -> None:
    for _ in range(3):
        _guess(attempts, one, "ada")
    assert (_guess(attempts, other, "ada") > 0) is same


async def test_the_refusal_says_when_to_come_again_and_counts_are_kept_apart_by_account(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(login_tries=2)) as house:
        hashed = await house.services.passwords.hash("the right one")
        ada, bob = await house.person(password=hashed), await house.person(password=hashed)
        login, wrong = f"{house.url}/api/auth/login", {"email": ada.account.email, "password": "wrong"}
        for status in (401, 401, 429):
            async with house.http.post(login, json=wrong) as answer:
                assert answer.status == status
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        for person, status in ((ada, 429), (bob, 200)):
            right = {"email": person.account.email, "password": "the right one"}
            assert (await house.call("POST", "/api/auth/login", json=right))[0] == status


async def test_a_login_that_is_put_off_is_no_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path, limits=Limits(login_tries=2)) as house:

        async def busy(*_: object) -> bool:
            raise Refusal("unavailable", headers={"Retry-After": "5"})

        wrong = {"email": "ada@example.com", "password": "wrong"}
        with monkeypatch.context() as patched:
            patched.setattr(house.services.passwords, "matches", busy)
            for _ in range(5):
                assert (await house.call("POST", "/api/auth/login", json=wrong))[0] == 503
        for status in (401, 401, 429):
            assert (await house.call("POST", "/api/auth/login", json=wrong))[0] == status


async def test_a_name_that_nobody_has_takes_the_same_work_as_one_that_somebody_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        person = await house.person(password=await house.services.passwords.hash("the right one"))
        verified: list[str] = []
        verify = passwords._verify

        def noted(kept: str, password: str) -> bool:
            verified.append(kept.rpartition("$")[0].rpartition("$")[0])
            return verify(kept, password)

        monkeypatch.setattr(passwords, "_verify", noted)
        for email in (person.account.email, "nobody@example.com"):
            wrong = {"email": email, "password": "wrong"}
            assert (await house.call("POST", "/api/auth/login", json=wrong))[0] == 401
        ours, nobodys = verified
        assert ours == nobodys != ""


async def test_what_stops_a_login_is_counted_by_the_limits_name(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(login_tries=1)) as house:
        wrong = {"email": "nobody@example.com", "password": "wrong"}
        for status in (401, 429, 429):
            assert (await house.call("POST", "/api/auth/login", json=wrong))[0] == status
        assert (await house.gauges())['eventproof_limits_met_total{limit="login_tries"}'] == 2
