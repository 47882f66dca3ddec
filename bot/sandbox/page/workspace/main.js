// The middle of the workspace: a header, and under it a conversation or the App.

import { h } from '../dom.js';
import { Conversation } from './conversation.js';
import { redraw } from './draw.js';
import { Home } from './home.js';
import { icon } from './icons.js';
import { link, mrkdwn } from './mrkdwn.js';
import { avatar } from './person.js';

const TABS = [
  ['home', 'Home'],
  ['messages', 'Messages'],
];

export class Main {
  constructor(ws) {
    this.ws = ws;
    this.header = h('header', { class: 'ws-head' });
    this.marks = h('div', { class: 'ws-bookmarks' });
    this.conversation = new Conversation(ws);
    this.home = new Home(ws);
    this.silence = h('p', { class: 'ws-nothing', hidden: true }, 'Muster has not written to you yet.');
    this.node = h(
      'section',
      { class: 'ws-main', 'aria-label': 'Conversation' },
      this.header,
      this.marks,
      this.home.node,
      this.silence,
      this.conversation.node,
    );
    this.looked = '';
  }

  update() {
    const { ws } = this;
    const { screen } = ws;
    const channel = screen.app ? ws.directory.withBot(ws.store.person) : ws.directory.channel(screen.channel);
    const atHome = screen.app === 'home';
    this.home.node.hidden = !atHome;
    this.conversation.node.hidden = atHome || !channel;
    this.silence.hidden = atHome || Boolean(channel);
    if (screen.app) this._appHead(screen.app);
    else this._channelHead(channel);
    if (atHome) this.home.update();
    else if (channel) this.conversation.update(channel);
    this._tell(screen.app);
  }

  /** Each coming to a tab of the App is told to the bot once. */
  _tell(tab) {
    const looked = tab ? `${this.ws.store.person}/${tab}` : '';
    if (looked && looked !== this.looked) this.home.opened(tab);
    this.looked = looked;
  }

  _drawer() {
    return h(
      'button',
      {
        type: 'button',
        class: 'ws-icon-button ws-drawer-button',
        'aria-label': 'Conversations',
        'data-focus': 'drawer',
        onclick: () => this.ws.toggleDrawer(),
      },
      icon('menu'),
    );
  }

  _appHead(tab) {
    const { ws } = this;
    redraw(this.marks, [], () => []);
    this.marks.hidden = true;
    redraw(this.header, ['app', tab], () => {
      const title = h(
        'h2',
        { class: 'ws-title' },
        avatar(ws, ws.directory.bot.id, 'ws-avatar-small'),
        'Muster',
        h('span', { class: 'ws-app-badge' }, 'APP'),
      );
      const tabs = TABS.map(([name, label]) =>
        h(
          'button',
          {
            type: 'button',
            class: 'ws-tab',
            'aria-current': name === tab ? 'page' : null,
            'data-focus': `tab-${name}`,
            onclick: () => ws.show({ app: name }),
          },
          label,
        ),
      );
      return [
        h('div', { class: 'ws-head-row' }, this._drawer(), title),
        h('div', { class: 'ws-tabs', role: 'group', 'aria-label': 'Muster' }, tabs),
      ];
    });
  }

  _channelHead(channel) {
    const { ws } = this;
    const name = ws.directory.title(channel, ws.store.person);
    const { topic, members, pins, archived, is_private: hidden } = channel;
    redraw(this.header, [channel.id, name, topic, members, pins, archived, hidden], () =>
      this._channelHeadNodes(channel, name),
    );
    this.marks.hidden = !channel.bookmarks?.length;
    redraw(this.marks, [channel.id, channel.bookmarks], () =>
      (channel.bookmarks ?? []).map((mark) =>
        h('span', { class: 'ws-bookmark' }, icon('bookmark'), link(ws, mark.link, mark.title)),
      ),
    );
  }

  _channelHeadNodes(channel, name) {
    const { ws } = this;
    const sign = channel.is_im
      ? avatar(ws, ws.directory.partner(channel, ws.store.person), 'ws-avatar-small')
      : icon(channel.is_private ? 'lock' : 'hash');
    const title = h(
      'h2',
      { class: 'ws-title', title: name },
      sign,
      h('span', { class: 'ws-title-name' }, name),
      channel.archived ? h('span', { class: 'ws-tag' }, 'archived') : null,
    );
    const topic = channel.topic ? h('div', { class: 'ws-topic' }, mrkdwn(ws, channel.topic)) : null;
    const pins = this._opener('pins', 'pin', channel.pins?.length ?? 0, 'pinned');
    const members = channel.is_im ? null : this._opener('members', 'people', channel.members.length, 'members');
    return [
      h('div', { class: 'ws-head-row' }, this._drawer(), title, h('div', { class: 'ws-head-tools' }, pins, members)),
      topic,
    ];
  }

  _opener(list, sign, count, what) {
    if (!count) return null;
    const { ws } = this;
    const toggle = () => ws.place.open(ws.place.panel?.list === list ? null : { list });
    return h(
      'button',
      {
        type: 'button',
        class: 'ws-counter',
        title: `${count} ${what}`,
        'aria-label': `${count} ${what}`,
        'data-focus': `list-${list}`,
        onclick: toggle,
      },
      icon(sign),
      String(count),
    );
  }
}
