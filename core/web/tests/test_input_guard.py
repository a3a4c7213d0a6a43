"""Text that nothing can hold is refused once, before any view, in every part of a request."""

from base64 import b64encode
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from config.wsgi import application
from core.web.input_guard import InputGuardMiddleware, malformed_name
from shop.tests.factories import MarketFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def open_shop() -> None:
    MarketFactory()


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "path", ["/journal/%00/", "/shop/p/a%00/", "/api/v1/posts/%00/", "/talk/about/order/%00/", "/%00"]
)
def test_a_path_with_nul_leads_nowhere(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "%00=1", "q=1&x=%00"])
@pytest.mark.parametrize("path", ["/search/", "/shop/", "/journal/", "/account/login/", "/admin/login/"])
def test_a_page_refuses_nul_in_a_query(client: Client, path: str, query: str) -> None:
    response = client.get(f"{path}?{query}")

    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_the_api_names_the_parameter_with_nul(client: Client) -> None:
    response = client.get("/api/v1/products/?q=tea%00")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (400, "bad_request")
    assert problem["errors"] == [
        {"pointer": "/q", "code": "invalid", "detail": "q holds a character that is not allowed."}
    ]


def test_admin_lookups_with_nul_are_refused(client: Client, staff: Any) -> None:
    client.force_login(staff)

    assert client.get("/admin/shop/order/?status__exact=%00").status_code == 400
    assert client.get("/admin/shop/order/?status__exact=paid").status_code == 200


@pytest.mark.parametrize("body", ["email=%00", "a%00=1"])
def test_a_form_with_nul_is_refused(client: Client, body: str) -> None:
    assert client.post("/account/login/", body, FORM).status_code == 400


def test_a_form_of_several_parts_with_nul_is_refused(client: Client) -> None:
    assert client.post("/account/login/", {"email": "a\0b"}).status_code == 400
    assert client.post("/account/login/", {"email": SimpleUploadedFile("a\0.png", b"x")}).status_code in {200, 400}


def test_an_encoding_of_no_text_is_refused_before_anything_is_decoded_by_it(rf: Any) -> None:
    """Django's own request, which its test client makes, would raise."""
    statuses = []
    for charset in ("hex", "rot13", "zlib", "undefined"):
        environ = rf.get("/search/?q=x").environ | {"CONTENT_TYPE": f"text/plain; charset={charset}"}
        application(environ, lambda status, headers: statuses.append(status))

    assert statuses == ["400 Bad Request"] * 4


@pytest.mark.parametrize("charset", ["utf-16", "unicode_escape", "latin-1", "no-such", "idna"])
def test_text_in_another_encoding_than_utf_8_is_refused(client: Client, charset: str) -> None:
    for kind in ("text/plain", FORM, "application/json", "multipart/form-data; boundary=x"):
        response = client.generic("POST", "/theme/", b"theme=dark", f"{kind}; charset={charset}")
        assert response.status_code == 400
    assert client.get("/search/?q=x", CONTENT_TYPE=f"text/plain; charset={charset}").status_code == 400


def test_a_header_with_nul_is_refused(client: Client) -> None:
    assert client.get("/", headers={"user-agent": "a\0b"}).status_code == 400
    assert client.get("/api/v1/tags/", headers={"if-none-match": "\0"}).json()["code"] == "bad_request"


def test_a_cookie_with_nul_counts_as_not_sent(client: Client, customer: Any) -> None:
    client.force_login(customer)
    session = client.cookies["session"].value
    client.cookies.clear()

    signed_in = client.get("/account/", headers={"cookie": f'session={session}; theme="\\000"'})
    signed_out = client.get("/account/", headers={"cookie": 'session="\\000"'})

    assert (signed_in.status_code, signed_out.status_code) == (200, 302)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/oauth/token/", "grant_type=client_credentials&client_id=%00&client_secret=x"),
        ("/oauth/token/", "grant_type=client_credentials&client_id=x&client_secret=%00"),
        ("/oauth/revoke/", "token=x&client_id=%00"),
        ("/oauth/introspect/", "token=x&client_id=%00"),
        ("/oauth/device-authorization/", "client_id=%00"),
    ],
)
def test_a_client_with_nul_in_its_id_or_secret_is_an_invalid_client(client: Client, path: str, body: str) -> None:
    response = client.post(path, body, FORM)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert response["WWW-Authenticate"] == 'Basic realm="oauth"'


@pytest.mark.parametrize("credentials", [b"\0:x", b"x:\0", b"%00:x"])
def test_a_basic_header_with_nul_is_an_invalid_client(client: Client, credentials: bytes) -> None:
    for path in ("/oauth/token/", "/oauth/introspect/"):
        response = client.post(
            path,
            "grant_type=client_credentials&token=x",
            FORM,
            headers={"authorization": f"Basic {b64encode(credentials).decode()}"},
        )
        assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_other_parameters_of_the_provider_with_nul_are_an_invalid_request(client: Client) -> None:
    asked = client.post("/oauth/token/", "grant_type=%00&client_id=x", FORM)
    page = client.get("/oauth/authorize/?client_id=x&state=%00&response_type=code")

    assert (asked.status_code, asked.json()["error"]) == (400, "invalid_request")
    assert asked.json()["error_description"] == "grant_type holds a character that is not allowed."
    assert page.status_code == 400


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"lines":' * 100 + "1", '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"a":' + "9" * 5000 + "}"]
)
@pytest.mark.parametrize("path", ["/api/v1/carts/", "/_allauth/app/v1/auth/login", "/shop/webhooks/sandbox/"])
def test_json_beyond_its_bounds_is_refused(client: Client, path: str, body: str) -> None:
    assert client.post(path, body, "application/json").status_code == 400


def test_json_larger_than_the_limit_is_refused_before_it_is_read(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = client.post("/api/v1/carts/", '{"a": "' + "x" * 1000 + '"}', "application/json")

    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_honest_text_passes(rf: Any) -> None:
    for text in ("tea%20cup", "%F0%9F%91%8D", "100%", "%e2%80%8d", "%ED%A0%80"):
        assert malformed_name(rf.get(f"/?q={text}")) is None
    assert malformed_name(rf.post("/", {"a": "ü\u202e"})) is None


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("get", "/a/cafe%CC%81/?x=%20", 301, "/a/caf%C3%A9/?x=%20"),
        ("head", "/a/cafe%CC%81/", 301, "/a/caf%C3%A9/"),
        ("get", "//evil.example/cafe%CC%81/", 301, "/%2Fevil.example/caf%C3%A9/"),
        ("post", "/a/cafe%CC%81/", 404, None),
        ("get", "/a/caf%C3%A9/", 404, None),
        ("get", "/a/cafe/", 404, None),
    ],
)
def test_an_address_in_decomposed_characters_leads_to_the_composed_one(
    rf: Any, method: str, path: str, status: int, location: str | None
) -> None:
    guard = InputGuardMiddleware(lambda _request: HttpResponse(status=404))
    request = getattr(rf, method)("/")
    address, _mark, request.META["QUERY_STRING"] = path.partition("?")
    request.path = request.path_info = unquote(address)

    response = guard(request)

    assert (response.status_code, response.get("Location")) == (status, location)


def test_an_address_that_is_there_as_it_is_written_is_not_led_elsewhere(rf: Any) -> None:
    request = rf.get("/a/cafe%CC%81/")

    assert InputGuardMiddleware(lambda _request: HttpResponse())(request).status_code == 200
