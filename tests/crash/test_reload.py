"""What `manage.py up --reload` takes for a change of code."""

from pathlib import Path

import pytest

from config.embedded import reload
from tests.crash.conftest import wait_for


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("shop", "templates", "static", ".venv"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(reload, "BASE_DIR", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["shop/services.py", "templates/base.html"])
def test_code_and_templates_count(checkout: Path, name: str) -> None:
    changes = reload.Changes()
    assert not changes.seen()

    (checkout / name).write_text("x")

    assert wait_for(changes.seen, seconds=10)
    assert not changes.seen()


@pytest.mark.parametrize("name", ["static/app.js", ".venv/lib.py", "shop/notes.md"])
def test_what_is_read_anew_anyway_and_what_is_not_ours_does_not_count(checkout: Path, name: str) -> None:
    changes = reload.Changes()
    assert not changes.seen()

    (checkout / name).write_text("x")

    assert not wait_for(changes.seen, seconds=1)
