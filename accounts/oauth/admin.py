"""The OAuth provider in the admin. Clients can be enabled, disabled and approved; secrets are not shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.oauth.models import Client, Consent, SigningKey
from accounts.oauth.services import clients
from accounts.sessions.models import ClientSession
from accounts.users.models import User
from core.context import grant_of
from core.staff.read_only_admin import ReadOnlyAdmin


class ApplicationAdmin(ReadOnlyAdmin):
    """OAuth apps of all people."""

    list_display = ("name", "client_id", "user", "authorization_grant_type", "is_enabled", "approved_at", "created")
    list_filter = ("is_enabled", ("approved_at", admin.EmptyFieldListFilter), "authorization_grant_type")
    list_select_related = ("user",)
    search_fields = ("=client_id", "name", "=user__email")
    show_full_result_count = False
    actions = ("switch_off", "switch_on", "approve", "end_approval")
    fields = (
        "name",
        "client_id",
        "user",
        "client_type",
        "authorization_grant_type",
        "scopes",
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
        "last_notified",
        "is_enabled",
        "approved_at",
        "approved_by",
        "created",
        "updated",
    )

    @admin.display(description=_("last sign-out notification"))
    def last_notified(self, client: Client) -> str:
        told = ClientSession.get_last_notified(client)
        return f"{date_format(localtime(told.tried_at), 'DATETIME_FORMAT')}: {told.answer}" if told else ""

    def has_switch_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.switch_client")

    @admin.action(description=_("Disable"), permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        self._switch(request, queryset, on=False)

    @admin.action(description=_("Enable"), permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        self._switch(request, queryset, on=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Client], *, on: bool) -> None:
        by = grant_of(request).actor
        switched = sum(
            clients.switch_client(client_id=pk, on=on, by=by) for pk in queryset.values_list("pk", flat=True)
        )
        text = ngettext("%(count)d OAuth app changed.", "%(count)d OAuth apps changed.", switched)
        self.message_user(request, text % {"count": switched}, messages.SUCCESS)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.approve_client")

    @admin.action(description=_("Approve for staff scopes"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        by = grant_of(request).actor
        count = sum(clients.approve_client(client_id=pk, by=by) for pk in queryset.values_list("pk", flat=True))
        text = ngettext("%(count)d OAuth app approved.", "%(count)d OAuth apps approved.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Withdraw approval"), permissions=["approve"])
    def end_approval(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        by = grant_of(request).actor
        count = sum(clients.end_approval(client_id=pk, by=by) for pk in queryset.values_list("pk", flat=True))
        text = ngettext(
            "Approval of %(count)d OAuth app withdrawn.", "Approval of %(count)d OAuth apps withdrawn.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


class AccessTokenAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "application", "scope", "expires")
    list_select_related = ("user", "application")
    show_full_result_count = False
    fields = ("user", "application", "scope", "resource", "created", "expires")


class GrantAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "application", "scope", "created", "used_at")
    list_select_related = ("user", "application")
    show_full_result_count = False
    fields = ("user", "application", "scope", "redirect_uri", "created", "expires", "used_at")


class IdTokenAdmin(ReadOnlyAdmin):
    list_display = ("jti", "user", "application", "created", "expires")
    list_select_related = ("user", "application")
    show_full_result_count = False
    fields = ("jti", "user", "application", "scope", "created", "expires")


class RefreshTokenAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "application", "created", "revoked")
    list_select_related = ("user", "application")
    show_full_result_count = False
    fields = ("user", "application", "token_family", "resource", "created", "revoked")


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("user", "client", "scopes", "given_at")
    list_select_related = ("user", "client")
    show_full_result_count = False


@admin.register(ClientSession)
class ClientSessionAdmin(ReadOnlyAdmin):
    """Sessions at OAuth apps, and the back-channel logout notifications."""

    list_display = ("client", "person", "state", "answer", "tried_at", "attempts", "ended_at", "began_at")
    list_filter = ("state",)
    list_select_related = ("client", "device__user")
    search_fields = ("=client__client_id", "=uid", "=device__user__email")
    show_full_result_count = False
    fields = ("uid", "client", "device", *list_display[1:])

    @admin.display(description=_("person"))
    def person(self, session: ClientSession) -> User:
        return session.device.user


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """Rotated by `manage.py rotate_signing_key`."""

    list_display = ("kid", "state", "created_at", "former_at")
