"""Posts: write, schedule, publish, put away."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from blog import access, queries
from blog.admin.post_form import PostForm
from blog.forms import PublicationForm
from blog.models import Post, Revision
from blog.services import publishing, writing
from core.errors import Denied, DomainError
from core.middleware import grant_of

REVISIONS_SHOWN = 20
SCHEDULE = "schedule"
VERBS: dict[str, Callable[..., Post]] = {
    "publish": publishing.publish_post,
    "unpublish": publishing.unpublish_post,
    "archive": publishing.archive_post,
    "submit": writing.submit_post,
}


@admin.register(Post)
class PostAdmin(ModelAdmin):
    """Authors see their own posts, editors all. Saving, publishing and the rest are the services' doing."""

    form = PostForm
    change_form_template = "blog/admin/post.html"
    list_display = ("title", "status", "byline", "published_at", "publish_at", "comment_count")
    list_filter = ("status", "visibility")
    search_fields = ("title", "slug")
    show_full_result_count = False
    actions = ("publish", "archive")
    fieldsets = (
        (None, {"fields": ("title", "excerpt", "body", "version")}),
        (_("Cover"), {"fields": ("cover_file", "cover_alt", "cover_gone")}),
        (_("Where it stands"), {"fields": ("slug", "tag_names", "author_emails", "seo_description")}),
        (_("Readers"), {"fields": ("visibility", "entitlement_kind", "entitlement_subject")}),
        (_("Comments"), {"fields": ("comments_mode", "comments_closed")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return Post.objects.manageable_by(grant_of(request).actor).with_names().order_by("-id")

    @admin.display(description=_("authors"))
    def byline(self, post: Post) -> str:
        return post.byline

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.publication_view)
        return [path("<int:pk>/publication/", view, name="blog_post_publication"), *super().get_urls()]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"actor": grant_of(request).actor})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only editors say whose post it is."""
        if request.user.has_perm("blog.edit_any_post"):
            return self.fieldsets
        return [
            (title, {**group, "fields": tuple(name for name in group["fields"] if name != "author_emails")})
            for title, group in self.fieldsets
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = grant_of(request).actor
        if obj is None:
            return actor.can("blog.change_post") or actor.can("blog.edit_any_post")
        return access.may_edit(obj, actor)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a post is put away; its address and its comments stay accountable

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blog.publish_post")

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        by, fields = grant_of(request).actor, form.written()
        if change:
            version = form.cleaned_data["version"]
            saved = writing.save_post(post_id=obj.pk, lock_version=version, by=by, **fields)
        else:
            saved = writing.create_post(by=by, **fields)
        obj.pk, obj.slug = saved.pk, saved.slug

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Tags and authors went with the post."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        post = self.get_object(request, object_id)
        if post is not None:
            revisions = Revision.objects.filter(post=post).select_related("author").defer("body_source", "meta")
            in_names = queries.saved_in_names(post)
            extra_context = {
                **(extra_context or {}),
                "publishable": access.may_publish(post, grant_of(request).actor),
                "publication_form": PublicationForm(),
                "revisions": [(one, in_names.get(one.number, "")) for one in revisions[:REVISIONS_SHOWN]],
            }
        return super().change_view(request, object_id, form_url, extra_context)

    def publication_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The buttons above a post: publish or schedule, take back, put away, hand in."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        back = HttpResponseRedirect(reverse("admin:blog_post_change", args=[pk]))
        form = PublicationForm(request.POST)
        if not form.is_valid():
            self.message_user(request, str(form.errors["publish_at"][0]), messages.ERROR)
            return back
        if not self.get_queryset(request).filter(pk=pk).exists():
            raise Denied
        try:
            done = _act(pk, request, form.cleaned_data["publish_at"])
        except Denied:
            raise
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            text = _("“%(title)s” is now: %(status)s.") % {"title": done.title, "status": done.get_status_display()}
            self.message_user(request, text, messages.SUCCESS)
        return back

    @admin.action(description=_("Publish now"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, publishing.publish_post)

    @admin.action(description=_("Put away"), permissions=["publish"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, publishing.archive_post)

    def _each(self, request: HttpRequest, queryset: QuerySet[Post], change: Callable[..., Post]) -> None:
        done = 0
        for pk, title in list(queryset.order_by("pk").values_list("pk", "title")):
            try:
                change(post_id=pk, by=grant_of(request).actor)
                done += 1
            except DomainError as refusal:
                self.message_user(request, f"{title}: {refusal.detail}", messages.ERROR)
        text = ngettext("%(count)d post is changed.", "%(count)d posts are changed.", done) % {"count": done}
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)


def _act(pk: int, request: HttpRequest, publish_at: Any) -> Post:
    by, verb = grant_of(request).actor, request.POST.get("verb", "publish")
    if verb == "publish" and publish_at is not None:
        return publishing.schedule_post(post_id=pk, publish_at=publish_at, by=by)
    return VERBS.get(verb, publishing.publish_post)(post_id=pk, by=by)
