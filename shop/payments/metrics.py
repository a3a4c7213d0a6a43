"""The shop's part of /metrics: how the orders of the last day stand. Read from the table, so no restart forgets it."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.metrics import prometheus
from core.money import Money
from shop.orders.models import Order

PERIOD = timedelta(hours=24)


@prometheus.part("orders")
def _orders() -> Iterator[Metric]:
    """One query over the index on the time of placing."""
    labels = ["status", "currency"]
    count = GaugeMetricFamily("agora_orders", "Orders placed in the last 24 hours, by state of now.", labels=labels)
    amount = GaugeMetricFamily("agora_orders_amount", "Their totals, in units of the currency.", labels=labels)
    recent = Order.objects.filter(placed_at__gte=timezone.now() - PERIOD).order_by()
    for row in recent.values("status", "currency").annotate(count=Count("pk"), sum=Sum("total")):
        values = [row["status"], row["currency"]]
        count.add_metric(values, row["count"])
        amount.add_metric(values, float(Money(row["sum"], row["currency"]).amount))
    yield from (count, amount)
