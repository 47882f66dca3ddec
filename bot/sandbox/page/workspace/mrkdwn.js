// Slack's mrkdwn as DOM nodes. Text becomes text nodes and links are checked, so that no message can smuggle markup in.

import { h } from '../dom.js';
import { emoji } from './emoji.js';
import { formatDate } from './times.js';

const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const STYLES = { '*': 'strong', _: 'em', '~': 's' };
const BROADCASTS = new Set(['channel', 'here', 'everyone']);

/** Slack's three escapes taken back. */
export function unescaped(text) {
  return text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/** The address, when it is one that a message may link to; else null. */
export function safeAddress(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link out of a message; one to a message or channel of this workspace goes there instead. */
export function link(ws, address, label = address) {
  const href = safeAddress(address);
  if (href === null) return document.createTextNode(label);
  const inside = ws.placeOf(href);
  const go = (event) => {
    event.preventDefault();
    ws.show(inside);
  };
  return h(
    'a',
    { href, target: '_blank', rel: 'noopener noreferrer', class: 'ws-link', ...(inside && { onclick: go }) },
    label,
  );
}

/** `@Ana`, marked when it is the visitor. */
export function userMention(ws, id, label) {
  const mine = id === ws.store.person;
  return h(
    'span',
    { class: mine ? 'ws-mention ws-mention-me' : 'ws-mention' },
    `@${ws.directory.known(id) ? ws.directory.name(id) : label || id}`,
  );
}

/** `#incidents`, which opens the channel. */
export function channelMention(ws, id, label) {
  const channel = ws.directory.channel(id);
  if (!channel) return h('span', { class: 'ws-mention' }, `#${label || 'private channel'}`);
  return h(
    'button',
    {
      type: 'button',
      class: 'ws-mention ws-mention-channel',
      'data-focus': `channel-${id}`,
      onclick: () => ws.show({ channel: id }),
    },
    `#${channel.name}`,
  );
}

function special(ws, body, label) {
  const [kind, ...rest] = body.split('^');
  if (BROADCASTS.has(kind)) return h('span', { class: 'ws-mention ws-mention-me' }, `@${kind}`);
  if (kind === 'subteam')
    return h('span', { class: 'ws-mention' }, label ? `@${label.replace(/^@/, '')}` : `@${rest[0] ?? 'group'}`);
  if (kind !== 'date') return document.createTextNode(label || `<!${body}>`);
  const [stamp, pattern = '{date} {time}', address] = rest;
  const shown = formatDate(stamp, pattern, ws.now()) ?? label ?? '';
  return address
    ? link(ws, address, shown)
    : h('time', { datetime: new Date(Number(stamp) * 1000 || 0).toISOString() }, shown);
}

function angled(ws, inside) {
  const bar = inside.indexOf('|');
  const target = unescaped(bar < 0 ? inside : inside.slice(0, bar));
  const label = bar < 0 ? '' : unescaped(inside.slice(bar + 1));
  if (/^@[UW][A-Z0-9]+$/.test(target)) return userMention(ws, target.slice(1), label);
  if (/^#C[A-Z0-9]+$/.test(target)) return channelMention(ws, target.slice(1), label);
  if (target.startsWith('!')) return special(ws, target.slice(1), label);
  if (safeAddress(target)) return link(ws, target, label || target.replace(/^mailto:/, ''));
  return document.createTextNode(unescaped(`<${inside}>`));
}

/** The length of a styled run that begins at `start`, or 0: its marks hug the words, and no word goes on outside them. */
function runLength(text, start) {
  const mark = text[start];
  const before = text[start - 1] ?? ' ';
  if (/[\p{L}\p{N}]/u.test(before) || /\s/.test(text[start + 1] ?? ' ') || text[start + 1] === mark) return 0;
  for (let end = text.indexOf(mark, start + 1); end > 0; end = text.indexOf(mark, end + 1)) {
    if (text.slice(start, end).includes('\n')) return 0;
    if (!/\s/.test(text[end - 1]) && !/[\p{L}\p{N}]/u.test(text[end + 1] ?? ' ')) return end - start + 1;
  }
  return 0;
}

function token(ws, text, at, verbatim) {
  const rest = text.slice(at);
  const code = /^`([^`\n]+)`/.exec(rest);
  if (code) return [h('code', { class: 'ws-code' }, unescaped(code[1])), code[0].length];
  const angle = /^<([^<>\n]+)>/.exec(rest);
  if (angle) return [angled(ws, angle[1]), angle[0].length];
  const named = /^:([a-z0-9_+-]+):/.exec(rest);
  if (named && emoji(named[1])) return [document.createTextNode(emoji(named[1])), named[0].length];
  const bare = verbatim ? null : /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)]/.exec(rest);
  if (bare) return [link(ws, unescaped(bare[0])), bare[0].length];
  const length = Object.hasOwn(STYLES, text[at]) ? runLength(text, at) : 0;
  if (length) return [h(STYLES[text[at]], {}, inline(ws, text.slice(at + 1, at + length - 1), verbatim)), length];
  return null;
}

/** The nodes of one or more lines without block marks. */
export function inline(ws, text, verbatim = false) {
  const nodes = [];
  let plain = '';
  for (let at = 0; at < text.length;) {
    const found = /[`<:*_~h]/.test(text[at]) ? token(ws, text, at, verbatim) : null;
    if (found === null) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(unescaped(plain));
    plain = '';
    nodes.push(found[0]);
    at += found[1];
  }
  return plain ? [...nodes, unescaped(plain)] : nodes;
}

const QUOTED = /^(?:&gt;|>)\s?/;

function paragraphs(ws, text, verbatim) {
  const groups = [];
  for (const line of text.split('\n')) {
    const quoted = QUOTED.test(line);
    const last = groups.at(-1);
    const words = quoted ? line.replace(QUOTED, '') : line;
    if (last && last.quoted === quoted) last.lines.push(words);
    else groups.push({ quoted, lines: [words] });
  }
  const shown = groups.filter(
    (group) => group.quoted || group.lines.some((line) => line.trim()) || groups.length === 1,
  );
  return shown.map(({ quoted, lines }) =>
    h(
      quoted ? 'blockquote' : 'div',
      { class: quoted ? 'ws-quote' : 'ws-lines' },
      inline(ws, lines.join('\n'), verbatim),
    ),
  );
}

/** The nodes of a mrkdwn text: paragraphs, quotes and preformatted blocks. */
export function mrkdwn(ws, text, { verbatim = false } = {}) {
  const parts = String(text ?? '').split(/```\n?([\s\S]*?)\n?```/);
  return parts.flatMap((part, place) => {
    if (place % 2) return [h('pre', { class: 'ws-pre' }, unescaped(part))];
    const trimmed = parts.length > 1 ? part.replace(/^\n|\n$/g, '') : part;
    return trimmed ? paragraphs(ws, trimmed, verbatim) : [];
  });
}
