"""People: who they are, what they may do, what they hold."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account import fields as allauth_fields

        from accounts.api_keys import handlers as program_handlers  # noqa: F401
        from accounts.authentication import handlers  # noqa: F401  they subscribe on import, once models are ready
        from accounts.data_requests import handlers as data_handlers  # noqa: F401
        from accounts.data_requests import own_data  # noqa: F401
        from accounts.data_requests import panels as data_panels  # noqa: F401
        from accounts.moderation import panels as moderation_panels  # noqa: F401
        from accounts.moderation import privacy as moderation_privacy  # noqa: F401
        from accounts.moderation import reported_profiles  # noqa: F401
        from accounts.moderation import tasks as moderation_tasks  # noqa: F401
        from accounts.oauth import (
            metrics,  # noqa: F401
            tasks,  # noqa: F401
        )
        from accounts.permissions import panels  # noqa: F401  they subscribe on import, once models are ready
        from accounts.security_log.queries import PATTERNS
        from accounts.social import handlers as social_handlers  # noqa: F401
        from accounts.staff import services as roles
        from accounts.subscriptions import handlers as subscription_handlers  # noqa: F401
        from accounts.subscriptions import tasks as subscription_tasks  # noqa: F401
        from core.events import services as events
        from core.validation.email_addresses import clean_field, validate_email_address

        # Also in the forms of allauth that no setting replaces: what was typed is what it looks up and writes to.
        allauth_fields.EmailField.default_validators = [validate_email_address]
        allauth_fields.EmailField.clean = clean_field
        events.keep_origin(*PATTERNS)
        post_migrate.connect(roles.sync_after_migrate, sender=self, dispatch_uid="accounts.sync_roles")
