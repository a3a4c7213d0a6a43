"""Load the home page and the text pages."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from core.content.models import HomeBlock
from core.content.services.text_pages import save_text_page
from demo.loading.studio import DEMO_ACTOR, Step, Studio, read_content

COMPOSED = 4  # days ago, when the newest post was out
WRITTEN = 119
STORIES = 4
ICONS = {"delivery": "truck", "returns": "rotate-ccw", "hours": "clock"}


def steps(studio: Studio) -> Iterator[Step]:
    """Yield the text pages at the opening of the shop, and the latest version of the home page."""
    site = read_content("site.json")
    for slug, page in site["pages"].items():
        yield Step(studio.ago(WRITTEN), f"page:{slug}", partial(_create_page, slug, page))
    yield Step(studio.ago(COMPOSED), "home", partial(_compose_page, studio, site), done=HomeBlock.objects.exists())


def _create_page(slug: str, page: dict[str, Any], now: datetime) -> None:
    body = page["body"].replace("{invoice_years}", str(settings.INVOICE_YEARS))
    save_text_page(slug=slug, title=page["title"], body=body, by=DEMO_ACTOR, now=now)


@transaction.atomic
def _compose_page(studio: Studio, site: dict[str, Any], now: datetime) -> None:
    blocks = [_hero_block(studio, site["hero"]), *_row_blocks(site), _fact_blocks(site)]
    for position, block in enumerate(blocks):
        block.position = position
        block.save()


def _hero_block(studio: Studio, hero: dict[str, Any]) -> HomeBlock:
    return HomeBlock(
        kind=HomeBlock.Kind.HERO,
        title=hero["title"],
        text=hero["text"],
        link_url=hero["action"]["url"],
        link_label=hero["action"]["label"],
        picture=studio.picture(hero["image"]),
        dark_picture=studio.picture(hero["image_dark"]),
    )


def _row_blocks(site: dict[str, Any]) -> Iterator[HomeBlock]:
    home = site["home"]
    stories = [post["slug"] for post in reversed(read_content("journal.json")) if post["status"] == "published"]
    yield _row_block("product", home["featured_title"], home["featured"], link_url="/shop/", link_label="All pieces")
    yield _row_block("category", home["categories_title"], list(site["categories"]))
    yield _row_block(
        "post",
        home["journal_title"],
        stories[:STORIES],
        text=home["journal_intro"],
        link_url="/journal/",
        link_label="All stories",
    )


def _row_block(kind: str, title: str, ids: list[str], **more: str) -> HomeBlock:
    return HomeBlock(kind=HomeBlock.Kind.CARDS, title=title, card_kind=kind, card_ids=ids, **more)


def _fact_blocks(site: dict[str, Any]) -> HomeBlock:
    facts = [f":{ICONS[fact['kind']]}: {fact['title']}\n{fact['text']}" for fact in site["facts"]]
    return HomeBlock(kind=HomeBlock.Kind.FACTS, title="What you can rely on", text="\n\n".join(facts))
