"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "category.deleted": "a category was deleted",
        "category.saved": "a category was added or changed",
        "option.deleted": "an option was deleted",
        "option.saved": "an option or its values were added or changed",
        "price.changed": "the price of a variant was changed",
        "product.added": "a product was added",
        "product.changed": "a product was changed",
        "variant.added": "a variant was added",
        "variant.changed": "a variant was changed",
        "variant.renamed": "a variant got another SKU",
    }
)
