"""App configuration."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from core.autodiscovery import import_rooms


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from allauth.account import fields as allauth_fields

        from accounts.moderation import reported_profiles  # noqa: F401  registers on import
        from accounts.security_log.queries import PATTERNS
        from accounts.staff import services as roles
        from core.events import services as events
        from core.validation.email_addresses import clean_field, validate_email_address

        import_rooms("accounts")
        # Also in the forms of allauth that no setting replaces: what was typed is what it looks up and writes to.
        allauth_fields.EmailField.default_validators = [validate_email_address]
        allauth_fields.EmailField.clean = clean_field
        events.keep_origin(*PATTERNS)
        post_migrate.connect(roles.sync_after_migrate, sender=self, dispatch_uid="accounts.sync_roles")
