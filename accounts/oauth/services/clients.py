"""Register, edit, disable and approve OAuth apps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_secret

from accounts.oauth.models import Client
from accounts.oauth.services import client_names, consents
from accounts.permissions import scopes as known
from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, Denied, DomainError, Invalid
from core.events import services as events
from core.webhooks import guard

MAX_CLIENTS: Final = 25
# What staff approve of a client.
APPROVED_FIELDS: Final = ("name", "scopes", "redirect_uris", "post_logout_redirect_uris", "backchannel_logout_uri")
LOOPBACK_HOSTS: Final = ("127.0.0.1", "::1", "localhost")
AUTHORIZATION_CODE: Final = Client.GRANT_AUTHORIZATION_CODE
CLIENT_CREDENTIALS: Final = Client.GRANT_CLIENT_CREDENTIALS
EDITABLE_FIELDS: Final = (
    "name",
    "scopes",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "updated",
)


class TooManyClients(Conflict):
    code = "too_many_clients"
    message = _("You can have at most %(most)d OAuth apps. Remove one that you no longer need.")


class InvalidScope(Invalid):
    code = "no_such_scope"
    message = _("An app with this grant type cannot request the scope %(scope)s.")


class InvalidRedirectUri(Invalid):
    code = "bad_redirect"
    message = _("%(address)s is not a valid redirect URI. Use https, or http for localhost, without a fragment.")


class InvalidLogoutUri(Invalid):
    code = "bad_backchannel_logout_address"
    message = _("%(address)s is not a valid logout URL. Use a public https URL on port 443, without a fragment.")


class RedirectMissing(Invalid):
    code = "redirect_missing"
    message = _("Enter at least one redirect URI.")


@dataclass(frozen=True, slots=True)
class ClientWithSecret:
    """A client and its secret, which cannot be shown again; empty for a public client."""

    client: Client
    secret: str


@transaction.atomic
def add_client(
    *,
    owner_id: int,
    name: str,
    flow: str,
    scopes: Sequence[str],
    by: Actor,
    redirect_uris: Sequence[str] = (),
    logout_uris: Sequence[str] = (),
    backchannel_logout_uri: str = "",
    backchannel_logout_session_required: bool = True,
    is_public: bool = False,
    now: datetime | None = None,
) -> ClientWithSecret:
    """Register one's own client. Locks the person, so that the limit holds for concurrent requests.

    Raises Denied for another person's account, InvalidClientName, ReservedName, InvalidScope, InvalidRedirectUri,
    InvalidLogoutUri, RedirectMissing, TooManyClients. Records client.added.
    """
    owner = User.objects.select_for_update(of=("self",)).get(pk=owner_id)
    if by.id != owner.public_id:
        raise Denied
    name = client_names.clean_client_name(name, by=by)
    if Client.objects.filter(user=owner).count() >= MAX_CLIENTS:
        raise TooManyClients(most=MAX_CLIENTS)
    _validate(flow, scopes, redirect_uris, logout_uris)
    _validate_backchannel_uri(backchannel_logout_uri)
    secret = "" if is_public and flow != CLIENT_CREDENTIALS else generate_client_secret()
    client = Client.objects.create(
        user=owner,
        name=name,
        authorization_grant_type=flow,
        client_type=Client.CLIENT_CONFIDENTIAL if secret else Client.CLIENT_PUBLIC,
        client_secret=secret or generate_client_secret(),  # a public client's is known to nobody
        scopes=sorted(set(scopes)),
        redirect_uris=" ".join(redirect_uris),
        post_logout_redirect_uris=" ".join(logout_uris),
        backchannel_logout_uri=backchannel_logout_uri,
        backchannel_logout_session_required=backchannel_logout_session_required,
        algorithm=Client.RS256_ALGORITHM,
    )
    events.record("client.added", client, by=by, now=now, scopes=client.scopes, flow=flow)
    return ClientWithSecret(client, secret)


@transaction.atomic
def change_client(
    *,
    client_id: int,
    name: str,
    scopes: Sequence[str],
    redirect_uris: Sequence[str],
    by: Actor,
    logout_uris: Sequence[str] = (),
    backchannel_logout_uri: str = "",
    backchannel_logout_session_required: bool = True,
    now: datetime | None = None,
) -> Client:
    """Edit one's own client. Existing consents stay, within the scopes it may still request. Locks the client.

    A change ends the approval by staff. Raises Denied for another person's client, InvalidClientName, ReservedName,
    InvalidScope, InvalidRedirectUri, InvalidLogoutUri, RedirectMissing. Records client.changed and
    client.approval_ended.
    """
    client = _lock_own_client(client_id, by)
    before = [getattr(client, field) for field in APPROVED_FIELDS]
    _validate(client.authorization_grant_type, scopes, redirect_uris, logout_uris)
    _validate_backchannel_uri(backchannel_logout_uri)
    client.name = client_names.clean_client_name(name, by=by)
    client.scopes = sorted(set(scopes))
    client.redirect_uris, client.post_logout_redirect_uris = " ".join(redirect_uris), " ".join(logout_uris)
    client.backchannel_logout_uri = backchannel_logout_uri
    client.backchannel_logout_session_required = backchannel_logout_session_required
    client.save(update_fields=EDITABLE_FIELDS)
    events.record("client.changed", client, by=by, now=now, scopes=client.scopes)
    if client.is_approved and [getattr(client, field) for field in APPROVED_FIELDS] != before:
        _end_approval(client, by=by, now=now)
    return client


@transaction.atomic
def renew_secret(*, client_id: int, by: Actor, now: datetime | None = None) -> ClientWithSecret:
    """Replace the secret of one's own confidential client; the former is rejected at once. Locks the client.

    Raises Denied for another person's client and for a public client. Records client.renewed_secret.
    """
    client = _lock_own_client(client_id, by)
    if client.client_type == Client.CLIENT_PUBLIC:
        raise Denied
    secret = client.client_secret = generate_client_secret()
    client.save(update_fields=["client_secret", "updated"])
    events.record("client.renewed_secret", client, by=by, now=now)
    return ClientWithSecret(client, secret)


@transaction.atomic
def remove_client(*, client_id: int, by: Actor, now: datetime | None = None) -> None:
    """Delete one's own client with its tokens and consents. Locks it. Raises Denied. Records client.removed."""
    client = _lock_own_client(client_id, by)
    events.record("client.removed", client, by=by, now=now)
    client.delete()


@transaction.atomic
def switch_client(*, client_id: int, on: bool, by: Actor, now: datetime | None = None) -> bool:
    """Enable or disable a client and its tokens; False when nothing changed.

    Locks it. Raises Denied without accounts.switch_client. Records client.switched_on or client.switched_off.
    """
    by.require("accounts.switch_client")
    client = Client.objects.select_for_update(of=("self",)).get(pk=client_id)
    if client.is_enabled == on:
        return False
    client.is_enabled = on
    client.save(update_fields=["is_enabled", "updated"])
    if on:
        events.record("client.switched_on", client, by=by, now=now)
    else:
        events.record("client.switched_off", client, by=by, now=now)
    return True


@transaction.atomic
def approve_client(*, client_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Allow a client to request staff scopes and act with the permissions of staff; False when it was approved.

    Locks it. Raises Denied without accounts.approve_client. Records client.approved.
    """
    by.require("accounts.approve_client")
    client = Client.objects.select_for_update(of=("self",)).get(pk=client_id)
    if client.is_approved:
        return False
    now = now or timezone.now()
    client.approved_at, client.approved_by = now, by.user
    client.save(update_fields=["approved_at", "approved_by", "updated"])
    events.record("client.approved", client, by=by, now=now, scopes=client.scopes)
    return True


@transaction.atomic
def end_approval(*, client_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Withdraw the approval of a client, and revoke its codes and tokens; False when it had none.

    Locks it. Raises Denied without accounts.approve_client. Records client.approval_ended.
    """
    by.require("accounts.approve_client")
    client = Client.objects.select_for_update(of=("self",)).get(pk=client_id)
    if not client.is_approved:
        return False
    _end_approval(client, by=by, now=now)
    return True


def _end_approval(client: Client, *, by: Actor, now: datetime | None) -> None:
    client.approved_at = client.approved_by = None
    client.save(update_fields=["approved_at", "approved_by", "updated"])
    consents.end_client_tokens(client=client)
    events.record("client.approval_ended", client, by=by, now=now)


def _lock_own_client(client_id: int, by: Actor) -> Client:
    client = Client.objects.select_for_update(of=("self",)).select_related("user").get(pk=client_id)
    if client.user is None or by.id != client.user.public_id:
        raise Denied
    return client


def _validate(flow: str, scopes: Sequence[str], redirect_uris: Sequence[str], logout_uris: Sequence[str]) -> None:
    if wrong := sorted(set(scopes) - set(known.get_scopes_for_flow(flow))):
        raise InvalidScope(field="scopes", scope=wrong[0])
    if flow == AUTHORIZATION_CODE and not redirect_uris:
        raise RedirectMissing(field="redirect_uris")
    for field, addresses in (("redirect_uris", redirect_uris), ("logout_uris", logout_uris)):
        for address in addresses:
            if not _is_valid_redirect_uri(address):
                raise InvalidRedirectUri(field=field, address=address)


def _validate_backchannel_uri(address: str) -> None:
    """Apply the rules of webhooks. The host is resolved when a notification is sent."""
    if address:
        try:
            guard.parse(address, own_networks=settings.BACKCHANNEL_ALLOWED_NETWORKS)
        except DomainError:
            raise InvalidLogoutUri(field="backchannel_logout_uri", address=address) from None


def _is_valid_redirect_uri(address: str) -> bool:
    """Whether a URI can be compared exactly."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = bool(host) and "#" not in address and "@" not in parts.netloc and "*" not in parts.netloc
    return plain and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS))
