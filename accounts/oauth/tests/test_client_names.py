"""Names that no client may have, because they pass for the shop or its staff."""

import pytest

from accounts.oauth.models import Client
from accounts.oauth.services import clients
from accounts.oauth.services.client_names import InvalidClientName, ReservedName
from accounts.oauth.tests.conftest import BACK, program_of
from core.context import Actor
from core.testing import no_event

pytestmark = pytest.mark.django_db

RESERVED = [
    "Agora", "agora", "AGORA", "Agora Support", "The Agora app", "Ag0ra", "A g o r a", "A.g.o.r.a", "Ag\u00f3ra", "Agora!",
    "Agora\u0301", "\uff21\uff47\uff4f\uff52\uff41", "\U0001d400\U0001d420\U0001d428\U0001d42b\U0001d41a",
    "\u1d00\u0262\u1d0f\u0280\u1d00", "Ninth Tile", "NinthTile", "Ninth-Tile Rewards", "N\u0131nth T\u0131le", "Nlnth TiIe",
    "N1nth T1le", "Admin", "Admin panel", "AdminPanel", "adm1n", "Adm\u00edn", "Administrator", "Support", "Shop Support",
    "$upport", "Staff", "Security", "Moderators", "Official Store", "Insights", "Desk", "Journal", "Checkout",
]  # fmt: skip
MIXED = ["\u0410gora", "\u0430dmin", "Ag\u043era", "P\u0430yPal", "Kiln l\u043eg", "\u0391gora", "Kiln\u0391"]
INVISIBLE = ["Kiln\u202e", "\u200b", "Kiln\u200blog", "Kiln\x00log", "\u3164", "   ", "---", "Kiln\u2066log"]
FREE = [
    "Kiln log", "Phytograph", "\u0416\u0443\u0440\u043d\u0430\u043b \u043f\u0435\u0447\u0438", "\u7aaf\u306e\u8a18\u9332", "\u7aaf log", "\u0633\u062c\u0644", "Caf\u00e9-B\u00f6rse 2000",
    "Angora wool", "Shop radar", "My orders to CSV", "Journal reader",
]  # fmt: skip


@pytest.fixture(autouse=True)
def shop_name(settings):
    settings.SITE_NAME = "Ninth Tile"


@pytest.mark.parametrize("name", RESERVED, ids=ascii)
def test_name_of_shop_or_staff_is_refused(maker, name):
    with pytest.raises(ReservedName):
        program_of(maker, name=name)
    assert not Client.objects.exists()
    assert no_event("client.added")


@pytest.mark.parametrize("name", MIXED + INVISIBLE, ids=ascii)
def test_mixed_alphabets_and_invisible_characters_are_refused(maker, name):
    with pytest.raises((InvalidClientName, ReservedName)):
        program_of(maker, name=name)
    assert not Client.objects.exists()


@pytest.mark.parametrize("name", FREE, ids=ascii)
def test_other_names_are_free(maker, name):
    assert program_of(maker, name=name).client.name == name


def test_client_is_not_renamed_to_a_reserved_name(maker, program):
    given = {"scopes": ["openid"], "redirect_uris": [BACK]}

    with pytest.raises(ReservedName):
        clients.change_client(client_id=program.client.pk, name="Agora", by=Actor.person(maker), **given)
    assert Client.objects.get().name == "Kiln log"


def test_staff_who_approve_clients_may_use_the_name_of_the_shop(staff):
    assert program_of(staff, name="Ninth Tile app").client.name == "Ninth Tile app"
