"""The shop for staff. Every change goes through the services that pages and the API call."""

from shop.admin import catalogue, markets, money, orders, reviews, stock  # noqa: F401  they register on import
