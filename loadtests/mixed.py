"""All five systems at once: each with its own users and its own account, on one server; nothing is left behind.

Every scenario does what it does alone, with its options and its objectives. What one system tells may reach nobody of
another; and when everybody has left, the target holds what it held before, which takes one that nobody else uses.

locust -f loadtests/mixed.py --target eventproof.toml --admins 5
eventproof swarm mixed --users 1000 --admins 10 --spawn-rate 200 --run-time 1m
"""

from typing import TYPE_CHECKING

from eventproof import layout
from eventproof.load import plugin

if TYPE_CHECKING:
    from loadtests.ban_storm import Crowd, Moderator
    from loadtests.booking_rush import Learner, Librarian
    from loadtests.claims import Adjuster, Policyholder
    from loadtests.plan_watch import Editor, Subscriber
    from loadtests.storefront import Shopkeeper, Shopper
else:
    # Each of them says which system it is about, before it defines its users.
    Crowd, Moderator = (getattr(layout.loadtests("ban_storm"), name) for name in ("Crowd", "Moderator"))
    Policyholder, Adjuster = (getattr(layout.loadtests("claims"), name) for name in ("Policyholder", "Adjuster"))
    Subscriber, Editor = (getattr(layout.loadtests("plan_watch"), name) for name in ("Subscriber", "Editor"))
    Learner, Librarian = (getattr(layout.loadtests("booking_rush"), name) for name in ("Learner", "Librarian"))
    Shopper, Shopkeeper = (getattr(layout.loadtests("storefront"), name) for name in ("Shopper", "Shopkeeper"))

__all__ = [
    "Adjuster",
    "Crowd",
    "Editor",
    "Learner",
    "Librarian",
    "Moderator",
    "Policyholder",
    "Shopkeeper",
    "Shopper",
    "Subscriber",
]

# What somebody has not acknowledged stays with the target when they have left: that is its duty, and not left behind.
plugin.default("--silent-share", 0.0)
plugin.default("--late-share", 0.0)
# One admin edits here what several do where they are alone: of more plans, fewer edits wait for the one before.
plugin.default("--plans", 20)
plugin.together("leaked == 0", "lost == 0", "left_behind == 0")
