"""Where a provider may send a customer back to: to this site, or to one that PAYMENT_RETURN_ORIGINS names."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid


class InvalidReturnUrl(Invalid):
    code = "invalid_return_url"
    message = _("Use a URL of this site or of an origin in PAYMENT_RETURN_ORIGINS.")


def is_allowed_return_url(request: HttpRequest, url: str) -> bool:
    """Whether a customer may be sent there."""
    if any(_origin(url) == _origin(allowed) for allowed in settings.PAYMENT_RETURN_ORIGINS):
        return True
    hosts = {request.get_host(), urlsplit(settings.SITE_URL).netloc}
    return url_has_allowed_host_and_scheme(url, hosts, require_https=request.is_secure())


def validate_return_url(request: HttpRequest, url: str) -> str:
    """The address as given, or "" for none. Raises InvalidReturnUrl."""
    if url and not is_allowed_return_url(request, url):
        raise InvalidReturnUrl(field="return_url")
    return url


def _origin(url: str) -> tuple[str, str] | None:
    parts = urlsplit(url)
    return (parts.scheme.lower(), parts.netloc.lower()) if parts.scheme and parts.netloc else None
