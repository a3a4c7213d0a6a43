"""Where allauth asks us: who calls, how our mail looks, whether the door is open."""

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
    """allauth, dressed as this house."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "duplicate_email": _("This is your address already."),
        "email_password_mismatch": _("This address and this password do not go together."),
        "email_taken": _("This address belongs to another account already."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("This is not the code that we sent."),
        "incorrect_password": _("This is not your password."),
        "max_email_addresses": _("You have %d addresses, and more are not possible. Remove one first."),
        "rate_limited": _("A moment, please: the last code is still fresh."),
        "too_many_login_attempts": _("Too many attempts. Wait some minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The same notion of a caller as every other limit of ours has."""
        return rate_limits.client_key(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return throttling.get_bucket(request, str(credentials.get("email", "")))

    def clean_email(self, email: str) -> str:
        """The one spelling of an address, wherever a person enters one."""
        return canonical_email(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Who tried too often is not let try, and that is noted once in a while."""
        typed = str(credentials.get("email", ""))
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            if rate_limits.hit(throttling.RECORD_RATE, "limited", throttling.get_bucket(request, typed)).allowed:
                attempts.record_throttled_login(typed=typed)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """From a banned network a wrong password is told what a right one is: there is nothing to try out."""
        super().authentication_failed(request, **credentials)
        if not request.user.is_authenticated:
            self.require_free_network(request)

    def require_free_network(self, request: HttpRequest) -> None:
        """Before an account is made. One query. Raises NetworkBanned."""
        if (found := bans.get_active_ban(user=None, network=rate_limits.client_key(request))) is not None:
            self._turn_away(request, found)

    def _turn_away(self, request: HttpRequest, found: Ban) -> None:
        """Noted once in a while for a network; the session keeps nothing of how far one came."""
        clear_authentication_records(request)
        if found.network and rate_limits.hit(throttling.RECORD_RATE, "kept-out", self.get_client_ip(request)).allowed:
            bans.record_blocked_login(found)
        raise bans.get_login_error(found)

    def is_reauthentication_required(self, **_: Any) -> bool:
        """Whether who they are was last said too long ago for a sensitive act; a sign-in counts as having said it.

        Raises SignInAnew for who has nothing to say it by.
        """
        known = get_session_holder(self.request)
        times = [record["at"] for record in get_authentication_records(known, known.user)]
        is_old = not consent_policy.is_recent(max(times, default=0.0), time.time())
        if is_old and not get_reauthentication_flows(known.user):
            raise FreshSignInRequired
        return is_old

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Whoever is banned from the whole house does not come in; only who proved who they are learns of it.

        Nor does who comes from a banned network, but staff. Raises Banned, NetworkBanned.
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
                self.add_message(request, messages.ERROR, message=_("You have as many addresses as there can be."))
                return False
            return bool(super().confirm_email(request, email_address))

    def can_delete_email(self, email_address: EmailAddress) -> bool:
        """Any but the one that we write to."""
        return not email_address.primary

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """The link names the person by their public id; allauth's would tell the number of the row."""
        link = self.get_reset_password_from_key_url(f"{user.uid.hex}-{context['key']}")
        super().send_password_reset_mail(user, email, {**context, "uid": user.uid.hex, "password_reset_url": link})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send `emails/account_<name>` in our frame. Raises core.errors.Unavailable when it cannot be sent.

        Codes and links are secrets, so these mails do not travel through events: they are sent from the request, after
        the transaction if there is one. A notice that cannot be sent stops nobody; a code that cannot, must.
        """
        name = f"account_{template_prefix.rsplit('/', 1)[-1]}"
        values = {key: self._on_site(value) for key, value in context.items() if key != "request"}
        message = mail.compose(name, to=email, key=str(uuid4()), values={**values, "email": email})
        if settings.MAIL_INSIDE_TRANSACTION:
            _send_message(message, name)
        else:
            transaction.on_commit(lambda: _send_message(message, name))

    def _on_site(self, value: Any) -> Any:
        """A link as the configured address: allauth builds links by the name under which the request came."""
        here = self.request.get_host() if self.request else ""
        if not here or not isinstance(value, str):
            return value
        begins = next((f"{scheme}://{here}/" for scheme in SCHEMES if value.startswith(f"{scheme}://{here}/")), "")
        return f"{settings.SITE_URL}/{value.removeprefix(begins)}" if begins else value

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """A notice of something that has happened already."""
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
