// The right column: the phone of everybody whom the bot can call, one at a time, whichever has news first.

import { arrowKeys, clock, h, put } from './dom.js';
import { showCalls, showRinging, liveCall } from './phone-calls.js';
import { mailsOf, showMail } from './phone-mail.js';
import { messagesOf, showMessages } from './phone-messages.js';

const APPS = [['messages', 'Messages'], ['calls', 'Calls'], ['mail', 'Mail']];

/** Everybody with a phone: the sandbox's phone book, and any other number that was ever called. */
function phonesOf(state, store) {
  const known = state.phone_book.map(({ number, user }) => ({ number, user, name: store.name(user) }));
  const numbers = new Set(known.map((phone) => phone.number));
  for (const one of [...state.phones, ...state.calls]) {
    const number = one.to.replace('whatsapp:', '');
    if (!numbers.has(number)) known.push({ number, user: null, name: number });
    numbers.add(number);
  }
  return known;
}

function newsOf(state, phone) {
  return {
    messages: messagesOf(state, phone.number).filter((one) => one.incoming).length,
    calls: state.calls.filter((call) => call.to === phone.number).length,
    mail: mailsOf(state, phone).length,
  };
}

class Phones {
  constructor(root, store) {
    this.store = store;
    this.number = null;
    this.app = 'messages';
    this.channel = 'sms';
    this.mail = null;
    this.seen = new Map();
    this.rung = new Set();
    this.known = null;
    this.tabs = h('div.people', { role: 'tablist', 'aria-label': 'Whose phone' });
    this.frame = h('div.phone', { role: 'tabpanel', id: 'phone-panel' });
    root.append(h('div.phones-head', {}, h('h2.heading', {}, 'Phones of the people on call'), this.tabs), this.frame);
    arrowKeys(this.tabs);
    store.subscribe(() => this.show());
  }

  show() {
    const { state } = this.store;
    const phones = phonesOf(state, this.store);
    if (phones.length === 0) {
      put(this.frame, h('p.placeholder', {}, 'Nobody of the policy has a phone.'));
      return;
    }
    if (this.number === null) this.turnTo(phones[0].number);
    this.follow(phones, state);
    const current = phones.find((phone) => phone.number === this.number) ?? phones[0];
    this.seen.set(`${current.number}:${this.app}`, newsOf(state, current)[this.app]);
    put(this.tabs, phones.map((phone) => this.tab(phone, state)));
    this.showPhone(current, state);
  }

  /** Turns to the phone that has news, unless the visitor is writing on another one. */
  follow(phones, state) {
    const before = this.known;
    this.known = new Map(phones.map((phone) => [phone.number, newsOf(state, phone)]));
    const ringing = phones.find((phone) => this.beginsToRing(liveCall(state, phone.number)));
    if (before === null) phones.forEach((phone) => this.sawAll(phone.number));
    const writing = this.frame.querySelector('input')?.value;
    if (ringing !== undefined && liveCall(state, this.number) === undefined) this.number = ringing.number;
    if (before === null || writing) return;
    for (const phone of phones) {
      const news = this.known.get(phone.number);
      const old = before.get(phone.number) ?? { messages: 0, calls: 0, mail: 0 };
      const app = APPS.map(([name]) => name).find((name) => news[name] > old[name]);
      if (app === undefined || app === 'calls' || liveCall(state, this.number) !== undefined) continue;
      this.turnTo(phone.number);
      this.app = app;
      return;
    }
  }

  /** Whether a call has begun since the page was last drawn; whoever turns to another phone then is left there. */
  beginsToRing(call) {
    if (call?.state !== 'ringing' || this.rung.has(call.sid)) return false;
    this.rung.add(call.sid);
    return true;
  }

  /** What lay there before the page was opened is no news. */
  sawAll(number) {
    for (const [app, count] of Object.entries(this.known.get(number))) this.seen.set(`${number}:${app}`, count);
  }

  unread(phone, state, app) {
    return newsOf(state, phone)[app] - (this.seen.get(`${phone.number}:${app}`) ?? 0);
  }

  tab(phone, state) {
    const count = APPS.reduce((sum, [app]) => sum + this.unread(phone, state, app), 0);
    const call = liveCall(state, phone.number);
    const chosen = phone.number === this.number;
    const attributes = {
      type: 'button',
      role: 'tab',
      'aria-selected': String(chosen),
      'aria-controls': 'phone-panel',
      tabindex: chosen ? '0' : '-1',
      'data-keep': `phone-${phone.number}`,
      onclick: () => this.choose(phone.number),
    };
    return h(
      `button.person${call?.state === 'ringing' ? '.ringing' : ''}`,
      attributes,
      h('span.avatar', { 'aria-hidden': 'true' }, phone.name.replace('+', '').slice(0, 1)),
      h('span', {}, phone.name),
      count > 0 ? h('span.badge', {}, String(count), h('span.visually-hidden', {}, ' unread')) : null,
    );
  }

  turnTo(number) {
    this.number = number;
    this.mail = null;
    this.channel = messagesOf(this.store.state, number).at(-1)?.channel ?? 'sms';
  }

  choose(number) {
    this.turnTo(number);
    this.show();
  }

  open(app) {
    this.app = app;
    this.mail = null;
    this.show();
  }

  showPhone(phone, state) {
    this.frame.setAttribute('aria-label', `${phone.name}'s phone`);
    const call = liveCall(state, phone.number);
    const bar = h('div.phone-bar', {}, h('span', {}, clock(this.store.now())), h('span', {}, phone.number));
    const screen = call ? showRinging(this.store, call) : this.screen(phone, state);
    const changed = put(this.frame, bar, screen, call ? null : this.dock(phone, state));
    const thread = this.frame.querySelector('.thread');
    if (changed && thread) thread.scrollTop = thread.scrollHeight;
  }

  screen(phone, state) {
    if (this.app === 'calls') return showCalls(state, phone);
    if (this.app === 'mail') {
      return showMail(state, phone, this.mail, (id) => {
        this.mail = id;
        this.show();
      });
    }
    return showMessages(this.store, phone, this.channel, (channel) => {
      this.channel = channel;
      this.show();
    });
  }

  dock(phone, state) {
    const tabs = APPS.map(([app, name]) => {
      const count = this.unread(phone, state, app);
      const attributes = { type: 'button', 'aria-pressed': String(app === this.app), 'data-keep': `app-${app}`, onclick: () => this.open(app) };
      return h('button.app', attributes, name, count > 0 ? h('span.badge', {}, String(count)) : null);
    });
    return h('div.dock', { role: 'group', 'aria-label': 'Apps' }, tabs);
  }
}

/** Mounts the phones into a place. */
export function mountPhones(root, store) {
  return new Phones(root, store);
}
