"""Tax in sums: the same words in the cart, the checkout, on orders and in emails."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.money import Money
from core.templatetags.ui import money

VAT, GST, SALES_TAX, TAX = gettext_lazy("VAT"), gettext_lazy("GST"), gettext_lazy("sales tax"), gettext_lazy("tax")
# The European Union, and other countries whose tax is called VAT in English.
# fmt: off
VAT_COUNTRIES = frozenset({
    "AE", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IM",
    "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "ZA",
})
# fmt: on
TAX_NAMES: dict[str, str | Promise] = {
    **dict.fromkeys(VAT_COUNTRIES, VAT),
    **dict.fromkeys(("AU", "CA", "IN", "NZ", "SG"), GST),
    "US": SALES_TAX,
}


def get_tax_name(country: str) -> str:
    """The name of the sales tax of a country, such as VAT."""
    return str(TAX_NAMES.get(country, TAX))


def get_tax_note(tax: Money, *, included: bool, country: str) -> str:
    """The note beside a total that includes tax, or an empty string where no tax is due, such as on exports."""
    if not (included and tax):
        return ""
    return _("includes %(amount)s %(tax)s") % {"amount": money(tax), "tax": get_tax_name(country)}


def get_tax_rows(tax: Money, *, included: bool, country: str) -> list[tuple[str, Money, str]]:
    """The row for tax that is added to the prices, or no row where no tax is due."""
    if included or not tax:
        return []
    name = get_tax_name(country)
    return [(name[:1].upper() + name[1:], tax, "")]
