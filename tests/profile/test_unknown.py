"""An id that nobody has is of the shape of a known one."""

import re
import string
import uuid
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.unknown import unlike, unlike_text

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHAPES = {
    "uuid": ("0b6e3c1e-4d0f-4f0a-9a3e-2f1f5d5c7b11", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}"),
    "uuid-of-time": (
        "018f3c1e-4d0f-7f0a-8a3e-2f1f5d5c7b11",
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
    ),
    "uuid-upper": (
        "0B6E3C1E-4D0F-4F0A-9A3E-2F1F5D5C7B11",
        r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-9[0-9A-F]{3}-[0-9A-F]{12}",
    ),
    "uuid-in-braces": ("{0b6e3c1e-4d0f-4f0a-9a3e-2f1f5d5c7b11}", r"\{[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}\}"),
    "urn": ("urn:uuid:0b6e3c1e-4d0f-4f0a-9a3e-2f1f5d5c7b11", r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}"),
    "ulid": ("01ARZ3NDEKTSV4RRFFQ69G5FAV", r"01ARZ3NDEK[0-9A-HJKMNP-TV-Z]{16}"),
    "typeid": ("user_01h455vb4pex5vsknk084sn02q", r"user_01h455vb4p[0-9a-hjkmnp-tv-z]{16}"),
    "objectid": ("507f1f77bcf86cd799439011", r"[0-9a-f]{24}"),
    "prefixed-hex": ("usr_ee44e5d3d39144249de2f00c4687ef17", r"usr_[0-9a-f]{12}4[0-9a-f]{3}9[0-9a-f]{15}"),
    "auth0": ("auth0|5f7c8ec7", r"auth0\|[0-9a-f]{8}"),
    "google": ("google-oauth2|103547991597142817347", r"google-oauth2\|[1-9][0-9]{20}"),
    "ksuid": ("0ujsswThIGTUYm2K8FjOOfXtY1K", r"0[0-9A-Za-z]{26}"),
    "nanoid": ("V1StGXR8_Z5jdHi6B-myT", r"[0-9A-Za-z_-]{21}"),
    "cuid": ("cjld2cjxh0000qzrmn831i7rn", r"c[0-9a-z]{24}"),
    "cuid2": ("tz4a98xxat96iws9zmbrgj3a", r"[a-z][0-9a-z]{23}"),
    "snowflake": ("175928847299117063", r"[1-9][0-9]{17}"),
    "stripe": ("cus_NffrFeUfNV2Hib", r"cus_[0-9A-Za-z]{14}"),
    "email": ("jane.doe@example.com", r"[a-z.]{8,}@example\.com"),
    "short-number": ("7", r"[1-9][0-9]{8,9}"),
    "short": ("u1", r"u[1-9][0-9]{8,9}"),
    "name": ("alice", r"a[a-z]{8}"),
    "employee": ("E00123", r"E9[0-9]{4}"),
    "path": ("gid://app/User/7", r"gid://app/User/[1-9][0-9]{8,9}"),
    "base64": ("SGVsbG8gd29ybGQ=", r"[0-9A-Za-z]{15}="),
    "address": ("0x52908400098527886e0f7030069857d2e4169ee7", r"0x[0-9a-f]{40}"),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("known", "shape"), SHAPES.values(), ids=SHAPES)
def test_it_passes_where_the_form_of_a_known_one_is_checked(known: str, shape: str, seed: int) -> None:
    assert re.fullmatch(shape, known) or known.endswith(("7", "1", "123", "alice"))
    made = unlike_text(known, Random(seed))
    assert re.fullmatch(shape, made), made
    assert made != known


@given(st.uuids(), st.integers())
def test_a_uuid_becomes_another_of_its_version(known: uuid.UUID, seed: int) -> None:
    made = uuid.UUID(unlike_text(str(known), Random(seed)))
    assert (made.version, made.variant) == (known.version, known.variant)
    assert made != known


@given(st.from_regex(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True), st.integers())
def test_a_ulid_becomes_one_of_the_same_time(known: str, seed: int) -> None:
    made = unlike_text(known, Random(seed))
    assert len(made) == 26
    assert made[:10] == known[:10]
    assert set(made) <= set(CROCKFORD)


@given(st.integers(min_value=10**8, max_value=2**63 - 1), st.integers())
def test_a_large_number_becomes_one_as_large(known: int, seed: int) -> None:
    made, text = unlike(known, Random(seed)), unlike(str(known), Random(seed))
    assert isinstance(made, int)
    assert len(str(made)) == len(str(known)) == len(str(text))
    assert made < 2**63
    assert (made < 2**31) >= (known < 2**31)


@given(st.integers(min_value=1 - 10**8, max_value=10**8 - 1), st.integers())
def test_a_small_number_becomes_one_that_no_table_has_reached(known: int, seed: int) -> None:
    made = unlike(known, Random(seed))
    assert isinstance(made, int)
    assert 2**30 <= abs(made) < 2**31
    assert (made < 0) == (known < 0)


@given(st.one_of(st.text(), st.text(string.ascii_letters + string.digits + "-_|:@.")), st.integers())
def test_any_text_becomes_another_one_of_at_least_its_length(known: str, seed: int) -> None:
    made = unlike_text(known, Random(seed))
    assert made != known
    assert len(made) >= len(known)
    assert made == unlike_text(known, Random(seed))


@given(st.text(string.ascii_letters + string.digits, min_size=1, max_size=3), st.integers())
def test_a_short_id_becomes_one_that_is_long_enough_to_be_nobodys(known: str, seed: int) -> None:
    assert len(unlike_text(known, Random(seed))) >= 8
