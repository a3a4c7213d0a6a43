"""People, and their accounts that are to be deleted."""

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
        """Make a person who may do everything. Whoever can run this command vouches for the address."""
        from allauth.account.models import EmailAddress  # noqa: PLC0415  its model points at ours

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=find_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """One account for shop, journal and conversation, for customers and staff alike."""

    public_kind: ClassVar[str] = "user"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    bio = models.TextField(_("about"), blank=True, max_length=2000)
    avatar = models.ForeignKey(Picture, models.SET_NULL, null=True, blank=True, verbose_name=_("picture"))
    locale = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    # One more, and all sessions are over.
    session_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    # Set on one instance, never stored: the caller acts as a customer, whatever roles the account has.
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
        """What others see. Nothing of the address, which is nobody else's affair."""
        return self.name or gettext("Customer")

    def set_password(self, raw_password: str | None) -> None:
        """Set a password. However its letters are composed by a keyboard, it is the same one (NFC)."""
        super().set_password(None if raw_password is None else normalize("NFC", raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the password; as it was typed, too, for those that were set before they were composed."""
        composed = None if raw_password is None else normalize("NFC", raw_password)
        if super().check_password(composed):
            return True
        return composed != raw_password and super().check_password(raw_password)

    @property
    def erased_email(self) -> str:
        """What is left of the address of somebody who was erased."""
        return f"erased+{self.uid}{ERASED_EMAIL_DOMAIN}"

    @property
    def is_erased(self) -> bool:
        return self.email.endswith(ERASED_EMAIL_DOMAIN)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Sessions end when this changes: Django's rests on the password alone, ours on address and epoch too.
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
        """Asked for, and neither taken back nor done."""
        return self.filter(state__in=[Closing.State.WAITING, Closing.State.ERASING])


class Closing(models.Model):
    """That somebody wants to be forgotten. Until `due_at` it can be taken back.

    `asked_by` is the person, or the member of staff who acts on a letter of theirs and says why. `last_address` is
    where the last mail goes; it is emptied when that is sent.
    """

    public_kind: ClassVar[str] = "closing"

    class State(models.TextChoices):
        WAITING = "waiting", _("can be taken back")
        ERASING = "erasing", _("being erased")
        DONE = "done", _("erased")
        KEPT = "kept", _("taken back")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="closings", verbose_name=_("person")
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    last_address = models.EmailField(_("address for the last mail"), max_length=254, blank=True, editable=False)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    due_at = models.DateTimeField(_("due at"))
    reminded_at = models.DateTimeField(_("reminded at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ClosingQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing of an account")
        verbose_name_plural = _("closings of accounts")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("erase_user", _("Can have people's data erased on their request"))]
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
