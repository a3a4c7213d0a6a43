/**
 * Passkeys. A form says with data-passkey what to ask the browser for: "create" a new one, "get" one of a known person,
 * or "sign-in" with any; the answer travels in its hidden field. Options stand on the page, or are fetched to sign in.
 */

import { toast } from "./app.js";

const { webauthnJSON } = window;
const forms = document.querySelectorAll("form[data-passkey]");
let waiting;

const optionsOf = async (form) =>
  form.dataset.passkey === "sign-in"
    ? (await (await fetch(form.action, { headers: { Accept: "application/json" } })).json()).request_options
    : JSON.parse(document.getElementById(form.dataset.options).textContent)[
        form.dataset.passkey === "create" ? "creation_options" : "request_options"
      ];

/** A passkey is found without a name; a security key is asked for after the password. */
function choose(options, isPasskey) {
  options.publicKey.authenticatorSelection = {
    ...options.publicKey.authenticatorSelection,
    residentKey: isPasskey ? "required" : "discouraged",
    requireResidentKey: isPasskey,
    userVerification: isPasskey ? "required" : "preferred",
  };
}

async function ask(form) {
  const options = await optionsOf(form);
  if (form.dataset.passkey !== "create") return webauthnJSON.get(options);
  choose(options, form.elements.passwordless?.checked ?? true);
  return webauthnJSON.create(options);
}

function send(form, credential) {
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

for (const form of forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    waiting?.abort();
    try {
      send(form, await ask(form));
    } catch {
      toast(form.dataset.refused, "error");
    }
  });
}

/** The browser offers passkeys where the address is typed. Giving up, or having none, is no error. */
async function offer(form) {
  if (!(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    send(form, await webauthnJSON.get({ ...(await optionsOf(form)), mediation: "conditional", signal }));
  } catch {
    waiting = undefined;
  }
}

const signIn = document.querySelector("form[data-passkey=sign-in]");
if (signIn) offer(signIn);
