// The panel at the side: a thread, a file, the pinned messages, or the members.

import { h } from '../dom.js';
import { Composer } from './composer.js';
import { redraw } from './draw.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { messageNode } from './message.js';
import { MessageList } from './messages.js';
import { avatar } from './person.js';

export class Panel {
  constructor(ws) {
    this.ws = ws;
    this.title = h('h2', { class: 'ws-panel-title' });
    const close = h(
      'button',
      {
        type: 'button',
        class: 'ws-icon-button',
        'aria-label': 'Close the panel',
        'data-focus': 'panel-close',
        onclick: () => this.close(),
      },
      icon('close'),
    );
    this.body = h('div', { class: 'ws-panel-body' });
    this.list = new MessageList(ws, { thread: true });
    this.composer = new Composer(ws);
    this.node = h(
      'aside',
      { class: 'ws-panel', 'aria-label': 'Details', tabindex: '-1', hidden: true },
      h('header', { class: 'ws-panel-head' }, this.title, close),
      this.body,
      this.list.node,
      this.composer.node,
    );
    this.node.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && this.close());
    this.opener = null;
    this.shown = '';
  }

  update() {
    const { ws } = this;
    const { panel } = ws.place;
    const channel = ws.channel;
    const usable = Boolean(panel && channel);
    const key = usable ? JSON.stringify([channel.id, panel]) : '';
    const opening = key && key !== this.shown;
    if (opening && !this.shown) this.opener = document.activeElement;
    this.shown = key;
    this.node.hidden = !usable;
    ws.app.classList.toggle('ws-with-panel', usable);
    if (!usable) return;
    this._fill(panel, channel);
    if (opening && !this.node.contains(document.activeElement)) this.node.focus({ preventScroll: true });
  }

  _fill(panel, channel) {
    const thread = Boolean(panel.thread);
    this.body.hidden = thread;
    this.list.node.hidden = !thread;
    const may = thread && !channel.archived && (channel.is_im || channel.members.includes(this.ws.store.person));
    this.composer.node.hidden = !may;
    if (thread) this._thread(panel.thread, channel, may);
    else if (panel.file) this._file(panel.file);
    else if (panel.list === 'pins') this._pins(channel);
    else this._members(channel);
  }

  _thread(ts, channel, may) {
    const messages = channel.messages.filter((message) => message.ts === ts || message.thread_ts === ts);
    this.title.textContent = 'Thread';
    this.list.update({ key: `thread-${ts}`, label: 'Messages in the thread', channel, messages });
    if (may) this.composer.update({ channel, thread: ts, label: 'Reply in the thread' });
  }

  _file(file) {
    this.title.textContent = file.title || file.name;
    const address = `/sandbox/files/${encodeURIComponent(file.id)}`;
    redraw(this.body, ['file', file.id], () => {
      const readable = file.name.endsWith('.md');
      const kind = readable ? 'ws-file-text ws-file-page ws-rich' : 'ws-file-text';
      const about = { class: kind, tabindex: '0', role: 'group', 'aria-label': file.name };
      const text = h(readable ? 'div' : 'pre', about, 'Loading…');
      read(address).then((content) => text.replaceChildren(...(readable ? markdown(this.ws, content) : [content])));
      return [
        h(
          'p',
          { class: 'ws-file-line' },
          h('span', { class: 'ws-file-name' }, file.name),
          h('a', { href: address, download: file.name, class: 'ws-link' }, 'Download'),
        ),
        text,
      ];
    });
  }

  _pins(channel) {
    this.title.textContent = 'Pinned';
    const pinned = channel.pins.map((ts) => channel.messages.find((message) => message.ts === ts)).filter(Boolean);
    redraw(this.body, ['pins', pinned], () =>
      pinned.map((message) => {
        const shown = messageNode(this.ws, {
          channel: { ...channel, pins: [] },
          message,
          replies: [],
          compact: false,
          editing: false,
          thread: true,
        });
        shown.removeAttribute('tabindex');
        const go = h(
          'button',
          { type: 'button', class: 'ws-button', onclick: () => this.ws.show({ channel: channel.id, ts: message.ts }) },
          'Show in channel',
        );
        return h('div', { class: 'ws-pin-card' }, shown, go);
      }),
    );
  }

  _members(channel) {
    const { directory } = this.ws;
    this.title.textContent = `Members of #${channel.name}`;
    redraw(this.body, ['members', channel.members], () =>
      h(
        'ul',
        { class: 'ws-members', 'aria-label': 'Members' },
        channel.members.map((id) => {
          const note = directory.user(id).is_bot ? 'app' : directory.note(id);
          return h(
            'li',
            { class: 'ws-member' },
            avatar(this.ws, id, 'ws-avatar-small'),
            h('span', {}, directory.name(id)),
            note ? h('span', { class: 'ws-tag' }, note) : null,
          );
        }),
      ),
    );
  }

  close() {
    const { opener } = this;
    this.ws.place.open(null);
    this.ws.focusBack(opener);
  }

  focusComposer() {
    if (!this.composer.node.hidden) this.composer.box.focus();
  }
}

async function read(address) {
  try {
    const response = await fetch(address);
    return response.ok ? await response.text() : `The file could not be read (${response.status}).`;
  } catch {
    return 'The file could not be read. Is the sandbox still running?';
  }
}
