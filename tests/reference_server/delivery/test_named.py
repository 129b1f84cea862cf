"""The name of an event that is not valid otherwise."""

import pytest

from reference_server.delivery.incoming import named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('["a"', "a"),
        (' [ "a b" ,', "a b"),
        ('["\\u0061\\""', 'a"'),
        ('["a', None),
        ("[a", None),
        ('["' + "a" * 100 + '"', "a" * 100),
        ('["' + "a" * 101 + '"', None),
        ('["' + "\\" * 65_000, None),
    ],
)
def test_a_name_is_read_as_far_as_it_can_be(text: str, name: str | None) -> None:
    assert named(text) == name
