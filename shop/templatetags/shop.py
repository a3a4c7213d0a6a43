"""Marks of the shop's templates."""

from django import template
from django_countries import countries

register = template.Library()


@register.filter
def country_name(code: str) -> str:
    """The name of a country, or the code itself when there is none such."""
    return str(countries.name(code)) or code
