// The interactive elements that stand in messages, in the App Home, and beside sections: each acts at once.

import { h } from '../dom.js';
import { groupsOf, initialOf, takesSeveral, words } from './choices.js';
import { fromEpoch, toEpoch } from './fields.js';
import { icon } from './icons.js';
import { interact } from './interactions.js';
import { inline, safeAddress } from './mrkdwn.js';
import { picker } from './picker.js';
import { menuButton } from './popover.js';

const focusKey = (block, element) => `${block.block_id ?? ''}/${element.action_id ?? ''}/${element.value ?? ''}`;

function button(ws, element, scope, block) {
  const style = { primary: ' ws-button-primary', danger: ' ws-button-danger' }[element.style] ?? '';
  const label = element.accessibility_label ?? null;
  const common = { class: `ws-button${style}`, 'aria-label': label, 'data-focus': focusKey(block, element) };
  const href = element.url ? safeAddress(element.url) : null;
  if (href) return linkButton(ws, element, scope, { ...common, href });
  const node = h('button', { ...common, type: 'button' }, words(element.text));
  node.addEventListener('click', async () => {
    if (node.getAttribute('aria-busy') === 'true') return;
    node.setAttribute('aria-busy', 'true');
    await interact(ws, scope, element, element.value);
    node.removeAttribute('aria-busy');
  });
  return node;
}

function linkButton(ws, element, scope, properties) {
  const inside = ws.placeOf(properties.href);
  const onclick = (event) => {
    if (inside) event.preventDefault();
    if (inside) ws.show(inside);
    if (element.action_id) interact(ws, scope, element, element.value);
  };
  return h('a', { ...properties, target: '_blank', rel: 'noopener noreferrer', onclick }, words(element.text));
}

function select(ws, element, scope, block) {
  const initial = initialOf(element);
  const label = words(element.placeholder) || 'Choose';
  return picker(ws, {
    label,
    groups: groupsOf(ws, element),
    chosen: [initial].flat().filter(Boolean),
    multiple: takesSeveral(element),
    placeholder: label,
    attributes: { 'data-focus': focusKey(block, element) },
    onchange: (values) => interact(ws, scope, element, takesSeveral(element) ? values : values[0]),
  });
}

function overflow(ws, element, scope, block) {
  const entries = () => element.options.map((option) => ({ label: words(option.text), run: () => choose(option) }));
  const choose = (option) => {
    const href = option.url ? safeAddress(option.url) : null;
    if (href) window.open(href, '_blank', 'noopener');
    interact(ws, scope, element, option.value);
  };
  return menuButton(ws, {
    label: 'More actions',
    content: icon('more'),
    entries,
    focus: focusKey(block, element),
    cls: 'ws-button ws-button-icon',
  });
}

const MOMENTS = {
  datepicker: ['date', 'Date'],
  timepicker: ['time', 'Time'],
  datetimepicker: ['datetime-local', 'Date and time'],
};

function momentField(ws, element, scope, block) {
  const [type, label] = MOMENTS[element.type];
  const local = type === 'datetime-local';
  const value = local ? fromEpoch(initialOf(element)) : initialOf(element);
  const properties = {
    type,
    value,
    class: 'ws-field ws-field-inline',
    'aria-label': words(element.placeholder) || label,
    'data-focus': focusKey(block, element),
  };
  const field = h('input', properties);
  // A change is sent when the field is left or Enter is pressed: a date is half typed for a while.
  const send = () =>
    field.value &&
    field.value !== field.dataset.sent &&
    interact(ws, scope, element, local ? toEpoch(field.value) : field.value);
  field.addEventListener('blur', () => {
    if (field.value !== value) send();
    field.dataset.sent = field.value;
  });
  field.addEventListener('keydown', (event) => event.key === 'Enter' && field.blur());
  return field;
}

function ticks(ws, element, scope, block) {
  const type = element.type === 'checkboxes' ? 'checkbox' : 'radio';
  const name = focusKey(block, element);
  const chosen = [initialOf(element)].flat();
  const group = h('div', {
    class: 'ws-ticks',
    role: type === 'radio' ? 'radiogroup' : 'group',
    'aria-label': 'Options',
  });
  const send = () => {
    const values = [...group.querySelectorAll('input:checked')].map((input) => input.value);
    interact(ws, scope, element, type === 'checkbox' ? values : values[0]);
  };
  group.append(
    ...element.options.map((option) => {
      const input = h('input', {
        type,
        name,
        value: option.value,
        checked: chosen.includes(option.value),
        'data-focus': `${name}${option.value}`,
        onchange: send,
      });
      return h('label', { class: 'ws-tick' }, input, h('span', {}, inline(ws, words(option.text))));
    }),
  );
  return group;
}

function picture(ws, element) {
  return h('span', { class: 'ws-picture', role: 'img', 'aria-label': element.alt_text ?? 'Image' }, icon('file'));
}

const ELEMENTS = {
  button,
  overflow,
  image: picture,
  datepicker: momentField,
  timepicker: momentField,
  datetimepicker: momentField,
  radio_buttons: ticks,
  checkboxes: ticks,
};

/** The node of one element; a kind that we do not know says so. */
export function elementNode(ws, element, scope, block) {
  const build = ELEMENTS[element.type] ?? (element.type.endsWith('_select') ? select : null);
  return build ? build(ws, element, scope, block) : h('span', { class: 'ws-unknown' }, `(${element.type})`);
}
