// The mailbox: a list, and one mail opened; of its HTML only words, structure and links are shown.

import { clock, h } from './dom.js';

const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;
const STRUCTURE = new Set(['P', 'BR', 'STRONG', 'B', 'EM', 'I', 'UL', 'OL', 'LI', 'H1', 'H2', 'H3', 'DIV', 'SPAN', 'BLOCKQUOTE', 'HR']);
const UNSEEN = new Set(['SCRIPT', 'STYLE', 'HEAD', 'TITLE', 'TEMPLATE', 'NOSCRIPT', 'IFRAME', 'OBJECT']);

/** The mails of a phone's owner, newest first. */
export function mailsOf(state, phone) {
  const address = state.users.find((user) => user.id === phone.user)?.email;
  if (!address) return [];
  return state.mail.filter((mail) => [mail.to].flat().includes(address)).reverse();
}

export function showMail(state, phone, id, open) {
  const mails = mailsOf(state, phone);
  const chosen = mails.find((mail) => mail.id === id);
  if (chosen) return reading(chosen, open);
  if (mails.length === 0) return h('div.list', {}, h('p.empty', {}, 'No mail.'));
  const rows = mails.map((mail) =>
    h('li', {}, h('button.mail-row', { type: 'button', 'data-keep': `mail-${mail.id}`, onclick: () => open(mail.id) }, h('span.row', {}, h('strong', {}, 'Muster'), h('span.when', {}, clock(mail.at))), h('span.subject', {}, mail.subject))),
  );
  return h('div.list', {}, h('ul', {}, rows));
}

function reading(mail, open) {
  return h(
    'article.mail',
    { tabindex: '0', 'data-keep': `reading-${mail.id}` },
    h('button.button.quiet.small', { type: 'button', onclick: () => open(null) }, '‹ Inbox'),
    h('h3', {}, mail.subject),
    h('p.when', {}, `${mail.sender}, ${clock(mail.at)}`),
    h('div.mail-body', {}, mail.html ? cleaned(mail.html) : linked(mail.text)),
  );
}

function anchor(address, words) {
  return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, words);
}

function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    parts.push(text.slice(end, match.index), anchor(match[0], match[0]));
    end = match.index + match[0].length;
  }
  return h('div.plain', {}, ...parts, text.slice(end));
}

function cleaned(html) {
  const body = new DOMParser().parseFromString(html, 'text/html').body;
  return h('div', {}, [...body.childNodes].map(copied));
}

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (node.nodeType !== Node.ELEMENT_NODE || UNSEEN.has(node.tagName)) return '';
  const children = [...node.childNodes].map(copied);
  const address = node.tagName === 'A' ? node.getAttribute('href') : null;
  if (address && /^(https?:|mailto:)/i.test(address)) return anchor(address, children);
  return h(STRUCTURE.has(node.tagName) ? node.tagName.toLowerCase() : 'div', {}, children);
}
