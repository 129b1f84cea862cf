"""What each channel carries, when systems share them."""

from dataclasses import replace

import pytest

from eventproof.catalog import Wire
from eventproof.errors import ContractError
from reference_server.delivery.channels import Channels
from reference_server.delivery.options import ChannelOptions
from reference_server.refusals import contracts

USER_STATE, SHIELD = contracts().system("user-state"), contracts().system("shield")
OTHER = replace(USER_STATE, name="other")


def test_an_event_is_that_of_its_system_alone_whatever_others_call_theirs() -> None:
    channels = Channels()
    channels.add(USER_STATE, {})
    channels.add(SHIELD, {"shield": ChannelOptions(pushes=frozenset({"claim_paid"}), replays=True)})
    assert channels.carries("/", "user-state", "user.banned")
    assert not channels.carries("/", "shield", "user.banned")
    assert not channels.carries("/", "shield", "claim_paid")
    assert (channels.pushes("shield", "claim_paid"), channels.pushes("user-state", "claim_paid")) == (True, False)
    assert (channels.keeps("shield"), channels.keeps("user-state")) == (True, False)


def test_the_systems_of_a_channel_stand_in_the_order_in_which_they_are_served() -> None:
    channels = Channels()
    channels.add(OTHER, {})
    channels.add(USER_STATE, {"user": ChannelOptions(codes={"token_missing": "AUTH_INVALID"})})
    assert [served.system for served in channels.at("/")] == ["other", "user-state"]
    assert [channel.address for channel in channels].count("/") == 1
    assert channels.listening("/") == ()
    assert channels.code("/", "token_missing") == "AUTH_INVALID"
    assert channels.code("/me", "token_missing") == "token_missing"


def test_options_of_a_channel_that_the_contract_does_not_have_are_refused() -> None:
    with pytest.raises(ContractError, match="shield: there is no channel 'sheild' that could have options"):
        Channels().add(SHIELD, {"sheild": ChannelOptions()})


def test_an_address_that_two_systems_speak_in_two_ways_is_refused() -> None:
    channels = Channels()
    channels.add(USER_STATE, {})
    with pytest.raises(ContractError, match="other and user-state differ in how / is spoken: give one"):
        channels.add(replace(OTHER, channels=(replace(USER_STATE.channels[0], wire=Wire.WEBSOCKET),)), {})
