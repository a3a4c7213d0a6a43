"""Bans of people, addresses and networks, from a part of the site or everywhere, for a time or permanently."""

from datetime import datetime
from email.utils import parseaddr
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import formats, timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.bans.models import Ban
from accounts.sessions import services as devices
from accounts.users.models import User
from core import context
from core.context import Actor
from core.errors import Denied, Invalid, NotFound
from core.events import services as events
from core.validation.email_addresses import canonical_email

Scope = Ban.Scope
# The largest network that can be banned.
MIN_PREFIX_LENGTHS: Final = {4: 16, 6: 32}


class Banned(Denied):
    """`until` is a moment in ISO 8601, "" for ever."""

    code = "banned"
    message = _("You are banned from posting here %(how_long)s. To appeal, write to %(appeal)s.")


class NetworkBanned(Denied):
    """`until` is a moment in ISO 8601, "" for ever."""

    code = "network_banned"
    message = _(
        "Signing in and creating accounts is blocked from your network %(how_long)s. To appeal, write to %(appeal)s."
    )


class CannotBeBanned(Denied):
    code = "not_to_be_banned"
    message = _("You cannot ban this person.")


class OwnAddress(Denied):
    code = "own_address_banned"
    message = _("You cannot ban your own email address.")


class OwnNetwork(Denied):
    code = "own_network_banned"
    message = _("You cannot ban the network you are using.")


class InvalidBan(Invalid):
    code = "invalid_ban"
    message = _("Enter exactly one person, email address or network, and an end in the future.")


@transaction.atomic
def ban(
    *,
    by: Actor,
    scope: str,
    reason: str,
    user: User | None = None,
    email: str = "",
    network: str = "",
    words: str = "",
    until: datetime | None = None,
    now: datetime | None = None,
) -> Ban:
    """Create a ban. A ban of a registered address bans that person.

    Scope ALL signs the person out everywhere and rejects their API keys and apps. Locks the person. Raises Denied
    without accounts.ban_user, CannotBeBanned for oneself, owners and people with permissions that `by` lacks,
    InvalidBan. Records user.banned.
    """
    by.require("accounts.ban_user")
    now, email = now or timezone.now(), _clean_email(email)
    person = user or (_get_owner(email) if email else None)
    if [bool(person or email), bool(network)].count(True) != 1 or scope not in Scope or (until and until <= now):
        raise InvalidBan
    network = _parse_network(network) if network else ""
    _require_not_self(email, network, by)
    if person is not None:
        _require_bannable(person, by)
    made = Ban.objects.create(
        user=person,
        email_digest="" if person or not email else compute_digest(email),
        email_hint="" if person or not email else _mask_email(email),
        network=network,
        scope=scope,
        reason=reason,
        words=words.strip()[:300],
        until=until,
        created_at=now,
        made_by=by.user,
    )
    if person is not None and scope == Scope.ALL:
        devices.end_access(user=person)
    subject = person or ("user", "")
    events.record("user.banned", subject, by=by, now=now, ban=made.public_id, scope=scope, reason=reason, until=until)
    return made


@transaction.atomic
def unban(*, ban_uid: UUID, by: Actor, now: datetime | None = None) -> bool:
    """End a ban; False when it had ended. Locks the ban.

    Raises Denied without accounts.ban_user, NotFound. Records user.unbanned.
    """
    by.require("accounts.ban_user")
    now = now or timezone.now()
    row = Ban.objects.select_for_update(of=("self",)).select_related("user").filter(uid=ban_uid).first()
    if row is None:
        raise NotFound
    if row.ended_at is not None or (row.until is not None and row.until <= now):
        return False
    row.ended_at, row.ended_by = now, by.user
    row.save(update_fields=["ended_at", "ended_by"])
    events.record("user.unbanned", row.user or ("user", ""), by=by, now=now, ban=row.public_id, scope=row.scope)
    return True


def require_not_banned(*, by: Actor, scope: str, network: str = "", now: datetime | None = None) -> None:
    """Check before somebody posts. One query; none for the system.

    Raises Banned.
    """
    found = get_active_ban(user=by.user, scope=scope, network=network, now=now)
    if found is not None:
        raise get_ban_error(found)


def get_user_to_ban(uid: UUID | None, *, by: Actor) -> User | None:
    """Return the person to ban; None for no uid. Raises Denied, NotFound."""
    by.require("accounts.ban_user")
    if uid is None:
        return None
    found = User.objects.filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def get_active_ban(
    *, user: User | None, scope: str = Scope.ALL, network: str = "", now: datetime | None = None
) -> Ban | None:
    """Return the longest active ban from a part of the site; None when there is none."""
    who = _match_bans(user, network)
    if not who:
        return None
    found = Ban.objects.running(now or timezone.now()).filter(who, scope__in={scope, Scope.ALL})
    return max(found, key=lambda one: (one.until is None, one.until or one.created_at), default=None)


def get_active_bans(user: User, scope: str, network: str = "", now: datetime | None = None) -> QuerySet[Ban]:
    """Return the active bans from a part of the site, for use in a subquery."""
    return Ban.objects.running(now or timezone.now()).filter(_match_bans(user, network), scope__in={scope, Scope.ALL})


@transaction.atomic
def record_blocked_login(row: Ban, *, now: datetime | None = None) -> None:
    """Record a sign-in from a banned network, without the person: ban.kept_out."""
    events.record("ban.kept_out", row, by=Actor.guest(), now=now)


def get_ban_error(row: Ban) -> Banned:
    return Banned(**_get_error_details(row))


def get_login_error(row: Ban) -> Banned | NetworkBanned:
    """Return the error for somebody who may not sign in."""
    return NetworkBanned(**_get_error_details(row)) if row.network else get_ban_error(row)


def _get_error_details(row: Ban) -> dict[str, str]:
    end = formats.date_format(timezone.localtime(row.until), "DATETIME_FORMAT") if row.until else ""
    how_long = _t("until %(end)s") % {"end": end} if end else _t("permanently")
    appeal = parseaddr(settings.REPLY_TO_EMAIL or settings.DEFAULT_FROM_EMAIL)[1]
    return {"how_long": how_long, "appeal": appeal, "until": row.until.isoformat() if row.until else ""}


def compute_digest(text: str) -> str:
    """Return the keyed digest of an address or a network."""
    return salted_hmac("accounts.moderation", text, algorithm="sha256").hexdigest() if text else ""


def _mask_email(email: str) -> str:
    """Return enough of an address for staff to recognise it: the first two characters and the domain."""
    local, _at, domain = email.rpartition("@")
    return f"{local[: min(2, len(local) - 1)]}…@{domain}"


def _require_not_self(email: str, network: str, by: Actor) -> None:
    """Raises OwnAddress, OwnNetwork."""
    if email and by.user is not None:
        mine = {by.user.email, *EmailAddress.objects.filter(user=by.user).values_list("email", flat=True)}
        if email in mine:
            raise OwnAddress(field="email")
    here = context.current().address
    if network and here and network in _get_supernets(here):
        raise OwnNetwork(field="network")


def _match_bans(user: User | None, network: str) -> Q:
    """Match bans of a person or a network. A network ban does not apply to staff, who could lock themselves out."""
    who = Q() if user is None else Q(user=user) | Q(email_digest=compute_digest(user.email))
    if network and not (user is not None and user.is_staff):
        who |= Q(network__in=_get_supernets(network))
    return who


def _require_bannable(person: User, by: Actor) -> None:
    """Raise CannotBeBanned for owners, for `by`, and for people with permissions that `by` lacks."""
    person = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    is_owner = person.is_superuser or person.groups.filter(role__slug="owner").exists()
    if is_owner or by.id == person.public_id or any(not by.can(right) for right in person.get_all_permissions()):
        raise CannotBeBanned


def _clean_email(text: str) -> str:
    try:
        return canonical_email(text) if text.strip() else ""
    except ValidationError as wrong:
        raise InvalidBan(wrong.message, field="email") from None


def _get_owner(email: str) -> User | None:
    proved = EmailAddress.objects.filter(email=email, verified=True).values("user_id")
    return User.objects.filter(Q(pk__in=proved) | Q(email=email)).first()


def _parse_network(text: str) -> str:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise InvalidBan(field="network") from None
    if network.prefixlen < MIN_PREFIX_LENGTHS[network.version]:
        raise InvalidBan(_("This network is too large."), field="network")
    return str(network)


def _get_supernets(text: str) -> list[str]:
    """Return the networks that contain an address, up to the largest that can be banned; none for invalid input."""
    try:
        own = ip_network(text, strict=False)
    except ValueError:
        return []
    return [str(own.supernet(new_prefix=width)) for width in range(MIN_PREFIX_LENGTHS[own.version], own.prefixlen + 1)]
