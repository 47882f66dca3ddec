// Updating what is on the screen without losing focus, selection or scroll position; and what a browser tab remembers.

const signs = new WeakMap();

/** Runs `change`, and puts the focus back on the element with the same `data-focus` when its node was replaced. */
function keepingFocus(host, change) {
  const focused = document.activeElement;
  const inside = focused && host.contains(focused) && focused !== host;
  const mark = inside ? focused.dataset.focus : undefined;
  const carrier = inside ? focused.closest('[data-key]')?.dataset.key : undefined;
  change();
  if (!inside || host.contains(document.activeElement)) return;
  const again = (focused.isConnected && focused) || find(host, 'focus', mark) || find(host, 'key', carrier);
  again?.focus({ preventScroll: true });
}

function find(host, name, value) {
  if (value === undefined) return null;
  const selector = `[data-${name}="${CSS.escape(value)}"]`;
  return host.matches(selector) ? host : host.querySelector(selector);
}

/** Fills a node with what `build` gives, unless it already shows what `sign` stands for. Gives back whether it changed. */
export function redraw(node, sign, build) {
  const text = JSON.stringify(sign);
  if (signs.get(node) === text) return false;
  keepingFocus(node, () => node.replaceChildren(...[build()].flat(Infinity).filter(Boolean)));
  signs.set(node, text);
  return true;
}

/**
 * Makes the children of `parent` be the items, in order: `{key, sign, build}`.
 * A child whose sign is unchanged stays the very same node, so that its focus, selection and scroll position stay too.
 */
export function keyed(parent, items) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = new Set(items.map((item) => item.key));
  keepingFocus(parent, () => {
    for (const [key, node] of old) if (!wanted.has(key)) node.remove();
    let next = parent.firstElementChild;
    for (const item of items) {
      const node = fresh(old.get(item.key), item);
      if (next && next.parentNode !== parent) next = node;
      if (node === next) next = next.nextElementSibling;
      else parent.insertBefore(node, next);
    }
  });
}

function fresh(node, item) {
  const text = JSON.stringify(item.sign);
  if (node && signs.get(node) === text) return node;
  const built = item.build();
  built.dataset.key = item.key;
  signs.set(built, text);
  node?.replaceWith(built);
  return built;
}

let numbers = 0;

/** An id that no other element of the page has. */
export function newId(word) {
  numbers += 1;
  return `ws-${word}-${numbers}`;
}

/** A value kept for the browser tab; `fallback` where there is none or storage is off. */
export function recall(key, fallback) {
  try {
    return JSON.parse(sessionStorage.getItem(`muster.${key}`)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Keeps a value for the browser tab, as far as the browser lets us. */
export function remember(key, value) {
  try {
    sessionStorage.setItem(`muster.${key}`, JSON.stringify(value));
  } catch {
    // A browser that refuses storage only forgets what was read.
  }
}
