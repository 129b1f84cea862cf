"""The pages as a reader meets them: links lead somewhere, tables are straight, nothing is swallowed as HTML."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from eventproof.catalog import Catalog
from handbook.material import ROOT, Material
from tests.handbook.reading import anchors, crooked_rows, dead_links, own_anchors, prose

DOCS = sorted((ROOT / "docs").rglob("*.md"))
OTHERS = [
    ROOT / name
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "contracts/README.md", "benchmarks/README.md")
]


@pytest.mark.parametrize("page", [*DOCS, *OTHERS], ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


def test_a_link_to_a_file_or_to_a_place_that_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text('# Here\n\n### <a id="event-x"></a>`x`\n')
    page = tmp_path / "page.md"
    page.write_text(
        "# A title\n[a](#a-title) [b](other.md#event-x) [c](other.md#here) [d](https://example.com/#any)\n"
        "`[e](code.md)`\n"
        "[f](lost.md) [g](#lost) [h](other.md#event-y)\n"
    )
    assert list(dead_links(page)) == ["page.md: lost.md", "page.md: #lost", "page.md: other.md#event-y"]


def test_no_place_of_a_page_has_the_name_of_another(reference: Mapping[str, str]) -> None:
    for name, text in reference.items():
        places = own_anchors(text)
        assert len(places) == len(set(places)), name
        assert anchors(text), name


def test_every_row_of_a_table_has_as_many_cells_as_its_head(reference: Mapping[str, str]) -> None:
    assert [row for text in reference.values() for row in crooked_rows(text)] == []


def test_a_row_with_a_bare_bar_in_a_cell_is_crooked() -> None:
    assert list(crooked_rows("| a | b |\n|---|---|\n| `x|y` | z |\n\n| a |\n|---|\n| x\\|y |\n")) == ["| `x|y` | z |"]


def test_nothing_of_the_contracts_is_taken_for_html(reference: Mapping[str, str]) -> None:
    ours = re.compile(r'<a id="[^"]+"></a>|</?details>|</?summary>')
    assert [name for name, text in reference.items() if "<" in ours.sub("", prose(text))] == []


def test_every_event_call_requirement_and_code_has_its_place(material: Material, reference: Mapping[str, str]) -> None:
    catalog: Catalog = material.catalog
    for name, system in catalog.systems.items():
        places = own_anchors(reference[f"{name}.md"])
        assert sum(place.startswith("event-") for place in places) == len(system.events)
        assert {f"call-{call.id}" for call in system.operations} <= set(places)
        assert {line.id for line in system.requirements} <= set(places)
    assert {line.id for line in catalog.shared} <= set(own_anchors(reference["every-system.md"]))
    assert {f"error-{code}" for code in catalog.errors} <= set(own_anchors(reference["README.md"]))


def test_every_case_and_every_fault_is_told(material: Material, reference: Mapping[str, str]) -> None:
    everything = "\n".join(reference.values())
    assert [case.name for case in material.cases if f"`{case.name}`" not in everything] == []
    assert [fault.name for fault in material.faults if f"- `{fault.name}`: " not in everything] == []
