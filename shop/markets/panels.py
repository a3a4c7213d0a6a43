"""Tax rates that are missing, on the first page of the admin."""

from django.utils import timezone
from django.utils.translation import gettext as _

from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant
from shop.markets import queries as tax


@panels.register("admin.index")
def missing_tax_rates(_subject: None, viewer: Grant) -> Panel | None:
    """What cannot be sold because its tax is not decided, for those who can decide it."""
    if not viewer.actor.can("shop.change_taxrate"):
        return None
    missing = tax.get_missing_rates(timezone.now())
    words = tax.format_missing_rates(missing)
    return Panel(_("Tax rates are missing"), "shop/panels/taxes.html", {"missing": words}, 15) if missing else None
