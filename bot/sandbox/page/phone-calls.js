// Calls: one that rings takes the whole screen; the ones that are over are listed with what the voice said.

import { clock, h } from './dom.js';

const LIVE = ['ringing', 'answered'];
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const ENDS = { completed: 'Answered', 'no-answer': 'Missed', busy: 'Declined', failed: 'Not connected', canceled: 'Missed' };

/** The call that a number has at this moment; undefined when there is none. */
export function liveCall(state, number) {
  return state.calls.find((call) => call.to === number && LIVE.includes(call.state));
}

export function showRinging(store, call) {
  const act = (name, more = {}) => store.attempt({ do: name, sid: call.sid, ...more });
  const answered = call.state === 'answered';
  return h(
    `div.call${answered ? '.answered' : '.ringing'}`,
    { role: 'alert' },
    h('span.call-avatar', { 'aria-hidden': 'true' }, 'M'),
    h('p.call-name', {}, 'Muster'),
    h('p.call-state', {}, answered ? 'connected' : 'is calling'),
    answered ? talk(call) : null,
    answered ? keypad(act, call.waits_for_key) : choices(act),
  );
}

function choices(act) {
  return h(
    'div.call-choices',
    {},
    h('button.button.accept', { type: 'button', onclick: () => act('answer', { by: 'human' }) }, 'Answer'),
    h('button.button.decline', { type: 'button', onclick: () => act('busy') }, 'Decline'),
    h('button.button.quiet', { type: 'button', onclick: () => act('answer', { by: 'machine_start' }) }, 'Let voicemail take it'),
    h('button.button.quiet', { type: 'button', onclick: () => act('no_answer') }, 'Let it ring out'),
  );
}

function talk(call) {
  const lines = call.said.length > 0 ? call.said : ['…'];
  const attributes = { 'aria-label': 'What the voice says', tabindex: '0', role: 'log', 'data-keep': 'said' };
  return h('div.said', attributes, lines.map((line) => h('p', {}, line)));
}

function keypad(act, waits) {
  const keys = KEYS.map((key) => h('button.key', { type: 'button', 'data-keep': `key-${key}`, onclick: () => act('press', { digits: key }) }, key));
  const hangUp = h('button.button.decline', { type: 'button', onclick: () => act('hang_up') }, 'Hang up');
  const stay = waits ? h('button.button.quiet.small', { type: 'button', onclick: () => act('silence') }, 'Say nothing') : null;
  return h('div.call-pad', {}, h('div.keypad', { role: 'group', 'aria-label': 'Keypad' }, keys), stay, hangUp);
}

export function showCalls(state, phone) {
  const calls = state.calls.filter((call) => call.to === phone.number).reverse();
  if (calls.length === 0) return h('div.list', {}, h('p.empty', {}, 'No calls.'));
  const rows = calls.map((call) => {
    const machine = call.answered_by?.startsWith('machine');
    const end = machine ? 'Voicemail' : (ENDS[call.state] ?? call.state);
    const missed = end !== 'Answered';
    const said = call.said.map((line) => h('p.call-said', {}, line));
    return h('li', {}, h('div.row', {}, h('strong', {}, 'Muster'), h(`span.pill.${missed ? 'bad' : 'ok'}`, {}, end), h('span.when', {}, clock(call.at))), said);
  });
  return h('div.list', { tabindex: '0', role: 'region', 'aria-label': 'Calls', 'data-keep': 'calls' }, h('ul', {}, rows));
}
