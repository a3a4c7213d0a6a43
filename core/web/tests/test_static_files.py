"""What is served: one stylesheet of many files, hashed names all the way down, within the budgets."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from core.web.static_files import COMMENT, SITE_CSS, StylesheetFinder, join, stylesheets

SOURCE = Path(settings.BASE_DIR) / "static"
OURS = ("core.web.static_files.StylesheetFinder", "django.contrib.staticfiles.finders.FileSystemFinder")
PHYSICAL = re.compile(
    r"(?<![\w-])(left|right|top|bottom|(margin|padding|border)-(left|right|top|bottom)|width|height)\s*:"
)


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    """Our static files as production has them."""
    settings.STATIC_ROOT = str(tmp_path)
    settings.STATICFILES_FINDERS = list(OURS)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "core.web.static_files.Storage"}}
    settings.DEBUG = False
    finders.get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    finders.get_finder.cache_clear()
    return tmp_path


def manifest(root: Path) -> dict[str, str]:
    return dict(json.loads((root / "staticfiles.json").read_text())["paths"])


def test_layers_come_first_then_components_then_utilities():
    names = [path.relative_to(SOURCE / "css").as_posix() for path in stylesheets(SOURCE)]

    assert names[:3] == ["00-layers.css", "10-reset.css", "20-fonts.css"]
    assert names[-2:] == ["90-utilities.css", "95-print.css"]
    assert names.index("50-layout.css") < names.index("components/badge.css") < names.index("90-utilities.css")
    assert "admin-skin.css" not in names


def test_joining_drops_comments_and_keeps_every_rule(tmp_path: Path):
    (tmp_path / "a.css").write_text("/* why */\n@layer a {\n  b { color: red; }\n}\n")
    (tmp_path / "b.css").write_text("c { d: e; }")

    assert join([tmp_path / "a.css", tmp_path / "b.css"]) == "@layer a {\nb { color: red; }\n}\nc { d: e; }\n"


def test_an_edit_is_served_at_the_next_request(settings: Any, tmp_path: Path):
    (tmp_path / "css").mkdir()
    sheet = tmp_path / "css" / "10-a.css"
    sheet.write_text("a { b: c; }")
    settings.STATICFILES_DIRS = [tmp_path]
    finder = StylesheetFinder()

    before = Path(str(finder.find(SITE_CSS))).read_text()
    sheet.write_text("a { b: d; }")
    after = Path(str(finder.find(SITE_CSS))).read_text()

    assert (before, after) == ("a { b: c; }\n", "a { b: d; }\n")
    assert finder.find("css/other.css") == []


def test_collected_stylesheet_is_hashed_and_names_hashed_fonts_that_exist(collected: Path):
    hashed = manifest(collected)[SITE_CSS]

    fonts = re.findall(r'url\("\.\./(fonts/[^"]+)"\)', (collected / hashed).read_text())
    assert re.fullmatch(r"css/site\.[0-9a-f]{12}\.css", hashed)
    assert (collected / f"{hashed}.br").exists()
    assert len(fonts) == 5
    assert all(re.search(r"\.[0-9a-f]{12}\.woff2$", font) and (collected / font).exists() for font in fonts)


def test_imports_between_our_scripts_become_hashed(settings: Any, tmp_path: Path):
    source = tmp_path / "source"
    (source / "js").mkdir(parents=True)
    (source / "css").mkdir()
    (source / "css" / "10-a.css").write_text("a { b: c; }")
    (source / "js" / "one.js").write_text('import { two } from "./two.js";\nconst later = () => import("./two.js");\n')
    (source / "js" / "two.js").write_text("export const two = 2;\n")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = list(OURS)
    settings.STATIC_ROOT = str(tmp_path / "root")
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "core.web.static_files.Storage"}}
    finders.get_finder.cache_clear()

    call_command("collectstatic", interactive=False, verbosity=0)
    finders.get_finder.cache_clear()

    names = manifest(tmp_path / "root")
    script = (tmp_path / "root" / names["js/one.js"]).read_text()
    assert script.count(names["js/two.js"].removeprefix("js/")) == 2
    assert '"./two.js"' not in script


def test_every_page_stays_within_its_budget():
    css = len(gzip.compress(join(stylesheets(SOURCE)).encode()))
    js = len(gzip.compress((SOURCE / "js" / "app.js").read_bytes()))
    fonts = sum((SOURCE / "fonts" / f"{name}.woff2").stat().st_size for name in FIRST_FONTS)

    assert css <= 18 * 1024
    assert js <= 3 * 1024
    assert fonts <= 60 * 1024


FIRST_FONTS = ("figtree", "fraunces-display", "fraunces-display-italic")


@pytest.mark.parametrize("sheet", stylesheets(SOURCE), ids=lambda path: path.name)
def test_stylesheets_keep_the_house_rules(sheet: Path):
    rules = COMMENT.sub("", sheet.read_text())

    assert not re.search(r"#[\w-]+\s*[{,]", rules), "no ids as selectors"
    if sheet.name not in ("10-reset.css", "40-base.css", "90-utilities.css", "95-print.css"):
        assert "!important" not in rules
    if sheet.name != "20-fonts.css":
        assert not re.search(r"url\((?![\"']?data:)", rules), "only fonts are fetched by a stylesheet"
    if sheet.name not in ("40-base.css", "95-print.css"):
        assert not PHYSICAL.search(re.sub(r"\((min|max)-width[^)]*\)", "", rules)), "logical properties only"


def test_every_icon_that_a_template_names_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (SOURCE / "icons" / "sprite.svg").read_text()))
    templates = (Path(settings.BASE_DIR) / "templates").rglob("*.html")

    named = {name for path in templates for name in re.findall(r'{% icon "([^"]+)"', path.read_text())}

    assert named <= drawn
    assert len(drawn) > 60


def test_a_static_folder_without_stylesheets_is_an_error_at_start(settings: Any, tmp_path: Path):
    settings.STATICFILES_DIRS = [tmp_path]

    assert [found.id for found in StylesheetFinder().check()] == ["core.E001"]
