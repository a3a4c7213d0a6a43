/** Refresh a part of a page: soon after a change notification, and periodically. */

const WITH_SOCKET = 120_000;
const WITHOUT = 20_000;
const SOON = 400;

/** `load` fetches and shows the part. Returns a debounced function that calls it soon. */
export function keepFresh(load, isLive) {
  let timer;
  let at = Date.now();
  const run = async () => {
    timer = undefined;
    at = Date.now();
    await load().catch(() => {}); // the next round tries again
  };
  const isDue = () => Date.now() - at > (isLive() ? WITH_SOCKET : WITHOUT);
  const look = () => !document.hidden && isDue() && run();
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
  // Jitter spreads the requests of all watchers of a room.
  return () => (timer ??= setTimeout(run, SOON + Math.random() * SOON));
}

/** Replace the element with the same id and restore the focus. */
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
