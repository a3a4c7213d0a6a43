"""Cases, reports, bans and spam words in the admin. Cases are decided in the moderation queue."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.moderation.models import Case, KeptProfile, Report, SpamWord
from core import constraints
from core.context import grant_of
from core.staff.edit_admin import EditAdmin
from core.staff.read_only_admin import ReadOnlyAdmin
from core.validation.email_addresses import find_email

constraints.register(
    {
        "spam_word_once": ("text", _("This word is already on the list.")),
        "spam_word_lower": ("text", _("Enter the word in lower case.")),
        "spam_word_points": ("points", _("Enter 1 to 100 points.")),
    }
)


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject_id", "author", "state", "act", "score", "reports", "opened_at", "decided_by")
    list_filter = ("state", "kind", "act")
    list_select_related = ("author", "decided_by")
    search_fields = ("=subject_id", "=author__email")
    show_full_result_count = False
    exclude = ("reasons",)
    readonly_fields = ("why",)

    @admin.display(description=_("reasons"))
    def why(self, case: Case) -> str:
        return ", ".join(case.why)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("kind", "subject_id", "reason", "reporter", "state", "created_at")
    list_filter = ("state", "kind", "reason")
    list_select_related = ("reporter",)
    search_fields = ("=subject_id", "=reporter__email")
    show_full_result_count = False


@admin.register(Ban)
class BanAdmin(ReadOnlyAdmin):
    """Bans are created on a page of their own and ended here."""

    list_display = ("__str__", "scope", "reason", "until", "made_by", "created_at", "ended_at")
    list_filter = ("scope", "reason")
    list_select_related = ("user", "made_by")
    search_fields = ("=user__email", "=network")
    show_full_result_count = False
    actions = ("end",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ban], search_term: str
    ) -> tuple[QuerySet[Ban], bool]:
        """Also find the ban of an unregistered address, by the whole address."""
        found, is_doubled = super().get_search_results(request, queryset, search_term)
        if "@" in search_term:
            found |= queryset.filter(email_digest=bans.compute_digest(find_email(search_term)))
        return found, is_doubled

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_ban_permission(request)

    def has_ban_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.ban_user")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: object = None) -> HttpResponse:
        return redirect("moderation:new_ban")

    @admin.action(description=_("End"), permissions=["ban"])
    def end(self, request: HttpRequest, queryset: QuerySet[Ban]) -> None:
        by = grant_of(request).actor
        ended = sum(bans.unban(ban_uid=uid, by=by) for uid in queryset.values_list("uid", flat=True))
        text = ngettext("%(count)d ban ended.", "%(count)d bans ended.", ended)
        self.message_user(request, text % {"count": ended}, messages.SUCCESS)


@admin.register(KeptProfile)
class KeptProfileAdmin(ReadOnlyAdmin):
    """Removed profile content, to answer complaints."""

    list_display = ("user", "taken_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    show_full_result_count = False


@admin.register(SpamWord)
class SpamWordAdmin(EditAdmin):
    """Spam words. Changes apply to new texts."""

    list_display = ("text", "points")
    search_fields = ("text",)
