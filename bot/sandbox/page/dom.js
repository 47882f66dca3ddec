// Elements, made of plain words: h('button.primary', {onclick}, 'Answer').

/** A new element; `tag` may carry classes, attributes that are null or false are left out, `on…` are listeners. */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key in element && typeof value === 'boolean') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Puts new children into a place, unless they would look just like the old ones; keeps the focus and what was being typed,
 * by the `data-keep` of the focused element.
 */
export function put(place, ...children) {
  const next = h('div', {}, ...children);
  if (place.dataset.shown === next.innerHTML) return false;
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const kept = [...place.querySelectorAll('[data-keep]')].map((one) => [one.dataset.keep, one.value, one.scrollTop]);
  place.dataset.shown = next.innerHTML;
  place.replaceChildren(...next.childNodes);
  for (const [key, value, scrolled] of kept) {
    const same = place.querySelector(`[data-keep="${CSS.escape(key)}"]`);
    if (same === null) continue;
    if (value !== undefined && same.value !== undefined && same.tagName === 'INPUT') same.value = value;
    same.scrollTop = scrolled;
  }
  if (focused?.dataset.keep) place.querySelector(`[data-keep="${CSS.escape(focused.dataset.keep)}"]`)?.focus();
  return true;
}

/** The time of day of a moment, on the visitor's clock. */
export function clock(moment, seconds = false) {
  const style = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(seconds ? { second: '2-digit' } : {}) };
  return new Intl.DateTimeFormat('en-GB', style).format(new Date(moment));
}

/** The time of day of a moment, with its weekday where that is not the one of `now`. */
export function day(moment, now) {
  const date = new Date(moment);
  if (date.toDateString() === new Date(now).toDateString()) return clock(date);
  return `${new Intl.DateTimeFormat('en-GB', { weekday: 'short' }).format(date)} ${clock(date)}`;
}

/** A span in words: 45 s, 4 min 10 s, 2 h 5 min, 3 d 2 h. */
export function span(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = seconds;
  const words = [];
  for (const [size, unit] of parts.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
  }
  return words.join(' ');
}

/** Lets arrow keys, Home and End move between the tabs of a tablist. */
export function arrowKeys(tablist) {
  tablist.addEventListener('keydown', (event) => {
    const tabs = [...tablist.querySelectorAll('[role=tab]')];
    const here = tabs.indexOf(document.activeElement);
    const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const key = tabs.at(steps[event.key] % tabs.length).dataset.keep;
    tabs.at(steps[event.key] % tabs.length).click();
    tablist.querySelector(`[data-keep="${CSS.escape(key)}"]`)?.focus();
  });
}
