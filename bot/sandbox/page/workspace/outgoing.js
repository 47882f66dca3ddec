// What somebody types, with mentions and links as Slack marks them, and back. The sandbox escapes what is left.

import { unescaped } from './mrkdwn.js';

const NAMED = /(^|[\s(])@([a-z0-9._-]*[a-z0-9])/gi;
const CHANNEL = /(^|[\s(])#([a-z0-9_-]+)/g;
const ADDRESS = /https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)]/g;
const CODE = /(```[\s\S]*?```|`[^`\n]+`)/;
const EVERYBODY = new Set(['channel', 'here', 'everyone']);

function mention(ws, name, labelled) {
  const user = ws.directory.users.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!user) return null;
  return labelled ? `<@${user.id}|${user.name}>` : `<@${user.id}>`;
}

function channelMention(ws, name) {
  const channel = ws.directory.channels.find((one) => one.name === name && !one.is_im);
  return channel ? `<#${channel.id}|${channel.name}>` : null;
}

function marked(ws, text, command) {
  const broadcast = (name) => (!command && EVERYBODY.has(name) ? `<!${name}>` : null);
  const named = text
    .replace(NAMED, (whole, before, name) => before + (mention(ws, name, command) ?? broadcast(name) ?? `@${name}`))
    .replace(CHANNEL, (whole, before, name) => before + (channelMention(ws, name) ?? `#${name}`));
  return command ? named : named.replace(ADDRESS, (address) => `<${address}>`);
}

/**
 * The text as it reaches the app; in a command mentions carry the name too, and nobody is called by @channel.
 * Code stays as it was typed.
 */
export function outgoing(ws, text, command = false) {
  const parts = text.split(CODE);
  return parts.map((part, place) => (place % 2 ? part : marked(ws, part, command))).join('');
}

/** A message's text as its author would type it again. */
export function typedAgain(ws, text) {
  const plain = text
    .replace(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g, (whole, id) => `@${ws.directory.user(id).name}`)
    .replace(/<#(C[A-Z0-9]+)(?:\|([^>]*))?>/g, (whole, id, name) => `#${ws.directory.channel(id)?.name ?? name}`)
    .replace(/<!(channel|here|everyone)>/g, '@$1')
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, '$1');
  return unescaped(plain);
}
