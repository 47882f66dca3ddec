// `rich_text` blocks as DOM nodes.

import { h } from '../dom.js';
import { emoji } from './emoji.js';
import { channelMention, link, userMention } from './mrkdwn.js';
import { formatDate } from './times.js';

const STYLES = { bold: 'strong', italic: 'em', strike: 's', underline: 'u', code: 'code' };

const LEAVES = {
  text: (ws, leaf) => leaf.text,
  link: (ws, leaf) => link(ws, leaf.url, leaf.text || leaf.url),
  user: (ws, leaf) => userMention(ws, leaf.user_id, ''),
  channel: (ws, leaf) => channelMention(ws, leaf.channel_id, ''),
  usergroup: (ws, leaf) => h('span', { class: 'ws-mention' }, `@${leaf.usergroup_id}`),
  broadcast: (ws, leaf) => h('span', { class: 'ws-mention ws-mention-me' }, `@${leaf.range}`),
  emoji: (ws, leaf) => emoji(leaf.name) ?? `:${leaf.name}:`,
  date: (ws, leaf) => formatDate(leaf.timestamp, leaf.format ?? '{date} {time}', ws.now()) ?? leaf.fallback ?? '',
  color: (ws, leaf) => leaf.value,
};

function leafNode(ws, leaf) {
  const bare = LEAVES[leaf.type]?.(ws, leaf) ?? '';
  return Object.entries(STYLES).reduce(
    (node, [name, tag]) => (leaf.style?.[name] ? h(tag, tag === 'code' ? { class: 'ws-code' } : {}, node) : node),
    bare,
  );
}

const leaves = (ws, element) => (element.elements ?? []).map((leaf) => leafNode(ws, leaf));

const PARTS = {
  rich_text_section: (ws, part) => h('div', { class: 'ws-lines' }, leaves(ws, part)),
  rich_text_preformatted: (ws, part) => h('pre', { class: 'ws-pre' }, leaves(ws, part)),
  rich_text_quote: (ws, part) => h('blockquote', { class: 'ws-quote' }, leaves(ws, part)),
  rich_text_list: (ws, part) =>
    h(
      part.style === 'ordered' ? 'ol' : 'ul',
      { class: `ws-list ws-indent-${part.indent ?? 0}` },
      (part.elements ?? []).map((item) => h('li', {}, leaves(ws, item))),
    ),
};

/** The nodes of a rich_text block. */
export function richText(ws, block) {
  return (block.elements ?? []).map((part) => PARTS[part.type]?.(ws, part)).filter(Boolean);
}
