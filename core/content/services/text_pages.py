"""Pages that only say something: about, delivery, returns, privacy."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.content import markdown
from core.content.models import TextPage
from core.context import Actor
from core.errors import Invalid, NotFound
from core.events import services as events
from core.search import index as search
from core.validation.text import has_visible_text
from core.validation.xml_text import drop_non_xml

SLUGS_TTL_SECONDS = 5


class _Known(NamedTuple):
    slugs: frozenset[str]
    until: float


_known = _Known(frozenset(), 0)


class EmptyPage(Invalid):
    code = "empty_page"
    message = _("A page needs a title and a text.")


@transaction.atomic
def save_text_page(
    *, slug: str, title: str, body: str, by: Actor, description: str = "", now: datetime | None = None
) -> TextPage:
    """Create or replace the page of this slug; `body` is Markdown.

    Locks the page. Raises Denied, EmptyPage. Records page.saved, unless nothing changed.
    """
    by.require("core.change_textpage")
    title, body, description = (drop_non_xml(text).strip() for text in (title, body, description))
    if not has_visible_text(title):
        raise EmptyPage(field="title")
    if not has_visible_text(body):
        raise EmptyPage(field="body_source")
    written = {"title": title, "description": description, "body_source": body}
    values = {**written, "body_html": markdown.render(body).html, "updated_at": now or timezone.now()}
    page, is_new = TextPage.objects.select_for_update().get_or_create(slug=slug, defaults=values)
    if not is_new:
        if all(getattr(page, name) == value for name, value in written.items()):
            return page
        for name, value in values.items():
            setattr(page, name, value)
        page.save()
    events.record("page.saved", page, by=by, now=now)
    _forget_after_commit()
    return page


@transaction.atomic
def delete_text_page(*, slug: str, by: Actor, now: datetime | None = None) -> None:
    """Take a page down. Locks it. Raises Denied, NotFound. Records page.deleted."""
    by.require("core.delete_textpage")
    page = TextPage.objects.select_for_update().filter(slug=slug).first()
    if page is None:
        raise NotFound
    page.delete()
    events.record("page.deleted", page, by=by, now=now)
    _forget_after_commit()


def published_slugs() -> frozenset[str]:
    """The pages that can be linked: asked for every few seconds in each process, and after a change in this one.

    The last answer holds where the database cannot be asked, as on an error page.
    """
    global _known  # noqa: PLW0603  replaced as a whole, so threads need no lock
    if time.monotonic() >= _known.until:
        try:
            slugs = frozenset(TextPage.objects.values_list("slug", flat=True))
        except DatabaseError:
            return _known.slugs
        _known = _Known(slugs, time.monotonic() + SLUGS_TTL_SECONDS)
    return _known.slugs


def forget_slugs(*, until: float = 0) -> None:
    """Ask again at the next page, or take it that there are no text pages `until` then (tests)."""
    global _known  # noqa: PLW0603
    _known = _Known(frozenset(), until) if until else _Known(_known.slugs, 0)


def _forget_after_commit() -> None:
    forget_slugs()
    transaction.on_commit(forget_slugs)


@search.register("page")
def documents(slugs: Sequence[str] | None) -> Iterator[search.Document]:
    """What search knows of the text pages."""
    pages = TextPage.objects.all() if slugs is None else TextPage.objects.filter(slug__in=slugs)
    for page in pages:
        yield search.Document(
            public_id=page.slug,
            title=page.title,
            url=page.get_absolute_url(),
            summary=page.description,
            body=markdown.render(page.body_source).text,
            at=page.updated_at,
        )
