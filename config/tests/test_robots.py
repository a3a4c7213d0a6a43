"""What search engines are asked to leave alone."""


def test_robots_are_kept_from_private_and_endless_pages(client, settings):
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert lines[0] == "User-agent: *"
    assert {"Disallow: /account/", "Disallow: /shop/cart/", "Disallow: /shop/checkout/", "Disallow: /search/"} <= set(
        lines
    )
    assert lines[-1] == f"Sitemap: {settings.SITE_URL}/sitemap.xml"
    assert client.get("/robots.txt")["Content-Type"].startswith("text/plain")
