"""A client that a program makes from the schema: it reads, filters, pages and writes, with types."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import httpx
import pytest

from accounts.api_keys import services as api_keys
from accounts.users.models import User
from blog.posts.models import Post
from blog.tests import factories as journal
from config.wsgi import application
from core.context import Actor
from tests.contract.asking import undone

SCHEMA = Path("docs/openapi.yaml").resolve()

# What is written against the client by hand: the last line asks for a field that no product has.
PROGRAM = """
from agora_client.api.products import products_list, products_retrieve
from agora_client.client import AuthenticatedClient
from agora_client.models import ProductDetail

client = AuthenticatedClient(base_url="http://localhost", token="agr_x")
product = products_retrieve.sync(slug="breakfast-bowl", client=client)
if isinstance(product, ProductDetail):
    amount: str = product.variants[0].price.amount
    print(product.colour_of_the_sky)
products_list.sync(client=client, page_size="two")
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the generated `agora_client` can be imported from."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yml").write_text("package_name_override: agora_client\npost_hooks: []\n")
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--config", "config.yml",
         "--path", str(SCHEMA), "--output-path", "agora_client", "--fail-on-warning"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "agora_client"]:
        del sys.modules[name]


@pytest.fixture
def part(package: Path) -> Any:
    def load(name: str) -> ModuleType:
        return importlib.import_module(f"agora_client.{name}")

    return load


@pytest.fixture
def stranger(part, db, unlimited) -> Iterator[Any]:
    with undone():
        yield part("client").Client(base_url="http://localhost", httpx_args=in_this_process())


@pytest.fixture
def owner(part, stranger) -> Any:
    """A program of the owner's, with a key that may write in the journal."""
    person = User.objects.get(email="owner@example.com")
    made = api_keys.add_key(
        user_id=person.pk, name="Importer", scopes=["blog:read", "blog:write"], by=Actor.person(person)
    )
    return part("client").AuthenticatedClient(
        base_url="http://localhost", token=made.token, httpx_args=in_this_process()
    )


def in_this_process() -> dict[str, Any]:
    return {"transport": httpx.WSGITransport(app=application)}


def test_its_types_hold_and_find_the_faults_of_a_program(package):
    (package / "agora_client" / "py.typed").touch()
    (package / "program.py").write_text(PROGRAM)

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--no-error-summary", "agora_client", "program.py"],
        cwd=package, capture_output=True, text=True, check=False,
    )  # fmt: skip

    found = [(line.split(":")[0], line.rsplit("[", 1)[-1]) for line in checked.stdout.splitlines()]
    assert found == [("program.py", "attr-defined]"), ("program.py", "arg-type]")], checked.stdout


def test_it_reads_one_thing_with_types(part, stranger):
    product = part("api.products.products_retrieve").sync(slug="breakfast-bowl", client=stranger)

    assert isinstance(product, part("models").ProductDetail)
    assert product.variants[0].price.amount == "34.00"
    assert product.variants[0].sku == "BOWL-CEL-M"


def test_it_filters_a_list(part, stranger):
    listed = part("api.products.products_list")

    found = listed.sync(client=stranger, q="breakfast", in_stock=True)
    nothing = listed.sync(client=stranger, category="no-such-shelf")

    assert [product.title for product in found.results] == ["Breakfast Bowl"]
    assert nothing.results == []


def test_it_walks_the_pages_to_the_end(part, stranger):
    made = {journal.published().slug for _ in range(4)} | {"on-glazes"}
    listed = part("api.posts.posts_list")

    page = listed.sync(client=stranger, page_size=2)
    pages = [page]
    while page.next_:
        page = listed.sync(client=stranger, page_size=2, cursor=httpx.URL(page.next_).params["cursor"])
        pages.append(page)

    assert [len(one.results) for one in pages] == [2, 2, 1]
    assert {post.slug for one in pages for post in one.results} == made


def test_it_writes_once_however_often_it_tries(part, owner):
    create, models = part("api.posts.posts_create"), part("models")
    wanted, key = models.PostCreateRequest(title="On slips and engobes", tags=["Slip"]), str(uuid4())

    first = create.sync_detailed(client=owner, body=wanted, idempotency_key=key)
    again = create.sync_detailed(client=owner, body=wanted, idempotency_key=key)

    assert (first.status_code, first.parsed.slug) == (201, "on-slips-and-engobes")
    assert again.parsed == first.parsed
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Post.objects.filter(title="On slips and engobes").count() == 1


def test_it_changes_what_it_read_and_nothing_else(part, owner):
    read, change, models = part("api.posts.posts_retrieve"), part("api.posts.posts_partial_update"), part("models")
    tag = read.sync_detailed(slug="on-glazes", client=owner).headers["ETag"]
    wish = models.PatchedPostUpdateRequest(title="On glazes, again")

    saved = change.sync(slug="on-glazes", client=owner, body=wish, if_match=tag)
    stale = change.sync_detailed(slug="on-glazes", client=owner, body=wish, if_match=tag)

    assert isinstance(saved, models.PostDetail)
    assert (saved.title, saved.lock_version) == ("On glazes, again", 2)
    assert isinstance(stale.parsed, models.EditConflictProblem)
    assert stale.status_code == 412
    assert stale.parsed.theirs.title == "On glazes, again"


def test_a_refusal_has_a_type_too(part, stranger):
    models = part("models")

    missing = part("api.products.products_retrieve").sync(slug="no-such-bowl", client=stranger)
    refused = part("api.orders.orders_list").sync(client=stranger)

    assert isinstance(missing, models.Problem)
    assert (missing.status, missing.code) == (404, "not_found")
    assert (refused.status, refused.code) == (401, "not_authenticated")
