"""An id that nobody has, of the shape that a known one has: what checks the form of ids lets it through.

Pure: randomness is an argument. What tells a kind of id apart (a prefix, the version of a UUID, the time in a ULID, the
domain of an e-mail address) stays, and the rest becomes other letters and digits of the same alphabet.
"""

import re
from random import Random

__all__ = ["unlike", "unlike_text"]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_ULID = re.compile(r"[0-7](?:[0-9ABCDEFGHJKMNPQRSTVWXYZ]{25}|[0-9abcdefghjkmnpqrstvwxyz]{25})$")
_HEX = re.compile(r"(?=.*[a-f])(?=.*[0-9]|.*[-:.])(?:0x)?[0-9a-f]+(?:[-:.][0-9a-f]+)*$", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<name>[^\W\d_]*)(?P<number>\d+)$")
_TAIL = re.compile(r"[^\w]*$")
"""What closes a bracket, or pads base 64."""
_PREFIX = re.compile(r"(?:.*[|:/])?(?:[A-Za-z]{1,16}\d?[_.-])*", re.DOTALL)
"""What tells the kind: `usr_`, `auth0|`, `google-oauth2|`, `urn:uuid:`, `sk_live_`."""

_LETTERS = "bcdfghjkmnpqrtwxy"
"""Letters that every alphabet of ids has: base 32, 36, 58, 62 and 64, Crockford's, and those without look-alikes."""
_DIGITS = "3467"
_FIXED = {12, 16}
"""Where the version and the variant of a UUID stand among its hexadecimal digits."""
_SMALLEST, _LARGEST = 2**30, 2**31 - 1
"""Numbers that no table of a test reached, and every column of integers holds."""
_BOUNDS = (_LARGEST, 2**53 - 1, 2**63 - 1, 2**64 - 1)
"""What numbers are kept in: an id within one of them stays within it."""
_ENOUGH = 9
"""So many decimal digits are not somebody else's by chance; of letters and hexadecimal digits one less."""
_TIME_OF_ULID = 14
"""The characters with the time of a ULID; where it is a UUID of version 7, also its version and variant."""


def unlike(known: str | int, random: Random) -> str | int:
    """An id like this one, a text or a number as it is, and never the same."""
    if isinstance(known, str):
        return unlike_text(known, random)
    made = int(_number(str(abs(known)), random))
    return -made if known < 0 else made


def unlike_text(known: str, random: Random) -> str:
    """As `unlike`, for an id that is a text."""
    while (made := _made(known, random)) == known:
        pass
    return made


def _made(known: str, random: Random) -> str:
    local, _, domain = known.rpartition("@")
    if local and domain:
        return f"{_made(local, random)}@{domain}"
    tail = _TAIL.search(known)
    known, rest = (known, "") if tail is None else (known[: tail.start()], tail[0])
    for form, make in ((_UUID, _hex), (_ULID, _ulid)):
        if (found := form.search(known)) and not known[: found.start()][-1:].isalnum():
            return known[: found.start()] + make(found[0], random) + rest
    prefix = _PREFIX.match(known)
    start = 0 if prefix is None or _HEX.match(known) else prefix.end() % (len(known) or 1)
    return known[:start] + _body(known[start:], random) + rest


def _body(known: str, random: Random) -> str:
    numbered = _NUMBERED.match(known)
    if numbered and (not numbered["name"] or len(known) < _ENOUGH):
        return numbered["name"] + _number(numbered["number"], random)
    if _HEX.match(known):
        return _hex(known, random)
    made = known[:1] + "".join(_letter(letter, random) for letter in known[1:])
    changed = sum(letter.isascii() and letter.isalnum() for letter in known[1:])
    return made + "".join(random.choice(_LETTERS) for _ in range(_ENOUGH - 1 - changed))


def _letter(known: str, random: Random) -> str:
    if not (known.isascii() and known.isalnum()):
        return known
    if known.isdigit():
        return random.choice(_DIGITS)
    made = random.choice(_LETTERS)
    return made.upper() if known.isupper() else made


def _number(known: str, random: Random) -> str:
    """As many digits where they are many enough, and a number that is as large as a database's numbers are."""
    if known.startswith("0") and _ENOUGH > len(known) > 4:
        return "9" + "".join(random.choice("0123456789") for _ in known[1:])
    if len(known) < _ENOUGH:
        return str(random.randint(_SMALLEST, _LARGEST))
    if known.startswith("0"):
        return "0" + "".join(random.choice("0123456789") for _ in known[1:])
    least = 10 ** (len(known) - 1)
    bound = next((bound for bound in _BOUNDS if int(known) <= bound), 10 * least - 1)
    return str(random.randint(least, min(10 * least - 1, bound)))


def _hex(known: str, random: Random) -> str:
    start = 2 if known[:2].lower() == "0x" else 0
    digits = [index for index in range(start, len(known)) if known[index].isalnum()]
    fixed = {digits[place] for place in _FIXED} if len(digits) == 32 else set()
    is_upper = known[start:].isupper()

    def made(letter: str) -> str:
        digit = random.choice("0123456789abcdef")
        return digit.upper() if is_upper or letter.isupper() else digit

    letters = [made(letter) if index in digits and index not in fixed else letter for index, letter in enumerate(known)]
    return "".join(letters) + "".join(made("") for _ in range(_ENOUGH - 1 - len(digits)))


def _ulid(known: str, random: Random) -> str:
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    made = "".join(random.choice(alphabet) for _ in known[_TIME_OF_ULID:])
    return known[:_TIME_OF_ULID] + (made if known.islower() else made.upper())
