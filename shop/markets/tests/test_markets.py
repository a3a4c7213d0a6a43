"""Markets: staff can neither close the shop with them nor change what its prices mean."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.context import Actor
from core.errors import Denied
from core.testing import events_named, failures, race, snapshot
from shop.markets import services as markets
from shop.markets.services import CurrencyInUse, DefaultMarketNeeded, InvalidMarket
from shop.pricing.models import Market
from shop.tests.factories import SYSTEM, MarketFactory, ShippingMethodFactory, VariantFactory, place

pytestmark = pytest.mark.django_db


def form_of(market: Market, **changed: Any) -> dict[str, Any]:
    typed = {
        "name": market.name,
        "code": market.code,
        "currency": market.currency,
        "prices_include_tax": "on",
        "countries": ",".join(market.countries),
        "is_default": "on" if market.is_default else "",
        **changed,
    }
    return {name: value for name, value in typed.items() if value}


def save_on_page(desk: Client, market: Market, **changed: Any) -> Any:
    return desk.post(f"/admin/shop/market/{market.pk}/change/", form_of(market, **changed))


class TestDefault:
    def test_the_only_default_cannot_be_unticked_on_the_page(self, desk: Client) -> None:
        market = MarketFactory()

        page = save_on_page(desk, market, is_default="")

        assert page.status_code == 200
        assert "The shop needs a default market." in page.context["adminform"].form.errors["is_default"][0]
        assert Market.objects.default() == market
        assert desk.get("/shop/").status_code == 200

    def test_the_service_refuses_it_and_changes_nothing(self) -> None:
        market = MarketFactory()
        before = snapshot("shop.Market", "core.Event")
        market.is_default = False

        with pytest.raises(DefaultMarketNeeded):
            markets.save_market(market=market, by=SYSTEM)

        assert snapshot("shop.Market", "core.Event") == before

    @pytest.mark.parametrize("act", ["untick", "delete"])
    def test_the_database_refuses_it(self, act: str) -> None:
        market = MarketFactory()
        MarketFactory(code="us", is_default=False)

        rows = Market.objects.filter(pk=market.pk)

        def carry_out() -> None:
            with transaction.atomic():
                rows.update(is_default=False) if act == "untick" else rows.delete()
                connection.check_constraints()

        with pytest.raises(IntegrityError, match="default market"):
            carry_out()

    def test_another_market_takes_its_place(self, desk: Client) -> None:
        first, second = MarketFactory(), MarketFactory(code="us", currency="USD", is_default=False)

        assert save_on_page(desk, second, is_default="on").status_code == 302

        first.refresh_from_db()
        connection.check_constraints()
        assert (Market.objects.default(), first.is_default) == (second, False)
        assert events_named("market.changed")[0].data["is_default"] is True

    def test_the_default_market_is_not_deleted(self, desk: Client) -> None:
        market = MarketFactory()

        assert desk.post(f"/admin/shop/market/{market.pk}/delete/", {"post": "yes"}).status_code == 403
        with pytest.raises(DefaultMarketNeeded):
            markets.delete_market(market=market, by=SYSTEM)
        assert Market.objects.exists()

    def test_the_first_market_is_the_default_one(self) -> None:
        with pytest.raises(DefaultMarketNeeded):
            markets.save_market(market=MarketFactory.build(is_default=False), by=SYSTEM)

        assert markets.save_market(market=MarketFactory.build(), by=SYSTEM).is_default


@pytest.mark.django_db(transaction=True)
def test_two_who_choose_another_default_at_once_leave_one() -> None:
    MarketFactory()
    others = [MarketFactory(code=f"m{n}", is_default=False) for n in range(3)]

    def choose(market: Market) -> None:
        market.is_default = True
        markets.save_market(market=market, by=SYSTEM)

    assert failures(race(*(partial(choose, market) for market in others))) == []
    assert Market.objects.filter(is_default=True).count() == 1


class TestCurrency:
    @pytest.mark.parametrize("kept", ["price", "order", "delivery method"])
    def test_it_stays_once_there_are_amounts(self, desk: Client, kept: str) -> None:
        make = {"price": VariantFactory, "order": place, "delivery method": ShippingMethodFactory}
        make[kept]()
        market = Market.objects.get()

        page = save_on_page(desk, market, currency="USD")
        assert "there are prices" in page.context["adminform"].form.errors["currency"][0]
        market.currency = "USD"
        with pytest.raises(CurrencyInUse):
            markets.save_market(market=market, by=SYSTEM)
        with pytest.raises(IntegrityError, match="currency"), transaction.atomic():
            Market.objects.update(currency="USD")

        market.refresh_from_db()
        assert market.currency == "EUR"

    def test_it_changes_while_there_are_none(self, desk: Client) -> None:
        market = MarketFactory()

        assert save_on_page(desk, market, currency="RSD").status_code == 302

        market.refresh_from_db()
        assert market.currency == "RSD"

    @pytest.mark.parametrize(("field", "value"), [("currency", "AAA"), ("currency", "XXX"), ("countries", "DE,QQ")])
    def test_what_nobody_can_pay_with_or_live_in_is_refused(self, desk: Client, field: str, value: str) -> None:
        market = MarketFactory()

        page = save_on_page(desk, market, **{field: value})

        assert list(page.context["adminform"].form.errors) == [field]
        assert desk.get("/shop/").status_code == 200
        with pytest.raises(InvalidMarket):
            markets.check_market(pk=market.pk, currency="AAA", countries_in=["DE"], is_default=True)


def test_only_those_who_may_change_markets_do(customer: Any) -> None:
    market = MarketFactory()

    with pytest.raises(Denied):
        markets.save_market(market=market, by=Actor.person(customer))
