// Input blocks of a form: label, field, hint and error, each tied to the field for whoever cannot see them.

import { h } from '../dom.js';
import { groupsOf, initialOf, takesSeveral, words } from './choices.js';
import { newId } from './draw.js';
import { fromEpoch, toEpoch } from './fields.js';
import { inline } from './mrkdwn.js';
import { picker } from './picker.js';

const TYPES = {
  url_text_input: 'url',
  email_text_input: 'email',
  number_input: 'number',
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
};

/** What somebody filled into a form, by block and element; it outlives every drawing of the form. */
export class Filled {
  constructor() {
    this._values = new Map();
  }

  value(block) {
    return this._values.get(key(block)) ?? initialOf(block.element);
  }

  set(block, value) {
    this._values.set(key(block), value);
  }

  /** The whole form as `{block_id: {action_id: value}}`; what is empty is left out. */
  collect(blocks) {
    const filled = blocks.filter((block) => block.type === 'input' && this.value(block).length > 0);
    return Object.fromEntries(
      filled.map((block) => [block.block_id, { [block.element.action_id]: this.value(block) }]),
    );
  }
}

const key = (block) => `${block.block_id}/${block.element.action_id}`;

function textField(block, shared) {
  const { element } = block;
  const placeholder = element.placeholder ? words(element.placeholder) : null;
  const limits = { minlength: element.min_length, maxlength: element.max_length, placeholder, autocomplete: 'off' };
  if (element.multiline) return h('textarea', { ...shared, ...limits, class: 'ws-field ws-area', rows: '4' });
  const number = { min: element.min_value, max: element.max_value, step: element.is_decimal_allowed ? 'any' : null };
  return h('input', { ...shared, ...limits, ...number, class: 'ws-field', type: TYPES[element.type] ?? 'text' });
}

function typed(ws, block, form, shared) {
  const local = block.element.type === 'datetimepicker';
  const field = textField(block, shared);
  const value = form.filled.value(block);
  field.value = local ? fromEpoch(value) : value;
  field.addEventListener('input', () => {
    form.filled.set(block, local ? toEpoch(field.value) : field.value);
    form.touched(block);
  });
  field.addEventListener('change', () => dispatch(block, form));
  return field;
}

function dispatch(block, form) {
  if (block.dispatch_action) form.dispatch(block.element, form.filled.value(block));
}

function chosen(ws, block, form, shared, labelId) {
  const { element } = block;
  return picker(ws, {
    label: words(block.label),
    labelledBy: labelId,
    groups: groupsOf(ws, element),
    chosen: [form.filled.value(block)].flat().filter(Boolean),
    multiple: takesSeveral(element),
    placeholder: words(element.placeholder) || 'Choose',
    attributes: { ...shared, 'aria-required': null, 'aria-invalid': null },
    onchange: (values) => {
      form.filled.set(block, takesSeveral(element) ? values : values[0]);
      form.touched(block);
      dispatch(block, form);
    },
  });
}

function ticked(ws, block, form, shared, labelId) {
  const { element } = block;
  const type = element.type === 'checkboxes' ? 'checkbox' : 'radio';
  const now = [form.filled.value(block)].flat();
  const group = h('div', {
    class: 'ws-ticks',
    role: type === 'radio' ? 'radiogroup' : 'group',
    'aria-labelledby': labelId,
    'aria-describedby': shared['aria-describedby'],
  });
  group.addEventListener('change', () => {
    const values = [...group.querySelectorAll('input:checked')].map((input) => input.value);
    form.filled.set(block, type === 'checkbox' ? values : values[0]);
    form.touched(block);
    dispatch(block, form);
  });
  group.append(
    ...element.options.map((option) => {
      const input = h('input', {
        type,
        name: key(block),
        value: option.value,
        checked: now.includes(option.value),
        'data-focus': `${key(block)}/${option.value}`,
      });
      const note = option.description ? h('span', { class: 'ws-option-note' }, words(option.description)) : null;
      return h('label', { class: 'ws-tick' }, input, h('span', {}, inline(ws, words(option.text)), note));
    }),
  );
  return group;
}

function fieldOf({ type }) {
  if (type === 'radio_buttons' || type === 'checkboxes') return ticked;
  return type.includes('select') ? chosen : typed;
}

/** The node of an input block; `form` is `{filled, errors, touched(block), dispatch(element, value)}`. */
export function inputBlock(ws, block, form) {
  const error = form.errors[block.block_id];
  const ids = { field: newId('field'), label: newId('label'), hint: newId('hint'), error: newId('error') };
  const described = [error && ids.error, block.hint && ids.hint].filter(Boolean).join(' ') || null;
  const shared = {
    id: ids.field,
    'aria-describedby': described,
    'aria-invalid': error ? 'true' : null,
    'aria-required': block.optional ? null : 'true',
    'data-focus': key(block),
  };
  const build = fieldOf(block.element);
  const label = h(
    build === typed ? 'label' : 'span',
    { class: 'ws-label', id: ids.label, ...(build === typed && { for: ids.field }) },
    words(block.label),
    block.optional ? h('span', { class: 'ws-optional' }, ' (optional)') : null,
  );
  const hint = block.hint ? h('p', { class: 'ws-hint', id: ids.hint }, words(block.hint)) : null;
  const said = error ? h('p', { class: 'ws-error', id: ids.error }, error) : null;
  const field = build(ws, block, form, build === chosen ? { ...shared, id: null } : shared, ids.label);
  return h(
    'div',
    { class: error ? 'ws-input ws-input-wrong' : 'ws-input', 'data-block': block.block_id },
    label,
    field,
    said,
    hint,
  );
}

const CHECKS = {
  url_text_input: (value) => (URL.canParse(value) ? '' : 'Enter a full web address, such as https://example.com.'),
  email_text_input: (value) => (/^\S+@\S+\.\S+$/.test(value) ? '' : 'Enter an e-mail address.'),
  number_input: (value, { min_value: least, max_value: most }) => {
    if (!/^-?\d+(\.\d+)?$/.test(value)) return 'Enter a number.';
    if (least !== undefined && Number(value) < Number(least)) return `Enter ${least} or more.`;
    return most !== undefined && Number(value) > Number(most) ? `Enter ${most} or less.` : '';
  },
};

function problem(block, value) {
  if (value.length === 0) return block.optional ? '' : 'This field is needed.';
  const { type, min_length: least } = block.element;
  if (least && value.length < least) return `Write at least ${least} characters.`;
  return CHECKS[type]?.(value, block.element) ?? '';
}

/** What Slack itself finds wrong before the app is asked: `{block_id: sentence}`. */
export function problems(blocks, filled) {
  const inputs = blocks.filter((block) => block.type === 'input');
  return Object.fromEntries(
    inputs.map((block) => [block.block_id, problem(block, filled.value(block))]).filter(([, sentence]) => sentence),
  );
}
