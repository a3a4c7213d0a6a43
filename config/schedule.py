"""What runs by the clock, and how often. Each is safe to run again, late or twice."""

from datetime import timedelta
from typing import Any, Final

BEAT: Final[dict[str, dict[str, Any]]] = {
    "heartbeat": {"task": "core.heartbeat", "schedule": timedelta(seconds=15), "options": {"expires": 60}},
    "sweep-events": {"task": "core.sweep_events", "schedule": timedelta(seconds=5)},
    "forget-idempotency-keys": {"task": "core.forget_idempotency_keys", "schedule": timedelta(hours=1)},
    "sweep-webhooks": {"task": "core.sweep_webhooks", "schedule": timedelta(seconds=5)},
    "forget-webhook-deliveries": {"task": "core.forget_webhook_deliveries", "schedule": timedelta(hours=6)},
    "forget-oauth-tokens": {"task": "accounts.forget_oauth_tokens", "schedule": timedelta(hours=1)},
    "sweep-logouts": {"task": "accounts.sweep_logouts", "schedule": timedelta(seconds=10)},
    "publish-due-posts": {"task": "blog.publish_due_posts", "schedule": timedelta(seconds=30)},
    "expire-orders": {"task": "shop.expire_orders", "schedule": timedelta(seconds=60)},
    "sync-payments": {"task": "shop.sync_open_payments", "schedule": timedelta(seconds=60)},
    "request-unread-mails": {"task": "chat.request_unread_mails", "schedule": timedelta(seconds=30)},
    "send-letters": {"task": "accounts.send_letters", "schedule": timedelta(seconds=30)},
    "forget-traces": {"task": "accounts.forget_traces", "schedule": timedelta(hours=24)},
    "forget-letters": {"task": "accounts.forget_letters", "schedule": timedelta(hours=24)},
    "erase-people": {"task": "accounts.erase_people", "schedule": timedelta(hours=1)},
    "forget-exports": {"task": "accounts.forget_exports", "schedule": timedelta(hours=1)},
    "forget-invoice-addresses": {"task": "shop.forget_invoice_addresses", "schedule": timedelta(hours=24)},
    "forget-origins": {"task": "accounts.forget_origins", "schedule": timedelta(hours=6)},
    "forget-sessions": {"task": "accounts.forget_sessions", "schedule": timedelta(hours=24)},
    "forget-provider-messages": {"task": "shop.forget_provider_messages", "schedule": timedelta(hours=24)},
    "forget-carts": {"task": "shop.forget_carts", "schedule": timedelta(hours=6)},
}
