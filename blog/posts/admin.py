"""Posts in the admin."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from blog.posts import access, queries
from blog.posts.admin_form import PostForm
from blog.posts.forms import PublicationForm
from blog.posts.models import Post, Revision
from blog.posts.services import checks, publishing, writing
from blog.posts.services import revisions as revising
from core import interrupted_forms
from core.context import grant_of
from core.errors import Denied, DomainError

MAX_REVISIONS_SHOWN = 20
VERBS: dict[str, Callable[..., Post]] = {
    "publish": publishing.publish_post,
    "unpublish": publishing.unpublish_post,
    "archive": publishing.archive_post,
    "submit": writing.submit_post,
}


@admin.register(Post)
class PostAdmin(ModelAdmin):
    """Authors see their own posts, editors all. Every change goes through the services."""

    form = PostForm
    change_form_template = "blog/admin/post.html"
    list_display = ("title", "status", "byline", "published_at", "publish_at", "comment_count")
    list_filter = ("status", "visibility")
    search_fields = ("title", "slug")
    show_full_result_count = False
    actions = ("publish", "archive")

    class Media:
        js = (forms.Script("js/post-editor.js", type="module"),)

    fieldsets = (
        (None, {"fields": ("title", "excerpt", "body", "version", "picture_at")}),
        (_("Picture"), {"fields": ("picture_file", "picture_alt")}),
        (_("Cover"), {"fields": ("cover_file", "cover_alt", "cover_gone")}),
        (_("Slug and authors"), {"fields": ("slug", "tag_names", "author_emails", "seo_description")}),
        (_("Visibility"), {"fields": ("visibility", "entitlement_kind", "entitlement_subject")}),
        (_("Comments"), {"fields": ("comments_mode", "comments_closed")}),
        (_("Publication"), {"fields": ("publication_time",), "description": _("Used with “Save and publish”.")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return Post.objects.manageable_by(grant_of(request).actor).with_names().order_by("-id")

    @admin.display(description=_("authors"))
    def byline(self, post: Post) -> str:
        return post.byline

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.autosave_view)
        return [path("<int:pk>/autosave/", view, name="blog_post_autosave"), *super().get_urls()]

    def autosave_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save what is being typed. The form's script calls this every few seconds."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.get_queryset(request).filter(pk=pk).exists():
            raise Denied
        title, excerpt, body = (request.POST.get(name, "") for name in ("title", "excerpt", "body"))
        revising.autosave_post(post_id=pk, by=grant_of(request).actor, title=title, excerpt=excerpt, body=body)
        return HttpResponse(status=204)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        actor = grant_of(request).actor
        returned = self._get_interrupted_fields(request, obj) if request.method == "GET" else {}
        return type(form.__name__, (form,), {"actor": actor, "returned": returned})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only editors can change the authors."""
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
        return access.can_edit(obj, actor)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # posts are archived instead, so that slug and comments stay

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("blog.publish_post")

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        by, fields = grant_of(request).actor, form.get_post_fields()
        if change:
            version = form.cleaned_data["version"]
            saved = writing.save_post(post_id=obj.pk, lock_version=version, by=by, **fields)
        else:
            saved = writing.create_post(by=by, **fields)
        obj.pk, obj.slug = saved.pk, saved.slug
        interrupted_forms.forget(request)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """`save_model` has already saved tags and authors."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        post = self.get_object(request, object_id) if object_id else None
        shown = self._get_extra_context(request, post)
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def _get_interrupted_fields(self, request: HttpRequest, post: Post | None) -> dict[str, Any]:
        """Return what was typed when the session ended, as initial values. An unchecked box is not submitted."""
        fields: dict[str, Any] = dict(interrupted_forms.kept_fields(request, _get_owner(request)))
        if fields:
            return {**fields, "comments_closed": "comments_closed" in fields}
        typed = queries.get_autosave(post, grant_of(request).actor.user) if post and "autosave" in request.GET else None
        return {"title": typed.title, "excerpt": typed.excerpt, "body": typed.body_source} if typed else {}

    def _get_extra_context(self, request: HttpRequest, post: Post | None) -> dict[str, Any]:
        """Return the context around the form: buttons, checks, revisions."""
        actor = grant_of(request).actor
        form = {
            "owner_field": interrupted_forms.FIELD,
            "owner_token": interrupted_forms.owner_token(_get_owner(request)),
            "returned": self._get_interrupted_fields(request, post) if request.method == "GET" else {},
        }
        if post is None:
            return {**form, "publishable": actor.can("blog.publish_post")}
        revisions = Revision.objects.filter(post=post).select_related("author").defer("body_source", "meta")
        in_names = queries.get_revision_impersonators(post)
        return {
            **form,
            "publishable": access.can_publish(post, actor),
            "autosave": queries.get_autosave(post, actor.user),
            "checks": checks.run_checks(post),
            "revisions": [(one, in_names.get(one.number, "")) for one in revisions[:MAX_REVISIONS_SHOWN]],
        }

    def response_add(self, request: HttpRequest, obj: Post, post_url_continue: str | None = None) -> HttpResponse:
        return self._verb_response(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Post) -> HttpResponse:
        return self._verb_response(request, obj) or super().response_change(request, obj)

    def _verb_response(self, request: HttpRequest, obj: Post) -> HttpResponse | None:
        """Run the action of the pressed button on the saved post, in the same transaction.

        When the action is refused, the saved text stays and a message says why.
        """
        post = Post.objects.get(pk=obj.pk)
        if missing := checks.find_missing_cards(post):
            text = _("Unknown products, not shown in the text: %(ids)s.") % {"ids": ", ".join(missing)}
            self.message_user(request, text, messages.WARNING)
        verb = request.POST.get("verb", "")
        if verb not in VERBS and not request.FILES.get("picture_file"):
            return None
        if verb in VERBS:
            self._run_verb(request, post, verb)
        else:
            self.message_user(request, _("Saved. The image has been added to the text."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:blog_post_change", args=[post.pk]))

    def _run_verb(self, request: HttpRequest, post: Post, verb: str) -> None:
        by, publish_at = grant_of(request).actor, request.POST.get("publication_time")
        try:
            if verb == "publish" and publish_at:
                moment = PublicationForm.base_fields["publish_at"].clean(publish_at)
                done = publishing.schedule_post(post_id=post.pk, publish_at=moment, by=by)
            else:
                done = VERBS[verb](post_id=post.pk, by=by)
        except Denied:
            raise
        except DomainError as refusal:
            text = _("Your text has been saved. %(reason)s") % {"reason": refusal.detail}
            self.message_user(request, text, messages.ERROR)
        else:
            text = _("“%(title)s” is now: %(status)s.") % {"title": done.title, "status": done.get_status_display()}
            self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Publish now"), permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._apply_to_each(request, queryset, publishing.publish_post)

    @admin.action(description=_("Archive"), permissions=["publish"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._apply_to_each(request, queryset, publishing.archive_post)

    def _apply_to_each(self, request: HttpRequest, queryset: QuerySet[Post], change: Callable[..., Post]) -> None:
        done = 0
        for pk, title in list(queryset.order_by("pk").values_list("pk", "title")):
            try:
                change(post_id=pk, by=grant_of(request).actor)
                done += 1
            except DomainError as refusal:
                self.message_user(request, f"{title}: {refusal.detail}", messages.ERROR)
        text = ngettext("%(count)d post updated.", "%(count)d posts updated.", done) % {"count": done}
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)


def _get_owner(request: HttpRequest) -> str:
    user = grant_of(request).actor.user
    return str(user.uid) if user else ""
