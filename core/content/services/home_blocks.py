"""Keep the blocks of the home page. What they link to and which cards they show is checked here."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.composition import cards
from core.content.models import LINK_URL, HomeBlock
from core.context import Actor
from core.errors import Invalid
from core.events import services as events


class InvalidHomeBlock(Invalid):
    code = "invalid_home_block"
    message = _("The block is not complete.")


@transaction.atomic
def save_home_block(*, block: HomeBlock, by: Actor, now: datetime | None = None) -> HomeBlock:
    """Save a new or changed block. Raises Denied, InvalidHomeBlock. Records home_block.saved."""
    is_new = block.pk is None
    by.require("core.add_homeblock" if is_new else "core.change_homeblock")
    check(block)
    block.save()
    events.record("home_block.saved", block, by=by, now=now, is_new=is_new)
    return block


@transaction.atomic
def delete_home_block(*, block: HomeBlock, by: Actor, now: datetime | None = None) -> None:
    """Raises Denied. Records home_block.deleted."""
    by.require("core.delete_homeblock")
    events.record("home_block.deleted", block, by=by, now=now)
    block.delete()


def check(block: HomeBlock) -> None:
    """Raises InvalidHomeBlock for a kind, link or cards that the home page could not draw."""
    if block.kind not in HomeBlock.Kind.values:
        raise InvalidHomeBlock(_("Choose a kind from the list."), field="kind")
    if block.link_url and not re.fullmatch(LINK_URL, block.link_url):
        raise InvalidHomeBlock(
            _("Link to a page of this site, such as /search/, or to an address that begins with https://."),
            field="link_url",
        )
    if block.link_url and not block.link_label:
        raise InvalidHomeBlock(_("Say what the link leads to."), field="link_label")
    if block.kind == HomeBlock.Kind.CARDS and block.card_kind not in cards.kinds():
        raise InvalidHomeBlock(_("Choose what the cards show."), field="card_kind")
    if block.card_kind and block.card_kind not in cards.kinds():
        raise InvalidHomeBlock(_("Choose what the cards show from the list."), field="card_kind")
