"""The pages about how it is used: commands, keys of a profile, scenarios and metrics."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

import click
import pytest

from eventproof import profile_schema
from eventproof.cli.main import eventproof
from eventproof.load.metrics import COMMON_COUNTS, COMMON_LATENCIES
from eventproof.target import Budgets
from handbook.commands import page
from handbook.material import Material


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, heads included."""
    for line in text.splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def test_every_command_has_its_section_and_each_of_its_options_a_row(reference: Mapping[str, str]) -> None:
    text = reference["command-line.md"]
    for verb, command in eventproof.commands.items():
        section = text.partition(f'## <a id="command-eventproof-{verb}"></a>')[2].partition("\n## ")[0]
        assert section, verb
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert [each.opts for each in options if f"`{each.opts[0]}" not in section] == []


def test_a_verb_that_hands_on_its_words_shows_whose_options_they_are(reference: Mapping[str, str]) -> None:
    assert "| `--list-faults` |" in reference["command-line.md"]


def test_an_option_that_is_added_comes_onto_the_page(material: Material) -> None:
    @click.command(help="Does <this> and that.\n\nNothing else.")
    @click.option("--more", help="Does more.", default=3, show_default=True)
    @click.argument("what")
    def command(more: int, what: str) -> None: ...

    text = page(replace(material, command=command, verbs={}))
    assert "`eventproof [OPTIONS] WHAT`\n\nDoes &lt;this> and that.\n\nNothing else.\n" in text
    assert "| `--more INTEGER` | Does more. [default: 3] |" in text


def test_every_key_of_a_profile_is_told_in_words(reference: Mapping[str, str]) -> None:
    text = reference["profile.md"]
    keys = [row for row in rows(text) if row[0].startswith("`")]
    assert len(keys) > 100
    assert [row[0] for row in keys if not row[-1]] == []
    for name in profile_schema.top():
        assert f"`{name}`" in text or f"`[{name}" in text or f"`[[{name}" in text, name


@pytest.mark.parametrize("limit", fields(Budgets), ids=lambda limit: limit.name)
def test_every_budget_is_told_with_its_default(reference: Mapping[str, str], limit: object) -> None:
    told = {row[0]: row[-1] for row in rows(reference["profile.md"])}
    name, default = getattr(limit, "name", ""), getattr(limit, "default", None)
    shown = str(default) if isinstance(default, int) else f'"{default:g}s"'
    assert told[f"`{name}`"].endswith(f"By default `{shown}`.")


def test_every_scenario_and_every_metric_is_told(material: Material, reference: Mapping[str, str]) -> None:
    text = reference["swarms.md"]
    told = {row[0] for row in rows(text)}
    assert {f"`{name}`" for name in (*COMMON_COUNTS, *COMMON_LATENCIES)} <= told
    assert len(material.scenarios) > 10
    for one in material.scenarios:
        assert f"</a>`{one.name}`\n" in text
        assert {f"`{name}`" for name in (*one.latencies, *one.counts, *(each.name for each in one.settings))} <= told
        assert [line for line in one.objectives if f"- `{line}`" not in text] == []
