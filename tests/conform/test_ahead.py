"""Trials that are held before they are asked for."""

from contextlib import closing
from functools import partial

import pytest

from tests.conform.ahead import Ahead
from tests.conform.trials import Trial, hold


def test_a_trial_that_cannot_be_held_says_why_and_leaves_the_others() -> None:
    unheard_of = [Trial("no-such-fault", "user-state"), Trial("no-such-fault", "shield")]
    with closing(Ahead(unheard_of, partial(hold, share=0))) as ahead:
        for trial in unheard_of:
            with pytest.raises(RuntimeError, match=f"^{trial} did not come to an end: Traceback"):
                ahead.held(trial)
