"""The device of a request: its cookie, its name, its session."""

import hashlib
import re
import secrets
from datetime import datetime
from typing import Final

from allauth.core.internal.httpkit import is_headless_request
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.sessions import services as devices
from accounts.sessions import tokens
from accounts.sessions.services import DeviceInfo
from accounts.users.models import User
from core import rate_limits
from core.context import Actor

DEVICE_KEY: Final = "device"  # in the session: the uid of the device it belongs to
SEEN_KEY: Final = "seen"  # and when that was last noted
SEEN_INTERVAL_SECONDS: Final = 600  # seconds

# What a browser calls itself holds the names of those it descends from, so the youngest come first.
BROWSERS: Final = (("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
                   ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS: Final = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
                  ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
APP_PATTERN: Final = re.compile(r"([\w .-]{1,40})/")  # what an app calls itself, before its version


def get_browser_name(user_agent: str, *, is_app: bool = False) -> str:
    """Return browser or app and system, such as "Firefox on Windows"."""
    browser = next((name for sign, name in BROWSERS if re.search(rf"\b{sign}\w*/", user_agent)), "")
    if is_app and not browser and (product := APP_PATTERN.match(user_agent)):
        browser = product[1]
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown browser")


def get_device_digest(request: HttpRequest) -> str:
    """Return the digest of the device cookie; "" when there is none."""
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


def record_sign_in(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Record a sign-in, and set the device cookie."""
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME) or secrets.token_urlsafe(24)
    request.COOKIES[settings.DEVICE_COOKIE_NAME] = token
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        token,
        max_age=devices.DEVICE_RETENTION,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    name = get_browser_name(request.headers.get("User-Agent", ""), is_app=bool(is_headless_request(request)))
    seen = DeviceInfo(get_device_digest(request), name, rate_limits.client_key(request))
    key = _get_saved_key(request)
    device = devices.record_sign_in(user=user, seen=seen, session_key=key, by=Actor.person(user))
    request.session[DEVICE_KEY], request.session[SEEN_KEY] = device.public_id, int(timezone.now().timestamp())


def record_activity(request: HttpRequest, now: datetime) -> None:
    """Update the time of last activity from time to time, for sessions with a device. At most one query."""
    device = request.session.get(DEVICE_KEY)
    if device and now.timestamp() - request.session.get(SEEN_KEY, 0) > SEEN_INTERVAL_SECONDS:
        devices.record_activity(uid=device, session_key=_get_saved_key(request), now=now)
        request.session[SEEN_KEY] = int(now.timestamp())


@transaction.atomic
def end_access(request: HttpRequest, user: User) -> None:
    """End tokens and all other sessions after a security-related change."""
    if request.user != user:
        devices.end_access(user=user)
        return
    end_others(request, user)
    tokens.end_all_tokens(user=user)


@transaction.atomic
def end_others(request: HttpRequest, user: User) -> None:
    """End all other sessions of a person; the current one gets a new key."""
    device = request.session.get(DEVICE_KEY, "")
    devices.end_other_sessions(user=user, keep=device)
    update_session_auth_hash(request, user)
    if device:
        devices.record_activity(uid=device, session_key=_get_saved_key(request), now=timezone.now())


def _get_saved_key(request: HttpRequest) -> str:
    if request.session.session_key is None:
        request.session.save()
    return str(request.session.session_key)
