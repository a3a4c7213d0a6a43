"""Comments in the admin."""

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from blog.comments import services as commenting
from blog.comments.models import Comment
from core.context import grant_of


@admin.register(Comment)
class CommentAdmin(ModelAdmin):
    """Comments, newest first. Moderators approve, reject or remove them; the text cannot be edited."""

    list_display = ("beginning", "byline", "post", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("author", "post")
    search_fields = ("body_source", "author__email", "=post__slug")
    show_full_result_count = False
    actions = ("approve", "refuse", "remove")
    fields = readonly_fields = ("post", "byline", "status", "body_source", "created_at", "moderated_at")

    @admin.display(description=_("text"))
    def beginning(self, comment: Comment) -> str:
        return Truncator(comment.body_source).chars(80) or f"({comment.get_status_display()})"

    @admin.display(description=_("author"))
    def byline(self, comment: Comment) -> str:
        return comment.byline

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_moderate_permission(request)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blog.moderate_comment")

    @admin.action(description=_("Approve"), permissions=["moderate"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        by = grant_of(request).actor
        done = [commenting.approve_comment(comment_id=pk, by=by) for pk in _keys(queryset)]
        text = ngettext("%(count)d comment approved.", "%(count)d comments approved.", sum(done))
        self.message_user(request, text % {"count": sum(done)}, messages.SUCCESS)

    @admin.action(description=_("Mark as spam"), permissions=["moderate"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        by = grant_of(request).actor
        done = [commenting.mark_comment_as_spam(comment_id=pk, by=by) for pk in _keys(queryset)]
        text = ngettext("%(count)d comment marked as spam.", "%(count)d comments marked as spam.", sum(done))
        self.message_user(request, text % {"count": sum(done)}, messages.SUCCESS)

    @admin.action(description=_("Delete permanently"), permissions=["moderate"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        by = grant_of(request).actor
        done = [commenting.delete_comment(comment_id=pk, by=by) for pk in _keys(queryset)]
        text = ngettext("%(count)d comment deleted.", "%(count)d comments deleted.", sum(done))
        self.message_user(request, text % {"count": sum(done)}, messages.SUCCESS)


def _keys(queryset: QuerySet[Comment]) -> list[int]:
    return list(queryset.order_by("pk").values_list("pk", flat=True))
