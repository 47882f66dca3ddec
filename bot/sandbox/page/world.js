// Below: the outside world. Alerts fire and end, time passes, Slack and the phone network go down and come back.

import { ALERTS, alertBody } from './alerts.js';
import { clock, h, put, span } from './dom.js';

const PEERS = [
  ['slack', 'Slack', 'Phones still ring, and Slack is filled in when it is back.'],
  ['twilio', 'Phone network', 'Pages wait and are sent again until they arrive.'],
];
const SPEEDS = [[0, 'Pause'], [1, '×1'], [60, '×60']];

class World {
  constructor(root, store) {
    this.store = store;
    this.busy = false;
    this.alerts = h('section.world-part.alerts', { 'aria-label': 'Monitors' });
    this.clock = h('section.world-part.clock', { 'aria-label': 'Clock' });
    this.nets = h('section.world-part.networks', { 'aria-label': 'Networks' });
    this.time = h('time.world-time', { 'aria-label': 'Workspace time' });
    root.append(this.alerts, this.clock, this.nets);
    store.subscribe(() => this.show());
    setInterval(() => this.tick(), 250);
  }

  show() {
    put(this.alerts, h('h2.heading', {}, 'Monitors'), h('ul.alert-list', {}, ALERTS.map((alert) => this.alert(alert))));
    this.showClock();
    put(this.nets, h('h2.heading', {}, 'Networks'), h('ul.network-list', {}, PEERS.map((peer) => this.network(...peer))));
    this.tick();
  }

  alert(alert) {
    const since = this.store.state.firing[alert.fingerprint];
    const button = since
      ? h('button.button.small', { type: 'button', 'data-keep': alert.id, onclick: () => this.post(alert, false) }, 'Resolve')
      : h('button.button.small.primary', { type: 'button', 'data-keep': alert.id, onclick: () => this.post(alert, true) }, 'Fire');
    const state = since ? h('span.pill.bad', {}, `firing since ${clock(since)}`) : h('span.pill.plain', {}, alert.severity);
    return h(
      `li.alert${since ? '.firing' : ''}`,
      { title: alert.detail },
      h('div.alert-words', {}, h('strong', {}, alert.title), state),
      h('span.visually-hidden', { id: `alert-${alert.id}` }, alert.title),
      button,
    );
  }

  post(alert, fires) {
    const now = new Date(this.store.now()).toISOString();
    const since = this.store.state.firing[alert.fingerprint];
    return this.store.attempt({ do: 'alert', source: 'prometheus', body: fires ? alertBody(alert, now) : alertBody(alert, since, now) });
  }

  showClock() {
    const { speed } = this.store.state;
    const speeds = SPEEDS.map(([value, name]) =>
      h('button.button.small', { type: 'button', 'aria-pressed': String(speed === value), 'data-keep': `speed-${value}`, onclick: () => this.store.attempt({ do: 'speed', speed: value }) }, name),
    );
    const jump = h('button.button.small', { type: 'button', 'data-keep': 'jump', disabled: this.busy, onclick: () => this.jump(300) }, this.busy ? '…' : '+5 min');
    const head = h('h2.heading', {}, 'Workspace time');
    const place = h('div.clock-face', { 'data-part': 'face' });
    put(this.clock, head, place, h('div.buttons', { role: 'group', 'aria-label': 'Move the clock' }, speeds, jump));
    this.clock.querySelector('[data-part=face]').replaceChildren(this.time);
  }

  async jump(seconds) {
    this.busy = true;
    this.show();
    await this.store.attempt({ do: 'travel', seconds });
    this.busy = false;
    this.show();
  }

  tick() {
    if (this.store.state === null) return;
    const now = this.store.now();
    const shift = now - Date.now();
    this.time.textContent = clock(now, true);
    this.time.title = Math.abs(shift) > 2000 ? `${span(shift)} ahead of your clock` : 'the same as your clock';
  }

  network(peer, name, meaning) {
    const down = this.store.state.down.includes(peer);
    const act = () => this.store.attempt({ do: down ? 'up' : 'down', peer });
    return h(
      'li.network',
      { title: meaning },
      h('strong', {}, name),
      down ? h('span.pill.bad', {}, 'down') : h('span.pill.ok', {}, 'up'),
      h('button.button.small', { type: 'button', 'data-keep': peer, onclick: act }, down ? 'Bring back' : 'Take down'),
    );
  }
}

/** Mounts the outside world into a place. */
export function mountWorld(root, store) {
  return new World(root, store);
}
