"""A sentence is one in any language; a code is a text or a number."""

import math

import pytest

from eventproof.checks.sentence import is_code, is_sentence


@pytest.mark.parametrize("code", ["token_expired", "40101", 40101, 0, -1, 401.1])
def test_a_text_or_a_number_is_a_code(code: object) -> None:
    assert is_code(code)


@pytest.mark.parametrize("code", [None, True, False, "", "  ", math.nan, math.inf, {}, ["x"]])
def test_nothing_blank_logical_or_composed_is_a_code(code: object) -> None:
    assert not is_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "The session has ended: log in again.",
        "Please log in",
        "您的会话已过期，请重新登录。",
        "请重新登录",
        "请先登录。",
        "Token已过期，请重新登录",
        "セッションの有効期限が切れました。",
        "ログインしてください",
        "เซสชันหมดอายุแล้ว กรุณาเข้าสู่ระบบ",
        "กรุณาเข้าสู่ระบบ",
        "ກະລຸນາເຂົ້າສູ່ລະບົບ",
        "សូមចូលម្តងទៀត",
        "ကျေးဇူးပြု၍ ထပ်မံဝင်ရောက်ပါ",
        "ཡང་བསྐྱར་ནང་འཛུལ་གནང་རོགས།",
        "세션이 만료되었습니다.",
        "로그인하세요.",
        "انتهت الجلسة، سجل الدخول",
        "יש להתחבר מחדש",
        "Ihre Sitzung ist abgelaufen.",
        "Сессия истекла, войдите снова.",
    ],
)
def test_a_sentence_of_any_script_is_one(text: str) -> None:
    assert is_sentence(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No.",
        "Unauthorized",
        "Token expired",
        "- - -",
        "错误",
        "内部错误",
        "エラー",
        "ผิดพลาด",
        "오류",
        "내부 오류",
        5,
        None,
        ["a b c"],
    ],
)
def test_a_word_or_two_are_no_sentence(text: object) -> None:
    assert not is_sentence(text)
