"""A ban storm whose users come in at three a second, whatever rate Locust is told."""

from eventproof import layout
from eventproof.load import plugin
from eventproof.load.entrance import Steady

__all__ = ["Crowd", "Moderator"]

Crowd, Moderator = (getattr(layout.loadtests("ban_storm"), name) for name in ("Crowd", "Moderator"))

plugin.entrance(lambda options, share: Steady(3.0, share))
