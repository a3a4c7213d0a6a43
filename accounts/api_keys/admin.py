"""API keys in the admin: list them and revoke them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.api_keys import services as api_keys
from accounts.api_keys.models import ApiKey
from core.context import grant_of
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Read-only. The digests of secrets are not shown."""

    list_display = ("name", "user", "prefix", "state_in_words", "last_used_at", "expires_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("=prefix", "=user__email", "name")
    show_full_result_count = False
    actions = ("revoke",)
    fields = (
        "name",
        "user",
        "prefix",
        "scopes",
        "networks",
        "state_in_words",
        "last_used_at",
        "former_until",
        "expires_at",
        "revoked_at",
        "created_at",
    )

    @admin.display(description=_("state"))
    def state_in_words(self, key: ApiKey) -> str:
        return str(key.state.label)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.revoke_apikey")

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        by = grant_of(request).actor
        revoked = sum(api_keys.revoke_key(key_id=pk, by=by) for pk in queryset.values_list("pk", flat=True))
        text = ngettext("%(count)d API key revoked.", "%(count)d API keys revoked.", revoked)
        self.message_user(request, text % {"count": revoked}, messages.SUCCESS)
