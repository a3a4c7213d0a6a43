"""Light, dark or the system's choice: a cookie that does this one job."""

import pytest
from django.test import Client

SAME = {"Sec-Fetch-Site": "same-origin"}


def choose(client: Client, theme: str, **headers: str):
    return client.post("/theme/", {"theme": theme}, headers={**SAME, **headers})


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_the_choice_is_kept_in_a_cookie_no_script_reads(client, theme):
    answer = choose(client, theme)

    cookie = answer.cookies["theme"]
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (theme, True, "Lax", 31_536_000)


def test_an_unknown_theme_changes_nothing(client):
    assert "theme" not in choose(client, "neon").cookies


@pytest.mark.django_db
def test_the_next_page_is_drawn_in_it(client):
    choose(client, "dark")

    html = client.get("/search/").content.decode()

    assert '<html lang="en" dir="ltr" data-theme="dark">' in html
    assert 'name="color-scheme" content="dark"' in html


def test_one_returns_to_the_page_one_came_from(client):
    answer = choose(client, "light", Referer="http://testserver/search/?q=mug&kind=product")

    assert answer["Location"] == "/search/?q=mug&kind=product"


@pytest.mark.parametrize(
    "before",
    [
        "http://testserver//evil.example/",
        "http://testserver/\\evil.example/",
        "http://testserver/\t/evil.example/",
        "https://evil.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_it_never_leads_off_the_site(client, before):
    assert choose(client, "light", Referer=before)["Location"] == "/"


def test_a_strangers_page_shows_only_the_path_of_this_site(client):
    assert choose(client, "light", Referer="https://evil.example/shop/")["Location"] == "/shop/"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_form_of_another_site_is_refused(client, headers):
    answer = client.post("/theme/", {"theme": "dark"}, headers=headers)

    assert answer.status_code == 403
    assert "theme" not in answer.cookies


def test_a_link_cannot_change_it(client):
    answer = client.get("/theme/", {"theme": "dark"})

    assert answer.status_code == 405
    assert "theme" not in answer.cookies
