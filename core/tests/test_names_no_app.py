"""`core` lies below every other app: nothing in its own modules names one of them."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from core import autodiscovery

ABOVE = sorted(autodiscovery.imported_apps() - {"core"})
NAMED = re.compile(rf"""\b({"|".join(ABOVE)})[.:/](?!example\b)(?=[\w{{"'])|/({"|".join(ABOVE)})/""")
# Type checkers need the model of users; nothing imports it when the code runs.
TYPES_ONLY = "    from accounts.users.models import User\n"
MODULES = [
    path
    for path in (Path(settings.BASE_DIR) / "core").rglob("*.py")
    if not {"tests", "migrations"} & set(path.parts) and path.name != "conftest.py"
]


def test_every_app_above_is_looked_for():
    assert ABOVE == ["accounts", "analytics", "blog", "chat", "shop"]


def test_no_module_of_core_names_another_app():
    texts = {path: path.read_text().replace(TYPES_ONLY, "") for path in MODULES}

    assert len(MODULES) > 100
    assert {str(path): found.group() for path, text in texts.items() if (found := NAMED.search(text))} == {}


@pytest.mark.parametrize(
    "line",
    [
        "from shop.orders.models import Order",
        'PARTS = "accounts.api.authentication"',
        'program_scopes = {"GET": "blog:read"}',
        'url = "/shop/cart/"',
        'render(request, "chat/room.html")',
    ],
)
def test_such_a_name_is_found(line):
    assert NAMED.search(line)


@pytest.mark.parametrize("line", ["https://shop.example/hooks", "the safety of accounts.", "workshop.orders"])
def test_prose_is_not_taken_for_a_name(line):
    assert not NAMED.search(line)
