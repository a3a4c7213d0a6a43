/** Keep a part of a page as the server has it: soon after we hear that it changed, and by asking now and then. */

const WITH_SOCKET = 120_000;
const WITHOUT = 20_000;
const SOON = 400;

/** `load` fetches and shows the part; returns a function that asks for it soon. Many calls make one request. */
export function keepFresh(load, isLive) {
  let timer;
  let at = Date.now();
  const run = async () => {
    timer = undefined;
    at = Date.now();
    await load().catch(() => {}); // the next round asks again
  };
  const isDue = () => Date.now() - at > (isLive() ? WITH_SOCKET : WITHOUT);
  const look = () => !document.hidden && isDue() && run();
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
  // The jitter spreads the requests of all who watch the same room.
  return () => (timer ??= setTimeout(run, SOON + Math.random() * SOON));
}

/** Put newly drawn markup in place of an element of the same id; what has the focus keeps it. */
export function replace(element, markup) {
  const fresh = new DOMParser().parseFromString(markup, "text/html").getElementById(element.id);
  if (!fresh) return element;
  const held = element.contains(document.activeElement) ? document.activeElement : undefined;
  element.replaceWith(fresh);
  if (held) twin(fresh, held)?.focus({ preventScroll: true });
  return fresh;
}

function twin(root, { href, name, value, form }) {
  const links = href ? [...root.querySelectorAll("a")].find((link) => link.href === href) : undefined;
  return links ?? [...root.querySelectorAll("button, select")].find((one) => one.name === name && one.value === value && one.form?.action === form?.action);
}
