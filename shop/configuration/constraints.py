"""Messages of the shop's database constraints in the admin."""

from django.utils.translation import gettext_lazy as _

from core import constraints

constraints.register(
    {
        "category_not_its_own_parent": ("parent", _("Choose another parent: a category cannot contain itself.")),
        "product_status": ("status", _("Choose a status from the list.")),
        "option_value_swatch": (
            "swatch",
            _("Enter a colour such as #d9c9ac: # and six digits or letters from a to f."),
        ),
        "variant_combination_once": ("chosen", _("The product already has a variant with these options.")),
        "variant_tax_class": ("tax_class", _("Choose a tax class from the list.")),
        "variant_sku": ("sku", _("Use capital letters, digits and hyphens, beginning with a letter or digit.")),
        "product_image_once": ("picture", _("The product already has this picture.")),
        "market_one_default": ("is_default", _("Another market is the default. Change that one first.")),
        "market_currency": ("currency", _("Enter a three-letter currency code, such as EUR.")),
        "market_has_country": ("countries", _("Enter at least one country.")),
        "price_amount": ("price", _("A price cannot be negative.")),
        "price_never_two_at_once": ("price", _("Another price is valid at the same time.")),
        "tax_rate_fraction": ("rate", _("Enter a fraction from 0 to 1. For example, 0.19 is 19 %.")),
        "tax_rate_class": ("tax_class", _("Choose a tax class from the list.")),
        "tax_rate_once": ("tax_class", _("This country already has a rate for this tax class.")),
        "shipping_method_once": ("code", _("The market already has a delivery method with this code.")),
        "shipping_amount": ("amount", _("The cost of delivery cannot be negative.")),
        "shipping_days": ("max_days", _("The maximum delivery time cannot be shorter than the minimum.")),
        "stock_on_hand": ("on_hand", _("Stock on hand cannot be negative.")),
        "stock_level_once": ("variant", _("This warehouse already has a stock level for this variant.")),
        "option_value_once": ("slug", _("The option already has this value.")),
        "option_value_of_option": ("slug", _("The value belongs to another option.")),
        "product_rating": ("title", _("The rating of the product is out of range. Save its reviews again.")),
        "stock_never_oversold": ("backorder_limit", _("More items than this are already reserved for orders.")),
    }
)
