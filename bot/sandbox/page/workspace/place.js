// Where the visitor is in the workspace, and what each person has read; both last as long as the browser tab.

import { recall, remember } from './draw.js';

export class Place {
  /** `changed` is called after every move. */
  constructor(changed) {
    this._changed = changed;
    this._screens = recall('screens', {});
    this.panel = null;
    this.editing = null;
    this.unreadFrom = null;
  }

  /** The screen that a person last looked at: `{channel: id}` or `{app: "home" | "messages"}`. */
  screen(person) {
    return this._screens[person];
  }

  go(person, screen) {
    this._screens[person] = screen;
    remember('screens', this._screens);
    this.panel = this.editing = null;
    this._changed();
  }

  /** Opens the side panel: `{thread: ts}`, `{file}`, `{list: "pins" | "members"}`, or null to close it. */
  open(panel) {
    this.panel = panel;
    this._changed();
  }

  edit(ts) {
    this.editing = ts;
    this._changed();
  }
}

/** Up to which message each person has read each channel. */
export class Read {
  constructor() {
    this._upTo = recall('read', {});
  }

  upTo(person, channelId) {
    return this._upTo[person]?.[channelId] ?? '0';
  }

  mark(person, channelId, ts) {
    if (Number(ts) <= Number(this.upTo(person, channelId))) return;
    this._upTo[person] = { ...this._upTo[person], [channelId]: ts };
    remember('read', this._upTo);
  }

  /** The messages that somebody has not seen: `{count, mentions}`. */
  unread(person, channel) {
    const since = Number(this.upTo(person, channel.id));
    const fresh = channel.messages.filter(
      (message) => Number(message.ts) > since && message.user !== person && shownInChannel(message),
    );
    const spoken = fresh.filter((message) => channel.is_im || mentions(message, person));
    return { count: fresh.length, mentions: spoken.length };
  }
}

function mentions(message, person) {
  return new RegExp(`<@${person}[|>]|<!(?:channel|here|everyone)>`).test(message.text ?? '');
}

/** Whether a message stands in the channel itself and not only in a thread. */
export function shownInChannel(message) {
  return !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}
