"""Rules that every template keeps, so that a strict policy, htmx 4 and a page without scripts all work."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(path for path in ROOT.rglob("*.html") if path.parts[-2] != "emails" and path.name != "standalone.html")
COMPONENTS = sorted((ROOT / "components").glob("*.html"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_inline_style_or_script_and_htmx_only_as_data(path: Path):
    text = path.read_text()

    assert not re.search(r"<[^>{]*\sstyle=", text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", text)
    assert not re.search(r"\son(click|load|change|submit|input|error)=", text)
    assert not re.search(r"\shx-[a-z]", text)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_template_compiles(path: Path):
    assert get_template(name_of(path)).template.name == name_of(path)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", COMPONENTS, ids=name_of)
def test_every_component_says_in_its_first_line_what_it_expects(path: Path):
    first = path.read_text().splitlines()[0]

    assert re.match(r"{% comment %}.*(Expects|Drawn by)", first)
