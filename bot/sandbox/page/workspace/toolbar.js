// What can be done with a message: the row of buttons over the one that the pointer or the focus is on.

import { h } from '../dom.js';
import { ask } from './dialog.js';
import { shownReaction } from './emoji.js';
import { icon } from './icons.js';
import { attempt } from './interactions.js';
import { toggleReaction } from './message.js';
import { menuButton } from './popover.js';

const QUICK = [
  ['white_check_mark', 'Done'],
  ['eyes', 'Taking a look'],
  ['pushpin', 'Keep on the timeline'],
];
const REACTIONS = ['pushpin', 'eyes', 'white_check_mark', '+1', '-1', 'tada', 'pray', 'fire', 'question', 'heart'];

const SHORTCUTS = [
  ['Declare incident', 'incident.declare_from'],
  ['Add to timeline', 'incident.add_to_timeline'],
];

/** The buttons for a message; `thread` says that it stands in a thread already. */
export function toolbar(ws, channel, message, thread) {
  const react = (name) => toggleReaction(ws, channel, message, name);
  const quick = QUICK.map(([name, label]) =>
    h(
      'button',
      {
        type: 'button',
        class: 'ws-icon-button ws-quick',
        title: label,
        'aria-label': `React: ${label}`,
        'data-focus': `quick-${name}`,
        onclick: () => react(name),
      },
      shownReaction(name),
    ),
  );
  const faces = () =>
    REACTIONS.map((name) => ({
      label: name.replaceAll('_', ' '),
      lead: h('span', { 'aria-hidden': 'true' }, shownReaction(name)),
      run: () => react(name),
    }));
  const reply = h(
    'button',
    {
      type: 'button',
      class: 'ws-icon-button',
      title: 'Reply in thread',
      'aria-label': 'Reply in thread',
      'data-focus': 'reply',
      onclick: () => openThread(ws, message),
    },
    icon('reply'),
  );
  return h(
    'div',
    { class: 'ws-toolbar', role: 'group', 'aria-label': 'Message actions' },
    quick,
    menuButton(ws, { label: 'Add reaction', content: icon('smile'), entries: faces, focus: 'react' }),
    thread ? null : reply,
    menuButton(ws, {
      label: 'More actions',
      content: icon('more'),
      entries: () => more(ws, channel, message, thread),
      focus: 'more',
    }),
  );
}

function openThread(ws, message) {
  ws.place.open({ thread: message.thread_ts || message.ts });
  queueMicrotask(() => ws.panel.focusComposer());
}

function more(ws, channel, message, thread) {
  const run = (act) => attempt(ws, { channel: channel.id, ts: message.ts, ...act });
  const shortcuts = SHORTCUTS.map(([label, callback_id]) => ({
    label,
    lead: icon('bolt'),
    run: () => run({ do: 'shortcut_message', callback_id }),
  }));
  const own = message.user === ws.store.person && !channel.archived;
  return [
    thread ? null : { label: 'Reply in thread', run: () => openThread(ws, message) },
    { label: 'Copy text', run: () => navigator.clipboard?.writeText(message.text) },
    ...(own
      ? [
          'Your message',
          { label: 'Edit message', run: () => ws.place.edit(message.ts) },
          { label: 'Delete message', danger: true, run: () => remove(ws, run) },
        ]
      : []),
    'Muster',
    ...shortcuts,
  ];
}

async function remove(ws, run) {
  const sure = await ask(ws, {
    title: 'Delete this message?',
    text: 'It is gone for everyone in the channel.',
    confirm: 'Delete',
    danger: true,
  });
  if (sure) run({ do: 'delete' });
}
