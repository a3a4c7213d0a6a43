"""Names of OAuth apps. They are shown in consent requests, so they must not imitate the shop or its staff."""

import unicodedata
from typing import Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.context import Actor
from core.errors import Invalid
from core.validation import confusables

PRODUCT: Final = "Agora"
# Words that only staff's own programs bear, and beginnings of such words.
STAFF_WORDS: Final = (
    "staff",
    "support",
    "security",
    "official",
    "helpdesk",
    "backoffice",
    "system",
    "root",
    "verified",
)
STAFF_STEMS: Final = ("admin", "moderat")
# Names of parts of the shop and of staff areas, as a whole name.
AREAS: Final = (
    "account", "chat", "checkout", "desk", "insights", "journal", "messages", "orders", "payments", "queue", "shop",
    "shop manager", "support desk", "talk", "webhooks",
)  # fmt: skip
SHORT_NAME_LENGTH: Final = 4  # a shop's name of so few letters is compared as a word: it may be part of many others


class ReservedName(Invalid):
    code = "reserved_name"
    message = _("Choose another name: “%(name)s” could be mistaken for the shop or its staff.")


class InvalidClientName(Invalid):
    code = "bad_name"
    message = _("Use visible letters of a single alphabet.")


def clean_client_name(name: str, *, by: Actor) -> str:
    """Return the name as stored. Staff may use reserved names. Raises InvalidClientName, ReservedName."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if any(unicodedata.category(char)[0] == "C" for char in name) or not confusables.skeleton_words(name):
        raise InvalidClientName(field="name")
    if confusables.mixes_scripts(name):
        raise InvalidClientName(field="name")
    if is_reserved(name) and not by.can("accounts.approve_client"):
        raise ReservedName(field="name", name=name)
    return name


def is_reserved(name: str) -> bool:
    """Whether a name is, contains or resembles a name of the shop or of staff."""
    words = confusables.skeleton_words(name)
    whole = "".join(words)
    for brand in (PRODUCT, settings.SITE_NAME):
        looks = "".join(confusables.skeleton_words(brand))
        if looks and (looks in words or (len(looks) > SHORT_NAME_LENGTH and looks in whole)):
            return True
    staff = {confusables.skeleton(word) for word in STAFF_WORDS}
    stems = tuple(confusables.skeleton(stem) for stem in STAFF_STEMS)
    areas = {"".join(confusables.skeleton_words(area)) for area in AREAS}
    return whole in staff | areas or any(word in staff or word.startswith(stems) for word in [*words, whole])
