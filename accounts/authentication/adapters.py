"""Project adapter for django-allauth: client address, emails, closed sign-up, bans."""

import smtplib
import time
from typing import Any, ClassVar, Final, cast
from uuid import uuid4

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import clear_authentication_records, get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.authentication import login_checks, throttling
from accounts.authentication.recent_authentication import FreshSignInRequired, get_session_holder
from accounts.authentication.services import attempts
from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.permissions import consent_policy
from accounts.users.models import User
from core import rate_limits
from core.errors import Unavailable
from core.mail import services as mail
from core.validation.email_addresses import canonical_email

SCHEMES: Final = ("https", "http")

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Project adapter for django-allauth."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is disabled."),
        "duplicate_email": _("You have already added this email address."),
        "email_password_mismatch": _("Incorrect email or password."),
        "email_taken": _("This email address belongs to another account."),
        "enter_current_password": _("Incorrect current password."),
        "incorrect_code": _("Incorrect code."),
        "incorrect_password": _("Incorrect password."),
        "max_email_addresses": _("You can have at most %d email addresses. Remove one first."),
        "rate_limited": _("Please wait a moment before you request another code."),
        "too_many_login_attempts": _("Too many attempts. Try again in a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client key that all other rate limits use."""
        return rate_limits.client_key(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return throttling.get_bucket(request, str(credentials.get("email", "")))

    def clean_email(self, email: str) -> str:
        """Return the canonical spelling of an address."""
        return canonical_email(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Reject sign-ins beyond the rate limit, and record that from time to time."""
        typed = str(credentials.get("email", ""))
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            if rate_limits.hit(throttling.RECORD_RATE, "limited", throttling.get_bucket(request, typed)).allowed:
                attempts.record_throttled_login(typed=typed)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Raise the same error for a wrong password as for a right one when the network is banned."""
        super().authentication_failed(request, **credentials)
        if not request.user.is_authenticated:
            self.require_free_network(request)

    def require_free_network(self, request: HttpRequest) -> None:
        """Check the network before an account is created. One query. Raises NetworkBanned."""
        if (found := bans.get_active_ban(user=None, network=rate_limits.client_key(request))) is not None:
            self._turn_away(request, found)

    def _turn_away(self, request: HttpRequest, found: Ban) -> None:
        """Clear the steps of the sign-in from the session, record a ban of a network from time to time, and raise."""
        clear_authentication_records(request)
        if found.network and rate_limits.hit(throttling.RECORD_RATE, "kept-out", self.get_client_ip(request)).allowed:
            bans.record_blocked_login(found)
        raise bans.get_login_error(found)

    def is_reauthentication_required(self, **_: Any) -> bool:
        """Whether the last authentication is too old for a sensitive action. A sign-in counts as authentication.

        Raises FreshSignInRequired for people who have no method to reauthenticate.
        """
        known = get_session_holder(self.request)
        times = [record["at"] for record in get_authentication_records(known, known.user)]
        is_old = not consent_policy.is_recent(max(times, default=0.0), time.time())
        if is_old and not get_reauthentication_flows(known.user):
            raise FreshSignInRequired
        return is_old

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Reject people with a ban from the whole site, after they have authenticated.

        Rejects banned networks too, except for staff. Raises Banned, NetworkBanned.
        """
        network = rate_limits.client_key(request)
        if (
            login_checks.get_login_status(user).is_banned
            and (found := bans.get_active_ban(user=user, network=network)) is not None
        ):
            self._turn_away(request, found)
        return cast("HttpResponse | None", super().pre_login(request, user, **kwargs))

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Verify an address and everything that follows from it in one transaction; False when it is one too many.

        Locks the person, so that codes entered at once in several browsers keep to the limit too.
        """
        with transaction.atomic():
            user = User.objects.select_for_update(of=("self",)).get(pk=email_address.user_id)
            is_new = email_address.pk is None
            if is_new and not EmailAddress.objects.can_add_email(user):
                self.add_message(
                    request, messages.ERROR, message=_("You have reached the maximum number of email addresses.")
                )
                return False
            return bool(super().confirm_email(request, email_address))

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Whether an address can be removed: all except the primary one."""
        return not email_address.primary

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Use the public id in the link; allauth would use the primary key."""
        link = self.get_reset_password_from_key_url(f"{user.uid.hex}-{context['key']}")
        super().send_password_reset_mail(user, email, {**context, "uid": user.uid.hex, "password_reset_url": link})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send `emails/account_<name>`. Raises core.errors.Unavailable when it cannot be sent.

        Codes and links are secrets, so these emails do not pass through events: they are sent in the request, after the
        transaction if there is one. A failed notification is ignored; a failed code is an error.
        """
        name = f"account_{template_prefix.rsplit('/', 1)[-1]}"
        values = {key: self._on_site(value) for key, value in context.items() if key != "request"}
        message = mail.compose(name, to=email, key=str(uuid4()), values={**values, "email": email})
        if settings.MAIL_INSIDE_TRANSACTION:
            _send_message(message, name)
        else:
            transaction.on_commit(lambda: _send_message(message, name))

    def _on_site(self, value: Any) -> Any:
        """Replace the host of a link by the configured one: allauth uses the host of the request."""
        here = self.request.get_host() if self.request else ""
        if not here or not isinstance(value, str):
            return value
        begins = next((f"{scheme}://{here}/" for scheme in SCHEMES if value.startswith(f"{scheme}://{here}/")), "")
        return f"{settings.SITE_URL}/{value.removeprefix(begins)}" if begins else value

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send a security notification; log a failure."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except Unavailable:
            log.warning("security_notice_not_sent", template=args[0])


def _send_message(message: EmailMessage, name: str) -> None:
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as failure:
        log.exception("account_mail_not_sent", template=name)
        raise Unavailable from failure
