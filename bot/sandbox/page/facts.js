// What has happened so far, as the story asks: each fact is read from what the page sees, so it holds however it came about.

import { ALERTS } from './alerts.js';
import { newestCode } from './phone-messages.js';

const plain = (number) => number.replace('whatsapp:', '');

/** The incident that the story is about: the one it began with, else an open one of its alert, else the newest since it began. */
export function incidentOf(store, progress) {
  if (progress.reference) return store.incidents.find((one) => one.reference === progress.reference);
  const newestFirst = [...store.incidents].sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at));
  const about = (one) => one.resolved_at === null && one.alerts.some((alert) => alert.title === ALERTS[0].title);
  return newestFirst.find(about) ?? newestFirst.find((one) => Date.parse(one.opened_at) >= Date.parse(progress.began_at));
}

export function numberOf(store, name) {
  return store.state.phone_book.find((entry) => store.state.users.find((user) => user.id === entry.user)?.name === name)?.number;
}

/** The code that stands in the newest text on somebody's phone. */
export function codeOf(store, name) {
  const number = numberOf(store, name);
  return number === undefined ? null : newestCode(store.state, number);
}

export function fileOf(store, incident) {
  const files = store.state.files.filter((file) => file.name.endsWith('postmortem.md'));
  return files.filter((file) => !incident?.channel || file.channel === incident.channel.id).at(-1);
}

function called(store, name, since) {
  const number = numberOf(store, name);
  const heard = (one) => plain(one.to) === number && Date.parse(one.at) >= since;
  return store.state.phones.some(heard) || store.state.calls.some(heard);
}

const taken = (incident) => incident.acknowledged_at !== null || incident.resolved_at !== null;

const FACTS = {
  declared: (incident) => Boolean(incident.channel),
  phoned: (incident, store) => taken(incident) || store.state.calls.some((call) => Date.parse(call.at) >= Date.parse(incident.opened_at)),
  backup_called: (incident, store) => taken(incident) || called(store, 'ana', Date.parse(incident.opened_at)),
  acknowledged: taken,
  seen: () => false,
  mitigated: (incident) => incident.mitigated_at !== null || incident.resolved_at !== null,
  update_missed: (incident) =>
    incident.resolved_at !== null || incident.promises.some((promise) => promise.clock === 'update' && promise.missed_at !== null),
  monitoring: (incident) => incident.status.toLowerCase() === 'monitoring' || incident.resolved_at !== null,
  resolved: (incident, store) => incident.resolved_at !== null && fileOf(store, incident) !== undefined,
};

/** Whether that has happened in the incident of the story. */
export function holds(fact, store, progress) {
  const incident = incidentOf(store, progress);
  return incident !== undefined && FACTS[fact](incident, store);
}
