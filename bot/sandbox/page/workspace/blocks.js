// Block Kit as DOM nodes, for messages, modals and the App Home.

import { h } from '../dom.js';
import { words } from './choices.js';
import { elementNode } from './elements.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { link, mrkdwn, safeAddress } from './mrkdwn.js';
import { richText } from './richtext.js';

/** A text object: mrkdwn is parsed, plain text is taken literally. */
export function textNodes(ws, text) {
  if (!text) return [];
  if (text.type === 'mrkdwn') return mrkdwn(ws, text.text, { verbatim: text.verbatim === true });
  return [h('div', { class: 'ws-lines' }, words(text))];
}

function section(ws, block, scope) {
  const text = h('div', { class: 'ws-section-text' }, textNodes(ws, block.text));
  const fields = block.fields
    ? h(
        'div',
        { class: 'ws-fields' },
        block.fields.map((field) => h('div', { class: 'ws-field-cell' }, textNodes(ws, field))),
      )
    : null;
  const accessory = block.accessory
    ? h('div', { class: 'ws-accessory' }, elementNode(ws, block.accessory, scope, block))
    : null;
  return h(
    'div',
    { class: 'ws-section' },
    h('div', { class: 'ws-section-main' }, block.text ? text : null, fields),
    accessory,
  );
}

function context(ws, block, scope) {
  const part = (element) =>
    element.type === 'image'
      ? elementNode(ws, element, scope, block)
      : h('span', { class: 'ws-context-part' }, textNodes(ws, element));
  return h('div', { class: 'ws-context' }, block.elements.map(part));
}

function actions(ws, block, scope) {
  return h(
    'div',
    { class: 'ws-actions' },
    block.elements.map((element) => elementNode(ws, element, scope, block)),
  );
}

/** Pictures from elsewhere are not loaded: the page asks nothing of the outside. Their words and their address are shown. */
function image(ws, block) {
  const title = block.title ? h('figcaption', { class: 'ws-figure-title' }, words(block.title)) : null;
  const address =
    block.image_url && safeAddress(block.image_url) ? link(ws, block.image_url, 'Open the picture') : null;
  return h(
    'figure',
    { class: 'ws-figure' },
    title,
    h('div', { class: 'ws-figure-box' }, icon('file'), h('span', {}, block.alt_text ?? 'Picture'), address),
  );
}

function table(ws, block) {
  const cell = (tag, given) =>
    h(tag, {}, given?.type === 'rich_text' ? richText(ws, given) : String(given?.text ?? ''));
  const rows = (block.rows ?? []).map((row, place) =>
    h(
      'tr',
      {},
      row.map((given) => cell(place ? 'td' : 'th', given)),
    ),
  );
  return h(
    'div',
    { class: 'ws-table-box', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    h('table', { class: 'ws-table' }, h('tbody', {}, rows)),
  );
}

const BLOCKS = {
  section,
  context,
  actions,
  image,
  table,
  divider: () => h('hr', { class: 'ws-rule' }),
  header: (ws, block) => h('div', { class: 'ws-header', role: 'heading', 'aria-level': '3' }, words(block.text)),
  rich_text: (ws, block) => h('div', { class: 'ws-rich' }, richText(ws, block)),
  markdown: (ws, block) => h('div', { class: 'ws-rich' }, markdown(ws, block.text)),
};

/** The nodes of a list of blocks; `scope` says where they stand, `input` builds an input block (only forms have them). */
export function blockNodes(ws, blocks, scope, input = null) {
  return blocks.map((block) => {
    if (block.type === 'input' && input) return input(block);
    const build = BLOCKS[block.type];
    return build ? build(ws, block, scope) : h('div', { class: 'ws-unknown' }, `(${block.type})`);
  });
}
