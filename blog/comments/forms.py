"""Form to write a comment."""

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.moderation.spam import SubmissionContext
from blog.comments.services import MAX_COMMENT_LENGTH
from core import rate_limits
from core.ids import uuid7, uuid7_timestamp


class CommentForm(forms.Form):
    """A comment. The form carries its `uid`, so that submitting it twice creates one comment."""

    body = forms.CharField(
        label=_("Your comment"),
        max_length=MAX_COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("You can use links, *emphasis* and lists. Be kind."),
    )
    parent = forms.UUIDField(required=False, widget=forms.HiddenInput)
    uid = forms.UUIDField(initial=uuid7, widget=forms.HiddenInput)

    def circumstances(self, request: HttpRequest) -> SubmissionContext:
        """Return the network of the client and the seconds since the form was rendered, which is the timestamp in its
        uid.
        """
        made = uuid7_timestamp(self.cleaned_data["uid"])
        seconds = (timezone.now() - made).total_seconds() if made else None
        return SubmissionContext(rate_limits.client_key(request), bool(self.data.get("website")), seconds)
