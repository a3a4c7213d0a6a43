"""Models of the OAuth provider: clients, consents, codes, tokens, signing keys.

They replace the toolkit's models. Credentials are stored as digests or not at all: codes and device codes by
`DigestField`, tokens by their checksum, client secrets as password hashes, signing keys encrypted.
"""

from hashlib import sha256
from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from jwcrypto import jwk
from oauth2_provider import models as toolkit
from oauth2_provider.utils import jwk_from_pem

from core import encryption
from core.ids import uuid7


class DigestField(models.CharField):
    """Stores and looks up the SHA-256 of the value. An instance that was read must not be saved completely."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else sha256(str(value).encode()).hexdigest()


class Client(toolkit.AbstractApplication):
    """An OAuth app: it requests access to accounts, or signs people in.

    `user` owns it. `scopes` are those it may request. Every client needs consent. When a session ends,
    `backchannel_logout_uri` is notified of that session, or of all sessions of the person there.
    """

    public_kind: ClassVar[str] = "client"
    FLOWS: ClassVar = [
        (toolkit.AbstractApplication.GRANT_AUTHORIZATION_CODE, _("Web or mobile app (authorization code)")),
        (toolkit.AbstractApplication.GRANT_DEVICE_CODE, _("Device without a keyboard (device code)")),
        (toolkit.AbstractApplication.GRANT_CLIENT_CREDENTIALS, _("Service without users (client credentials)")),
    ]

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("scopes"))
    is_enabled = models.BooleanField(_("enabled"), default=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    backchannel_logout_uri = models.CharField(_("back-channel logout URL"), max_length=500, blank=True, db_default="")
    backchannel_logout_session_required = models.BooleanField(
        _("include the session ID"), default=True, db_default=True
    )

    objects: ClassVar[models.Manager["Client"]] = models.Manager()

    class Meta(toolkit.AbstractApplication.Meta):
        verbose_name = _("OAuth app")
        verbose_name_plural = _("OAuth apps")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [
            ("switch_client", _("Can disable and enable OAuth apps of others")),
            ("approve_client", _("Can approve OAuth apps for staff scopes")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    authorization_grant_type__in=[
                        "authorization-code",
                        "urn:ietf:params:oauth:grant-type:device_code",
                        "client-credentials",
                    ]
                ),
                name="client_flow",
            ),
            models.CheckConstraint(condition=Q(algorithm="RS256", hash_client_secret=True), name="client_signature"),
            models.CheckConstraint(condition=Q(skip_authorization=False), name="client_asks_people"),
            models.CheckConstraint(
                condition=~Q(authorization_grant_type="client-credentials") | Q(client_type="confidential"),
                name="client_for_itself_has_secret",
            ),
            models.CheckConstraint(
                condition=Q(backchannel_logout_uri="") | Q(backchannel_logout_uri__regex=r"^https?://[^\s#]+$"),
                name="client_backchannel_logout_uri",
            ),
        ]

    @property
    def public_id(self) -> str:
        return str(self.client_id)

    @property
    def is_approved(self) -> bool:
        """Whether staff approved it: it may request staff scopes and act with the permissions of staff."""
        return self.approved_at is not None

    def is_usable(self, request: Any) -> bool:
        """Whether it is enabled and its owner's account is active."""
        return self.is_enabled and (self.user is None or self.user.is_active)

    def get_allowed_schemes(self) -> list[str]:
        """Allow http for loopback addresses; `clients` validates the rest."""
        return ["https", "http"]

    @property
    def jwk_key(self) -> jwk.JWK:
        return SigningKey.objects.get(state=SigningKey.State.CURRENT).jwk


class Consent(models.Model):
    """Consent of a person to a client. Withdrawing deletes it, with all tokens based on it."""

    public_kind: ClassVar[str] = "consent"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents", verbose_name=_("person")
    )
    client = models.ForeignKey(Client, models.CASCADE, related_name="consents", verbose_name=_("OAuth app"))
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    given_at = models.DateTimeField(_("given at"), default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "client"], name="consent_once"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="consent_to_something"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.client_id}"

    @property
    def public_id(self) -> str:
        return str(self.uid)


class AuthorizationCode(toolkit.AbstractGrant):
    """`family` is that of its tokens, which are revoked when the code is reused. `auth_time` is that of the person.

    `session` is the one in which the person consented; the code is invalid once it has ended.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    code = DigestField(max_length=64, unique=True)
    family = models.UUIDField(default=uuid4, editable=False)
    auth_time = models.DateTimeField(null=True)
    session = models.ForeignKey("accounts.ClientSession", models.SET_NULL, null=True, related_name="+")
    used_at = models.DateTimeField(null=True)


class AccessToken(toolkit.AbstractAccessToken):
    """Short-lived; stored as a checksum. `auth_time` is when the person signed in before the consent."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    auth_time = models.DateTimeField(null=True)


class RefreshToken(toolkit.AbstractRefreshToken):
    """Used once. All tokens of one authorization are a family, and outlive its `session`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    session = models.ForeignKey("accounts.ClientSession", models.SET_NULL, null=True, related_name="+")
    auth_time = models.DateTimeField(null=True)


class IDToken(toolkit.AbstractIDToken):
    """Records that an ID token was issued, without its content."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )


class DeviceGrant(toolkit.AbstractDeviceGrant):
    """A device that waits until a person enters its code."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    device_code = DigestField(max_length=64)
    user_code = models.CharField(max_length=100, unique=True)
    client_id = models.CharField(max_length=255, db_index=True)
    auth_time = models.DateTimeField(null=True)


class SigningKey(models.Model):
    """Signs ID tokens. The next key is published before it signs, a former key until its tokens have expired."""

    class State(models.TextChoices):
        NEXT = "next", _("next")
        CURRENT = "current", _("current")
        FORMER = "former", _("former")

    public_kind: ClassVar[str] = "signing_key"

    kid = models.CharField(_("key id"), max_length=64, unique=True)
    pem = models.TextField(_("private key, encrypted"), editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEXT)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    former_at = models.DateTimeField(_("former since"), null=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="current"), name="signing_key_one_current"),
            models.UniqueConstraint(fields=["state"], condition=Q(state="next"), name="signing_key_one_next"),
            models.CheckConstraint(
                condition=Q(state="former", former_at__isnull=False) | (~Q(state="former") & Q(former_at__isnull=True)),
                name="signing_key_former",
            ),
        ]

    def __str__(self) -> str:
        return self.kid

    @property
    def public_id(self) -> str:
        return self.kid

    @property
    def jwk(self) -> jwk.JWK:
        return jwk_from_pem(encryption.decrypt(self.pem))
