// Texts: the thread of a number on one channel, and the field to answer in.

import { clock, h } from './dom.js';

const CODE = /\[(\S+) #(\d+)\]/;
const CHANNELS = { sms: 'SMS', whatsapp: 'WhatsApp' };
const LOST = ['undelivered', 'failed'];
const plain = (number) => number.replace('whatsapp:', '');

/** Everything on a phone in the order in which it came: {incoming, text, at, channel, lost}. */
export function messagesOf(state, number) {
  const found = [];
  const add = (one, incoming) => {
    if (plain(one.to ?? one.number) !== number) return;
    const lost = LOST.includes(one.status);
    found.push({ incoming: incoming && !lost, text: one.body ?? one.text, at: one.at ?? '', channel: one.channel ?? 'sms', lost });
  };
  state.phones.forEach((one) => add(one, true));
  state.replies.forEach((one) => add(one, false));
  state.answers.forEach((one) => add(one, true));
  const order = found.map((one, index) => [one, index]);
  const later = (moment) => (moment === '' ? Infinity : Date.parse(moment));
  order.sort(([a, i], [b, j]) => (later(a.at) === later(b.at) ? i - j : later(a.at) - later(b.at)));
  return order.map(([one]) => one);
}

/** The code of the newest text that has one, such as "7"; null when there is none. */
export function newestCode(state, number) {
  const texts = state.phones.filter((one) => plain(one.to) === number).map((one) => CODE.exec(one.body)?.[2] ?? null);
  return texts.filter((code) => code !== null).at(-1) ?? null;
}

/** The titles of the buttons under the newest WhatsApp message that has some. */
function buttonsOf(state, number) {
  const texts = state.phones.filter((one) => plain(one.to) === number && one.channel === 'whatsapp' && one.buttons?.length > 0);
  return (texts.at(-1)?.buttons ?? []).map(([title]) => title);
}

export function showMessages(store, phone, channel, choose) {
  const all = messagesOf(store.state, phone.number);
  const used = Object.keys(CHANNELS).filter((name) => name === 'sms' || all.some((one) => one.channel === name));
  const shown = used.includes(channel) ? channel : 'sms';
  const listed = all.filter((one) => one.channel === shown);
  return h('div.messages', {}, switcher(used, shown, choose), thread(listed, shown, phone), answerForm(store, phone, shown, listed.length > 0));
}

function switcher(used, shown, choose) {
  if (used.length < 2) return null;
  const buttons = used.map((name) =>
    h('button', { type: 'button', 'aria-pressed': String(name === shown), 'data-keep': `channel-${name}`, onclick: () => choose(name) }, CHANNELS[name]),
  );
  return h('div.segments', { role: 'group', 'aria-label': 'Which messages' }, buttons);
}

function thread(listed, channel, phone) {
  const attributes = { 'aria-label': `${CHANNELS[channel]} of ${phone.name}`, role: 'log', tabindex: '0', 'data-keep': 'thread' };
  const kind = `div.thread.${channel}`;
  if (listed.length === 0) return h(kind, attributes, h('p.empty', {}, 'No messages. When an incident needs this person, it rings here.'));
  return h(kind, attributes, listed.map(bubble));
}

function bubble(one) {
  const who = one.incoming || one.lost ? 'Muster' : 'You';
  const meta = one.lost ? 'not delivered' : one.at ? clock(one.at) : '';
  return h(
    `div.bubble.${one.incoming || one.lost ? 'theirs' : 'mine'}${one.lost ? '.lost' : ''}`,
    {},
    h('span.visually-hidden', {}, `${who}: `),
    h('p', {}, one.text),
    h('span.bubble-meta', {}, meta),
  );
}

function answerForm(store, phone, channel, started) {
  const newest = newestCode(store.state, phone.number);
  const told = store.state.replies.some((one) => one.number === phone.number && one.text.startsWith(newest));
  const code = told ? null : newest;
  const reply = (words) => store.attempt({ do: 'reply', number: phone.number, channel, ...words });
  const send = (text) => (text.trim() ? reply({ text: text.trim() }) : false);
  const input = h('input.field', { type: 'text', placeholder: 'Reply', 'aria-label': `Reply as ${phone.name}`, autocomplete: 'off', 'data-keep': 'reply' });
  const form = h('form.answer', {}, input, h('button.button.primary.small', { type: 'submit' }, 'Send'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value;
    input.value = '';
    send(text);
  });
  const titles = channel === 'whatsapp' ? buttonsOf(store.state, phone.number) : [];
  const quick = code === null || titles.length > 0 ? [] : [[code, `${code}: I have it`], [`${code}E`, `${code}E: escalate`]];
  const press = (label, onclick) => h('button.button.small', { type: 'button', 'data-keep': `quick-${label}`, onclick }, label);
  const buttons = [...titles.map((title) => press(title, () => reply({ button: title }))), ...quick.map(([text, label]) => press(label, () => send(text)))];
  return h('div.answer-area', {}, started && buttons.length > 0 ? h('div.quick', {}, buttons) : null, form);
}
