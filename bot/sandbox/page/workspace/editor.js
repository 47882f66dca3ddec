// Changing one's own message in place: Enter saves, Escape leaves it as it was.

import { h } from '../dom.js';
import { attempt } from './interactions.js';
import { outgoing, typedAgain } from './outgoing.js';

export class Editor {
  constructor(ws, channel, message) {
    this.ws = ws;
    this.channel = channel;
    this.message = message;
    this.box = h('textarea', {
      class: 'ws-box ws-editor-box',
      'aria-label': 'Edit the message',
      rows: '2',
      'data-focus': 'editor',
      onkeydown: (event) => this._key(event),
    });
    this.box.value = typedAgain(ws, message.text);
    const cancel = h('button', { type: 'button', class: 'ws-button', onclick: () => this._leave() }, 'Cancel');
    const save = h(
      'button',
      { type: 'button', class: 'ws-button ws-button-primary', onclick: () => this._save() },
      'Save',
    );
    this.node = h('div', { class: 'ws-editor' }, this.box, h('div', { class: 'ws-actions' }, cancel, save));
    queueMicrotask(() => this.box.focus());
  }

  _key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === 'Escape') this._leave();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    this._save();
  }

  _leave() {
    this.ws.place.edit(null);
    this.ws.root.querySelector(`.ws-message[data-ts="${CSS.escape(this.message.ts)}"]`)?.focus();
  }

  async _save() {
    const typed = this.box.value.trim();
    if (!typed) return;
    const unchanged = typed === typedAgain(this.ws, this.message.text);
    const act = { do: 'edit', channel: this.channel.id, ts: this.message.ts, text: outgoing(this.ws, typed) };
    if (unchanged || (await attempt(this.ws, act))) this._leave();
  }
}
