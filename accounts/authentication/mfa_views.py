"""Views of two-factor authentication that differ from django-allauth."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import views
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

CREDENTIAL_LOOKUP = {"slug_field": "data__credential__id", "slug_url_kwarg": "credential"}


class RemoveKeyView(views.RemoveWebAuthnView):
    """Remove a key, unless it is the last method of somebody whose role requires one."""

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.object):
            messages.error(self.request, get_adapter().error_messages["cannot_delete_authenticator"])
            return HttpResponseRedirect(self.get_success_url())
        done: HttpResponse = super().form_valid(form)
        return done


remove_key = RemoveKeyView.as_view(**CREDENTIAL_LOOKUP)
rename_key = views.EditWebAuthnView.as_view(**CREDENTIAL_LOOKUP)
