"""Everything a page loads comes from here, is what its manifest says, and needs no inline style or script."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from booking.slots.hours import DAY_MINUTES
from booking.templating import templates_folder
from booking.web import day, pages

VENDOR = pages.STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
TEMPLATES = [path for path in templates_folder().rglob("*.html") if "emails" not in path.parts]


def test_the_manifest_names_every_vendored_file() -> None:
    named = {name for package in MANIFEST for name in package["files"]}
    assert {path.name for path in VENDOR.iterdir()} - {"manifest.json"} == named


@pytest.mark.parametrize("package", MANIFEST, ids=lambda package: package["name"])
def test_a_vendored_file_is_the_published_one(package: dict[str, str | dict[str, str]]) -> None:
    assert package["version"]
    assert package["licence"]
    files = package["files"]
    assert isinstance(files, dict)
    assert files == {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in files}


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 15


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"\sstyle=", "the policy forbids inline style"),
        (r"<style|<script(?! src=\"{{ asset\()", "the policy forbids inline style and script"),
        (r"\son[a-z]+=", "the policy forbids handlers in attributes"),
        (r"https?://(?!www\.w3\.org)", "nothing is loaded from elsewhere"),
        (r"\|\s*safe", "nothing escapes the escaping"),
    ],
    ids=["style", "script", "handler", "elsewhere", "unescaped"],
)
def test_a_template_holds_nothing_of_that(path: Path, pattern: str, reason: str) -> None:
    assert not re.search(pattern, path.read_text(encoding="utf-8")), reason


@pytest.mark.parametrize("path", sorted(pages.STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_loads_nothing_from_elsewhere(path: Path) -> None:
    loaded = re.findall(r"url\(([^)]*)\)|@import\s+(\S+)", path.read_text(encoding="utf-8"))
    assert [each for pair in loaded for each in pair if each and not each.startswith('"data:')] == []


def test_every_place_of_the_grid_has_its_rule() -> None:
    rules = set((pages.STATIC / "grid.css").read_text(encoding="utf-8").splitlines())
    cells = day.Hours(opens=0, closes=DAY_MINUTES).cells
    wanted = {f".row-{n}{{grid-row-start:{n + 1}}}" for n in range(cells)}
    wanted |= {f".rows-{n}{{grid-row-end:span {n}}}" for n in range(1, cells + 1)}
    wanted |= {f".height-{n}{{--rows:{n}}}" for n in range(1, cells + 1)}
    wanted |= {f".column-{n}{{grid-column:{n}}}" for n in range(1, day.MOST_COLUMNS + 1)}
    wanted |= {f".columns-{n}{{--columns:{n}}}" for n in range(1, day.MOST_COLUMNS + 1)}
    assert wanted <= rules
