"""Filters and tags of the shop's templates."""

from django import template
from django_countries import countries

from core.money import Money
from core.templatetags.ui import money
from shop.payments import providers

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """The name of a country, or the code itself for an unknown one."""
    return str(countries.name(code)) or code


@register.filter
def provider_name(code: str) -> str:
    """The name of a payment provider."""
    return providers.get_provider_name(code)


@register.simple_tag
def minor(amount: int, currency: str) -> str:
    """An amount in minor units, formatted."""
    return money(Money(amount, currency))
