"""API routes of this app."""

from typing import Any

from accounts.api import openapi  # noqa: F401  the schema finds them once they are imported
from accounts.api_keys.viewsets import ApiKeyViewSet
from accounts.data_requests.viewsets import AccountDeletionViewSet, DataExportViewSet
from accounts.moderation.viewsets import BanViewSet, CaseViewSet, ReportViewSet
from accounts.security_log.viewsets import ActivityViewSet, SecurityLogViewSet
from accounts.subscriptions.viewsets import MySubscriptionViewSet, SubscribeViewSet
from accounts.users.viewsets import ProfileViewSet

routes: list[tuple[str, Any, str]] = [
    ("", ProfileViewSet, "account"),
    ("me", AccountDeletionViewSet, "closing"),
    ("me/api_keys", ApiKeyViewSet, "api-key"),
    ("me/exports", DataExportViewSet, "export"),
    ("me/subscriptions", MySubscriptionViewSet, "my-subscription"),
    ("subscriptions", SubscribeViewSet, "subscription"),
    ("moderation_cases", CaseViewSet, "moderation-case"),
    ("reports", ReportViewSet, "report"),
    ("bans", BanViewSet, "ban"),
    ("me/activity", ActivityViewSet, "activity"),
    ("security_log", SecurityLogViewSet, "security-log"),
]
