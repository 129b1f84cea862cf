"""The load generator of one process, without a target: what it measures when nobody acts."""

from collections.abc import Iterator

import gevent
import pytest

from eventproof import profile
from eventproof.load.admission import Share
from eventproof.load.generator import Generator
from eventproof.load.saturation import Limits


@pytest.fixture
def generator() -> Iterator[Generator]:
    target = profile.for_url("http://127.0.0.1:1", env={})
    generator = Generator(
        target, system="user-state", share=Share(), deadline=1, limits=Limits(), seed=0, report=lambda *_: None
    )
    yield generator
    generator.close()


def test_an_action_with_nobody_to_act_on_is_counted(generator: Generator) -> None:
    assert generator.pick() is None
    assert generator.account().count("omitted") == 1


def test_a_process_without_an_admin_is_measured(generator: Generator) -> None:
    generator.all_spawned()
    gevent.sleep(0.5)
    account = generator.account()
    assert account.seconds > 0
    assert len(account.samples("loop_lag")) > 0
    assert {gauge.name: gauge.value for gauge in account.gauges}["processor use of one core"] > 0
