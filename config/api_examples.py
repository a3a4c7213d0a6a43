"""Examples for the schema: each field name has one example value, so that examples are consistent."""

from collections.abc import Iterator
from typing import Any, Final

FORMATS: Final = {
    "uuid": "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6",
    "date-time": "2026-11-21T09:30:00Z",
    "date": "2026-11-21",
    "email": "clara@example.com",
    "uri": "https://shop.example/",
    "decimal": "0.23000",
}
NAMES: Final[dict[str, Any]] = {
    "act": "refuse",
    "action": "user.signed_in",
    "action_url": "https://pay.example/p/8fk2",
    "address": "203.0.113.7",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "alt": "A grey bowl with a blue rim on a linen cloth",
    "anchor": "the-second-firing",
    "answer": "ok",
    "avatar": "/media/pictures/clara-160.webp",
    "author": "Clara Customer",
    "bio": "Throws bowls on Thursdays.",
    "body": "How long does the glaze need to dry?",
    "body_html": "<p>How long does the glaze need to dry?</p>",
    "carrier": "An Post",
    "category": "bowls",
    "city": "Galway",
    "code": "invalid",
    "company": "",
    "country": "IE",
    "currency": "EUR",
    "description": "Thrown on the wheel, glazed twice.",
    "description_html": "<p>Thrown on the wheel, glazed twice.</p>",
    "detail": "Some fields are not valid.",
    "display_name": "Clara",
    "picture": "me.jpg",
    "email": "clara@example.com",
    "emoji": "🎉",
    "entitlement_kind": "",
    "entitlement_subject": "",
    "error": "",
    "excerpt": "What a kiln does between six and ten in the evening.",
    "extra": "",
    "height": 1200,
    "html": "<p>How long does the glaze need to dry?</p>",
    "id": "breakfast-bowl",
    "impersonator": "",
    "inside": "tableware",
    "intro": "For soup, for fruit, for the cat.",
    "kind": "product",
    "name": "Clara Customer",
    "email_hint": "no…@example.com",
    "network": "203.0.113.0/24",
    "note": "Please leave it with the neighbour.",
    "number": "A7K2M9QX",
    "option": "glaze",
    "option_name": "Glaze",
    "person": "Clara Customer",
    "phone": "+353 91 555 0142",
    "pointer": "/email",
    "post": "on-glazes",
    "postcode": "H91 X2Y3",
    "prefix": "agr_3fk29x",
    "product": "breakfast-bowl",
    "provider": "sandbox",
    "quote_hash": "5d41402abc4b2a76b9719d911017c592",
    "reason": "One cup came broken.",
    "ref": "",
    "reference": "pay_8fk2",
    "region": "",
    "required_permission": "shop.adjust_stock",
    "request_id": "019a9f2e7b6c7d8e9fa0b1c2d3e4f5a6",
    "secret": "whsec_bm90LWEtc2VjcmV0LWJ1dC1hbi1leGFtcGxl",
    "seo_description": "How we glaze, and why twice.",
    "shipping_method": "standard",
    "shipping_name": "Parcel",
    "sku": "BOWL-CEL-M",
    "slug": "on-glazes",
    "staff": "Ada Author",
    "status": "open",
    "street": "3 Quay Street",
    "summary": "A bowl for porridge, and for the rest of the day.",
    "swatch": "#a5bba3",
    "text": "The second firing",
    "title": "Breakfast Bowl",
    "token": "q3Zk-0t8bA2v",
    "topic": "Glazes, kilns and what went wrong.",
    "tracking_code": "RR123456785IE",
    "tracking_url": "https://post.example/RR123456785IE",
    "type": "/api/docs/problems/#invalid",
    "url": "/shop/p/breakfast-bowl/",
    "value": "celadon",
    "variant_title": "Celadon, medium",
    "warehouse": "MAIN",
    "width": 1600,
    "words": "It advertises watches.",
}
BY_RESOURCE: Final[dict[str, dict[str, Any]]] = {
    "posts": {"slug": "on-glazes", "tag": "glaze"},
    "products": {"slug": "breakfast-bowl", "option": ["glaze:celadon"], "price": ["25-50"]},
    "categories": {"slug": "bowls"},
    "tags": {"slug": "glaze"},
    "rooms": {"seq": "12"},
    "stock_levels": {"sku": "BOWL-CEL-M", "warehouse": "MAIN"},
    "conversations": {"about_kind": "product", "about_id": "breakfast-bowl"},
    "search": {"q": "bowl", "kind": ["product"]},
}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of the schema's generator: give every property and path parameter of a known name its example."""
    for schema in result["components"]["schemas"].values():
        for name, field in schema.get("properties", {}).items():
            _add(field, example_of(name, field))
    for resource, parameter in _parameters(result):
        known = BY_RESOURCE.get(resource, {}).get(parameter["name"])
        if known is None and parameter["in"] == "path":
            known = example_of(parameter["name"], parameter["schema"])
        if known is not None:
            parameter["example"] = known
    return result


def example_of(name: str, schema: dict[str, Any]) -> Any:
    """An example for a scalar; None where the type says enough."""
    if schema.get("type") not in ("string", "integer") or "enum" in schema:
        return None
    given = FORMATS.get(schema.get("format", "")) or NAMES.get(name)
    if given is None and "0-9a-f" in schema.get("pattern", ""):
        return FORMATS["uuid"]
    expected = str if schema["type"] == "string" else int
    return given if isinstance(given, expected) else None


def _add(schema: dict[str, Any], example: Any) -> None:
    if example is not None:
        schema.setdefault("example", example)


def _parameters(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in result["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                yield path.split("/")[3], parameter
