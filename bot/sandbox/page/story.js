// The guided story: one incident in a few steps, each done by the visitor's own hand or by a button; it can be left and taken up again.

import { ALERTS, alertBody } from './alerts.js';
import { h, put } from './dom.js';
import { codeOf, fileOf, holds, incidentOf, numberOf } from './facts.js';
import { readSession, writeSession } from './state.js';

const PROGRESS = 'muster.story';
const TELLER = 'U0ANA';

class Story {
  constructor(root, control, store, workspace, steps) {
    Object.assign(this, { root, control, store, workspace, steps, busy: false, entered: null });
    this.progress = JSON.parse(readSession(PROGRESS) ?? 'null') ?? { at: 0, away: false, began_at: store.state.now, reference: null };
    this.root.classList.add('card', 'story');
    control.hidden = false;
    control.addEventListener('click', () => this.go({ away: !this.progress.away }));
    store.subscribe(() => this.notice());
  }

  get step() {
    return this.steps[this.progress.at];
  }

  go(change) {
    Object.assign(this.progress, change);
    writeSession(PROGRESS, JSON.stringify(this.progress));
    this.notice();
  }

  restart() {
    this.go({ at: 0, away: false, began_at: this.store.state.now, reference: null });
  }

  /** Moves on past everything that has come about, by whoever's hand. */
  notice() {
    const incident = incidentOf(this.store, this.progress);
    if (incident && this.progress.reference === null) this.progress.reference = incident.reference;
    while (!this.busy && this.step && holds(this.step.until, this.store, this.progress)) this.progress.at += 1;
    writeSession(PROGRESS, JSON.stringify(this.progress));
    this.show();
    this.enter();
  }

  /** Turns to the incident's channel when a step begins, as soon as there is one. */
  enter() {
    if (this.entered === this.progress.at || this.progress.away) return;
    if (this.progress.at === 0 || this.step === undefined || this.open()) this.entered = this.progress.at;
  }

  show() {
    const { at, away } = this.progress;
    const done = this.step === undefined;
    this.control.textContent = away ? (done ? 'Show the tour' : 'Resume the tour') : 'Leave the tour';
    this.root.hidden = away;
    const count = done ? 'The end' : `Step ${at + 1} of ${this.steps.length}`;
    const head = h('div.story-head', {}, h('h2.heading', {}, 'Guided story'), h('span.story-count', {}, count));
    const marks = this.steps.map((step, index) => h(`li.${index < at ? 'done' : index === at ? 'now' : 'later'}`, { title: step.title }));
    put(this.root, head, h('ol.story-meter', { 'aria-hidden': 'true' }, marks), done ? this.ending() : this.current());
  }

  current() {
    const { step } = this;
    const next = this.steps[this.progress.at + 1];
    return h(
      'div.step',
      {},
      h('h3', {}, step.title),
      h('p.caption', {}, step.caption),
      step.id === 'postmortem' ? this.fileLink() : null,
      this.buttons(step),
      next ? h('p.story-next', {}, `Next: ${next.title}`) : null,
    );
  }

  fileLink() {
    const incident = incidentOf(this.store, this.progress);
    const file = fileOf(this.store, incident);
    if (file === undefined || !incident?.channel) return null;
    const read = () => {
      document.getElementById('tab-workspace').click();
      this.workspace.openFile(incident.channel.id, file);
    };
    return h('button.button', { type: 'button', 'data-keep': 'story-read', onclick: read }, 'Read it');
  }

  buttons(step) {
    const doIt = { type: 'button', disabled: this.busy, 'data-keep': 'story-do', onclick: () => this.perform(this.step) };
    const skip = { type: 'button', disabled: this.busy, 'data-keep': 'story-skip', onclick: () => this.go({ at: this.progress.at + 1 }) };
    if (step.until === 'seen') return h('div.step-tools', {}, h('button.button.primary', doIt, step.label));
    const hint = h('p.by-hand', {}, 'Or do it yourself; the story notices.');
    const label = this.busy ? 'A moment' : `Do it for me: ${step.label}`;
    const rest = h('div.step-rest', {}, hint, h('button.button.quiet.small', skip, 'Skip'));
    return h('div.step-tools', {}, h('button.button.primary', doIt, label), rest);
  }

  ending() {
    const words = 'One incident, and nothing rested on memory. Play on as you like: take Slack down and fire an alert, or let a promise break.';
    const again = h('button.button', { type: 'button', 'data-keep': 'story-again', onclick: () => this.restart() }, 'Tell it again');
    return h('div.ending', {}, h('p.caption', {}, words), again);
  }

  async perform(step) {
    const here = this.progress.at;
    this.busy = true;
    this.show();
    try {
      for (const act of step.acts) await this.act(act);
      await this.settled(step);
    } catch (error) {
      this.store.toast(error.message, 'bad');
    }
    this.busy = false;
    if (step.until === 'seen' && this.progress.at === here) this.go({ at: here + 1 });
    else this.notice();
  }

  /** Waits a little for what the acts set off, so that the button is not offered twice. */
  async settled(step) {
    for (let turn = 0; turn < 30 && step.until !== 'seen' && !holds(step.until, this.store, this.progress); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async act(act) {
    const [[name, value]] = Object.entries(act);
    await this[`do_${name}`](value);
  }

  do_travel(seconds) {
    return this.store.act({ do: 'travel', seconds });
  }

  async do_travel_to_update(after) {
    const due = incidentOf(this.store, this.progress)?.next_update_at;
    if (!due) throw new Error('No update is promised at the moment.');
    await this.store.act({ do: 'travel', until: new Date(Date.parse(due) + after * 1000).toISOString() });
  }

  do_alert(id) {
    const alert = ALERTS.find((one) => one.id === id);
    return this.store.act({ do: 'alert', source: 'prometheus', body: alertBody(alert, new Date(this.store.now()).toISOString()) });
  }

  async do_alert_over(id) {
    const alert = ALERTS.find((one) => one.id === id);
    const since = this.store.state.firing[alert.fingerprint];
    if (since === undefined) return;
    await this.store.act({ do: 'alert', source: 'prometheus', body: alertBody(alert, since, new Date(this.store.now()).toISOString()) });
  }

  async do_reply(name) {
    const code = codeOf(this.store, name);
    if (code === null) throw new Error('There is no text with a code on that phone yet.');
    await this.store.act({ do: 'reply', number: numberOf(this.store, name), text: code });
  }

  async do_command(text) {
    const channel = incidentOf(this.store, this.progress)?.channel?.id;
    if (!channel) throw new Error('There is no incident to say that about yet.');
    this.store.setPerson(TELLER);
    const answer = await this.store.act({ do: 'command', user: TELLER, channel, text });
    if (answer.status !== 200) throw new Error(`/incident ${text} was answered with ${answer.status}.`);
  }

  /** Turns the workspace to the incident's channel, or to its card where the step is about that; gives back whether it is there. */
  open() {
    const channel = incidentOf(this.store, this.progress)?.channel;
    return Boolean(channel) && this.workspace.openChannel(channel.id, { pinned: Boolean(this.step.pinned) });
  }
}

/** Mounts the story into a place, with the button of the header that leaves and resumes it. */
export async function mountStory(root, control, store, workspace) {
  const response = await fetch('/page/story.json');
  const { steps } = await response.json();
  return new Story(root, control, store, workspace, steps);
}
