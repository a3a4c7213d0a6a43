"""The admin pages of this app, collected for Django."""

from shop.catalogue import admin as catalogue  # noqa: F401  they register on import
from shop.markets import admin as markets  # noqa: F401  they register on import
from shop.order_management import admin as orders  # noqa: F401  they register on import
from shop.payments import admin as money  # noqa: F401  they register on import
from shop.pricing import admin as pricing  # noqa: F401  they register on import
from shop.reviews import admin as reviews  # noqa: F401  they register on import
from shop.shipping import admin as shipping  # noqa: F401  they register on import
from shop.stock import admin as stock  # noqa: F401  they register on import
