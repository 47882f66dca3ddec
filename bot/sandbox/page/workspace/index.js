// The workspace: a Slack-like view of the sandbox for the person whom the visitor plays.

import { h } from '../dom.js';
import { Directory } from './directory.js';
import { Main } from './main.js';
import { Modals } from './modal.js';
import { Panel } from './panel.js';
import { Place, Read } from './place.js';
import { Sidebar } from './sidebar.js';

const FIRST_CHANNEL = 'alerts-critical';
const ARCHIVE = /^https:\/\/[a-z0-9-]+\.slack\.com\/archives\/([CGD][A-Z0-9]+)(?:\/p(\d{10})(\d{6}))?/;

/** What every part of the workspace is given: the store, who and where everybody is, and how to move. */
class Workspace {
  constructor(root, store) {
    this.root = root;
    this.store = store;
    this.directory = new Directory(store);
    this.read = new Read();
    this.place = new Place(() => this.changed());
    this.layer = h('div', { class: 'ws-layer' });
    this.dialogs = h('div', { class: 'ws-dialogs' });
    this.main = new Main(this);
    this.panel = new Panel(this);
    this.sidebar = new Sidebar(this);
    this.modals = new Modals(this);
    this.app = h('div', { class: 'ws-app' }, this.sidebar.node, this.main.node, this.panel.node);
    root.replaceChildren(h('div', { class: 'ws' }, this.app, this.dialogs, this.layer));
    this._due = false;
    this._person = null;
  }

  /** Draws everything once, after whatever is going on now. */
  changed() {
    if (this._due) return;
    this._due = true;
    queueMicrotask(() => {
      this._due = false;
      if (this.store.state) this._draw();
    });
  }

  _draw() {
    if (this._person !== this.store.person) this.place.panel = this.place.editing = null;
    this._person = this.store.person;
    this.main.update();
    this.panel.update();
    this.sidebar.update();
    this.modals.update();
  }

  /** The sandbox's time. */
  now() {
    return new Date(this.store.state.now);
  }

  /** Where the visitor is: `{channel}` or `{app}`; a place that is gone or hidden is left for the first channel. */
  get screen() {
    const { person } = this.store;
    const screen = this.place.screen(person);
    if (screen?.app) return screen;
    const { joined, open, direct, archived } = this.directory.sidebar(person);
    const seen = [...joined, ...open, ...direct, ...archived];
    const there = seen.some((channel) => channel.id === screen?.channel);
    const first = joined.find((channel) => channel.name === FIRST_CHANNEL) ?? seen[0];
    return there ? screen : first ? { channel: first.id } : { app: 'home' };
  }

  /** The conversation on the screen; undefined at the App's Home. */
  get channel() {
    const { screen } = this;
    if (screen.app === 'home') return undefined;
    return screen.app ? this.directory.withBot(this.store.person) : this.directory.channel(screen.channel);
  }

  /** Goes to `{channel, ts?}` or `{app}`. */
  show({ ts, ...screen }) {
    this.app.classList.remove('ws-drawer-open');
    const channel = this.directory.channel(screen.channel);
    const message = channel?.messages.find((one) => one.ts === ts);
    const same = channel && this.channel?.id === channel.id;
    if (!same || screen.app) this.place.go(this.store.person, screen);
    if (!message) return;
    const root = message.thread_ts && message.thread_ts !== ts ? message.thread_ts : null;
    if (root) this.place.open({ thread: root });
    queueMicrotask(() => (root ? this.panel.list : this.main.conversation.list).find(ts));
  }

  /** The place in this workspace that an address stands for, or null. */
  placeOf(address) {
    const match = ARCHIVE.exec(address);
    if (!match || !this.directory.channel(match[1])) return null;
    return match[2] ? { channel: match[1], ts: `${match[2]}.${match[3]}` } : { channel: match[1] };
  }

  toggleDrawer() {
    if (this.app.classList.toggle('ws-drawer-open')) this.sidebar.node.querySelector('button').focus();
  }

  /** Gives the focus back to where it was, or to the box to write in when that is gone. */
  focusBack(node) {
    const mark = node?.dataset?.focus;
    const again = node?.isConnected ? node : mark && this.root.querySelector(`[data-focus="${CSS.escape(mark)}"]`);
    if (again && again !== document.body) again.focus();
    else this.main.conversation.focusComposer();
  }
}

/**
 * Builds the workspace in `root` and keeps it up to date. Gives back what a guide may do in it: `openChannel(name or id)` shows its
 * newest message, or the pinned one; `openFile(channel id, file)`; `openApp("home" | "messages")`; and `write(text)`, which fills the
 * composer without sending.
 */
export function mountWorkspace(root, store) {
  const ws = new Workspace(root, store);
  store.subscribe(() => ws.changed());
  const find = (name) => ws.directory.channels.find((channel) => channel.id === name || channel.name === name);
  return {
    openChannel(name, { pinned = false } = {}) {
      const channel = find(name);
      const { list } = ws.main.conversation;
      const ts = pinned && channel?.pins.at(-1);
      if (channel) ws.show({ channel: channel.id });
      setTimeout(() => (ts ? list.bring(ts, 'start') : list.log && list.toEnd()));
      return Boolean(channel);
    },
    openFile(channel, file) {
      ws.show({ channel });
      ws.place.open({ file });
    },
    openApp: (tab = 'home') => ws.show({ app: tab }),
    write: (text) => ws.main.conversation.composer.target && ws.main.conversation.composer.fill(text),
  };
}
