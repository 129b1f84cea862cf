"""What our own command hands to the Locust process that it starts, by environment; Locust by hand needs none of it."""

COMMAND = "EVENTPROOF_COMMAND"
"""What a person typed, and what repeats the run."""

WINDOW = "EVENTPROOF_WINDOW"
"""The descriptor of the socket on which it shows how the run stands."""
