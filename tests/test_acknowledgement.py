"""What acknowledgements of several servers say: yes, or no."""

from typing import Any

import pytest

from eventproof.acknowledgement import is_refusal


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (None,),
        (True,),
        ("ok",),
        ({"joined": "lib_1"},),
        ({"ok": True},),
        ({"success": True, "data": {"error": "none"}},),
        ({"status": "joined"},),
        ({"status": 200},),
        ({"error": None},),
        (None, {"joined": "lib_1"}),
        ("", "lib_1"),
        ("OK", 123),
        ({"ok": True, "message": "Joined."}, 1),
        ({"code": "lib_1"},),
    ],
    ids=str,
)
def test_it_did_what_it_was_asked_for(arguments: tuple[Any, ...]) -> None:
    assert not is_refusal(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ({"error": {"code": "forbidden", "message": "Not yours."}},),
        ({"error": "forbidden"},),
        ({"err": "no"},),
        ({"ok": False},),
        ({"success": False, "message": "No."},),
        ({"status": "error"},),
        ({"status": "Forbidden"},),
        ({"status": 403},),
        ({"statusCode": 403},),
        ({"code": 404, "message": "There is none."},),
        ({"status": "not_found"},),
        ({"type": "error"},),
        ({"errors": [{"message": "no"}]},),
        ({"message": "no such library"}, None),
        (False,),
        ("not allowed", None),
        ("Error: no", {}),
    ],
    ids=str,
)
def test_it_did_not(arguments: tuple[Any, ...]) -> None:
    assert is_refusal(arguments)
