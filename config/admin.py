"""Admin site that uses the site's own pages to sign in, sign out and change a password."""

from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.authentication import recent_authentication
from core import interrupted_forms


class AgoraAdminSite(AdminSite):
    site_header = site_title = _("Agora")
    index_title = _("Today")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """What staff do to accounts, keys and secrets asks them again who they are, if they said it long ago."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST" and not request.user.is_authenticated:
                interrupted_forms.keep(request)
            match = request.resolver_match
            name = (match.url_name or "") if match else ""
            if self.has_permission(request) and recent_authentication.is_sensitive_admin_url(
                name, request.method or ""
            ):
                recent_authentication.require(request)
            answer: HttpResponse = shown(request, *args, **kwargs)
            return answer

        return asking

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")
