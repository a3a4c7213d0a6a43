"""Strangers share a page for a second; nobody else's page is ever kept, and no stranger gets what is another's."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from blog.tests.factories import published
from core import ttl_cache
from core.web import response_cache
from core.web.response_cache import MAX_PAGE_BYTES, CacheEntry, ResponseCache, ResponseCacheMiddleware
from shop.tests.factories import MarketFactory
from shop.tests.pages import add_to_cart, product_with

pytestmark = pytest.mark.django_db


class Clock:
    """The process clock as the caches read it; each begins where all that another has seen has run out."""

    begins = itertools.count(10**6, 1000)

    def __init__(self) -> None:
        self.now = float(next(self.begins))

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    settings.MICROCACHE_SECONDS = 1
    clock = Clock()
    monkeypatch.setattr(response_cache, "time", clock)
    monkeypatch.setattr(ttl_cache, "time", clock)
    return clock


@pytest.fixture
def shop() -> None:
    MarketFactory()
    product_with("mug", celadon=5)


def drawn(text: str = "drawn", **headers: str) -> HttpResponse:
    response = HttpResponse(text, headers=headers)
    response.is_for_strangers = True  # type: ignore[attr-defined]
    return response


class Site:
    """What stands behind the cache: counts how often it is asked."""

    def __init__(self, answer: Any = drawn) -> None:
        self.asked = 0
        self.answer = answer
        self.middleware = ResponseCacheMiddleware(self.get)

    def get(self, request: Any) -> HttpResponse:
        self.asked += 1
        return self.answer()

    def asked_after(self, *requests: Any) -> int:
        for request in requests:
            self.middleware(request)
        return self.asked


def request(path: str = "/", method: str = "get", cookies: str = "", **headers: str) -> Any:
    given = {"cookie": cookies, **headers} if cookies else headers
    return getattr(RequestFactory(), method)(path, headers=given)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/shop/",
        "/shop/cups-mugs/",
        "/shop/p/mug/",
        "/shop/p/mug/reviews/",
        "/journal/",
        "/journal/kilns/",
        "/journal/feed.xml",
    ],
)
def test_a_page_is_drawn_once_a_second(
    client: Client,
    clock: Clock,
    shop: None,
    path: str,
    django_assert_num_queries: Any,
    django_assert_max_num_queries: Any,
):
    published(slug="kilns", title="Kilns")
    first = client.get(path)

    with django_assert_num_queries(0):
        second = client.get(path)

    assert (first.status_code, second.content, second["ETag"]) == (200, first.content, first["ETag"])
    clock.now += 1
    with django_assert_max_num_queries(12) as taken:
        client.get(path)
    assert len(taken) > 0


def test_what_changed_is_shown_after_a_second(client: Client, clock: Clock, shop: None):
    client.get("/shop/p/mug/")
    product_with("bowl", celadon=5)

    assert b"Bowl" not in client.get("/shop/p/mug/").content
    clock.now += 1
    assert b"Bowl" in client.get("/shop/p/mug/").content


def test_a_kept_page_has_all_headers_and_a_request_id_of_its_own(client: Client, clock: Clock, shop: None):
    first, second = client.get("/shop/"), client.get("/shop/")

    assert first.headers.keys() == second.headers.keys()
    assert {
        "Content-Security-Policy",
        "Permissions-Policy",
        "X-Frame-Options",
        "Referrer-Policy",
    } <= first.headers.keys()
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert second["Cache-Control"] == "public, no-cache"


def test_logs_know_what_was_asked_for(client: Client, clock: Clock, shop: None):
    routes = [client.get("/shop/p/mug/").wsgi_request.resolver_match.route for _ in range(2)]

    assert routes == ["shop/p/<slug:slug>/"] * 2


def test_who_has_the_page_is_told_so_from_the_kept_copy(
    client: Client, clock: Clock, shop: None, django_assert_num_queries: Any
):
    etag = client.get("/shop/p/mug/")["ETag"]

    with django_assert_num_queries(0):
        again = client.get("/shop/p/mug/", headers={"if-none-match": etag})
        other = client.get("/shop/p/mug/", headers={"if-none-match": '"other"'})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert other.status_code == 200


def test_a_page_has_an_etag_also_where_nothing_is_kept(client: Client, shop: None):
    etag = client.get("/shop/p/mug/")["ETag"]

    assert client.get("/shop/p/mug/", headers={"if-none-match": etag}).status_code == 304
    product_with("bowl", celadon=5)
    assert client.get("/shop/p/mug/", headers={"if-none-match": etag}).status_code == 200


def test_a_cart_is_its_owner_s_alone(client: Client, clock: Clock, shop: None):
    buyer = client
    stranger = Client()
    stranger.handler = buyer.handler  # the same process
    stranger.get("/shop/")
    add_to_cart(buyer, "MUG-CELADON", 2)

    own = buyer.get("/shop/")

    assert own.context["cart_count"]() == 2
    assert "public" not in own.get("Cache-Control", "")
    assert own.content != stranger.get("/shop/").content


def test_a_signed_in_person_neither_gets_nor_leaves_a_shared_page(
    client: Client, clock: Clock, shop: None, customer: Any
):
    stranger = Client()
    stranger.handler = client.handler
    client.force_login(customer)

    own = client.get("/shop/")
    shared = stranger.get("/shop/")

    assert "csrf" in own.content.decode().lower()
    assert b"X-CSRFToken" not in shared.content
    assert b"X-CSRFToken" in client.get("/shop/").content


def test_a_page_with_a_form_s_token_is_not_kept(client: Client, clock: Clock):
    tokens = [client.get("/account/login/").cookies["csrf"].value]
    client.cookies.clear()
    tokens.append(client.get("/account/login/").cookies["csrf"].value)

    assert tokens[0] != tokens[1]


@pytest.mark.parametrize("path", ["/api/v1/products/", "/shop/p/none/", "/search/?q=mug"])
def test_what_does_not_say_that_it_may_be_shared_is_asked_for_each_time(
    client: Client, clock: Clock, shop: None, path: str, django_assert_max_num_queries: Any
):
    client.get(path)

    with django_assert_max_num_queries(20) as taken:
        client.get(path)

    assert len(taken) > 0


@pytest.mark.parametrize(
    "asked",
    [
        request(method="post"),
        request(method="head"),
        request(cookies="session=x"),
        request(cookies="cart=x"),
        request(cookies="messages=x"),
        request(cookies="theme=dark; unknown=x"),
        request(authorization="Bearer x"),
        request(f"/?q={'x' * 600}"),
    ],
)
def test_whoever_may_be_somebody_is_asked_for_each_time(clock: Clock, asked: Any):
    site = Site()

    assert site.asked_after(asked, asked) == 2


@pytest.mark.parametrize(
    "other",
    [
        request("/journal/"),
        request("/?page=2"),
        request(cookies="theme=dark"),
        request(**{"hx-request": "true"}),
        request(host="other.example"),
    ],
)
def test_what_a_page_depends_on_parts_the_copies(clock: Clock, other: Any):
    site = Site()

    assert site.asked_after(request(), request(), other, other, request()) == 2


@pytest.mark.parametrize(
    "answer",
    [
        lambda: HttpResponse("not marked"),
        lambda: drawn(**{"Cache-Control": "private, no-cache"}),
        lambda: drawn(**{"Cache-Control": "no-store"}),
        lambda: drawn(Vary="User-Agent"),
        lambda: drawn(Vary="*"),
        lambda: drawn("x" * (MAX_PAGE_BYTES + 1)),
    ],
)
def test_what_is_not_the_same_for_everybody_is_not_kept(clock: Clock, answer: Any):
    site = Site(answer)

    assert site.asked_after(request(), request()) == 2


@pytest.mark.parametrize("status", [201, 301, 404, 410, 500])
def test_only_a_page_that_is_there_is_kept(clock: Clock, status: int):
    def answer() -> HttpResponse:
        response = drawn()
        response.status_code = status
        return response

    assert Site(answer).asked_after(request(), request()) == 2


def test_what_sets_a_cookie_is_not_kept(clock: Clock):
    def answer() -> HttpResponse:
        response = drawn()
        response.set_cookie("messages", "x")
        return response

    assert Site(answer).asked_after(request(), request()) == 2


def test_while_one_draws_a_page_anew_others_get_the_last_copy(clock: Clock):
    drawing, go_on = threading.Event(), threading.Event()

    def answer() -> HttpResponse:
        if site.asked == 2:
            drawing.set()
            go_on.wait(5)
        return drawn(f"copy {site.asked}")

    site = Site(answer)
    site.middleware(request())
    clock.now += 1.5
    first = threading.Thread(target=site.middleware, args=(request(),))
    first.start()
    drawing.wait(5)

    meanwhile = site.middleware(request())
    clock.now += 1
    go_on.set()
    waited = site.middleware(request())  # the copy is too old by now
    first.join(5)

    assert (meanwhile.content, waited.content, site.asked) == (b"copy 1", b"copy 2", 2)


def at_once(site: Site, *requests: Any) -> list[bytes]:
    gate = threading.Barrier(len(requests))

    def ask(asked: Any) -> bytes:
        gate.wait()
        return site.middleware(asked).content

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(ask, requests))


def slow(answer: Any) -> Any:
    def drawn_slowly() -> HttpResponse:
        time.sleep(0.2)  # long enough for all to ask meanwhile
        return answer()

    return drawn_slowly


def test_eight_strangers_who_come_first_at_once_get_a_page_that_is_drawn_once(clock: Clock):
    site = Site(slow(drawn))

    assert at_once(site, *(request() for _ in range(8))) == [b"drawn"] * 8
    assert site.asked == 1


def test_eight_strangers_after_a_quiet_hour_get_a_page_that_is_drawn_once(clock: Clock):
    site = Site(slow(drawn))
    site.middleware(request())
    clock.now += 3600

    assert at_once(site, *(request() for _ in range(8))) == [b"drawn"] * 8
    assert site.asked == 2


def test_nobody_waits_for_a_page_that_cannot_be_shared(clock: Clock):
    together = threading.Barrier(2, timeout=10)

    def answer() -> HttpResponse:
        together.wait()  # passes only if both are inside
        return drawn()

    assert at_once(Site(answer), request("/account/login/"), request("/account/login/")) == [b"drawn"] * 2


def test_who_waited_in_vain_draws_the_page(clock: Clock):
    site = Site(slow(lambda: HttpResponse("a thing of one's own")))

    assert at_once(site, request(), request()) == [b"a thing of one's own"] * 2
    assert site.asked == 2


def test_a_page_that_fails_to_be_drawn_leaves_no_lock(clock: Clock):
    def answer() -> HttpResponse:
        if site.asked == 2:
            raise RuntimeError("no kiln")
        return drawn(f"copy {site.asked}")

    site = Site(answer)
    site.middleware(request())
    clock.now += 1
    with pytest.raises(RuntimeError):
        site.middleware(request())

    assert site.middleware(request()).content == b"copy 3"


def test_the_longest_unused_pages_make_room(clock: Clock):
    shelf = ResponseCache(room=25)
    for name in "abc":
        shelf.put((name,), CacheEntry(b"0123456789", [], None, clock.now + 1))
        shelf.take(("a",), clock.now)

    assert [key for (key,) in shelf.kept] == ["c", "a"]
    assert shelf.size == 20


@pytest.mark.parametrize("path", ["/shop/", "/shop/p/mug/"])
def test_a_history_restore_gets_the_whole_page_also_when_a_fragment_is_kept(shop, clock, path):
    fragment = Client().get(path, headers={"HX-Request": "true"})
    restored = Client().get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})

    assert b"<html" not in fragment.content
    assert restored.content.rstrip().endswith(b"</html>")
    for answer in (fragment, restored, Client().get(path)):
        assert {"HX-Request", "HX-History-Restore-Request"} <= set(answer["Vary"].split(", "))
