"""The words of the shop's constraints, for people who edit in the admin."""

from django.utils.translation import gettext_lazy as _

from core import constraints

constraints.register(
    {
        "category_not_its_own_parent": ("parent", _("Choose another parent: a category cannot contain itself.")),
        "product_status": ("status", _("Choose a status from the list.")),
        "option_value_swatch": ("swatch", _("Write the colour as # and six digits or letters a to f: #d9c9ac.")),
        "variant_combination_once": ("chosen", _("The product has a variant with these options already.")),
        "variant_tax_class": ("tax_class", _("Choose a tax class from the list.")),
        "variant_sku": ("sku", _("Use capital letters, digits and hyphens, beginning with a letter or digit.")),
        "product_image_once": ("picture", _("The product shows this picture already.")),
        "market_one_default": ("is_default", _("Another market is the default. Change that one first.")),
        "market_currency": ("currency", _("Write the currency with three capital letters, such as EUR.")),
        "market_has_country": ("countries", _("Name at least one country.")),
        "price_amount": ("price", _("A price cannot be negative.")),
        "price_never_two_at_once": ("price", _("Another price holds at the same time.")),
        "tax_rate_fraction": ("rate", _("Enter a fraction from 0 to 1: 0.19 is 19 %.")),
        "tax_rate_class": ("tax_class", _("Choose a tax class from the list.")),
        "tax_rate_once": ("tax_class", _("This country has a rate for this tax class already.")),
        "shipping_method_once": ("code", _("The market has a delivery method with this code already.")),
        "shipping_amount": ("amount", _("The cost of delivery cannot be negative.")),
        "shipping_days": ("max_days", _("The longest time cannot be shorter than the shortest.")),
        "stock_on_hand": ("on_hand", _("There cannot be fewer than 0 pieces on the shelf.")),
        "stock_level_once": ("variant", _("This warehouse has a stock level of this variant already.")),
        "option_value_once": ("slug", _("The option has this value already.")),
        "option_value_of_option": ("slug", _("The value belongs to another option.")),
        "product_rating": ("title", _("The rating of the product is out of range. Save its reviews again.")),
        "stock_never_oversold": ("backorder_limit", _("More pieces than that are promised to orders already.")),
    }
)
