"""People, and account deletions."""

from typing import Any, ClassVar, Self
from unicodedata import normalize

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.content.models import Picture
from core.ids import uuid7
from core.validation.email_addresses import ERASED_EMAIL_DOMAIN, canonical_email, email_constraint, find_email


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person with a hashed password (none: cannot sign in by password). Raises ValidationError."""
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a superuser with a verified address."""
        from allauth.account.models import EmailAddress  # noqa: PLC0415  its model points at ours

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=find_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """An account for shop, journal and chat, for customers and staff."""

    public_kind: ClassVar[str] = "user"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    email = models.EmailField(_("email address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    bio = models.TextField(_("about"), blank=True, max_length=2000)
    avatar = models.ForeignKey(Picture, models.SET_NULL, null=True, blank=True, verbose_name=_("picture"))
    locale = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    # Incrementing it ends all sessions.
    session_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    # Set on an instance, never stored: act without the permissions of roles.
    are_permissions_withheld = False

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["email"], name="user_email_once"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower"),
            email_constraint("user_email_shape"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def display_name(self) -> str:
        """Return the public name, without any part of the email address."""
        return self.name or gettext("Customer")

    def set_password(self, raw_password: str | None) -> None:
        """Set a password. It is normalised (NFC), so that all keyboards produce the same."""
        super().set_password(None if raw_password is None else normalize("NFC", raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Check a password, also without normalisation for passwords set before it was introduced."""
        composed = None if raw_password is None else normalize("NFC", raw_password)
        if super().check_password(composed):
            return True
        return composed != raw_password and super().check_password(raw_password)

    @property
    def erased_email(self) -> str:
        """Return the placeholder for the address of an erased person."""
        return f"erased+{self.uid}{ERASED_EMAIL_DOMAIN}"

    @property
    def is_erased(self) -> bool:
        return self.email.endswith(ERASED_EMAIL_DOMAIN)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Sessions end when this changes: it depends on password, address and epoch.
        known = self.password + self.email + (str(self.session_epoch) if self.session_epoch else "")
        return salted_hmac("accounts.session", known, secret=secret, algorithm="sha256").hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return not self.are_permissions_withheld and super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        return not self.are_permissions_withheld and super().has_module_perms(app_label)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        return set() if self.are_permissions_withheld else set(super().get_all_permissions(obj))

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name.split(" ")[0]


class ClosingQuerySet(models.QuerySet["Closing"]):
    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")

    def running(self) -> Self:
        """Return deletions that are neither cancelled nor done."""
        return self.filter(state__in=[Closing.State.WAITING, Closing.State.ERASING])


class Closing(models.Model):
    """An account deletion. It can be cancelled until `due_at`.

    `asked_by` is the person, or the member of staff who acts on a request and enters the reason. `last_address`
    receives the last email and is then cleared.
    """

    public_kind: ClassVar[str] = "closing"

    class State(models.TextChoices):
        WAITING = "waiting", _("pending")
        ERASING = "erasing", _("being erased")
        DONE = "done", _("erased")
        KEPT = "kept", _("cancelled")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="closings", verbose_name=_("person")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    last_address = models.EmailField(_("address for the last email"), max_length=254, blank=True, editable=False)
    asked_at = models.DateTimeField(_("requested at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"))
    reminded_at = models.DateTimeField(_("reminded at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("account deletion")
        verbose_name_plural = _("account deletions")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("erase_user", _("Can delete accounts on request"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=["waiting", "erasing"]), name="closing_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(state__in=["waiting", "erasing", "done", "kept"]), name="closing_state"),
            models.CheckConstraint(condition=Q(due_at__gte=F("asked_at")), name="closing_dates"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "kept"]) ^ Q(ended_at__isnull=True), name="closing_ended"
            ),
            models.CheckConstraint(
                condition=Q(last_address="") | Q(state="done"), name="closing_address_after_erasing"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "erasing"]), name="closing_due")
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)
