// Menus and lists that open beside a button. The browser's own popover closes them on Escape and on a click elsewhere.

import { h } from '../dom.js';
import { newId } from './draw.js';

const GAP = 4;

function put(node, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  const below = at.bottom + GAP + size.height <= window.innerHeight;
  const top = below ? at.bottom + GAP : Math.max(GAP, at.top - GAP - size.height);
  const left = Math.max(GAP, Math.min(at.left, window.innerWidth - size.width - GAP));
  node.style.setProperty('top', `${top}px`);
  node.style.setProperty('left', `${left}px`);
}

/** Opens `content` beside `anchor`; gives back how to close it. The focus returns to the anchor then. */
export function openPopover(ws, anchor, content) {
  const node = h('div', { class: 'ws-popover', popover: 'auto' }, content);
  ws.layer.append(node);
  node.addEventListener('toggle', (event) => {
    if (event.newState !== 'closed') return;
    const inside = node.contains(document.activeElement) || document.activeElement === document.body;
    node.remove();
    anchor.setAttribute('aria-expanded', 'false');
    if (inside) refind(ws, anchor)?.focus();
  });
  anchor.setAttribute('aria-expanded', 'true');
  node.showPopover();
  put(node, anchor);
  return () => node.isConnected && node.hidePopover();
}

/** The anchor, or the element that took its place when its message was drawn again. */
function refind(ws, anchor) {
  if (anchor.isConnected || !anchor.dataset.focus) return anchor;
  return ws.root.querySelector(`[data-focus="${CSS.escape(anchor.dataset.focus)}"]`);
}

function move(event, items) {
  const here = items.indexOf(document.activeElement);
  const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 };
  const next = Object.hasOwn(steps, event.key) ? steps[event.key] : findByLetter(event, items, here);
  if (next === null) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
}

function findByLetter(event, items, here) {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.key === ' ') return null;
  const order = [...items.slice(here + 1), ...items.slice(0, here + 1)];
  const found = order.find((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
  return found ? items.indexOf(found) : null;
}

/** Opens a menu of `{label, note, lead, danger, checked, run}`; a string is a heading. Arrow keys walk it. */
export function openMenu(ws, anchor, label, entries) {
  const items = [];
  const rows = entries.filter(Boolean).map((entry) => {
    if (typeof entry === 'string') return h('div', { class: 'ws-menu-heading', role: 'presentation' }, entry);
    const row = menuItem(entry, () => {
      close();
      entry.run();
    });
    items.push(row);
    return row;
  });
  const menu = h(
    'div',
    {
      class: 'ws-menu',
      role: 'menu',
      'aria-label': label,
      onkeydown: (event) => {
        if (event.key === 'Tab') close();
        else move(event, items);
      },
    },
    rows,
  );
  const close = openPopover(ws, anchor, menu);
  (items.find((item) => item.getAttribute('aria-checked') === 'true') ?? items[0])?.focus();
}

function menuItem(entry, onclick) {
  const radio = entry.checked !== undefined;
  const properties = {
    type: 'button',
    id: newId('item'),
    class: entry.danger ? 'ws-menu-item ws-danger' : 'ws-menu-item',
    role: radio ? 'menuitemradio' : 'menuitem',
    tabindex: '-1',
    'aria-checked': radio ? String(entry.checked) : null,
    onclick,
  };
  return h(
    'button',
    properties,
    entry.lead ?? null,
    h('span', { class: 'ws-menu-label' }, entry.label),
    entry.note ? h('span', { class: 'ws-tag' }, entry.note) : null,
  );
}

/** A button that opens a menu; its label is its name, unless what it shows is (`visible`). */
export function menuButton(ws, { label, content, entries, focus, visible = false, cls = 'ws-icon-button' }) {
  const properties = {
    type: 'button',
    class: cls,
    'aria-haspopup': 'menu',
    'aria-expanded': 'false',
    title: label,
    'aria-label': visible ? null : label,
    'data-focus': focus,
  };
  const button = h('button', properties, content);
  button.addEventListener('click', () => openMenu(ws, button, label, entries()));
  return button;
}
