"""The API: who may call and how, and how its schema is written and shown."""

from typing import Any, Final

# All scopes that an API client can be granted; `accounts.permissions.scopes` describes them.
SCOPES: Final = (
    "account:read",
    "account:write",
    "blog:read",
    "blog:write",
    "chat:read",
    "chat:write",
    "moderation:manage",
    "security:read",
    "shop:read",
    "shop:write",
    "webhooks:manage",
)
FRAMEWORK: Final[dict[str, Any]] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.BearerAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.HasScope"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "core.api.parameters.Ordering",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.permissions.GrantThrottle"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.api.parameters.Negotiation",
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Schema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "accounts.api.denials.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "PAGE_SIZE": 24,
}
SCHEMA: Final[dict[str, Any]] = {
    "TITLE": "Agora",
    "DESCRIPTION": "A shop, a journal and a conversation on one sign-in.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    # In JavaScript, since the page has a heading of its own
    "SWAGGER_UI_SETTINGS": "{deepLinking: false, plugins: [() => ({wrapComponents: {info: () => () => null}})]}",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api_examples.add_examples",
        "core.api.sparse_fields_schema.add_parts",
    ],
    "ENUM_NAME_OVERRIDES": {
        "PostStatusEnum": "blog.posts.models.Post.Status",
        "StockReasonEnum": "shop.stock.viewsets.ALLOWED_REASONS",
        "ReportReasonEnum": "accounts.moderation.models.Report.Reason",
        "OrderStatusEnum": "shop.orders.models.Order.Status",
    },
}
