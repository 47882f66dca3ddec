// One message: who, when, what, its files, reactions and thread.

import { h } from '../dom.js';
import { blockNodes } from './blocks.js';
import { Editor } from './editor.js';
import { shownReaction } from './emoji.js';
import { icon } from './icons.js';
import { attempt } from './interactions.js';
import { mrkdwn } from './mrkdwn.js';
import { avatar } from './person.js';
import { fullTime, timeOf } from './times.js';

const NOTICES = /^(?:channel|group)_|^(?:un)?pinned_item$|^bookmark_added$|^bot_(?:add|remove)$/;

/** Whether a message is one of Slack's own lines, such as "set the channel topic". */
export function isNotice(message) {
  return NOTICES.test(message.subtype ?? '');
}

function time(ts) {
  return h(
    'time',
    { class: 'ws-time', datetime: new Date(Number(ts) * 1000).toISOString(), title: fullTime(ts) },
    timeOf(ts),
  );
}

function byline(ws, message) {
  const bot = ws.directory.user(message.user).is_bot;
  return h(
    'div',
    { class: 'ws-byline' },
    h('span', { class: 'ws-author' }, ws.directory.name(message.user)),
    bot ? h('span', { class: 'ws-app-badge' }, 'APP') : null,
    time(message.ts),
  );
}

function words(ws, message, scope) {
  const nodes = message.blocks?.length ? blockNodes(ws, message.blocks, scope) : mrkdwn(ws, message.text);
  const edited = message.edited ? h('span', { class: 'ws-edited' }, '(edited)') : null;
  return h('div', { class: 'ws-words' }, nodes, edited);
}

function files(ws, message) {
  const card = (file) => {
    const open = () => ws.place.open({ file });
    const name = h(
      'span',
      { class: 'ws-file-words' },
      h('span', { class: 'ws-file-title' }, file.title || file.name),
      h('span', { class: 'ws-file-name' }, `${file.name} · open`),
    );
    return h(
      'button',
      { type: 'button', class: 'ws-file', 'data-focus': `file-${file.id}`, onclick: open },
      icon('file'),
      name,
    );
  };
  return message.files?.length ? h('div', { class: 'ws-files' }, message.files.map(card)) : null;
}

/** Adds or takes back one's reaction. */
export function toggleReaction(ws, channel, message, name) {
  const mine = (message.reactions ?? []).find((one) => one.name === name)?.users.includes(ws.store.person);
  return attempt(ws, { do: mine ? 'unreact' : 'react', channel: channel.id, ts: message.ts, name });
}

function reactions(ws, channel, message) {
  const chip = ({ name, users }) => {
    const mine = users.includes(ws.store.person);
    const who = users.map((id) => ws.directory.name(id)).join(', ');
    const properties = {
      type: 'button',
      class: 'ws-reaction',
      'aria-pressed': String(mine),
      'aria-label': `${name.replaceAll('_', ' ')}, ${users.length}: ${who}`,
      title: `${who} reacted with :${name}:`,
      'data-focus': `reaction-${message.ts}-${name}`,
      onclick: () => toggleReaction(ws, channel, message, name),
    };
    return h(
      'button',
      properties,
      shownReaction(name),
      h('span', { class: 'ws-reaction-count' }, String(users.length)),
    );
  };
  const given = (message.reactions ?? []).filter((one) => one.users.length);
  return given.length ? h('div', { class: 'ws-reactions' }, given.map(chip)) : null;
}

function threadLink(ws, message, replies) {
  if (!replies.length) return null;
  const people = [...new Set(replies.map((reply) => reply.user))].slice(0, 3);
  const label = replies.length === 1 ? '1 reply' : `${replies.length} replies`;
  const properties = {
    type: 'button',
    class: 'ws-thread-link',
    'data-focus': `thread-${message.ts}`,
    onclick: () => ws.place.open({ thread: message.ts }),
  };
  return h(
    'button',
    properties,
    h(
      'span',
      { class: 'ws-faces' },
      people.map((id) => avatar(ws, id, 'ws-avatar-tiny')),
    ),
    h('span', { class: 'ws-thread-count' }, label),
    h('span', { class: 'ws-time' }, `last at ${timeOf(replies.at(-1).ts)}`),
  );
}

function notice(ws, message) {
  const named = message.text.startsWith('<@')
    ? []
    : [h('span', { class: 'ws-author' }, ws.directory.name(message.user)), ' '];
  const text = h('div', { class: 'ws-notice-text' }, named, h('span', {}, mrkdwn(ws, message.text)));
  return h(
    'article',
    { class: 'ws-message ws-notice', 'data-ts': message.ts },
    h('div', { class: 'ws-gutter' }, time(message.ts)),
    text,
  );
}

/** An article for a message; `row` is `{channel, message, replies, compact, editing, thread}`. */
export function messageNode(ws, row) {
  const { channel, message, replies, compact, editing, thread } = row;
  if (isNotice(message)) return notice(ws, message);
  const pinned = channel.pins?.includes(message.ts);
  const scope = { channel: channel.id, ts: message.ts };
  const body = editing ? new Editor(ws, channel, message).node : words(ws, message, scope);
  const classes = ['ws-message', compact && 'ws-compact', pinned && 'ws-pinned'].filter(Boolean).join(' ');
  const label = `${ws.directory.name(message.user)} at ${timeOf(message.ts)}`;
  return h(
    'article',
    { class: classes, 'aria-label': label, tabindex: '-1', 'data-ts': message.ts },
    h('div', { class: 'ws-gutter' }, compact ? time(message.ts) : avatar(ws, message.user)),
    h(
      'div',
      { class: 'ws-content' },
      pinned ? h('div', { class: 'ws-pin-mark' }, icon('pin'), 'Pinned') : null,
      compact ? null : byline(ws, message),
      body,
      files(ws, message),
      reactions(ws, channel, message),
      thread ? null : threadLink(ws, message, replies),
    ),
  );
}

/** An article for words that only the visitor sees. */
export function ephemeralNode(ws, told, dismiss) {
  const bot = ws.directory.bot.id;
  const scope = { ephemeral: told.ts };
  const message = { user: told.author ?? bot, ts: told.ts || String(ws.now().getTime() / 1000) };
  return h(
    'article',
    { class: 'ws-message ws-ephemeral', 'aria-label': 'Only visible to you', tabindex: '-1' },
    h('div', { class: 'ws-gutter' }, avatar(ws, bot)),
    h(
      'div',
      { class: 'ws-content' },
      h('div', { class: 'ws-only-you' }, icon('eye'), 'Only visible to you'),
      byline(ws, message),
      words(ws, told, scope),
      h(
        'button',
        { type: 'button', class: 'ws-dismiss', 'data-focus': `dismiss-${told.ts}`, onclick: dismiss },
        'Dismiss message',
      ),
    ),
  );
}
