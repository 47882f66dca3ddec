// Standard Markdown, as in the `markdown` block and in a file, as DOM nodes; comments are left out.

import { h } from '../dom.js';
import { link } from './mrkdwn.js';

const INLINE =
  /\\([\\`*_[\]|~#$+=.)-])|(`[^`]+`)|(\*\*[^*]+\*\*|__[^_]+__)|(\*[^*\s][^*]*\*|_[^_\s][^_]*_)|(~~[^~]+~~)|\[([^\]]+)\]\(([^)\s]+)\)|<(https?:\/\/[^\s>]+)>|(https?:\/\/[^\s<>)]+)/;
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

function plain(text) {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);
}

function spans(ws, text) {
  const match = INLINE.exec(text);
  if (!match) return text ? [plain(text)] : [];
  const [whole, escaped, code, strong, em, strike, label, address, angled, bare] = match;
  const before = text.slice(0, match.index);
  return [...(before ? [plain(before)] : []), span(), ...spans(ws, text.slice(match.index + whole.length))];

  function span() {
    if (escaped) return escaped;
    if (code) return h('code', { class: 'ws-code' }, code.slice(1, -1));
    if (strong) return h('strong', {}, spans(ws, strong.slice(2, -2)));
    if (em) return h('em', {}, spans(ws, em.slice(1, -1)));
    if (strike) return h('s', {}, spans(ws, strike.slice(2, -2)));
    return address ? link(ws, address, label) : link(ws, plain(angled ?? bare));
  }
}

/** Each kind of block: how its first line looks, which lines go on with it, and what it becomes. */
const KINDS = [
  {
    first: /^#{1,6}\s+/,
    more: null,
    build: (ws, lines) =>
      h('div', { class: `ws-heading ws-heading-${lines[0].indexOf(' ')}`, role: 'heading', 'aria-level': '3' }, spans(ws, lines[0].replace(/^#+\s+/, ''))),
  },
  { first: /^<!--.*-->\s*$/, more: null, build: () => null },
  { first: /^\|.*\|\s*$/, more: /^\|.*\|\s*$/, build: table },
  { first: /^(-{3,}|\*{3,})\s*$/, more: null, build: () => h('hr', { class: 'ws-rule' }) },
  {
    first: /^>\s?/,
    more: /^>\s?/,
    build: (ws, lines) =>
      h('blockquote', { class: 'ws-quote' }, spans(ws, lines.map((line) => line.replace(/^>\s?/, '')).join('\n'))),
  },
  { first: /^\s*[-*]\s+/, more: /^\s*[-*]\s+/, build: (ws, lines) => list(ws, 'ul', lines, /^\s*[-*]\s+/) },
  { first: /^\s*\d+[.)]\s+/, more: /^\s*\d+[.)]\s+/, build: (ws, lines) => list(ws, 'ol', lines, /^\s*\d+[.)]\s+/) },
];

function list(ws, tag, lines, mark) {
  return h(
    tag,
    { class: 'ws-list' },
    lines.map((line) => h('li', {}, spans(ws, line.replace(mark, '')))),
  );
}

function table(ws, lines) {
  const [head, ...rows] = lines
    .filter((line) => !/^\|[\s:|-]+\|\s*$/.test(line))
    .map((line) => line.trim().slice(1, -1).split(/(?<!\\)\|/));
  const cells = (tag, row) => row.map((cell) => h(tag, tag === 'th' ? { scope: 'col' } : {}, spans(ws, cell.trim())));
  const body = rows.map((row) => h('tr', {}, cells('td', row)));
  return h(
    'div',
    { class: 'ws-table-box', tabindex: '0', role: 'group', 'aria-label': 'Table' },
    h('table', { class: 'ws-table' }, h('thead', {}, h('tr', {}, cells('th', head))), h('tbody', {}, body)),
  );
}

function take(lines, kind) {
  let count = 1;
  while (kind.more && count < lines.length && kind.more.test(lines[count])) count += 1;
  return lines.slice(0, count);
}

function prose(lines) {
  const end = lines.findIndex(
    (line, place) => place > 0 && (!line.trim() || KINDS.some((kind) => kind.first.test(line))),
  );
  return end < 0 ? lines : lines.slice(0, end);
}

function blocks(ws, text) {
  const nodes = [];
  let lines = text.split('\n');
  while (lines.length) {
    const kind = KINDS.find((one) => one.first.test(lines[0]));
    const taken = kind ? take(lines, kind) : prose(lines);
    const built = kind?.build(ws, taken);
    if (built) nodes.push(built);
    if (!kind && taken.join('').trim()) nodes.push(h('div', { class: 'ws-lines' }, spans(ws, taken.join('\n').trim())));
    lines = lines.slice(taken.length);
  }
  return nodes;
}

/** The nodes of a Markdown text. */
export function markdown(ws, text) {
  return text
    .split(/```[^\n]*\n?([\s\S]*?)```/)
    .flatMap((part, place) => (place % 2 ? [h('pre', { class: 'ws-pre' }, part)] : blocks(ws, part)));
}
