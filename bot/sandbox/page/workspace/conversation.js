// A channel or a direct conversation: its messages, and what can be written there.

import { h } from '../dom.js';
import { Composer } from './composer.js';
import { redraw } from './draw.js';
import { attempt } from './interactions.js';
import { MessageList } from './messages.js';
import { shownInChannel } from './place.js';

export class Conversation {
  constructor(ws) {
    this.ws = ws;
    this.list = new MessageList(ws);
    this.composer = new Composer(ws);
    this.notice = h('div', { class: 'ws-notice-bar' });
    this.node = h('div', { class: 'ws-conversation' }, this.list.node, this.notice, this.composer.node);
    this.key = '';
    this.waiting = null;
  }

  update(channel) {
    const { ws } = this;
    const { person, state } = ws.store;
    const name = ws.directory.title(channel, person);
    const shown = channel.messages.filter(shownInChannel);
    this._open(`${person}/${channel.id}`, channel);
    this.list.update({
      key: this.key,
      label: `Messages in ${name}`,
      channel,
      messages: shown,
      told: state.ephemerals.filter((one) => one.user === person && one.channel === channel.id),
      unreadFrom: ws.place.unreadFrom,
      empty: { sign: [name, channel.topic], build: () => beginning(name, channel) },
    });
    if (channel.messages.length) ws.read.mark(person, channel.id, channel.messages.at(-1).ts);
    this._foot(channel, person, name);
  }

  /** The line over what is new is drawn when somebody comes in, and stays until they leave. */
  _open(key, channel) {
    if (key === this.key) return;
    this.key = key;
    const { person } = this.ws.store;
    const since = this.ws.read.upTo(person, channel.id);
    this.ws.place.unreadFrom = since !== '0' && this.ws.read.unread(person, channel).count ? since : null;
  }

  _foot(channel, person, name) {
    const member = channel.is_im || channel.members.includes(person);
    const may = member && !channel.archived;
    this.composer.node.hidden = !may;
    this.notice.hidden = may;
    redraw(this.notice, [channel.id, name, member, channel.archived, person], () =>
      may ? [] : this._why(channel, name),
    );
    if (!may) return;
    this.composer.update({ channel, label: `Message ${channel.is_im ? '' : '#'}${name}` });
    if (this.waiting) this._focusWhoWaited();
  }

  _why(channel, name) {
    if (channel.archived) return h('p', {}, `#${name} is archived. It can be read, but nobody writes in it any more.`);
    const join = h(
      'button',
      {
        type: 'button',
        class: 'ws-button ws-button-primary',
        'data-focus': 'join',
        onclick: () => attempt(this.ws, { do: 'join', channel: channel.id }),
      },
      'Join channel',
    );
    return [h('p', {}, 'You are looking at ', h('strong', {}, `#${name}`), '.'), join];
  }

  /** Puts the focus into the box to write in; where somebody comes in before they are let in, as soon as they are. */
  focusComposer() {
    this.waiting = this.composer.node.hidden ? { key: this.key, mark: document.activeElement?.dataset.focus } : null;
    if (!this.waiting) this.composer.box.focus();
  }

  _focusWhoWaited() {
    const { waiting } = this;
    this.waiting = null;
    if (waiting?.key === this.key && document.activeElement?.dataset.focus === waiting.mark) this.composer.box.focus();
  }
}

function beginning(name, channel) {
  const text = channel.is_im
    ? `This is the beginning of your conversation with ${name}.`
    : `This is the beginning of #${name}.`;
  return h(
    'div',
    { class: 'ws-beginning' },
    h('p', { class: 'ws-beginning-title' }, channel.is_im ? name : `#${name}`),
    h('p', {}, text),
  );
}
