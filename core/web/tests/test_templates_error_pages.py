"""Errors say what to do next: as a page, as a problem under /api/, as a toast for a fragment."""

import base64
import hashlib
import json
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import override_settings

from core.web import error_pages


def asked(path: str = "/nowhere/", **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.user = AnonymousUser()
    request.request_id = "0190f3c2a1b7"  # type: ignore[attr-defined]
    return request


def answers() -> list[tuple[str, int, str]]:
    return [
        ("handler400", 400, "bad_request"),
        ("handler403", 403, "permission_denied"),
        ("csrf_failure", 403, "csrf_failed"),
        ("handler404", 404, "not_found"),
        ("handler429", 429, "rate_limited"),
        ("handler500", 500, "internal_error"),
    ]


@pytest.mark.parametrize(("handler", "status", "code"), answers())
def test_programs_get_a_problem(handler: str, status: int, code: str):
    response: HttpResponse = getattr(error_pages, handler)(asked("/api/v1/orders/"))

    body = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)


@pytest.mark.parametrize(("handler", "status", "code"), answers())
def test_people_get_a_page_with_a_way_on(handler: str, status: int, code: str):
    response: HttpResponse = getattr(error_pages, handler)(asked())

    page = response.content.decode()
    assert response.status_code == status
    assert page.count("<h1") == 1
    assert re.search(r'<main.*href="[^#]', page, re.DOTALL)
    assert '<meta name="robots" content="noindex">' in page


@pytest.mark.parametrize(("handler", "status", "code"), answers())
def test_a_fragment_request_gets_a_toast_instead_of_a_page(handler: str, status: int, code: str):
    response: HttpResponse = getattr(error_pages, handler)(asked(**{"HX-Request": "true"}))

    toast = json.loads(response["HX-Trigger"])["toast"]
    assert response.status_code == status
    assert toast["level"] == "error"
    assert "<html" not in response.content.decode()


@pytest.mark.parametrize("handler", [error_pages.handler400, error_pages.handler500])
def test_standalone_pages_allow_their_one_style_by_its_hash_and_nothing_else(handler):
    response = handler(asked())

    page = response.content.decode()
    css = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert css
    digest = base64.b64encode(hashlib.sha256(css[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}';" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store"
    assert "<script" not in page
    assert "<link" not in page


@override_settings(STORAGES={"staticfiles": {"BACKEND": "core.web.static_files.Storage"}}, STATIC_ROOT="/nonexistent")
def test_the_500_page_needs_no_manifest_and_no_database_and_names_the_request():
    response = error_pages.handler500(asked())

    assert "0190f3c2a1b7" in response.content.decode()


def test_too_many_attempts_say_when_to_come_back():
    response = error_pages.handler429(asked(), retry_after=1)

    assert response["Retry-After"] == "1"
    assert "Try again in 1 second." in response.content.decode()


def test_a_path_cannot_write_markup_into_an_error_page():
    response = error_pages.csrf_failure(asked('/x/?q="><script>alert(1)</script>'))

    assert "<script>alert" not in response.content.decode()
