// One control for every select of Block Kit: a button that opens a listbox, with a filter where the list is long.

import { h } from '../dom.js';
import { newId } from './draw.js';
import { icon } from './icons.js';
import { openPopover } from './popover.js';

const LONG = 8;

function optionRow(option, chosen) {
  const parts = [
    h('span', { class: 'ws-option-label' }, option.label),
    option.note ? h('span', { class: 'ws-option-note' }, option.note) : null,
  ];
  return h(
    'li',
    { id: newId('option'), role: 'option', class: 'ws-option', 'aria-selected': String(chosen) },
    icon('check'),
    h('span', {}, parts),
  );
}

/** The open list of a picker: what is shown, which row is active, and what a key does. */
class OpenList {
  constructor(ws, button, settings, done) {
    Object.assign(this, { settings, done, rows: [], active: 0 });
    this.list = h('ul', {
      class: 'ws-options',
      role: 'listbox',
      'aria-label': settings.label,
      id: newId('list'),
      'aria-multiselectable': settings.multiple ? 'true' : null,
    });
    const searching = settings.searchable ?? count(settings.groups) > LONG;
    this.keys = searching ? this._search() : this.list;
    if (!searching) this.list.tabIndex = 0;
    this.keys.addEventListener('keydown', (event) => this._key(event));
    this.close = openPopover(ws, button, [searching ? this.keys : null, this.list]);
    this.draw('');
    this.keys.focus();
  }

  _search() {
    const expanded = {
      role: 'combobox',
      'aria-expanded': 'true',
      'aria-controls': this.list.id,
      'aria-autocomplete': 'list',
    };
    return h('input', {
      class: 'ws-field ws-search',
      type: 'text',
      placeholder: 'Search',
      'aria-label': `Search ${this.settings.label}`,
      autocomplete: 'off',
      ...expanded,
      oninput: (event) => this.draw(event.target.value),
    });
  }

  draw(filter) {
    const wanted = filter.trim().toLowerCase();
    this.rows = [];
    const shown = this.settings.groups.flatMap((group) => {
      const matching = group.options.filter((option) => option.label.toLowerCase().includes(wanted));
      const heading =
        group.label && matching.length
          ? [h('li', { class: 'ws-menu-heading', role: 'presentation' }, group.label)]
          : [];
      return [...heading, ...matching.map((option) => this._row(option))];
    });
    this.list.replaceChildren(
      ...(shown.length
        ? shown
        : [
            h(
              'li',
              { class: 'ws-empty', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' },
              'Nothing matches',
            ),
          ]),
    );
    const first = this.rows.findIndex((row) => this.settings.isChosen(row.option.value));
    this._activate(wanted ? 0 : Math.max(0, first));
  }

  _row(option) {
    const node = optionRow(option, this.settings.isChosen(option.value));
    const place = this.rows.push({ node, option }) - 1;
    node.addEventListener('pointermove', () => this._activate(place));
    node.addEventListener('click', () => this._choose(place));
    return node;
  }

  _activate(place) {
    this.rows[this.active]?.node.classList.remove('ws-active');
    this.active = place;
    const row = this.rows[place];
    row?.node.classList.add('ws-active');
    row?.node.scrollIntoView({ block: 'nearest' });
    if (row) this.keys.setAttribute('aria-activedescendant', row.node.id);
    else this.keys.removeAttribute('aria-activedescendant');
  }

  _choose(place) {
    const row = this.rows[place];
    if (!row) return;
    this.settings.choose(row.option.value);
    if (!this.settings.multiple) this.close();
    else row.node.setAttribute('aria-selected', String(this.settings.isChosen(row.option.value)));
  }

  _key(event) {
    const last = this.rows.length - 1;
    const steps = {
      ArrowDown: Math.min(last, this.active + 1),
      ArrowUp: Math.max(0, this.active - 1),
      Home: 0,
      End: last,
    };
    if (Object.hasOwn(steps, event.key)) this._activate(steps[event.key]);
    else if (event.key === 'Enter' || (event.key === ' ' && this.keys === this.list)) this._choose(this.active);
    else if (event.key === 'Tab') return this.close();
    else return undefined;
    return event.preventDefault();
  }
}

function count(groups) {
  return groups.reduce((sum, group) => sum + group.options.length, 0);
}

function labelsOf(groups, chosen) {
  const options = groups.flatMap((group) => group.options);
  return chosen.map((value) => options.find((option) => option.value === value)?.label ?? value);
}

/**
 * A select. `groups` is `[{label?, options: [{value, label, note?}]}]`, `chosen` the list of chosen values.
 * `onchange` is called with the new list; `labelledBy` names the field's label, else `label` names it.
 */
export function picker(
  ws,
  { label, labelledBy, groups, chosen = [], multiple = false, placeholder = 'Choose', onchange, attributes = {} },
) {
  let values = [...chosen];
  const shown = h('span', { class: 'ws-picker-text', id: newId('chosen') });
  const naming = labelledBy ? { 'aria-labelledby': `${labelledBy} ${shown.id}` } : {};
  const button = h(
    'button',
    {
      type: 'button',
      class: 'ws-picker',
      'aria-haspopup': 'listbox',
      'aria-expanded': 'false',
      ...naming,
      ...attributes,
    },
    shown,
    icon('down'),
  );
  const draw = () => {
    const labels = labelsOf(groups, values);
    shown.replaceChildren(
      ...(labels.length
        ? multiple
          ? labels.map((one) => h('span', { class: 'ws-chip' }, one))
          : [labels[0]]
        : [placeholder]),
    );
    shown.classList.toggle('ws-placeholder', labels.length === 0);
    if (!labelledBy) button.setAttribute('aria-label', `${label}: ${labels.join(', ') || placeholder}`);
  };
  const choose = (value) => {
    if (!multiple) values = [value];
    else values = values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
    draw();
    onchange([...values]);
  };
  button.addEventListener(
    'click',
    () => new OpenList(ws, button, { label, groups, multiple, choose, isChosen: (value) => values.includes(value) }),
  );
  draw();
  return button;
}
