"""What a history keeps of frames and payloads."""

import json

from eventproof.client.journal import kept, kept_json


def test_payloads_are_kept_in_depth_and_can_be_written() -> None:
    value = {"a": ["text", {"name": b"\x00\xff"}], "b": 1, "c": None, "d": "\ud800"}
    shown = kept_json(value)
    assert shown == {"a": ["text", {"name": "<2 bytes: 00 ff>"}], "b": 1, "c": None, "d": "?"}
    json.dumps(shown, ensure_ascii=False).encode()


def test_long_frames_are_cut() -> None:
    assert kept("x" * 20_000).endswith("x … (20000 characters in all)")
    assert kept(bytes(100)).startswith("<100 bytes: 00 00")
    assert len(kept(bytes(100_000))) < 300
