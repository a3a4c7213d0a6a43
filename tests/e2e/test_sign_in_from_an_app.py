"""A single-page app with a virtual authenticator: sign-up with a passkey, sign-in, reauthentication."""

import re
from typing import Any

from tests.e2e.test_passkeys import Device
from tests.e2e.visitor import Visitor

APP = "/_allauth/app/v1/"
CALL = """async ([method, path, data, headers]) => {
    const body = data === null ? {} : {body: JSON.stringify(data)};
    const answer = await fetch(path, {method, headers: {"Content-Type": "application/json", ...headers}, ...body});
    return [answer.status, await answer.json()];
}"""
CREATE = """async (options) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return (await navigator.credentials.create({publicKey})).toJSON();
}"""
GET = """async (options) => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    return (await navigator.credentials.get({publicKey})).toJSON();
}"""


class SinglePageApp:
    """A single-page app that stores and sends its tokens."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.tokens = visitor, {}
        visitor.expects(r"status of 401")  # how the next step is named

    def call(self, method: str, path: str, data: Any = None) -> tuple[int, Any]:
        headers = {"X-Device-Token": self.tokens.get("device_token", "")}
        if "access_token" in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens['access_token']}"
        elif "session_token" in self.tokens:
            headers["X-Session-Token"] = self.tokens["session_token"]
        status, answer_data = self.visitor.page.evaluate(CALL, [method, path, data, headers])
        self.tokens |= {name: value for name, value in answer_data.get("meta", {}).items() if name.endswith("_token")}
        return status, answer_data

    def asks_device(self, script: str, path: str, kind: str) -> Any:
        """Return the authenticator's response to the options of this URL."""
        return self.visitor.page.evaluate(script, self.call("GET", path)[1]["data"][kind]["publicKey"])


def test_an_account_is_made_with_a_passkey_opened_with_it_and_proven_again(visitors):
    visitor = visitors()
    Device(visitor)
    app = SinglePageApp(visitor)
    visitor.goto("/api/docs/app/")

    assert app.call("POST", f"{APP}auth/webauthn/signup", {"email": "spa@example.org"})[0] == 401
    mail = visitor.reads_mail("Your sign-up code")
    code = re.search(r"^[B-Z]{4}-[B-Z]{4}$", mail, re.MULTILINE)
    assert code is not None
    assert app.call("POST", f"{APP}auth/email/verify", {"key": code[0]})[0] == 401
    made = app.asks_device(CREATE, f"{APP}auth/webauthn/signup", "creation_options")
    status, answer_data = app.call("PUT", f"{APP}auth/webauthn/signup", {"name": "My laptop", "credential": made})
    assert (status, answer_data["data"]["user"]["email"]) == (200, "spa@example.org")
    assert app.call("GET", "/api/v1/me/")[1]["email"] == "spa@example.org"
    assert app.call("DELETE", f"{APP}auth/session")[0] == 401

    app.tokens = {"device_token": app.tokens["device_token"]}
    answer = app.asks_device(GET, f"{APP}auth/webauthn/login", "request_options")
    status, answer_data = app.call("POST", f"{APP}auth/webauthn/login", {"credential": answer})
    assert (status, answer_data["data"]["user"]["email"]) == (200, "spa@example.org")
    (key,) = app.call("GET", f"{APP}account/authenticators")[1]["data"]
    assert (key["name"], key["id"], key["is_passwordless"]) == ("My laptop", made["id"], True)

    again = app.asks_device(GET, f"{APP}auth/webauthn/reauthenticate", "request_options")
    assert app.call("POST", f"{APP}auth/webauthn/reauthenticate", {"credential": again})[0] == 200
    assert app.call("POST", "/api/v1/me/api_keys/", {"name": "Till", "scopes": ["shop:read"]})[0] == 201
    assert {cookie["name"] for cookie in visitor.context.cookies()} <= {"csrf"}, "the mailbox has a form"
