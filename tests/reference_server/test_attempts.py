"""How often a password may be guessed."""

from reference_server.attempts import MOST, WINDOW, Attempts


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_too_many_tries_in_vain_make_one_wait_until_the_window_has_passed() -> None:
    clock = _Clock()
    attempts = Attempts(clock)
    for _ in range(MOST):
        assert attempts.wait("ada") == 0
        attempts.begin("ada")
    clock.now += 20
    assert attempts.wait("ada") == WINDOW - 20
    assert attempts.wait("bob") == 0
    clock.now += WINDOW - 20
    assert attempts.wait("ada") == 0
    attempts.begin("ada")
    assert attempts.wait("ada") == 0


def test_a_success_is_forgiving() -> None:
    attempts = Attempts(_Clock())
    for _ in range(MOST - 1):
        attempts.begin("ada")
    attempts.succeeded("ada")
    attempts.begin("ada")
    assert attempts.wait("ada") == 0


def test_what_is_remembered_is_bounded() -> None:
    attempts = Attempts(_Clock())
    for number in range(20_000):
        attempts.begin(number)
    assert len(attempts._tries) == 10_000
