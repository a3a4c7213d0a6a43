"""What developers read in a browser: the reader of the schema, and what each problem means."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from django.test import Client

from config import schema

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


@pytest.mark.parametrize("kind", ["application/vnd.oai.openapi", "application/vnd.oai.openapi+json"])
def test_the_schema_is_generated_once_however_many_ask_at_a_time(client, monkeypatch, kind):
    generated = []

    def get_schema(self, *args, **kwargs):
        generated.append(threading.get_ident())
        time.sleep(0.2)  # long enough for all to ask meanwhile
        return {"openapi": "3.0.3", "info": {"title": "Agora"}}

    monkeypatch.setattr("drf_spectacular.generators.SchemaGenerator.get_schema", get_schema)
    schema._rendered.cache_clear()
    schema._schema.cache_clear()
    gate = threading.Barrier(8)

    def ask(_):
        gate.wait()
        response = Client().get("/api/schema/", headers={"accept": kind})
        return response.status_code, response["Content-Type"], "3.0.3" in response.content.decode()

    try:
        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(ask, range(8)))
    finally:
        schema._rendered.cache_clear()
        schema._schema.cache_clear()

    assert answers == {(200, f"{kind}; charset=utf-8", True)}
    assert len(generated) == 1


def test_the_schema_on_a_site_is_the_one_in_the_tree(client):
    served = client.get("/api/schema/?format=json").json()

    assert served == yaml.load(Path("docs/openapi.yaml").read_text(), yaml.CSafeLoader)
