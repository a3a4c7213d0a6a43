"""Sums by day, by period and by what earned the money."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import charts, queries
from analytics.tests.factories import refund, sale
from core.money import Money

TODAY = date(2026, 11, 21)


def on(days_ago):
    return datetime(2026, 11, 21, 12, tzinfo=UTC) - timedelta(days=days_ago)


def euros(cents):
    return Money(cents, "EUR")


@pytest.mark.django_db
def test_days_are_summed_in_one_query(django_assert_num_queries):
    sale(5000, at=on(1))
    sale(2500, at=on(1))
    refund(1000, at=on(1))
    sale(700, at=on(0))
    sale(9900, at=on(0), currency="USD")
    sale(9999, at=on(40))

    with django_assert_num_queries(1):
        days = queries.get_sales_by_day(TODAY - timedelta(days=30), TODAY)

    assert days == [
        queries.Day(date(2026, 11, 20), queries.Sales(euros(7500), euros(1000), 2, 1)),
        queries.Day(TODAY, queries.Sales(euros(700), euros(0), 1, 0)),
        queries.Day(TODAY, queries.Sales(Money(9900, "USD"), Money(0, "USD"), 1, 0)),
    ]
    assert days[0].sales.net == euros(6500)


@pytest.mark.django_db
def test_a_period_and_the_one_before_do_not_overlap_and_leave_no_day_out(django_assert_num_queries):
    for days_ago, amount in ((0, 1), (29, 20), (30, 300), (59, 4000), (60, 50000)):
        sale(amount, at=on(days_ago))

    with django_assert_num_queries(1):
        now, before = queries.compare_periods(TODAY, 30, "EUR")

    assert (now.total.net, before.total.net) == (euros(21), euros(4300))
    assert (len(now.days), len(before.days)) == (30, 30)
    assert (before.last, now.first, now.last) == (date(2026, 10, 22), date(2026, 10, 23), TODAY)


@pytest.mark.django_db
def test_the_currency_of_most_orders_comes_first():
    for currency, count in (("USD", 1), ("EUR", 3), ("CHF", 2)):
        for _ in range(count):
            sale(100, at=on(0), currency=currency)

    assert queries.get_currencies(TODAY, TODAY) == ["EUR", "CHF", "USD"]


@pytest.mark.django_db
def test_what_went_back_is_taken_from_what_earned_it(django_assert_num_queries):
    sale(5000, at=on(3), post="kiln")
    sale(4000, at=on(3), post="glaze", part=1500)
    refund(4500, at=on(1), post="kiln")
    sale(9999, at=on(3), post="kiln", currency="USD")

    with django_assert_num_queries(1):
        best = queries.get_best_sources("post", TODAY - timedelta(days=29), TODAY, "EUR")

    assert best == [("glaze", euros(1500)), ("kiln", euros(500))]
    with django_assert_num_queries(1):
        earned = queries.get_earnings("post", "kiln")
    assert [(sales.net, sales.orders, sales.refunds) for sales in earned] == [
        (euros(500), 1, 1),
        (Money(9999, "USD"), 1, 0),
    ]


@pytest.mark.parametrize(("now", "before", "share"), [(150, 100, 50), (50, 200, -75), (100, 0, None), (0, 300, -100)])
def test_growth_is_told_in_per_cent_of_what_was(now, before, share):
    assert queries.get_percent_change(euros(now), euros(before)) == share


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=90), st.lists(st.integers(-(10**9), 10**9), max_size=90)
)
def test_bars_stay_inside_the_drawing_and_stand_on_zero(values, before):
    chart = charts.draw_chart(values, before)

    assert len(chart.bars) == len(values)
    for bar, value in zip(chart.bars, values, strict=True):
        assert 0 <= bar.x <= bar.x + bar.width <= charts.WIDTH
        assert -0.02 <= bar.y <= bar.y + bar.height <= charts.HEIGHT + 0.02
        edge = bar.y + bar.height if value >= 0 else bar.y
        assert abs(edge - chart.zero) <= 0.02
    assert all(0 <= float(point.split(",")[1]) <= charts.HEIGHT for point in chart.before.split())
