"""How sums say what tax is in them: the same words in the cart, the checkout, on orders and in mails."""

from django.utils.translation import gettext as _

from core.money import Money
from core.templatetags.ui import money


def get_tax_note(tax: Money, *, included: bool) -> str:
    """What stands beside a total that contains tax; nothing where there is none, such as on exports."""
    return _("includes %(tax)s VAT") % {"tax": money(tax)} if included and tax else ""


def get_tax_rows(tax: Money, *, included: bool) -> list[tuple[str, Money, str]]:
    """The row of tax that is added to the prices; none where there is no tax."""
    return [(_("Tax"), tax, "")] if tax and not included else []
