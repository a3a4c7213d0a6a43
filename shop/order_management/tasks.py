"""Expires unpaid orders."""

from celery import shared_task

from core.context import Actor
from shop.order_management import emails
from shop.order_management.services import orders

SWEEP = Actor.system("shop.sweep")


@shared_task(name="shop.expire_orders")
def expire_orders() -> None:
    orders.expire_orders(by=SWEEP)


@shared_task(name="shop.send_waiting_orders")
def send_waiting_orders(number: str) -> None:
    emails.send_waiting_orders(number=number)
