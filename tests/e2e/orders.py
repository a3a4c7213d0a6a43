"""Database reads about orders and stock."""

from tests.e2e.site import Site


def available(site: Site, *skus: str) -> dict[str, int]:
    """Return the available quantity by SKU."""
    return dict(
        site.rows(
            "SELECT v.sku, l.on_hand - l.reserved FROM shop_stocklevel l JOIN shop_variant v ON v.id = l.variant_id"
            " WHERE v.sku = ANY(%s)",
            list(skus),
        )
    )


def moved(site: Site, number: str) -> dict[str, int]:
    """Return the stock movements of an order by SKU."""
    return dict(
        site.rows(
            "SELECT v.sku, m.quantity FROM shop_stockmovement m JOIN shop_stocklevel l ON l.id = m.level_id"
            " JOIN shop_variant v ON v.id = l.variant_id JOIN shop_reservation r ON r.level_id = l.id"
            " JOIN shop_orderline i ON i.id = r.line_id JOIN shop_order o ON o.id = i.order_id"
            " WHERE o.number = %s AND m.idempotency_key LIKE '%%:' || r.id",
            number,
        )
    )


def events(site: Site, name: str, number: str) -> int:
    """Count the events of this name for an order."""
    return int(site.value("SELECT count(*) FROM core_event WHERE name = %s AND subject_id = %s", name, number))


def said_about(site: Site, number: str) -> list[str]:
    """Return the messages of the conversation about an order, in order."""
    rows = site.rows(
        "SELECT m.body FROM chat_message m JOIN chat_room r ON r.id = m.room_id"
        " WHERE r.subject_kind = 'order' AND r.subject_id = %s AND m.author_id IS NOT NULL ORDER BY m.seq",
        number,
    )
    return [body for (body,) in rows]


def order_nobody_talks_about(site: Site) -> str:
    """Return the newest order of the demo customer without a conversation."""
    return str(
        site.value(
            "SELECT number FROM shop_order WHERE email = 'customer@example.com'"
            " AND number NOT IN (SELECT subject_id FROM chat_room WHERE subject_kind = 'order')"
            " ORDER BY placed_at DESC LIMIT 1"
        )
    )
