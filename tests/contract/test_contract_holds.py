"""The schema in the tree is the one the code gives, and keeps what was promised before."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from core.api import error_codes
from tests.contract.breaking import breaks
from tests.contract.schema import described

FILE = Path("docs/openapi.yaml")


@pytest.mark.django_db
def test_the_schema_in_the_tree_is_the_one_the_code_gives(tmp_path):
    written = tmp_path / "openapi.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(written))

    assert written.read_text() == FILE.read_text(), "Run `make schema`, and review what has changed."


def test_what_programs_rely_on_is_kept():
    base = _promised()
    new = described()
    changes = Path("CHANGELOG.md").read_text()

    found = [] if _major(base) != _major(new) else breaks(base, new)

    assert [each for each in found if each.split(":")[0] not in changes] == [], (
        "This breaks programs. Keep it, deprecate it, or name `METHOD /path` of each under Changed in CHANGELOG.md."
    )


def test_the_table_of_codes_in_the_document_is_whole():
    table = "\n".join(
        f"| {status} | `{code}` | {part} | {words} |" for status, code, part, words in error_codes.all_codes()
    )

    assert table in Path("docs/api.md").read_text(), "Put this table into docs/api.md:\n" + table


def test_every_text_has_an_example():
    schemas = described()["components"]["schemas"]

    bare = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, about in schema.get("properties", {}).items()
        if about.get("type") == "string" and not {"example", "enum"} & set(about)
    ]

    assert bare == [], "Give these names an example in core/api/examples.py."


def _promised() -> dict:
    """The schema where this work began: the main line's, or the commit before; skips where there is no history."""
    if shutil.which("git") is None or not Path(".git").exists():
        pytest.skip("no git history to compare with")
    for revision in filter(None, (os.environ.get("CONTRACT_BASE"), "origin/main", "HEAD~1")):
        shown = subprocess.run(["git", "show", f"{revision}:{FILE}"], capture_output=True, text=True, check=False)
        if shown.returncode == 0:
            return yaml.load(shown.stdout, yaml.CSafeLoader)
    pytest.skip("no earlier schema to compare with")


def _major(schema: dict) -> str:
    return schema["info"]["version"].split(".")[0]
