"""What developers read in a browser: the reader of the schema, and what each problem means."""

import re

import pytest

pytestmark = pytest.mark.django_db


def test_the_type_of_a_problem_leads_to_its_meaning(client):
    refused = client.get("/api/v1/orders/").json()
    page = client.get(refused["type"].split("#")[0])

    assert page.status_code == 200
    row = page.content.decode().split(f'id="{refused["code"]}"')[1].split("</tbody>")[0]
    assert "Authentication credentials were not provided." in row


def test_each_code_is_told_once(client):
    ids = re.findall(r'<tbody id="(\w+)"', client.get("/api/docs/problems/").content.decode())

    assert len(ids) == len(set(ids)) > 60
    assert {"quote_changed", "invalid", "stale", "idempotency_key_reused"} <= set(ids)


@pytest.mark.parametrize(("theme", "told"), [("dark", True), ("light", True), ("", False), ('"><b>', False)])
def test_the_reference_wears_the_theme_that_was_chosen(client, theme, told):
    client.cookies["theme"] = theme

    page = client.get("/api/docs/").content.decode()

    assert (f'<html lang="en" data-theme="{theme}">' in page) == told
    assert ('<html lang="en">' in page) != told
