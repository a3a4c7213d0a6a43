"""Who sees the figures, and that pages, panels and API say the same."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.staff import services as roles
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from analytics import panels
from analytics.models import SaleFact
from analytics.tests.factories import refund, sale
from core.composition import panels as slots
from core.context import Actor, Grant

pytestmark = pytest.mark.django_db

PAGE, API = reverse("analytics:index"), "/api/v1/insights/sales/"


@pytest.fixture
def analyst():
    user = UserFactory()
    roles.assign_role(user_id=user.pk, role="analyst", by=Actor.system("test"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def sold():
    """EUR 86.50 today of which 20.00 went back, 40.00 by way of a post; EUR 100.00 in the period before."""
    now = timezone.now()
    sale(8650, at=now, post="on-glazes", part=4000)
    refund(2000, at=now)
    sale(10000, at=now - timedelta(days=31))
    sale(100, at=now, currency="USD")


def days(back=0):
    return {"from": str(timezone.localdate() - timedelta(days=back)), "to": str(timezone.localdate())}


class PostLike:
    """What the slot needs to know of a post."""

    public_kind, public_id = "post", "on-glazes"

    def __init__(self, *authors):
        self.authors = User.objects.filter(pk__in=[author.pk for author in authors])


def test_the_page_shows_the_period_and_the_one_before(client, analyst, sold):
    client.force_login(analyst)

    page = client.get(PAGE)

    assert page.context["now"].total.net.minor == 6650
    assert page.context["before"].total.net.minor == 10000
    assert page.context["change_note"] == "-34 % compared with the previous period"
    text = page.content.decode()
    assert "€66.50" in text
    assert "€100.00 in the previous period" in text
    assert text.count("<rect") == 30
    assert "on-glazes" in text
    assert "€40.00" in text


@pytest.mark.parametrize(("asked", "shown"), [("7", 7), ("90", 90), ("9999", 30), ("x", 30)])
def test_the_length_is_one_of_three(client, analyst, sold, asked, shown):
    client.force_login(analyst)

    assert len(client.get(PAGE, {"days": asked}).context["now"].days) == shown


def test_another_currency_is_shown_by_itself(client, analyst, sold):
    client.force_login(analyst)

    page = client.get(PAGE, {"currency": "USD"})

    assert page.context["now"].total.net.format() == "$1.00"
    assert client.get(PAGE, {"currency": "XXX"}).context["currency"] == "EUR"


def test_an_empty_house_says_so(client, analyst):
    client.force_login(analyst)

    assert "No sales in this period" in client.get(PAGE).content.decode()


def test_the_page_costs_as_much_with_many_sales_as_with_one(client, analyst):
    client.force_login(analyst)
    costs = []
    for more in (1, 23, 76):
        for n in range(more):
            sale(100, at=timezone.now() - timedelta(days=n % 60), post=f"post-{more}-{n}")
        client.get(PAGE)
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 12


def test_strangers_go_to_the_door_and_customers_nowhere(client, customer, author, sold):
    assert client.get(PAGE)["Location"] == f"{reverse('account_login')}?next={PAGE}"

    for user in (customer, author):
        client.force_login(user)
        answer = client.get(PAGE)
        assert answer.status_code == 403
        assert "66.50" not in answer.content.decode()


def test_the_api_tells_days_in_each_currency(api, analyst, sold, django_assert_max_num_queries):
    api.force_login(analyst)

    with django_assert_max_num_queries(6):
        answer = api.get(API, days())

    assert answer.json()["results"] == [
        {
            "date": str(timezone.localdate()),
            "currency": "EUR",
            "orders": 1,
            "refunds": 1,
            "paid": {"amount": "86.50", "currency": "EUR"},
            "refunded": {"amount": "20.00", "currency": "EUR"},
            "net": {"amount": "66.50", "currency": "EUR"},
        },
        {
            "date": str(timezone.localdate()),
            "currency": "USD",
            "orders": 1,
            "refunds": 0,
            "paid": {"amount": "1.00", "currency": "USD"},
            "refunded": {"amount": "0.00", "currency": "USD"},
            "net": {"amount": "1.00", "currency": "USD"},
        },
    ]


@pytest.mark.parametrize(
    ("who", "status", "code"), [(None, 401, "not_authenticated"), ("customer", 403, "permission_denied")]
)
@pytest.mark.usefixtures("sold")
def test_the_api_tells_figures_to_nobody_else(api, request, who, status, code):
    if who:
        api.force_login(request.getfixturevalue(who))

    answer = api.get(API, days())

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "66.50" not in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"from": "2026-11-03"}, 400),
        ({"from": "2026-11-03", "to": "later"}, 400),
        ({"from": "2026-11-03", "to": "2026-11-02"}, 422),
        ({"from": "2024-01-01", "to": "2026-01-01"}, 422),
    ],
)
def test_a_period_must_make_sense(api, analyst, asked, status):
    api.force_login(analyst)

    answer = api.get(API, asked)

    assert answer.status_code == status
    assert answer.json()["errors"][0]["pointer"] == "/to"


def test_a_post_tells_its_author_and_those_with_figures_what_it_earned(analyst, author, manager, customer, sold):
    other = UserFactory(is_staff=True)
    post = PostLike(author)

    told = {user: panels.earned(post, Grant.session(user)) for user in (analyst, manager, author, other, customer)}

    assert {user for user, panel in told.items() if panel} == {analyst, manager, author}
    assert told[author].context["sales"][0].net.minor == 4000
    assert panels.earned(post, Grant.anonymous()) is None


def test_customers_cost_a_post_nothing(customer, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert panels.earned(PostLike(), Grant.session(customer)) is None


def test_the_week_is_on_the_first_page_of_staff(client, analyst, author, sold):
    titles = {
        user: [panel.title for panel in slots.collect("admin.index", None, Grant.session(user)) if panel.order == 10]
        for user in (analyst, author)
    }
    assert titles == {analyst: ["Sales"], author: []}

    client.force_login(analyst)
    page = client.get(reverse("admin:index")).content.decode()
    assert "€66.50" in page


def test_a_sale_in_the_admin_is_for_looking(client, analyst, sold):
    client.force_login(analyst)
    fact = SaleFact.objects.get(amount=8650)
    url = reverse("admin:analytics_salefact_change", args=[fact.pk])

    page = client.get(url).content.decode()
    listed = client.get(reverse("admin:analytics_salefact_changelist")).content.decode()

    assert "post:on-glazes: €40.00" in page
    assert "€86.50" in page
    assert "€86.50" in listed
    assert client.post(url, {"amount": "1"}).status_code == 403
    assert client.get(reverse("admin:analytics_salefact_add")).status_code == 403
    fact.refresh_from_db()
    assert fact.amount == 8650
