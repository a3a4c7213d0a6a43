"""People and roles in the admin. Staff cannot set passwords of others or assign more than they have."""

from itertools import groupby
from typing import Any, cast

from allauth.account import forms as allauth_forms
from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.authentication.services import accounts as user_accounts
from accounts.permissions.models import Role
from accounts.staff import services as roles
from accounts.users import services as people
from accounts.users.models import User
from core import constraints
from core.context import grant_of
from core.errors import DomainError
from core.staff.edit_admin import EditAdmin
from core.validation.email_addresses import canonical_email
from core.validation.text import contains_control_characters

constraints.register(
    {
        "user_email_once": ("email", _("Another person has this email address.")),
        "user_email_lower": ("email", _("Enter the email address in lower case.")),
        "user_email_shape": ("email", _("Enter a valid email address.")),
    }
)


class UserForm(forms.ModelForm):
    """A person. Saved by services."""

    roles = forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Role.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Roles give access to the staff area. Only roles that you can assign are shown."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "bio", "is_active")

    def clean_name(self) -> str:
        try:
            return people.clean_name(self.cleaned_data["name"])
        except people.InvalidName as refusal:
            raise ValidationError(refusal.detail) from None

    def clean_bio(self) -> str:
        bio = str(self.cleaned_data["bio"])
        if contains_control_characters(bio, allow="\n\r\t"):
            raise ValidationError(people.InvalidBio.message)
        return bio

    def clean_email(self) -> str:
        return canonical_email(self.cleaned_data["email"])


@admin.register(User)
class UserAdmin(EditAdmin):
    """Add a person, assign roles, disable an account, send a password reset link."""

    form = UserForm
    change_form_template = "accounts/admin/user_change_form.html"
    list_display = ("email", "name", "is_staff", "is_active", "created_at")
    list_filter = ("is_staff", "is_active", "groups")
    search_fields = ("email", "name")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("send_reset_link",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        power = ("roles",) if self._movable(request, obj) else ()
        if obj is None:
            return [(None, {"fields": ("email", "name", *power)})]
        own = ("email", "name", "bio", "is_active", *power, "password_kept", "last_login", "created_at")
        return [(None, {"fields": own})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("email", "password_kept", "last_login", "created_at") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "roles" in form.base_fields:
            field = cast("forms.ModelMultipleChoiceField", form.base_fields["roles"])
            field.queryset = self._movable(request, obj)
            field.initial = Role.objects.filter(group__user=obj) if obj else []
        return form

    @admin.display(description=_("password"))
    def password_kept(self, user: User) -> str:
        """Return the algorithm of the stored hash."""
        if not user.has_usable_password():
            return gettext("not set")
        algorithm = identify_hasher(user.password).algorithm
        return gettext("stored as %(algorithm)s; use the action of the list to send a reset link") % {
            "algorithm": algorithm
        }

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers may change superusers."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # an account is closed; what it bought and wrote stays accountable

    def has_send_link_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_user")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        by, given = grant_of(request).actor, form.cleaned_data
        if change:
            people.change_profile(user_id=obj.pk, by=by, name=given["name"], bio=given["bio"])
            user_accounts.open_account(user_id=obj.pk, by=by, is_open=given["is_active"])
        else:
            obj.pk = user_accounts.add_user(email=given["email"], name=given["name"], by=by).pk
        if "roles" in given:
            movable, wanted = self._movable(request, obj), set(given["roles"])
            for role in movable:
                move = roles.assign_role if role in wanted else roles.remove_role
                move(user_id=obj.pk, role=role.slug, by=by)

    @admin.action(description=_("Send a password reset link"), permissions=["send_link"])
    def send_reset_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Send the password reset email."""
        sent = 0
        for user in queryset.filter(is_active=True):
            form = allauth_forms.ResetPasswordForm({"email": user.email})
            if form.is_valid():
                form.save(request)
                sent += 1
        text = ngettext("%(count)d link sent.", "%(count)d links sent.", sent)
        self.message_user(request, text % {"count": sent}, messages.SUCCESS)

    def _movable(self, request: HttpRequest, obj: User | None) -> QuerySet[Role]:
        """Return the roles that this member of staff may assign to this person."""
        return Role.objects.none() if obj == request.user else roles.get_assignable_roles(grant_of(request).actor)


GRANTABLE = (
    Permission.objects.filter(content_type__app_label__in=roles.PROJECT_APPS)
    .select_related("content_type")
    .order_by("content_type__app_label", "content_type__model", "codename")
)


class RoleForm(forms.ModelForm):
    """A role and the permissions of its group."""

    name = forms.CharField(label=_("Name"), max_length=150)
    permissions = forms.ModelMultipleChoiceField(
        label=_("Permissions"),
        queryset=GRANTABLE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Role
        fields = ("description",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelMultipleChoiceField", self.fields["permissions"])
        by_app = groupby(GRANTABLE.all(), lambda permission: permission.content_type.app_label)
        field.choices = [
            (apps.get_app_config(app).verbose_name, [(permission.pk, permission.name) for permission in permissions])
            for app, permissions in by_app
        ]
        if self.instance.pk:
            group = self.instance.group
            self.initial = {**self.initial, "name": group.name, "permissions": group.permissions.all()}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        try:
            roles.validate_name(name, self.instance.slug)
        except DomainError as refusal:
            raise forms.ValidationError(refusal.detail) from None
        return name


@admin.register(Role)
class RoleAdmin(EditAdmin):
    """Built-in roles are read-only; own roles can be changed."""

    form = RoleForm
    list_display = ("name", "slug", "description", "people", "requires_mfa")
    list_select_related = ("group",)
    search_fields = ("group__name", "slug")
    actions = ("ask_for_factor", "ask_for_no_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        return Role.objects.annotate(people_count=Count("group__user"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and obj.slug in roles.BUILT_IN_SLUGS:
            return ("name", "slug", "description", "held")
        return ("name", "description", "permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "slug", "held") if obj is not None and obj.slug in roles.BUILT_IN_SLUGS else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        shipped = obj is not None and obj.slug in roles.BUILT_IN_SLUGS
        return not shipped and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        shipped = obj is not None and obj.slug in roles.BUILT_IN_SLUGS
        return not shipped and super().has_delete_permission(request, obj)

    @admin.display(description=_("name"), ordering="group__name")
    def name(self, role: Role) -> str:
        return role.group.name

    @admin.display(description=_("people"))
    def people(self, role: Role) -> int:
        return int(getattr(role, "people_count", 0))

    @admin.display(description=_("permissions"))
    def held(self, role: Role) -> str:
        names = role.group.permissions.values_list("name", flat=True)
        return ", ".join(names)

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        given = form.cleaned_data
        saved = roles.save_role(
            slug=obj.slug,
            name=given["name"],
            description=given["description"],
            permissions=list(given["permissions"]),
            by=grant_of(request).actor,
        )
        obj.pk, obj.slug, obj.group = saved.pk, saved.slug, saved.group

    @admin.action(description=_("Require two-factor authentication"), permissions=["view"])
    def ask_for_factor(self, request: HttpRequest, queryset: QuerySet[Role]) -> None:
        self._require_factor(request, queryset, is_required=True)

    @admin.action(description=_("Do not require two-factor authentication"), permissions=["view"])
    def ask_for_no_factor(self, request: HttpRequest, queryset: QuerySet[Role]) -> None:
        self._require_factor(request, queryset, is_required=False)

    def _require_factor(self, request: HttpRequest, queryset: QuerySet[Role], *, is_required: bool) -> None:
        by = grant_of(request).actor
        try:
            for slug in queryset.values_list("slug", flat=True):
                roles.set_mfa_requirement(slug=slug, is_required=is_required, by=by)
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)

    def delete_model(self, request: HttpRequest, obj: Role) -> None:
        roles.delete_role(slug=obj.slug, by=grant_of(request).actor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Role]) -> None:
        for role in queryset:
            self.delete_model(request, role)
