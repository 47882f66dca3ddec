// The list of completions over the composer. The focus stays in the box; arrows choose, Tab and Enter take, Escape closes.

import { h } from '../dom.js';
import { newId } from './draw.js';

export class Suggestions {
  constructor(take) {
    this._take = take;
    this.rows = [];
    this.active = -1;
    this.list = h('ul', {
      class: 'ws-suggestions-list',
      role: 'listbox',
      tabindex: '0',
      'aria-label': 'Completions',
      id: newId('completions'),
    });
    // A press must not take the focus out of the box, so the choice happens on the press already.
    const keys = h('p', { class: 'ws-suggestions-keys', 'aria-hidden': 'true' }, '↑ ↓ choose · Tab takes · Esc closes');
    this.node = h(
      'div',
      { class: 'ws-suggestions', hidden: true, onpointerdown: (event) => event.preventDefault() },
      this.list,
      keys,
    );
    this.status = h('p', { class: 'ws-hidden', role: 'status' });
  }

  show(rows, eager, box) {
    this.rows = rows;
    this.box = box;
    this.node.hidden = rows.length === 0;
    this.list.replaceChildren(...rows.map((row, place) => this._option(row, place)));
    const said = rows.length === 1 ? '1 completion' : `${rows.length} completions`;
    this.status.textContent = rows.length ? `${said}, arrow keys choose, Tab takes` : '';
    this._activate(eager && rows.length ? 0 : -1);
  }

  hide() {
    if (!this.node.hidden) this.show([], false, this.box);
  }

  _option(row, place) {
    const parts = [
      h(
        'span',
        { class: 'ws-suggestion-label' },
        row.label,
        row.usage ? h('span', { class: 'ws-suggestion-usage' }, ` ${row.usage}`) : null,
      ),
      h('span', { class: 'ws-suggestion-meaning' }, row.meaning),
    ];
    const onpointerdown = () => this._take(this.rows[place]);
    return h(
      'li',
      { role: 'option', id: newId('completion'), class: 'ws-suggestion', 'aria-selected': 'false', onpointerdown },
      parts,
    );
  }

  _activate(place) {
    this.active = place;
    [...this.list.children].forEach((node, at) => node.setAttribute('aria-selected', String(at === place)));
    const node = this.list.children[place];
    node?.scrollIntoView({ block: 'nearest' });
    if (node) this.box.setAttribute('aria-activedescendant', node.id);
    else this.box?.removeAttribute('aria-activedescendant');
  }

  /** Whether the list has used the key. */
  key(event) {
    if (this.node.hidden || event.ctrlKey || event.metaKey || event.altKey) return false;
    const count = this.rows.length;
    if (event.key === 'ArrowDown') this._activate((this.active + 1) % count);
    else if (event.key === 'ArrowUp') this._activate((this.active < 1 ? count : this.active) - 1);
    else if (event.key === 'Escape') this.hide();
    else if (event.key === 'Tab' && !event.shiftKey) this._take(this.rows[Math.max(0, this.active)]);
    else if (event.key === 'Enter' && !event.shiftKey && this.active >= 0) this._take(this.rows[this.active]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
