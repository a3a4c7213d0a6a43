"""What every request passes through."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core import context
from core.errors import Conflict, NotFound
from core.web.middleware import HeadersMiddleware, PageMiddleware, RequestIdMiddleware
from core.web.origin import same_origin_post


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "has spaces in it", "inject\r\nSet-Cookie: a=b"])
def test_an_id_that_is_none_is_replaced(rf: RequestFactory, given: str) -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(context.current().request_id)
        return HttpResponse()

    response = RequestIdMiddleware(view)(rf.get("/", headers={"X-Request-ID": given}))

    assert response["X-Request-ID"] == seen[0] != given
    assert len(seen[0]) == 32


def test_the_proxys_id_goes_through(rf):
    response = RequestIdMiddleware(lambda request: HttpResponse())(
        rf.get("/", headers={"X-Request-ID": "from-the-proxy-1"})
    )

    assert response["X-Request-ID"] == "from-the-proxy-1"
    assert context.current().request_id == ""


def test_a_refusal_under_the_api_is_a_problem(rf):
    response = PageMiddleware(lambda request: HttpResponse()).process_exception(rf.get("/api/v1/x/"), Conflict())

    assert (response.status_code, response["Content-Type"]) == (409, "application/problem+json")


@pytest.mark.django_db
def test_a_refusal_of_a_page_is_a_page_with_its_status(rf):
    request = rf.get("/shop/")
    request.user = None

    response = PageMiddleware(lambda request: HttpResponse()).process_exception(request, NotFound("No such cup."))

    assert response.status_code == 404
    assert "No such cup." in response.content.decode()


def test_a_fault_is_left_alone(rf):
    middleware = PageMiddleware(lambda request: HttpResponse())

    assert middleware.process_exception(rf.get("/"), ZeroDivisionError()) is None


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "https://testserver"}, False),
        ({"Origin": "http://testserver:8000"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_a_form_without_a_token_is_taken_from_this_site_only(rf, headers, allowed):
    done = []

    @same_origin_post
    def view(request: HttpRequest) -> HttpResponse:
        done.append(True)
        return HttpResponse()

    if allowed:
        view(rf.post("/", headers=headers))
    else:
        with pytest.raises(PermissionDenied):
            view(rf.post("/", headers=headers))

    assert done == [True] * allowed


@pytest.mark.django_db
def test_headers_of_every_page(client):
    response = client.get("/")

    assert response["Permissions-Policy"].startswith("accelerometer=()")
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    for weak in ("unsafe-inline", "unsafe-eval", "nonce", "*", "http:"):
        assert weak not in policy


@pytest.mark.django_db
def test_the_api_says_what_is_left_of_the_limit(client):
    first, second = client.get("/api/v1/search/?q=x"), client.get("/api/v1/search/?q=x")

    assert first["RateLimit-Policy"] == '"api";q=120;w=60'
    assert first["RateLimit"].startswith('"api";r=119;t=')
    assert second["RateLimit"].startswith('"api";r=118;t=')


@pytest.mark.django_db
def test_beyond_the_limit_the_api_refuses_and_says_when_to_come_back(client, monkeypatch):
    monkeypatch.setattr("core.api.permissions.STRANGERS", "1/minute")
    client.get("/api/v1/search/?q=x")

    response = client.get("/api/v1/search/?q=x")

    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 60


@pytest.mark.parametrize(("debug", "has_policy"), [(True, False), (False, True)])
def test_djangos_own_page_about_an_error_is_shown_with_its_styles_in_development(rf, settings, debug, has_policy):
    settings.DEBUG = debug

    response = HeadersMiddleware(lambda request: HttpResponse(status=500))(rf.get("/"))

    assert ("Content-Security-Policy" in response) == has_policy
