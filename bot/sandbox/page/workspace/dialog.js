// Dialogs over the workspace. They cover the workspace only: the phones and the clock beside it stay within reach of the pointer.

import { h } from '../dom.js';
import { newId } from './draw.js';
import { icon } from './icons.js';

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), [tabindex="0"]';

function trap(event, node) {
  const stops = [...node.querySelectorAll(FOCUSABLE)].filter((stop) => stop.offsetParent !== null);
  const [first, last] = [stops[0], stops.at(-1)];
  const leaving = event.shiftKey
    ? document.activeElement === first || document.activeElement === node
    : document.activeElement === last;
  if (!leaving || !first) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

/**
 * Opens a dialog: `{title, body, footer, oncancel}`; gives back `{node, heading, body, footer, close, focusFirst}`.
 * Everything behind it is inert until `close`, which gives the focus back.
 */
export function openDialog(ws, { title, body = [], footer = [], oncancel, small = false }) {
  const opener = document.activeElement;
  const heading = h('h2', { class: 'ws-dialog-title', id: newId('title') }, title);
  const cross = h(
    'button',
    { type: 'button', class: 'ws-icon-button', 'aria-label': 'Close', 'data-focus': 'dialog-close', onclick: oncancel },
    icon('close'),
  );
  const content = h('div', { class: 'ws-dialog-body' }, body);
  const buttons = h('div', { class: 'ws-dialog-footer' }, footer);
  const roles = { role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': heading.id, tabindex: '-1' };
  const form = h(
    'form',
    { class: 'ws-dialog-form', novalidate: true },
    h('header', { class: 'ws-dialog-head' }, heading, cross),
    content,
    buttons,
  );
  const node = h('div', { class: small ? 'ws-dialog ws-dialog-small' : 'ws-dialog', ...roles }, form);
  const shade = h('div', { class: 'ws-shade' }, node);
  form.addEventListener('submit', (event) => event.preventDefault());
  node.addEventListener('keydown', (event) => {
    event.stopPropagation();
    if (event.key === 'Escape') oncancel();
    else if (event.key === 'Tab') trap(event, node);
  });
  ws.dialogs.append(shade);
  cover(ws);
  const focusFirst = () =>
    (
      content.querySelector('input, textarea, .ws-picker, button') ??
      buttons.querySelector('button:last-of-type') ??
      node
    ).focus();
  focusFirst();
  return { node, form, heading, body: content, footer: buttons, focusFirst, close: () => uncover(ws, shade, opener) };
}

/** Only the topmost dialog takes part. */
function cover(ws) {
  const shades = [...ws.dialogs.children];
  ws.app.inert = shades.length > 0;
  shades.forEach((shade, place) => {
    shade.inert = place < shades.length - 1;
  });
}

function uncover(ws, shade, opener) {
  const hadFocus = shade.contains(document.activeElement) || document.activeElement === document.body;
  shade.remove();
  cover(ws);
  if (hadFocus) ws.focusBack(opener);
}

/** Asks before a dangerous button does its work, as the button's `confirm` says; true when the answer was yes. */
export function ask(ws, { title, text, confirm = 'Yes', deny = 'Cancel', danger = false }) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      dialog.close();
      resolve(yes);
    };
    const no = h('button', { type: 'button', class: 'ws-button', onclick: () => answer(false) }, deny);
    const yes = h(
      'button',
      {
        type: 'button',
        class: danger ? 'ws-button ws-button-danger' : 'ws-button ws-button-primary',
        onclick: () => answer(true),
      },
      confirm,
    );
    const dialog = openDialog(ws, { title, body: text, footer: [no, yes], oncancel: () => answer(false), small: true });
    yes.focus();
  });
}
