// The list of messages of a channel or a thread: a log that keeps its place while it grows.

import { h } from '../dom.js';
import { keyed, recall, remember } from './draw.js';
import { ephemeralNode, isNotice, messageNode } from './message.js';
import { dayKey, dayName, moment } from './times.js';
import { toolbar } from './toolbar.js';

const TOGETHER_SECONDS = 300;
const NEAR_END = 80;

const dismissed = new Set(recall('dismissed', []));

export class MessageList {
  constructor(ws, { thread = false } = {}) {
    this.ws = ws;
    this.thread = thread;
    this.jump = h(
      'button',
      { type: 'button', class: 'ws-jump', hidden: true, onclick: () => this.toEnd() },
      '↓ New messages',
    );
    this.holder = h('div', { class: 'ws-log-holder' });
    this.node = h('div', { class: 'ws-list-frame' }, this.holder, this.jump);
    this.log = null;
    this.key = '';
    this.atEnd = true;
    new ResizeObserver(() => this.atEnd && this.log && this.toEnd()).observe(this.holder);
  }

  /** Shows the messages; `key` says which list it is, `label` what a screen reader calls it. */
  update({ key, label, channel, messages, told = [], unreadFrom = null, empty = null }) {
    const opened = key !== this.key;
    if (opened) this._open(key, label);
    const count = this.log.childElementCount;
    this.messages = new Map(messages.map((message) => [message.ts, message]));
    this.channel = channel;
    const rows = this._rows(channel, messages, told, unreadFrom);
    keyed(this.log, rows.length || !empty ? rows : [{ key: 'empty', sign: [key, empty.sign], build: empty.build }]);
    this._oneTabStop();
    if (opened) this.holder.replaceChildren(this.log);
    if (opened) this._toStart();
    else if (this.atEnd) this.toEnd();
    else if (this.log.childElementCount > count) this.jump.hidden = false;
  }

  /** A fresh log, filled before it comes into the page, so that old messages are not read out as new ones. */
  _open(key, label) {
    this.key = key;
    this.log = h('div', { class: 'ws-log', role: 'log', 'aria-live': 'polite', 'aria-label': label });
    this.log.addEventListener('scroll', () => this._scrolled());
    this.log.addEventListener('pointerleave', () => this._left());
    this.log.addEventListener('pointerover', (event) => this._over(event.target));
    this.log.addEventListener('focusin', (event) => this._over(event.target));
    this.log.addEventListener('keydown', (event) => this._key(event));
  }

  _rows(channel, messages, told, unreadFrom) {
    const rows = [];
    let before = null;
    for (const item of this._inOrder(messages, told)) {
      const lines = this._dividers(item, before, unreadFrom, rows);
      rows.push(...lines);
      const above = lines.length ? null : before;
      rows.push(item.told ? this._told(item.told) : this._message(channel, item.message, above));
      before = item;
    }
    return rows;
  }

  /** Messages and what only the visitor was told, by time; what was told without a time comes last. */
  _inOrder(messages, told) {
    const waiting = told.filter((one) => !dismissed.has(toldKey(one)));
    const all = [
      ...messages.map((message) => ({ ts: message.ts, message })),
      ...waiting.map((one) => ({ ts: one.ts || String(this.ws.now().getTime() / 1000), told: one })),
    ];
    return all.sort((one, other) => Number(one.ts) - Number(other.ts));
  }

  /** The lines between an item and the one before it: a new day, what is new, or the replies of a thread. */
  _dividers(item, before, unreadFrom, rows) {
    const lines = [];
    if (this.thread) {
      const replies = this.messages.size - 1;
      if (before && rows.length === 1) lines.push(divider('replies', replies === 1 ? '1 reply' : `${replies} replies`));
      return lines;
    }
    const day = dayKey(moment(item.ts));
    const newDay = !before || day !== dayKey(moment(before.ts));
    if (newDay) lines.push(divider(`day-${day}`, dayName(moment(item.ts), this.ws.now())));
    const fresh = unreadFrom !== null && Number(item.ts) > Number(unreadFrom);
    const marked = rows.some((row) => row.key === 'new');
    if (fresh && before && !marked) lines.push(divider('new', 'New', 'ws-divider ws-divider-new'));
    return lines;
  }

  _message(channel, message, before) {
    const { ws } = this;
    const replies = channel.messages.filter((one) => one.thread_ts === message.ts && one.ts !== message.ts);
    const row = {
      channel,
      message,
      replies,
      compact: Boolean(before?.message) && together(before.message, message),
      editing: ws.place.editing === message.ts,
      thread: this.thread,
    };
    // While somebody edits, nothing that happens around them may take their words away.
    const sign = row.editing
      ? ['editing', message.ts]
      : [
          message,
          row.compact,
          channel.pins?.includes(message.ts),
          replies.map((reply) => [reply.ts, reply.user]),
          ws.store.person,
        ];
    return { key: message.ts, sign, build: () => messageNode(ws, row) };
  }

  _told(one) {
    const dismiss = () => {
      dismissed.add(toldKey(one));
      remember('dismissed', [...dismissed]);
      this.ws.changed();
    };
    return { key: `told-${toldKey(one)}`, sign: one, build: () => ephemeralNode(this.ws, one, dismiss) };
  }

  // The toolbar

  _over(target) {
    const article = target.closest?.('.ws-message');
    if (!article || article.classList.contains('ws-notice') || article.querySelector(':scope > .ws-toolbar')) return;
    const message = this.messages.get(article.dataset.ts);
    if (!message || this.log.querySelector('.ws-toolbar [aria-expanded=true]')) return;
    this.log.querySelector('.ws-toolbar')?.remove();
    article.append(toolbar(this.ws, this.channel, message, this.thread));
  }

  _left() {
    const bar = this.log.querySelector('.ws-toolbar');
    if (bar && !bar.parentNode.contains(document.activeElement) && !bar.querySelector('[aria-expanded=true]'))
      bar.remove();
  }

  // The keyboard

  /** Arrow keys walk the messages, so that only one of them is a stop for Tab. */
  _key(event) {
    const articles = this._articles();
    const here = articles.indexOf(event.target);
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: articles.length - 1 };
    if (here < 0 || !Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    const next = articles[Math.max(0, Math.min(articles.length - 1, steps[event.key]))];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    next.scrollIntoView({ block: 'nearest' });
  }

  _articles() {
    return [...this.log.querySelectorAll('.ws-message:not(.ws-notice)')];
  }

  _oneTabStop() {
    const articles = this._articles();
    if (articles.filter((article) => article.tabIndex === 0).length === 1) return;
    const focused = articles.find((article) => article === document.activeElement);
    for (const article of articles) article.tabIndex = -1;
    const stop = focused ?? articles.at(-1);
    if (stop) stop.tabIndex = 0;
  }

  // The place in the list

  _scrolled() {
    this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
    if (this.atEnd) this.jump.hidden = true;
  }

  _toStart() {
    const fresh = this.log.querySelector('.ws-divider-new');
    this.toEnd();
    if (!fresh) return;
    fresh.scrollIntoView({ block: 'center' });
    this._scrolled();
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.atEnd = true;
    this.jump.hidden = true;
  }

  /** Brings a message into view; gives it back. */
  bring(ts, block = 'center') {
    const article = this.log?.querySelector(`.ws-message[data-ts="${CSS.escape(ts)}"]`);
    article?.scrollIntoView({ block });
    return article;
  }

  /** Brings a message into view and gives it the focus. */
  find(ts) {
    this.bring(ts)?.focus();
  }
}

function divider(key, label, cls = 'ws-divider') {
  return {
    key,
    sign: label,
    build: () => h('div', { class: cls, role: 'separator', 'aria-label': label }, h('span', {}, label)),
  };
}

function together(before, message) {
  const quiet = !isNotice(before) && !isNotice(message);
  return quiet && before.user === message.user && Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS;
}

function toldKey(one) {
  return `${one.user}/${one.ts || one.text}`;
}
