// The box to write in: messages, `/incident …` with completions, files, and the shortcut that declares.

import { h } from '../dom.js';
import { suggest } from './completions.js';
import { COMMAND } from './commands.js';
import { newId, recall, remember } from './draw.js';
import { icon } from './icons.js';
import { attempt, trouble } from './interactions.js';
import { outgoing } from './outgoing.js';
import { Suggestions } from './suggestions.js';

const drafts = recall('drafts', {});
const LARGEST_FILE = 1_000_000;

export class Composer {
  /** `target` later says where to: `{channel, thread, label}`. */
  constructor(ws) {
    this.ws = ws;
    this.target = null;
    this.suggestions = new Suggestions((row) => this._complete(row));
    this.box = this._textarea();
    this.problem = h('p', { class: 'ws-error ws-composer-error', role: 'alert', hidden: true });
    this.tools = h('div', { class: 'ws-composer-tools' });
    const send = h(
      'button',
      { type: 'submit', class: 'ws-send', 'aria-label': 'Send', title: 'Send (Enter)' },
      icon('send'),
    );
    const bar = h(
      'div',
      { class: 'ws-composer-bar' },
      this.tools,
      h('span', { class: 'ws-composer-hint', 'aria-hidden': 'true' }, 'Shift + Enter for a new line'),
      send,
    );
    const frame = h('div', { class: 'ws-composer-frame' }, this.box, bar);
    this.node = h(
      'form',
      { class: 'ws-composer' },
      this.suggestions.node,
      frame,
      this.problem,
      this.suggestions.status,
    );
    this.node.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
  }

  _textarea() {
    const aria = { 'aria-autocomplete': 'list', 'aria-controls': this.suggestions.list.id };
    const events = {
      oninput: () => this._typed(),
      onkeydown: (event) => this._key(event),
      onblur: () => this.suggestions.hide(),
      onclick: () => this._suggest(),
    };
    return h('textarea', {
      class: 'ws-box',
      id: newId('box'),
      rows: '1',
      'data-focus': 'composer',
      spellcheck: 'true',
      ...aria,
      ...events,
    });
  }

  /** Says where what is written goes; each place keeps its own draft. */
  update(target) {
    const key = `${this.ws.store.person}/${target.channel.id}/${target.thread ?? ''}`;
    if (this.target?.key !== key) {
      this.target = { ...target, key };
      this._fill(drafts[key] ?? '');
      this._say('');
      this.tools.replaceChildren(...(target.thread ? [] : this._tools()));
    }
    this.box.setAttribute('aria-label', target.label);
    this.box.placeholder = target.thread ? 'Reply' : 'Write a message, or type /incident';
  }

  _tools() {
    const declare = () => attempt(this.ws, { do: 'shortcut_global', callback_id: 'incident.declare' });
    const file = h('input', {
      type: 'file',
      hidden: true,
      tabindex: '-1',
      'aria-label': 'File',
      onchange: () => this._upload(file),
    });
    return [
      h(
        'button',
        { type: 'button', class: 'ws-tool', 'data-focus': 'shortcut-declare', onclick: declare },
        icon('bolt'),
        'Declare incident',
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'ws-tool ws-tool-icon',
          'aria-label': 'Attach a text file',
          title: 'Attach a text file',
          onclick: () => file.click(),
        },
        icon('clip'),
      ),
      file,
    ];
  }

  /** Puts words into the box, as the story does; the visitor sends them. */
  fill(text) {
    this._fill(text);
    this._keep();
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
  }

  _fill(text) {
    this.box.value = text;
    this._grow();
    this.suggestions.hide();
  }

  _grow() {
    this.box.rows = Math.min(8, Math.max(1, this.box.value.split('\n').length));
  }

  _keep() {
    drafts[this.target.key] = this.box.value;
    remember('drafts', drafts);
  }

  _typed() {
    this._grow();
    this._keep();
    this._say('');
    this._suggest();
  }

  _suggest() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const { rows, eager } = suggest(this.ws, before, !this.target.thread);
    this.suggestions.show(rows, eager, this.box);
  }

  _complete(row) {
    const { value, selectionStart } = this.box;
    const head = value.slice(0, row.from) + row.insert;
    this.box.value = head + value.slice(selectionStart).replace(/^ /, '');
    this.box.focus();
    this.box.setSelectionRange(head.length, head.length);
    this._typed();
  }

  _key(event) {
    if (event.isComposing || this.suggestions.key(event)) return;
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    this.send();
  }

  _say(sentence) {
    this.problem.textContent = sentence;
    this.problem.hidden = !sentence;
  }

  /** Sends what is written; when that fails, the words come back and the reason stands under them. */
  async send() {
    const typed = this.box.value.trim();
    const target = this.target;
    if (!typed) return;
    const refusal = this._refusal(typed);
    if (refusal) {
      this._say(refusal);
      return;
    }
    this._fill('');
    this._keep();
    const sentence = await this._deliver(this._act(typed, target));
    if (!sentence) return;
    if (!drafts[target.key]) drafts[target.key] = typed;
    remember('drafts', drafts);
    if (this.target.key !== target.key) return this.ws.store.toast(sentence, 'bad');
    if (!this.box.value) this._fill(typed);
    this._say(sentence);
  }

  _refusal(typed) {
    if (!typed.startsWith('/')) return '';
    if (this.target.thread) return 'Commands do not work in threads. Type it in the channel.';
    const known = typed === COMMAND || typed.startsWith(`${COMMAND} `);
    return known ? '' : `${typed.split(/\s/)[0]} is no command here. Type /incident to see what there is.`;
  }

  _act(typed, { channel, thread }) {
    const common = { user: this.ws.store.person, channel: channel.id };
    if (typed.startsWith('/'))
      return { do: 'command', ...common, text: outgoing(this.ws, typed.slice(COMMAND.length).trim(), true) };
    return { do: 'say', ...common, text: outgoing(this.ws, typed), ...(thread && { thread_ts: thread }) };
  }

  async _deliver(act) {
    try {
      return trouble(await this.ws.store.act(act));
    } catch (error) {
      return error.message;
    }
  }

  async _upload(field) {
    const [file] = field.files;
    field.value = '';
    if (!file) return;
    if (file.size > LARGEST_FILE) return this._say(`${file.name} is larger than 1 MB. Attach a smaller one.`);
    const content = await file.text();
    const act = {
      do: 'upload',
      user: this.ws.store.person,
      channel: this.target.channel.id,
      filename: file.name,
      content,
      text: outgoing(this.ws, this.box.value.trim()),
    };
    const sentence = await this._deliver(act);
    this._say(sentence);
    if (!sentence) {
      this._fill('');
      this._keep();
    }
  }
}
