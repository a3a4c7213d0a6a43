"""An app of the house, as tests hold it: it keeps what answers tell it to keep, and sends it back."""

import json
import re
import time
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as SAID
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.permissions.models import Role
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD
from accounts.users.models import User

APP = "/_allauth/app/v1/"
AGENT = "NinthTile/1.2 (Linux; Android 16)"
SECRET = "JBSWY3DPEHPK3PXP"


class FakeAppClient:
    """`send` speaks JSON; the last answer's tokens are kept, the device's for good."""

    def __init__(self, address: str = "203.0.113.7") -> None:
        self.http = Client(REMOTE_ADDR=address, headers={"user-agent": AGENT}, raise_request_exception=True)
        self.access = self.refresh = self.steps = self.device = ""

    def send(self, path: str, data: Any = None, method: str = "post", **headers: str) -> Any:
        """The answer of one of the app endpoints."""
        return self._kept(self._ask(APP + path, data, method, headers))

    def get(self, path: str) -> Any:
        return self.send(path, method="get")

    def api(self, path: str, data: Any = None, method: str = "get", **headers: str) -> Any:
        """The answer of the house's own API, as the app asks it."""
        bearer = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        return self._call(f"/api/v1/{path}", data, method, bearer | headers)

    def sign_in(self, user: Any, password: str = PASSWORD) -> Any:
        return self.send("auth/login", {"email": user.email, "password": password})

    def renew(self, token: str = "") -> Any:
        answer = self._call(f"{APP}tokens/refresh", {"refresh_token": token or self.refresh}, "post", {})
        if answer.status_code == 200:
            self.access, self.refresh = answer.json()["data"]["access_token"], answer.json()["data"]["refresh_token"]
        return answer

    def _ask(self, url: str, data: Any, method: str, headers: dict[str, str]) -> Any:
        own = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        own |= {"X-Session-Token": self.steps} if self.steps and not self.access else {}
        own |= {"X-Device-Token": self.device} if self.device else {}
        return self._call(url, data, method, own | headers)

    def _call(self, url: str, data: Any, method: str, headers: dict[str, str]) -> Any:
        body = {} if data is None else {"data": json.dumps(data), "content_type": "application/json"}
        return getattr(self.http, method)(url, headers=headers, **body)

    def _kept(self, answer: Any) -> Any:
        meta = answer.json().get("meta", {}) if answer.content else {}
        self.steps = meta.get("session_token", self.steps)
        self.access, self.refresh = meta.get("access_token", self.access), meta.get("refresh_token", self.refresh)
        self.device = meta.get("device_token", self.device)
        if answer.status_code == 410:
            self.access = self.refresh = self.steps = ""
        return answer


def code_in(mail: Any) -> str:
    found = re.search(r"\b([A-Z0-9]{4}-[A-Z0-9]{4})\b", mail.body)
    assert found, mail.body
    return found[1]


def flows_of(answer: Any) -> dict[str, Any]:
    """The steps that are open, by name."""
    return {flow["id"]: flow for flow in answer.json()["data"]["flows"]}


def some_time_later(user, seconds=301):
    """The person last said who they are so long ago."""
    session = Session.objects.get(session_key=Device.objects.get(user=user, app_session__isnull=False).session_key)
    store = session.get_session_store_class()(session.session_key)
    store[SAID] = [{**record, "at": time.time() - seconds} for record in store[SAID]]
    store.save()


def add_key(user, credential):
    data = {"name": "My phone", "credential": {"id": credential, "clientExtensionResults": {"credProps": {"rk": True}}}}
    return Authenticator.objects.create(user=user, type="webauthn", data=data)


def must_have_a_factor(user):
    user.groups.add(Role.objects.get(slug="author").group)
    User.objects.filter(pk=user.pk).update(is_staff=True)


def with_app(user: Any) -> Authenticator:
    return totp.TOTP.activate(user, SECRET).instance


def code_now(secret: str = SECRET) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time()) + 1))
