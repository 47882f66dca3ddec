// What was promised, and what was kept: the promises of every incident, as the bot's own API tells them.

import { day, h, put, span } from './dom.js';

const CLOCKS = {
  acknowledge: 'Acknowledged',
  mitigate: 'First mitigation',
  update: 'Status update',
  resolve: 'Resolved',
  commander: 'Commander named',
  'technical-lead': 'Technical lead named',
  communications: 'Communications lead named',
  tenants: 'Tenants told',
  ticket: 'Ticket',
  report: 'First report',
  meeting: 'Meeting',
  postmortem: 'Write-up',
};

/** How a promise stands at a moment: {word, kind, more}. */
export function standing(promise, now) {
  const due = Date.parse(promise.due_at);
  if (promise.kept_at !== null) {
    const early = due - Date.parse(promise.kept_at);
    return early >= 0 ? { word: 'kept', kind: 'ok', more: `${span(early)} early` } : { word: 'missed', kind: 'bad', more: `${span(early)} late` };
  }
  if (promise.missed_at !== null) return { word: 'missed', kind: 'bad', more: promise.withdrawn_at ? '' : 'still owed' };
  if (promise.withdrawn_at !== null) return { word: 'no longer owed', kind: 'plain', more: '' };
  const left = due - now;
  if (left < 0) return { word: 'overdue', kind: 'bad', more: span(left) };
  return { word: `in ${span(left)}`, kind: left < 120_000 ? 'warn' : 'plain', more: '' };
}

function row(promise, now) {
  const how = standing(promise, now);
  return h(
    `li.promise.${how.kind}`,
    {},
    h('span.promise-name', {}, CLOCKS[promise.clock] ?? promise.clock),
    h('span.promise-due', {}, `by ${day(promise.due_at, now)}`),
    h(`span.pill.${how.kind}`, {}, how.word),
    h('span.promise-more', {}, how.more),
  );
}

function incident(one, now) {
  const kept = one.promises.filter((promise) => standing(promise, now).word === 'kept').length;
  const missed = one.promises.filter((promise) => standing(promise, now).kind === 'bad').length;
  return h(
    'div.promised',
    {},
    h('h3', {}, h('span.reference', {}, one.reference), ` ${one.severity} ${one.status}`),
    h('p.promised-title', {}, one.title),
    one.promises.length > 0
      ? h('ul', {}, one.promises.map((promise) => row(promise, now)))
      : h('p.empty', {}, 'This severity promises nothing.'),
    one.promises.length > 0 ? h('p.promised-sum', {}, `${kept} kept, ${missed} missed`) : null,
  );
}

/** Mounts the promises into a place; the time that is left is counted down there. */
export function mountPromises(root, store) {
  root.classList.add('card', 'promises');
  const body = h('div.promises-body', { tabindex: '0', role: 'region', 'aria-label': 'Promises and their outcomes' });
  root.append(h('h2.heading', {}, 'Promised, and kept'), body);
  const show = () => {
    if (store.state === null) return;
    const now = store.now();
    const listed = [...store.incidents].sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at));
    const nothing = h('p.empty', {}, 'No incident yet. Each one starts clocks that its policy promised; this is where they are held to them.');
    put(body, listed.length > 0 ? listed.map((one) => incident(one, now)) : nothing);
  };
  store.subscribe(show);
  setInterval(show, 1000);
}
