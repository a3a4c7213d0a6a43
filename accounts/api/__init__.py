"""A person's own account, for programs."""

from typing import Any

from accounts.api import schemes  # noqa: F401  the schema finds them once they are imported
from accounts.api.data import ClosingViewSet, DataExportViewSet
from accounts.api.keys import ApiKeyViewSet
from accounts.api.me import MeViewSet
from accounts.api.moderation import BanViewSet, CaseViewSet, ReportViewSet
from accounts.api.subscriptions import AskViewSet, MySubscriptionViewSet
from accounts.security_log.api import ActivityViewSet, SecurityLogViewSet

routes: list[tuple[str, Any, str]] = [
    ("", MeViewSet, "account"),
    ("me", ClosingViewSet, "closing"),
    ("me/api_keys", ApiKeyViewSet, "api-key"),
    ("me/exports", DataExportViewSet, "export"),
    ("me/subscriptions", MySubscriptionViewSet, "my-subscription"),
    ("subscriptions", AskViewSet, "subscription"),
    ("moderation_cases", CaseViewSet, "moderation-case"),
    ("reports", ReportViewSet, "report"),
    ("bans", BanViewSet, "ban"),
    ("me/activity", ActivityViewSet, "activity"),
    ("security_log", SecurityLogViewSet, "security-log"),
]
