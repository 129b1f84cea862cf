"""What stands in `docs/` is what the contracts, the cases and the faults say today."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from handbook.folder import drift, write
from handbook.material import ROOT, Material
from handbook.pages import pages

DOCS = ROOT / "docs"


def test_the_folder_holds_what_would_be_written_today(reference: Mapping[str, str]) -> None:
    assert list(drift(DOCS, reference)) == [], "run `make docs`, and commit what it changes in docs/"


def test_it_is_written_alike_each_time(material: Material, reference: Mapping[str, str]) -> None:
    assert pages(material) == reference


@pytest.fixture
def copy(tmp_path: Path, reference: Mapping[str, str]) -> Path:
    write(tmp_path / "docs", reference)
    return tmp_path / "docs"


def test_a_line_that_somebody_changed_by_hand_is_drift(copy: Path, reference: Mapping[str, str]) -> None:
    page = copy / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace("# Reference", "# References", 1), encoding="utf-8")
    (told,) = drift(copy, reference)
    assert told.startswith("README.md is not what")
    assert "line 1 has '# References' where '# Reference' should stand" in told


def test_a_page_that_is_cut_off_is_drift(copy: Path, reference: Mapping[str, str]) -> None:
    page = copy / "README.md"
    page.write_text("\n".join(page.read_text(encoding="utf-8").splitlines()[:-1]), encoding="utf-8")
    assert [told.split(":")[0] for told in drift(copy, reference)] == [
        "README.md is not what the contracts, the cases and the faults say"
    ]


def test_a_page_too_few_and_one_too_many_are_drift(copy: Path, reference: Mapping[str, str]) -> None:
    (copy / "every-system.md").unlink()
    (copy / "gone.md").write_text("# A system that is gone\n", encoding="utf-8")
    assert list(drift(copy, reference)) == ["every-system.md is missing", "gone.md is no page of the reference"]


def test_writing_takes_away_what_is_no_page_any_more(copy: Path, reference: Mapping[str, str]) -> None:
    (copy / "gone.md").write_text("# A system that is gone\n", encoding="utf-8")
    write(copy, reference)
    assert list(drift(copy, reference)) == []
