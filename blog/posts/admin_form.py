"""The post form of the admin."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from blog.posts.forms import PublicationForm
from blog.posts.models import Post
from blog.posts.services import slugs
from blog.posts.services.revisions import MAX_LENGTHS
from blog.posts.services.writing import EditConflict, MissingTitle, PostFields
from blog.tags import services as tagging
from core import constraints
from core.content import markdown
from core.content.models import Picture
from core.content.services.pictures import add_picture
from core.context import Actor
from core.errors import DomainError
from core.staff.edit_admin import ExplainedForm
from core.validation.email_addresses import find_email
from core.validation.text import has_visible_text
from core.validation.xml_text import drop_non_xml

TEXT_FIELDS = (
    *("title", "slug", "excerpt", "seo_description", "visibility", "entitlement_kind", "entitlement_subject"),
    *("comments_mode", "comments_closed"),
)


WIDE_INPUT = forms.TextInput(attrs={"class": "vTextField"})


def _split_names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


constraints.register(
    {
        "post_slug_lower": ("slug", _("Use lowercase letters in the slug.")),
        "post_has_title": ("title", _("Write a title.")),
        "post_status": ("title", _("The post has an unknown status.")),
        "post_scheduled_has_time": ("publication_time", _("Enter the time of publication.")),
        "post_published_has_time": ("publication_time", _("A published post needs the time of its publication.")),
        "post_visibility": ("visibility", _("Choose a visibility from the list.")),
        "post_entitlement": (
            "entitlement_subject",
            _("Enter the kind and ID of the required entitlement."),
        ),
        "post_comments_mode": ("comments_mode", _("Choose a moderation mode from the list.")),
        "post_import_once": ("title", _("This post has already been imported.")),
    }
)


class PostForm(ExplainedForm):
    """A post as text fields, with ordered lists for tags and authors. `version` is the version of the post that was
    read.

    After a conflict the form keeps what was typed and carries the new version; `theirs` holds the text saved in the
    meantime.
    """

    actor: ClassVar[Actor]
    # What was typed when the session ended.
    returned: ClassVar[Mapping[str, str]] = {}
    theirs: dict[str, Any] | None = None
    cover: Picture | None = None
    has_new_picture = False

    slug = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=80,
        widget=WIDE_INPUT,
        help_text=_("Leave empty to create it from the title."),
    )
    body = forms.CharField(
        label=_("Text"),
        required=False,
        max_length=MAX_LENGTHS["body"],
        widget=forms.Textarea(attrs={"rows": 30, "cols": 100}),
        help_text=_("Markdown. To embed a product, write a line “:::product SKU” and a line “:::”."),
    )
    cover_file = forms.FileField(label=_("New cover image"), required=False)
    cover_alt = forms.CharField(
        label=_("Alternative text of the cover"),
        required=False,
        max_length=400,
        widget=WIDE_INPUT,
        help_text=_("Describes the image for people who cannot see it."),
    )
    cover_gone = forms.BooleanField(label=_("Remove cover image"), required=False)
    tag_names = forms.CharField(
        label=_("Tags"), required=False, help_text=_("Separate names with commas, most important first.")
    )
    author_emails = forms.CharField(
        label=_("Authors"),
        required=False,
        widget=WIDE_INPUT,
        help_text=_("Separate email addresses with commas, in the order of the byline."),
    )
    picture_file = forms.FileField(label=_("Insert image"), required=False)
    picture_alt = forms.CharField(
        label=_("Alternative text of the image"),
        required=False,
        max_length=400,
        widget=WIDE_INPUT,
        help_text=_("Describes the image for people who cannot see it. It is inserted at the cursor, or at the end."),
    )
    # The cursor position in characters, set by a script.
    picture_at = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    publication_time = PublicationForm.base_fields["publish_at"]
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Post
        fields = TEXT_FIELDS
        labels: ClassVar = {"excerpt": _("Excerpt")}
        widgets: ClassVar = {"excerpt": forms.Textarea(attrs={"rows": 3, "cols": 100})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.actor.can("blog.edit_any_post"):
            del self.fields["author_emails"]
        if self.instance.pk:
            self.initial = {
                **self.initial,
                "body": self.instance.body_source,
                "tag_names": ", ".join(tag.name for tag in self.instance.labels),
                "author_emails": ", ".join(author.email for author in self.instance.bylines),
                "version": self.instance.lock_version,
                "publication_time": self.instance.publish_at,
            }
        self.initial.update(self.returned)

    def clean_title(self) -> str:
        title = drop_non_xml(self.cleaned_data["title"]).strip()
        if not has_visible_text(title):
            raise ValidationError(str(MissingTitle.message))
        return title

    def clean_body(self) -> str:
        body = drop_non_xml(self.cleaned_data["body"]).replace("\r\n", "\n")
        self._validate_with(markdown.render, body)
        return body

    def clean_slug(self) -> str:
        wanted = str(self.cleaned_data["slug"])
        if wanted and wanted != self.initial.get("slug"):
            return str(self._validate_with(slugs.clean_slug, wanted, of=self.instance if self.instance.pk else None))
        of = self.instance if self.instance.pk else None
        return wanted or slugs.generate_slug(self.cleaned_data.get("title", ""), of=of)

    def clean_tag_names(self) -> list[str]:
        names = _split_names(self.cleaned_data["tag_names"])
        self._validate_with(tagging.clean_names, names)
        return names

    def clean_author_emails(self) -> list[User]:
        wanted = [find_email(email) for email in _split_names(self.cleaned_data["author_emails"])]
        found = {user.email: user for user in User.objects.filter(email__in=wanted, is_active=True)}
        if unknown := [email for email in wanted if email not in found]:
            raise ValidationError(_("No active user has the email address %(email)s."), params={"email": unknown[0]})
        if self.instance.pk and not wanted:
            raise ValidationError(_("A post needs at least one author."))
        return [found[email] for email in wanted]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("visibility") != Post.Visibility.ENTITLED:
            given["entitlement_kind"] = given["entitlement_subject"] = ""
        elif not (given.get("entitlement_kind") and given.get("entitlement_subject")):
            self.add_error("entitlement_subject", _("Enter the kind and ID of the required entitlement."))
        if self.instance.pk:
            self._require_version(given.get("version"))
        if given.get("cover_file") and not given.get("cover_alt"):
            self.add_error("cover_alt", _("Enter the alternative text."))
        elif given.get("cover_file") and not self.errors:
            self.cover = self._upload_picture(given, "cover")
        if given.get("picture_file") and not given.get("picture_alt"):
            self.add_error("picture_alt", _("Enter the alternative text."))
        elif given.get("picture_file") and not self.errors:
            self._insert_picture(given)
        return given

    def get_post_fields(self) -> PostFields:
        """Return the fields for the services, limited to those this user can change."""
        given = {name: self.cleaned_data[name] for name in (*TEXT_FIELDS, "body")}
        given["tags"] = self.cleaned_data["tag_names"]
        if self.cleaned_data["cover_gone"]:
            given["cover"] = None
        elif self.cover is not None:
            given["cover"] = self.cover
        if authors := self.cleaned_data.get("author_emails"):
            given["authors"] = authors
        return cast("PostFields", given)

    def _require_version(self, version: int | None) -> None:
        # The admin validates and saves in one transaction, so this lock holds until the post is saved.
        saved = Post.objects.locked().get(pk=self.instance.pk)
        if saved.lock_version != version:
            self.theirs = {"title": saved.title, "excerpt": saved.excerpt, "body": saved.body_source}
            self.data = {**{name: self.data.get(name) for name in self.data}, "version": saved.lock_version}
            self.add_error(None, str(EditConflict.message))

    def _insert_picture(self, given: dict[str, Any]) -> None:
        picture = self._upload_picture(given, "picture")
        if picture is None:
            return
        body, at = given["body"], given.get("picture_at")
        before, after = (body, "") if at is None else (body[:at], body[at:])
        alt = given["picture_alt"].replace("\n", " ").replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        parts = [before.rstrip(), f"![{alt}](picture:{picture.uid})", after.lstrip()]
        given["body"] = "\n\n".join(part for part in parts if part)
        self.has_new_picture = True

    def _upload_picture(self, given: dict[str, Any], name: str) -> Picture | None:
        try:
            return add_picture(upload=given[f"{name}_file"], by=self.actor, alt=given[f"{name}_alt"])
        except DomainError as refusal:
            self.add_error(f"{name}_file", refusal.detail)
            return None

    def _validate_with(self, check: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return check(*args, **kwargs)
        except DomainError as refusal:
            raise ValidationError(refusal.detail) from refusal
