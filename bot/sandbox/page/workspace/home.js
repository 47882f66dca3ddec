// The bot's App Home, as it was published for the person whom the visitor is.

import { h } from '../dom.js';
import { blockNodes } from './blocks.js';
import { redraw } from './draw.js';

export class Home {
  constructor(ws) {
    this.ws = ws;
    this.node = h('div', { class: 'ws-home', tabindex: '0', role: 'region', 'aria-label': 'Home of Muster' });
    this.asked = '';
    this.problem = '';
  }

  update() {
    const { store } = this.ws;
    const home = store.state.homes?.[store.person];
    const body = home?.body ?? home;
    redraw(this.node, [store.person, body?.blocks, this.problem], () =>
      body ? h('div', { class: 'ws-home-page' }, blockNodes(this.ws, body.blocks, { home: true })) : this._waiting(),
    );
  }

  _waiting() {
    return h('p', { class: 'ws-nothing' }, this.problem || 'One moment…');
  }

  /** Tells the bot that somebody looks at a tab of the App, as Slack does each time. */
  async opened(tab) {
    const { store } = this.ws;
    this.problem = '';
    try {
      await store.act({ do: 'open_home', user: store.person, tab });
      if (!store.state.homes?.[store.person]) this.problem = 'Muster has not published a Home yet.';
    } catch (error) {
      this.problem = error.message;
    }
    this.ws.changed();
  }
}
