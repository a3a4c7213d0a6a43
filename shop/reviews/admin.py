"""Customer reviews: show it or hide it. Nobody rewrites another's words."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.context import grant_of
from core.staff.read_only_admin import ReadOnlyAdmin
from shop.reviews import services as verbs
from shop.reviews.models import Review


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    list_display = ("title", "product", "rating", "user", "status", "created_at")
    list_filter = ("status", "rating")
    list_select_related = ("product", "user")
    search_fields = ("title", "=product__slug", "user__email")
    show_full_result_count = False
    fields = readonly_fields = ("product", "user", "rating", "title", "body", "status", "line", "created_at")
    actions = ("publish", "hide")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("shop.moderate_review")

    @admin.action(description=_("Publish"), permissions=["moderate"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._moderate(request, queryset, publish=True)

    @admin.action(description=_("Hide"), permissions=["moderate"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._moderate(request, queryset, publish=False)

    def _moderate(self, request: HttpRequest, queryset: QuerySet[Review], *, publish: bool) -> None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True))
        for review_id in keys:
            verbs.moderate_review(review_id=review_id, publish=publish, by=grant_of(request).actor)
        text = ngettext("%(count)d review was moderated.", "%(count)d reviews were moderated.", len(keys))
        self.message_user(request, text % {"count": len(keys)}, messages.SUCCESS)
