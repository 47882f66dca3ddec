// The list of conversations of the person whom the visitor is, with unread marks.

import { h } from '../dom.js';
import { keyed, redraw } from './draw.js';
import { icon } from './icons.js';
import { avatar, personSwitch } from './person.js';

export class Sidebar {
  constructor(ws) {
    this.ws = ws;
    this.person = h('div', { class: 'ws-sidebar-head' });
    this.groups = h('div', { class: 'ws-groups' });
    this.node = h('nav', { class: 'ws-sidebar', 'aria-label': 'Conversations' }, this.person, this.groups);
  }

  update() {
    const { ws } = this;
    const { person } = ws.store;
    redraw(this.person, [person, ws.directory.people, ws.directory.note(person)], () => personSwitch(ws));
    const { joined, open, direct, archived } = ws.directory.sidebar(person);
    const groups = [
      this._group(
        'Channels',
        joined.map((channel) => this._channel(channel)),
      ),
      this._group(
        'Direct messages',
        direct.map((channel) => this._channel(channel)),
      ),
      this._group('Apps', [this._app()]),
      this._group(
        'Channels to join',
        open.map((channel) => this._channel(channel, 'ws-row-quiet')),
      ),
      this._group(
        'Archived',
        archived.map((channel) => this._channel(channel, 'ws-row-archived')),
      ),
    ];
    keyed(this.groups, groups.filter(Boolean));
  }

  _group(title, rows) {
    if (rows.length === 0) return null;
    const build = () => {
      const list = h('ul', { class: 'ws-rows', 'aria-label': title });
      keyed(list, rows);
      return h('section', { class: 'ws-group' }, h('h2', { class: 'ws-group-title' }, title), list);
    };
    return { key: title, sign: rows.map((row) => [row.key, row.sign]), build };
  }

  _channel(channel, cls = '') {
    const { ws } = this;
    const { person } = ws.store;
    const mine = channel.is_im || channel.members.includes(person);
    const row = {
      key: channel.id,
      label: ws.directory.title(channel, person),
      kind: channel.is_im ? 'direct message' : channel.is_private ? 'private channel' : 'channel',
      current: ws.screen.channel === channel.id,
      unread: mine && !channel.archived ? ws.read.unread(person, channel) : { count: 0, mentions: 0 },
      cls,
    };
    const lead = () =>
      channel.is_im
        ? avatar(ws, ws.directory.partner(channel, person), 'ws-avatar-tiny')
        : icon(channel.is_private ? 'lock' : 'hash');
    return { key: row.key, sign: row, build: () => this._row(row, lead(), () => this._go({ channel: channel.id })) };
  }

  _app() {
    const { ws } = this;
    const direct = ws.directory.withBot(ws.store.person);
    const unread = direct ? ws.read.unread(ws.store.person, direct) : { count: 0, mentions: 0 };
    const row = { key: 'app', label: 'Muster', kind: 'app', current: Boolean(ws.screen.app), unread, cls: '' };
    return {
      key: row.key,
      sign: row,
      build: () =>
        this._row(row, avatar(ws, ws.directory.bot.id, 'ws-avatar-tiny'), () =>
          this._go({ app: unread.count ? 'messages' : 'home' }),
        ),
    };
  }

  /** Whoever chooses a conversation goes on in its box to write in. */
  _go(screen) {
    this.ws.show(screen);
    queueMicrotask(() => this.ws.main.conversation.focusComposer());
  }

  _row({ key, label, kind, current, unread, cls }, lead, onclick) {
    const fresh = unread.count > 0 && !current;
    const said = [kind, fresh ? `${unread.count} unread` : '', cls.includes('archived') ? 'archived' : '']
      .filter(Boolean)
      .join(', ');
    const properties = {
      type: 'button',
      class: `ws-row ${cls} ${fresh ? 'ws-row-unread' : ''}`,
      'aria-current': current ? 'page' : null,
      'data-focus': `row-${key}`,
      onclick,
    };
    const badge =
      fresh && unread.mentions
        ? h('span', { class: 'ws-badge', 'aria-hidden': 'true' }, String(unread.mentions))
        : null;
    const hidden = h('span', { class: 'ws-hidden' }, `, ${said}`);
    return h(
      'li',
      {},
      h('button', properties, lead, h('span', { class: 'ws-row-name', title: label }, label, hidden), badge),
    );
  }
}
