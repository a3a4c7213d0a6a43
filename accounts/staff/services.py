"""Roles: built-in ones, and who has them.

A built-in role selects permissions by pattern, so that new models are included. Built-in roles are updated after every
migration; other roles are not changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.authentication import mfa
from accounts.permissions.models import Role
from accounts.sessions import services as devices
from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events

PROJECT_APPS = ("core", "accounts", "blog", "shop", "chat", "analytics")


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A built-in role. A pattern looks like `shop.view_*`."""

    slug: str
    name: str
    description: str
    patterns: tuple[str, ...]


PICTURE_PERMISSIONS = ("core.add_picture", "core.change_picture", "core.view_picture")

QUEUE_PERMISSIONS = ("accounts.moderate", "accounts.view_case", "accounts.view_report")
BAN_PERMISSIONS = ("accounts.ban_user", "accounts.view_ban")

BUILT_IN_ROLES = (
    BuiltInRole("owner", "Owner", "May do everything, and give roles.", tuple(f"{app}.*" for app in PROJECT_APPS)),
    BuiltInRole(
        "editor",
        "Editor",
        "Everybody's posts, comments and the home page.",
        (
            "blog.*",
            *PICTURE_PERMISSIONS,
            *QUEUE_PERMISSIONS,
            *BAN_PERMISSIONS,
            "core.*_homeblock",
            "core.*_textpage",
            "shop.view_product",
            "analytics.view_*",
        ),
    ),
    BuiltInRole(
        "author",
        "Author",
        "Own posts, from draft to review.",
        ("blog.add_post", "blog.change_post", "blog.view_*", *PICTURE_PERMISSIONS, "shop.view_product"),
    ),
    BuiltInRole(
        "shop-manager",
        "Shop manager",
        "Catalogue, prices, stock, orders and refunds.",
        (
            "shop.*",
            *PICTURE_PERMISSIONS,
            *QUEUE_PERMISSIONS,
            "core.*_homeblock",
            "core.view_event",
            "accounts.view_user",
            "accounts.view_entitlement",
            "accounts.end_entitlement",
            "analytics.view_*",
        ),
    ),
    BuiltInRole(
        "support-agent",
        "Support agent",
        "Conversations with customers, their orders, refunds.",
        (
            "chat.*",
            *QUEUE_PERMISSIONS,
            *BAN_PERMISSIONS,
            "shop.view_*",
            "shop.refund_order",
            "accounts.view_user",
            "accounts.view_entitlement",
        ),
    ),
    BuiltInRole(
        "analyst", "Analyst", "Looks at figures, changes nothing.", ("analytics.view_*", "shop.view_*", "blog.view_*")
    ),
)
BUILT_IN_SLUGS = frozenset(role.slug for role in BUILT_IN_ROLES)


class RoleExceedsOwnPermissions(Denied):
    code = "role_exceeds_own"
    message = _("You cannot assign or remove a role with permissions that you do not have.")


class CannotChangeOwnRoles(Denied):
    code = "own_roles"
    message = _("You cannot change your own roles.")


class RoleExists(Conflict):
    code = "role_exists"
    message = _("A role with this name already exists.")


class RoleNameRequired(Invalid):
    code = "role_without_name"
    message = _("Enter a name that contains letters.")


class RoleIsBuiltIn(Conflict):
    code = "role_is_shipped"
    message = _("This is a built-in role and cannot be changed. Create your own role instead.")


def sync_after_migrate(sender: AppConfig, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """Receiver of post_migrate: create all permissions now, whatever the order of apps, then the roles."""
    try:
        apps.get_model("accounts", "Role")
    except LookupError:
        return  # migrated back to before there were roles
    for label in PROJECT_APPS:
        create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)
    sync_roles()


@transaction.atomic
def sync_roles() -> None:
    """Give built-in roles exactly the permissions that their patterns select."""
    found = Permission.objects.filter(content_type__app_label__in=PROJECT_APPS)
    codes = {f"{app}.{code}": pk for pk, app, code in found.values_list("pk", "content_type__app_label", "codename")}
    for shipped in BUILT_IN_ROLES:
        group, _made = Group.objects.get_or_create(name=shipped.name)
        Role.objects.update_or_create(slug=shipped.slug, defaults={"group": group, "description": shipped.description})
        group.permissions.set(
            pk for code, pk in codes.items() if any(fnmatchcase(code, pattern) for pattern in shipped.patterns)
        )


@transaction.atomic
def assign_role(*, user_id: int, role: str, by: Actor, now: datetime | None = None) -> bool:
    """Assign a role by slug, and with it access to the admin; False when the person had it.

    Ends the sessions of somebody who now needs two-factor authentication and has none. Locks the person. Raises Denied
    without accounts.assign_role, CannotChangeOwnRoles and RoleExceedsOwnPermissions. Records role.assigned, and
    user.asked_for_factor.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    group = _get_assignable_group(user, role, by)
    if user.groups.filter(pk=group.pk).exists():
        return False
    user.groups.add(group)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    events.record("role.assigned", user, by=by, now=now, role=role)
    _enforce_mfa(user, by, now)
    return True


@transaction.atomic
def remove_role(*, user_id: int, role: str, by: Actor) -> bool:
    """Remove a role, and with the last one access to the admin; False when the person did not have it.

    Locks the person. Raises Denied without accounts.assign_role, CannotChangeOwnRoles and RoleExceedsOwnPermissions.
    Records role.removed.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    group = _get_assignable_group(user, role, by)
    if not user.groups.filter(pk=group.pk).exists():
        return False
    user.groups.remove(group)
    user.is_staff = user.is_superuser or user.groups.filter(role__isnull=False).exists()
    user.save(update_fields=["is_staff"])
    events.record("role.removed", user, by=by, role=role)
    return True


@transaction.atomic
def save_role(*, slug: str, name: str, description: str, permissions: list[Permission], by: Actor) -> Role:
    """Create a role (empty slug), or change one.

    Raises Denied without accounts.change_role, RoleIsBuiltIn, the errors of `validate_name`, and
    RoleExceedsOwnPermissions for permissions that `by` lacks. Records role.saved.
    """
    by.require("accounts.change_role")
    if slug in BUILT_IN_SLUGS:
        raise RoleIsBuiltIn
    if not all(by.can(f"{permission.content_type.app_label}.{permission.codename}") for permission in permissions):
        raise RoleExceedsOwnPermissions(field="permissions")
    validate_name(name, slug)
    role = Role.objects.select_related("group").filter(slug=slug).first()
    role = role or Role(group=Group(), slug=slugify(name, allow_unicode=True))
    role.group.name, role.description = name, description
    role.group.save()
    before, after = (
        _get_permission_names(role.group.permissions.select_related("content_type")),
        _get_permission_names(permissions),
    )
    role.group.permissions.set(permissions)
    role.save()
    added, removed = sorted(after - before), sorted(before - after)
    about = ("role", role.slug)
    events.record("role.saved", about, by=by, permissions=len(permissions), added=added, removed=removed)
    return role


@transaction.atomic
def set_mfa_requirement(*, slug: str, is_required: bool, by: Actor, now: datetime | None = None) -> bool:
    """Set whether a role, including a built-in one, requires two-factor authentication; False when nothing changed.

    Ends the sessions of people with the role and without a method. Locks the role, then these people. Raises Denied
    without accounts.change_role. Records role.changed_factor_rule, and user.asked_for_factor for each.
    """
    by.require("accounts.change_role")
    role = Role.objects.select_for_update(of=("self",)).get(slug=slug)
    if role.requires_mfa == is_required:
        return False
    role.requires_mfa = is_required
    role.save(update_fields=["requires_mfa"])
    events.record("role.changed_factor_rule", ("role", slug), by=by, now=now, requires_factor=is_required)
    if is_required:
        for user in User.objects.select_for_update(of=("self",)).filter(groups=role.group_id).order_by("pk"):
            _enforce_mfa(user, by, now)
    return True


def validate_name(name: str, slug: str) -> None:
    """Raise RoleExists when another role has the name, RoleNameRequired when it has no slug."""
    wanted = slugify(name, allow_unicode=True)
    if not wanted:
        raise RoleNameRequired(field="name")
    if Role.objects.exclude(slug=slug).filter(Q(group__name=name) | Q(slug=wanted)).exists():
        raise RoleExists(field="name")


@transaction.atomic
def delete_role(*, slug: str, by: Actor) -> None:
    """Remove a role from everybody and delete it.

    Raises Denied without accounts.delete_role, RoleIsBuiltIn, and the errors of `remove_role`. Records role.removed for
    each person, and role.deleted.
    """
    by.require("accounts.delete_role")
    if slug in BUILT_IN_SLUGS:
        raise RoleIsBuiltIn
    role = Role.objects.select_related("group").get(slug=slug)
    for user_id in User.objects.filter(groups=role.group_id).order_by("pk").values_list("pk", flat=True):
        remove_role(user_id=user_id, role=slug, by=by)
    role.group.delete()
    events.record("role.deleted", ("role", slug), by=by)


def get_assignable_roles(by: Actor) -> QuerySet[Role]:
    """Return the roles that `by` may assign: those without permissions that `by` lacks. Two queries."""
    if not by.can("accounts.assign_role"):
        return Role.objects.none()
    every = Role.objects.prefetch_related("group__permissions__content_type").select_related("group")
    return every.filter(pk__in=[role.pk for role in every if _is_within_own(role.group, by)])


def _enforce_mfa(user: User, by: Actor, now: datetime | None) -> None:
    """End the sessions of a person who must set up two-factor authentication. Call it with the person locked."""
    if mfa.is_mfa_missing(user):
        devices.end_access(user=user)
        events.record("user.asked_for_factor", user, by=by, now=now)


def _get_assignable_group(user: User, role: str, by: Actor) -> Group:
    """Return the group of a role, if `by` may assign it to this person."""
    by.require("accounts.assign_role")
    if by.id == user.public_id:
        raise CannotChangeOwnRoles
    group = Group.objects.prefetch_related("permissions__content_type").get(role__slug=role)
    if not _is_within_own(group, by):
        raise RoleExceedsOwnPermissions
    return group


def _get_permission_names(permissions: Iterable[Permission]) -> set[str]:
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def _is_within_own(group: Group, by: Actor) -> bool:
    """Whether `by` holds every permission of a group."""
    return all(by.can(f"{held.content_type.app_label}.{held.codename}") for held in group.permissions.all())
