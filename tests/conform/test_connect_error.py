"""Where the refusal of a connection says its code, and its sentence."""

from typing import Any

import pytest

from eventproof.client.aio import ConnectionRefused
from eventproof.conform.connect_error import code_in_data, code_of, sentence_of
from eventproof.target import Rest

REST = Rest("http://127.0.0.1:1", code="/problem/code", message="/problem/title")
CONNECT_ERROR = {"message": "auth", "data": {"code": "AUTH_INVALID", "message": "The token is no good."}}


@pytest.mark.parametrize(
    ("said", "in_data", "anywhere", "sentence"),
    [
        (CONNECT_ERROR, "AUTH_INVALID", "AUTH_INVALID", "The token is no good."),
        ({"message": "No.", "data": {"error": {"code": 7}}}, 7, 7, "No."),
        ({"message": "No.", "data": {"problem": {"code": "x", "title": "Log in."}}}, "x", "x", "Log in."),
        ({"problem": {"code": "x", "title": "Log in."}}, None, "x", "Log in."),
        ({"code": "x", "message": "Log in."}, None, "x", "Log in."),
        ({"message": "No."}, None, None, "No."),
        (None, None, None, None),
    ],
)
def test_a_code_stands_in_the_data_of_a_connect_error_or_elsewhere(
    said: Any, in_data: Any, anywhere: Any, sentence: Any
) -> None:
    refused = ConnectionRefused("it was refused", data=said)
    assert code_in_data(refused, REST) == in_data
    assert code_of(refused, REST) == anywhere
    assert sentence_of(refused, REST) == sentence
