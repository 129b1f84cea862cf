import pytest

from handbook.markdown import code, escaped, listed, table


@pytest.mark.parametrize(
    ("text", "shown"), [("a", "`a`"), ("`a", "`` `a ``"), ("a``b", "```a``b```"), ("a`b", "``a`b``")]
)
def test_code_is_fenced_by_more_backticks_than_it_holds(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_table_keeps_bars_and_line_ends_from_breaking_a_row() -> None:
    assert table(("a", "b"), [("x|y", "1\n2")]) == "| a | b |\n|---|---|\n| x\\|y | 1 2 |"


def test_html_is_escaped_but_not_in_code() -> None:
    assert escaped("<b> `<c>` ``<`>`` <d>") == "&lt;b> `<c>` ``<`>`` &lt;d>"


@pytest.mark.parametrize(
    ("parts", "told"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_parts_are_listed_as_in_a_sentence(parts: list[str], told: str) -> None:
    assert listed(parts) == told
