// Faces and names of people, and the switch between the people that a visitor can be.

import { h } from '../dom.js';
import { icon } from './icons.js';
import { menuButton } from './popover.js';

const HUES = 8;

/** Neighbours in the list of people never share a colour. */
function hue(ws, id) {
  return (ws.directory.users.findIndex((user) => user.id === id) + HUES) % HUES;
}

/** The square with somebody's first letter; the bot has a sign of its own. */
export function avatar(ws, id, size = '') {
  const bot = ws.directory.user(id).is_bot;
  return h(
    'span',
    { class: `ws-avatar ${size} ${bot ? 'ws-avatar-bot' : `ws-hue-${hue(ws, id)}`}`, 'aria-hidden': 'true' },
    ws.directory.name(id).charAt(0).toUpperCase(),
  );
}

/** The button with the person whom the visitor is, and the menu of everybody that they can be. */
export function personSwitch(ws) {
  const { directory, store } = ws;
  const name = directory.name(store.person);
  const note = directory.note(store.person);
  const content = [
    avatar(ws, store.person, 'ws-avatar-small'),
    h('span', { class: 'ws-switch-name' }, h('span', { class: 'ws-switch-you' }, 'You are'), ` ${name}`),
    note ? h('span', { class: 'ws-tag' }, note) : null,
    icon('down'),
    h('span', { class: 'ws-hidden' }, '. Be somebody else'),
  ];
  const entries = () => ['Be somebody else', ...directory.people.map((user) => entry(ws, user))];
  const button = menuButton(ws, {
    label: 'Be somebody else',
    visible: true,
    content: '',
    entries,
    focus: 'person',
    cls: 'ws-switch',
  });
  button.append(...content.filter(Boolean));
  return button;
}

function entry(ws, user) {
  const { directory, store } = ws;
  return {
    label: directory.name(user.id),
    note: directory.note(user.id),
    lead: avatar(ws, user.id, 'ws-avatar-small'),
    checked: user.id === store.person,
    run: () => store.setPerson(user.id),
  };
}
