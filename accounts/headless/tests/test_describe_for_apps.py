"""What is told of the endpoints for apps is what is served: no more, no less, and as it is in the tree."""

from pathlib import Path

import pytest
import yaml

from accounts.headless import openapi
from accounts.headless.tests.fake_app_client import FakeAppClient
from accounts.headless.urls import urlpatterns
from accounts.tests.factories import UserFactory

FILE = Path("docs/openapi-app.yaml")


def served():
    """(method, address) of every operation that an app may call."""
    views = [(f"/_allauth/{one.pattern}", getattr(one.callback, "view_class", None)) for one in urlpatterns]
    return {(method, path) for path, view in views if view for method in openapi.METHODS if hasattr(view, method)
            and method in view.http_method_names}  # fmt: skip


def test_every_operation_that_is_served_is_described_and_no_other(client):
    described = yaml.safe_load(client.get("/_allauth/openapi.yaml").content)

    told = {(method, path) for path, one in described["paths"].items() for method in one if method in openapi.METHODS}

    assert told == served()
    assert len(told) == 40


def test_the_file_in_the_tree_is_what_is_served():
    assert FILE.read_text() == openapi.render_schema(), "manage.py describe_app writes it anew; review the difference"


@pytest.mark.django_db
def test_who_must_be_signed_in_for_an_operation_is_told(client):
    described = yaml.safe_load(client.get("/_allauth/openapi.yaml").content)

    for path, operations in described["paths"].items():
        for method in openapi.METHODS:
            if method in operations:
                answer = getattr(client, method)(path, content_type="application/json")
                asks = operations[method]["security"] == [{"access": []}]
                assert not asks or answer.status_code in (401, 409), (method, path)
    assert set(described["components"]["securitySchemes"]) == {"access", "steps", "device"}


def test_nothing_leads_nowhere_and_nothing_is_left_over():
    described = openapi.build_schema()

    for name in openapi.find_references(described):
        kind, _slash, key = name.removeprefix("#/components/").partition("/")
        assert key in described["components"][kind], name
    words = openapi.render_schema()
    for gone in ("phone", "{client}", "provider_redirect", "browser/v1", "X-CSRFToken"):
        assert gone not in words, gone


@pytest.mark.django_db
def test_what_is_told_of_a_person_is_what_an_answer_holds():
    phone = FakeAppClient()
    told = phone.sign_in(UserFactory()).json()
    described = openapi.build_schema()["components"]["schemas"]

    assert set(told["data"]["user"]) == set(described["User"]["properties"])
    assert described["User"]["properties"]["id"]["type"] == "string"
    assert described["AuthenticatorID"]["type"] == "string"
    assert set(told["meta"]) - {"is_authenticated"} <= set(described["BaseAuthenticationMeta"]["properties"])


def test_the_reader_stands_beside_that_of_the_api_and_loads_nothing_from_elsewhere(client):
    api, app = client.get("/api/docs/").content.decode(), client.get("/api/docs/app/").content.decode()

    assert 'href="/api/docs/app/"' in api
    assert 'href="/api/docs/"' in app
    assert "<h1>Signing in from an app</h1>" in app
    assert "//" not in app.replace("</script>", "").replace("<!doctype html>", "").replace("// ", "")
    assert '"/_allauth/openapi.yaml"' in client.get("/api/docs/app/?script=").content.decode()


def test_another_host_may_ask_with_the_headers_of_an_app(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]  # which puts its middleware in
    settings.MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE]

    answer = client.options(
        "/_allauth/app/v1/auth/login",
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,x-session-token,x-device-token",
        },
    )

    assert answer["Access-Control-Allow-Origin"] == "https://app.example"
    assert {"x-session-token", "x-device-token", "authorization"} <= set(
        answer["Access-Control-Allow-Headers"].split(", ")
    )
    assert "Access-Control-Allow-Credentials" not in answer
    told = client.get("/api/v1/", headers={"origin": "https://app.example"})["Access-Control-Expose-Headers"]
    assert {"etag", "link", "retry-after"} <= set(told.split(", "))
