"""A shop of ten thousand products and a journal of five thousand posts, made in half a minute.

Rows go in by COPY-sized batches through the models, past the services: what is measured is reading, and a product by
its service takes eight statements and an event. The counters that services keep (stock, ratings, comments) are set
to what the rows say, so every page shows what it would show of a grown shop. The same numbers give the same rows.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Model

from accounts.users.models import User
from blog.comments.models import Comment
from blog.posts.models import Post, PostAuthor
from blog.tags.models import PostTag, Tag
from core.composition.models import Reference
from core.content import markdown
from core.content.models import HomeBlock, Picture
from shop.catalogue.models import Category, Option, OptionValue, Product, ProductImage, Variant, VariantOptionValue
from shop.pricing.models import Market, Price, TaxRate
from shop.reviews.models import Review
from shop.shipping.models import ShippingMethod
from shop.stock.models import StockLevel, Warehouse

BATCH = 2000
PICTURES = 2000
WIDTHS = (320, 640, 960, 1600)
GLAZES = ("Celadon", "Moss", "Tenmoku", "Ochre", "Oatmeal", "Slate", "Iron", "Chalk")
SHELVES, BELOW = 10, 4
TAGS, AUTHORS, READERS = 40, 12, 60
BODIES = 60
WORDS = """
    clay wheel kiln glaze bowl hand water slow fire ash salt rim foot form line shelf morning studio batch test cone
    thick thin even pour dip brush trim dry stack open door light table bread tea soup winter branch river stone
""".split()  # noqa: SIM905  forty short words read better so

make = random.Random(7)  # the same shop every time


def load(*, products: int, posts: int, say: Callable[[str], None]) -> None:
    """Fill an empty, migrated database with a market, shelves, `products`, people, `posts` and a home page."""
    pictures = _keep(Picture, map(_picture, range(PICTURES)))
    say("pictures")
    people = _keep(User, map(_person, range(READERS)))
    _load_shop(products, pictures, people)
    say(f"{products} products")
    _load_journal(posts, pictures, people)
    say(f"{posts} posts")
    _compose_home(pictures)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _load_shop(number: int, pictures: list[Picture], people: list[User]) -> None:
    market = Market.objects.create(code="eu", name="Europe", currency="EUR", countries=["DE", "FR"], is_default=True)
    ShippingMethod.objects.create(
        market=market, code="standard", name="Standard", amount=490, free_over=10_000, countries=["DE", "FR"]
    )
    TaxRate.objects.bulk_create(TaxRate(tax_class="standard", country=one, rate="0.19") for one in market.countries)
    warehouse = Warehouse.objects.create(code="studio", name="The studio")
    glazes = _glazes()
    shelves = list(_make_categories(pictures))
    products = _keep(Product, (_product(index, shelves[index % len(shelves)]) for index in range(number)))
    variants = _keep(Variant, _variants(products))
    _keep(VariantOptionValue, (_glazed(variant, glazes[_nth(variant)]) for variant in variants))
    began = DateTimeTZRange(_days_ago(200), None)
    _keep(Price, (Price(variant=one, market=market, amount=_amount(one), valid=began) for one in variants))
    _keep(StockLevel, (_level(variant, warehouse) for variant in variants))
    _keep(ProductImage, _images(products, variants, pictures))
    _keep(Review, _reviews(products, people))


def _make_categories(pictures: list[Picture]) -> Iterator[Category]:
    """Four shelves below each of ten; yields the lower ones, on which products stand."""
    for top in range(SHELVES):
        above = Category.objects.create(
            slug=f"shelf-{top}", name=f"Shelf {top}", intro=_sentence(20), picture=pictures[top], position=top
        )
        for below in range(BELOW):
            slug, name = f"shelf-{top}-{below}", f"Shelf {top} {below}"
            yield Category.objects.create(parent=above, slug=slug, name=name, position=below)


def _product(index: int, shelf: Category) -> Product:
    count = make.randrange(1, 60) if index % 4 == 0 else 0
    description = "\n\n".join(_sentence(60) for _ in range(3))
    return Product(
        slug=f"piece-{index}",
        title=_sentence(3).rstrip(".").title() + f" {index}",
        status=Product.Status.ACTIVE,
        summary=_sentence(16),
        description=description,
        description_html=markdown.render(description).html,
        category=shelf,
        attributes={"materials": ["Stoneware"], "dimensions_mm": {"height": 90, "width": 80}, "care": ["By hand"]},
        popularity=make.randrange(5000),
        rating_count=min(count, 3),
        rating_sum=min(count, 3) * 4,
        created_at=_days_ago(index % 150),
    )


def _variants(products: Iterable[Product]) -> Iterator[Variant]:
    for index, product in enumerate(products):
        for place, glaze in enumerate(_of_product(index)):
            yield Variant(
                product=product,
                sku=f"P{index}-{place}",
                title=glaze,
                combination=f"glaze={glaze.lower()}",
                weight_g=400,
                position=place,
            )


def _of_product(index: int) -> tuple[str, ...]:
    """One to four of the eight glazes."""
    first = index * 3 % len(GLAZES)
    return tuple((GLAZES * 2)[first : first + 1 + index % 4])


def _nth(variant: Variant) -> int:
    return GLAZES.index(variant.title)


def _glazes() -> list[OptionValue]:
    option = Option.objects.create(slug="glaze", name="Glaze")
    rows = (
        OptionValue(option=option, slug=name.lower(), name=name, swatch=f"#a5bb{place}3", position=place)
        for place, name in enumerate(GLAZES)
    )
    return _keep(OptionValue, rows)


def _glazed(variant: Variant, glaze: OptionValue) -> VariantOptionValue:
    return VariantOptionValue(variant=variant, option_id=glaze.option_id, value=glaze)


def _amount(variant: Variant) -> int:
    return 900 + variant.product_id * 37 % 14_000 + 200 * variant.position


def _level(variant: Variant, warehouse: Warehouse) -> StockLevel:
    return StockLevel(warehouse=warehouse, variant=variant, on_hand=make.choice((0, 2, 5, 9, 14)), low_at=3)


def _images(
    products: Iterable[Product], variants: Iterable[Variant], pictures: list[Picture]
) -> Iterator[ProductImage]:
    """One picture of every product, and one of every variant."""
    for index, product in enumerate(products):
        yield ProductImage(product=product, picture=pictures[index % (PICTURES // 2)], position=9)
    for index, variant in enumerate(variants):
        picture = pictures[PICTURES // 2 + index % (PICTURES // 2)]
        yield ProductImage(product_id=variant.product_id, variant=variant, picture=picture, position=variant.position)


def _reviews(products: Iterable[Product], people: list[User]) -> Iterator[Review]:
    for product in products:
        for person in people[: product.rating_count]:
            yield Review(product=product, user=person, rating=4, title=_sentence(4), body=_sentence(30))


def _load_journal(number: int, pictures: list[Picture], people: list[User]) -> None:
    tags = _keep(Tag, (Tag(slug=f"tag-{index}", name=f"Tag {index}") for index in range(TAGS)))
    stories = [markdown.render(_body(index)) for index in range(BODIES)]
    posts = _keep(Post, (_post(index, stories[index % BODIES], pictures) for index in range(number)))
    _keep(PostAuthor, (PostAuthor(post=post, user=people[post.pk % AUTHORS]) for post in posts))
    pairs = ((post, tags[(post.pk * step) % TAGS], step) for post in posts for step in (1, 7) if post.pk * 6 % TAGS)
    _keep(PostTag, (PostTag(post=post, tag=tag, position=step) for post, tag, step in pairs))
    _keep(Reference, _references(posts))
    _load_comments(posts, people)


def _body(index: int) -> str:
    """Some eight hundred words under four headings; every second one names two products."""
    parts = [f"## {_sentence(4)}\n\n" + "\n\n".join(_sentence(60) for _ in range(3)) for _ in range(4)]
    if index % 2 == 0:
        parts.insert(1, f":::product piece-{index}\n:::")
        parts.insert(3, f":::product piece-{index + 1}\n:::")
    return "\n\n".join(parts)


def _post(index: int, story: markdown.Story, pictures: list[Picture]) -> Post:
    at = _days_ago(1) - timedelta(hours=index)
    return Post(
        slug=f"post-{index}",
        title=_sentence(6).rstrip("."),
        excerpt=_sentence(24),
        body_source="-",
        body_html=story.html,
        body_text=story.text,
        toc=[asdict(heading) for heading in story.toc],
        word_count=story.words,
        render_version=markdown.VERSION,
        status=Post.Status.PUBLISHED,
        published_at=at,
        first_published_at=at,
        created_at=at,
        updated_at=at,
        changed_at=at,
        cover=pictures[index % PICTURES],
        comment_count=_commented(index),
    )


def _commented(index: int) -> int:
    return 6 if index % 10 == 0 else 0


def _references(posts: Iterable[Post]) -> Iterator[Reference]:
    for index, post in enumerate(posts):
        for place, (_, target) in enumerate(markdown.CARD_MARK.findall(post.body_html)):
            yield Reference(
                source_kind="post", source_id=post.slug, target_kind="product", target_id=target, position=place + index
            )


def _load_comments(posts: list[Post], people: list[User]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM blog_comment")
        last = cursor.fetchone()[0]
    commented = [post for index, post in enumerate(posts) for _ in range(_commented(index))]
    words = _sentence(25)
    rows = (
        Comment(
            id=last + 1 + place,
            path=[last + 1 + place],
            post=post,
            author=people[place % READERS],
            status=Comment.Status.APPROVED,
            body_source=words,
            body_html=f"<p>{words}</p>",
        )
        for place, post in enumerate(commented)
    )
    _keep(Comment, rows)


def _compose_home(pictures: list[Picture]) -> None:
    kinds = HomeBlock.Kind
    rows = (
        HomeBlock(kind=kinds.HERO, title=_sentence(5), text=_sentence(14), picture=pictures[0], link_url="/shop/"),
        HomeBlock(kind=kinds.CARDS, title="Pieces", card_kind="product", card_ids=[f"piece-{i}" for i in range(8)]),
        HomeBlock(kind=kinds.CARDS, title="Shelves", card_kind="category", card_ids=[f"shelf-{i}" for i in range(6)]),
        HomeBlock(kind=kinds.CARDS, title="Stories", card_kind="post", card_ids=[f"post-{i}" for i in range(4)]),
    )
    for position, block in enumerate(rows):
        block.position = position
        block.save()


def _picture(index: int) -> Picture:
    stem = f"pictures/{index % 100:02}/{index:032x}"
    ready = [
        {"name": f"{stem}-{width}.{kind}", "width": width, "type": kind}
        for width in WIDTHS
        for kind in ("avif", "webp")
    ]
    return Picture(
        file=f"{stem}.webp",
        width=2000,
        height=2000,
        color="#d9c9ac",
        digest=f"{index:064x}",
        alt=_sentence(9),
        renditions=ready,
    )


def _person(index: int) -> User:
    return User(email=f"person-{index}@example.com", name=f"Person {index}", password=_UNUSABLE, bio=_sentence(12))


def _sentence(words: int) -> str:
    return " ".join(make.choices(WORDS, k=words)).capitalize() + "."


def _days_ago(days: int) -> datetime:
    return _NOW - timedelta(days=days)


def _keep(model: type[Model], rows: Iterable[Any]) -> list[Any]:
    """Write rows in batches; returns them with their keys."""
    kept: list[Any] = []
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        kept += model._default_manager.bulk_create(batch)  # noqa: SLF001  any model's
    return kept


_UNUSABLE = make_password(None)
_NOW = datetime.now(UTC)
