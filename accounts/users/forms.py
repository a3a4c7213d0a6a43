"""Form to edit a profile."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.users.models import User


class ProfileForm(forms.Form):
    """A person's public profile."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Shown to us and to others."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    bio = forms.CharField(
        label=gettext_lazy("About you"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("Shown next to your posts and comments."),
        widget=forms.Textarea,
    )
    picture = forms.FileField(
        label=gettext_lazy("New picture"),
        required=False,
        help_text=gettext_lazy("Shown beside your name. JPEG, PNG, WebP or AVIF, up to 12 MB."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    remove_picture = forms.BooleanField(label=gettext_lazy("Remove the picture"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": user.name, "bio": user.bio}
        super().__init__(*args, **kwargs)
        if user.avatar_id is None:
            del self.fields["remove_picture"]
