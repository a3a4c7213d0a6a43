"""URLs of subscriptions: public pages, pages of an account, and former addresses."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import path, reverse

from accounts.subscriptions import views

View = Callable[..., HttpResponseBase]


def _moved_to(name: str, view: View) -> View:
    """Redirect GET to the new address permanently; run the view for POST, which mail clients send (RFC 8058)."""

    @wraps(view)
    def respond(request: HttpRequest, **kwargs: str) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return view(request, **kwargs)
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        return HttpResponsePermanentRedirect(reverse(name, kwargs=kwargs) + query)

    return respond


own = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/<uuid:uid>/end/", views.end_notification, name="end_notification"),
    path("letters/", _moved_to("accounts:notifications", views.notifications)),
]
public = (
    [
        path("", views.index, name="index"),
        path("check-your-inbox/", views.confirmation_sent, name="confirmation_sent"),
        path("confirm/<str:token>/", views.confirm, name="confirm"),
        path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    ],
    "subscriptions",
)
# Addresses of the first releases. Emails that were sent hold them.
former = [
    path("", _moved_to("subscriptions:index", views.index)),
    path("asked/", _moved_to("subscriptions:confirmation_sent", views.confirmation_sent)),
    path("yes/<str:token>/", _moved_to("subscriptions:confirm", views.confirm)),
    path("no/<str:token>/", _moved_to("subscriptions:unsubscribe", views.unsubscribe)),
]
