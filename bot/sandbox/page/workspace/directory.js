// Who and what is in the workspace, read from the newest state.

const CAPITAL = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** People whose access the policy narrows; Slack itself knows only guests. */
const NOTES = { U0VIC: 'viewer' };

export class Directory {
  constructor(store) {
    this._store = store;
  }

  get users() {
    return this._store.state.users;
  }

  get channels() {
    return this._store.state.channels;
  }

  known(id) {
    return this.users.some((user) => user.id === id);
  }

  user(id) {
    return this.users.find((user) => user.id === id) ?? { id, name: id ?? 'someone' };
  }

  /** What people read: "Ana". */
  name(id) {
    const user = this.user(id);
    return user.real_name || CAPITAL(user.name);
  }

  /** Everybody that a visitor can be. */
  get people() {
    const home = this._store.state.team?.id;
    return this.users.filter(
      (user) => !user.is_bot && !user.deleted && (!home || !user.team_id || user.team_id === home),
    );
  }

  /** Muster itself; there can be other bots. */
  get bot() {
    const wanted = this._store.state.bot?.id;
    const bots = this.users.filter((user) => user.is_bot);
    return bots.find((user) => user.id === wanted) ?? bots[0] ?? { id: '', name: 'muster', is_bot: true };
  }

  /** "guest", "viewer", or nothing. */
  note(id) {
    return this.user(id).is_restricted ? 'guest' : (NOTES[id] ?? '');
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  /** The direct messages between somebody and the bot; undefined while nobody wrote. */
  withBot(person) {
    return this.channels.find(
      (channel) => channel.is_im && [channel.name, ...channel.members].includes(person) && this._hasBot(channel),
    );
  }

  _hasBot(channel) {
    return (
      channel.members.includes(this.bot.id) ||
      channel.name === this.bot.id ||
      !channel.members.some((id) => id !== channel.name)
    );
  }

  /** The other person of a direct conversation. */
  partner(channel, person) {
    return [...channel.members, channel.name].find((id) => id !== person && this.known(id)) ?? channel.name;
  }

  /** The name over a conversation. */
  title(channel, person) {
    return channel.is_im ? this.name(this.partner(channel, person)) : channel.name;
  }

  /** What somebody finds in the sidebar: `{joined, open, direct, archived}`; a guest sees only where they were invited. */
  sidebar(person) {
    const mine = (channel) => channel.members.includes(person);
    const seen = this.channels.filter(
      (channel) => !channel.is_im && (mine(channel) || !(channel.is_private || this.user(person).is_restricted)),
    );
    const alive = seen.filter((channel) => !channel.archived);
    return {
      joined: alive.filter(mine),
      open: alive.filter((channel) => !mine(channel)),
      direct: this.channels.filter(
        (channel) => channel.is_im && [channel.name, ...channel.members].includes(person) && !this._hasBot(channel),
      ),
      archived: seen.filter((channel) => channel.archived),
    };
  }
}
