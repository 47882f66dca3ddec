// The store: what the sandbox shows, what the bot promised, who the visitor is, and how to act.

const PERSON = 'muster.person';
const PROMISES_EVERY = 4000;

class Store {
  constructor() {
    this.state = null;
    this.incidents = [];
    this.connected = false;
    this._listeners = new Set();
    this._receivedAt = 0;
    this._loading = null;
    this._again = false;
    this._person = readSession(PERSON) ?? 'U0ANA';
  }

  /** Calls `fn(store)` now, if there is a state, and after every change; gives back how to stop. */
  subscribe(fn) {
    this._listeners.add(fn);
    if (this.state !== null) fn(this);
    return () => this._listeners.delete(fn);
  }

  /** The id of the person whom the visitor plays in the workspace. */
  get person() {
    return this._person;
  }

  setPerson(id) {
    this._person = id;
    writeSession(PERSON, id);
    this._tell();
  }

  /** The workspace's time at this moment, in milliseconds. */
  now() {
    if (this.state === null) return Date.now();
    return Date.parse(this.state.now) + (performance.now() - this._receivedAt) * this.state.speed;
  }

  /** The name to call a user by. */
  name(id) {
    const user = this.state?.users.find((one) => one.id === id);
    return user ? user.real_name || user.name : id;
  }

  /** Does something in the sandbox; gives back the bot's {status, body}, throws an Error with the sandbox's sentence. */
  async act(wanted) {
    const answer = await post('/sandbox/act', wanted);
    await this.refresh();
    return { status: answer.status ?? 200, body: answer.body ?? null, ts: answer.ts };
  }

  /** Says something to the visitor for a few seconds. */
  toast(text, kind = '') {
    const place = document.getElementById('toasts');
    const note = document.createElement('div');
    note.className = `toast ${kind}`;
    note.textContent = text;
    place.append(note);
    setTimeout(() => note.remove(), 6000);
  }

  /** Acts, and says what went wrong instead of throwing; gives back whether it was done. */
  async attempt(wanted) {
    try {
      await this.act(wanted);
      return true;
    } catch (error) {
      this.toast(error.message, 'bad');
      return false;
    }
  }

  /** Reads the state again; calls that come while one is under way share the next one. */
  refresh() {
    if (this._loading !== null) {
      this._again = true;
      return this._loading;
    }
    this._loading = this._load().finally(() => {
      this._loading = null;
    });
    return this._loading;
  }

  async _load() {
    do {
      this._again = false;
      const [state, promises] = await Promise.all([get('/sandbox/state'), get('/sandbox/promises').catch(() => null)]);
      this.state = state;
      this._receivedAt = performance.now();
      if (promises !== null) this.incidents = promises.incidents;
      this._tell();
    } while (this._again);
  }

  /** Follows the sandbox from now on. */
  follow() {
    const stream = new EventSource('/sandbox/events');
    stream.addEventListener('message', () => this.refresh().catch(() => this._lost()));
    stream.addEventListener('open', () => this._found());
    stream.addEventListener('error', () => this._lost());
    setInterval(() => {
      if (this.connected && this.state?.speed > 0) this.refresh().catch(() => this._lost());
    }, PROMISES_EVERY);
  }

  _found() {
    this.connected = true;
    this._tell();
  }

  _lost() {
    this.connected = false;
    this._tell();
  }

  _tell() {
    if (this.state === null) return;
    for (const fn of [...this._listeners]) {
      try {
        fn(this);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error((await sentence(response)) || `${path} answered ${response.status}.`);
  return response.json();
}

async function post(path, body) {
  let response;
  try {
    response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  } catch {
    throw new Error('The sandbox does not answer; is the demo still running in the terminal?');
  }
  if (!response.ok) throw new Error((await sentence(response)) || `The sandbox answered ${response.status}.`);
  return response.json();
}

async function sentence(response) {
  try {
    return (await response.json()).error;
  } catch {
    return '';
  }
}

/** What this tab remembers under a name; null where a browser forbids remembering. */
export function readSession(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

export function writeSession(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // A browser that forbids remembering shows the page all the same.
  }
}

export const store = new Store();
