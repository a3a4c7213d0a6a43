"""Marks of the shop's templates."""

from django import template
from django_countries import countries

from core.money import Money
from core.templatetags.ui import money

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """The name of a country, or the code itself when there is none such."""
    return str(countries.name(code)) or code


@register.simple_tag
def minor(amount: int, currency: str) -> str:
    """Minor units of a row, written as an amount."""
    return money(Money(amount, currency))
