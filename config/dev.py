"""Addresses that exist in development only: the mailbox, and media from the local folder."""

import mimetypes

from csp.constants import SELF
from csp.decorators import csp, csp_update
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils._os import safe_join
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from core.mail import mailbox

# What a mail program allows a message: pictures and inline styles.
AS_MAIL = {
    "default-src": ["'none'"],
    "img-src": ["*", "data:"],
    "style-src": ["'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
}


@require_safe
def mailbox_page(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/mailbox.html", {"messages_sent": mailbox.messages()})


@require_safe
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # its types know views without arguments only
def mail_page(request: HttpRequest, mail_id: str) -> HttpResponse:
    mail = mailbox.message(mail_id)
    if mail is None:
        raise Http404
    return render(request, "dev/mail.html", {"mail": mail})


@require_safe
@xframe_options_sameorigin
@csp(AS_MAIL)  # type: ignore[arg-type]
def mail_body(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The HTML part as a mail client would draw it: inline styles, no script, links in a window of their own."""
    mail = mailbox.message(mail_id)
    if mail is None:
        raise Http404
    return HttpResponse(mail.html.replace("<head>", '<head><base target="_blank">', 1))


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponse:
    try:
        with open(safe_join(str(settings.MEDIA_ROOT), name), "rb") as file:  # noqa: PTH123  safe_join gives text
            content = file.read()
    except (OSError, SuspiciousFileOperation):
        raise Http404 from None
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": "public, max-age=3600"})


urlpatterns = [
    path("dev/mailbox/", mailbox_page, name="dev_mailbox"),
    path("dev/mailbox/<str:mail_id>/", mail_page, name="dev_mail"),
    path("dev/mailbox/<str:mail_id>/body/", mail_body, name="dev_mail_body"),
    path("media/<path:name>", media),
]
