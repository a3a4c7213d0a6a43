"""What the doctor looks at in the shop."""

from django.utils import timezone

from core.monitoring.doctor import Finding, check, ok, warning
from shop.markets import queries as tax


@check("tax rates")
def tax_rates() -> Finding:
    missing = tax.get_missing_rates(timezone.now())
    if missing:
        fix = (
            "Add them under *Tax rates* in the admin. Enter 0 where no tax is due. Until then these products cannot be "
            "sold."
        )
        return warning(f"Missing: {tax.format_missing_rates(missing)}.", fix)
    return ok("Every product for sale has a tax rate in every country of its market.")
