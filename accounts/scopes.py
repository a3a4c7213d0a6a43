"""What each scope lets a program do, in words for the person who lets it."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from core.context import SCOPES

WORDS: Final = {
    "account:read": _("Read your profile"),
    "account:write": _("Change your profile"),
    "blog:read": _("Read the journal as you do, drafts of yours too"),
    "blog:write": _("Write in the journal and comment as you"),
    "shop:read": _("Read your orders"),
    "shop:write": _("Order for you, and act on orders as far as you may"),
    "chat:read": _("Read your conversations"),
    "chat:write": _("Write messages as you"),
    "webhooks:manage": _("Have events sent to addresses of its own"),
}

# A scope without words yet is offered under its name.
CHOICES: Final = [(scope, WORDS.get(scope, scope)) for scope in sorted(SCOPES)]
