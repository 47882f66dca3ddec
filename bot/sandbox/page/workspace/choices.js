// What a select of Block Kit offers, as groups of options for the picker, and what is chosen in it at first.

import { withEmoji } from './emoji.js';
import { unescaped } from './mrkdwn.js';

/** A text object's words, Slack's escapes taken back; plain text knows emoji names unless it says otherwise. */
export function words(text) {
  if (!text) return '';
  const plain = unescaped(text.text);
  return text.type === 'plain_text' && text.emoji === false ? plain : withEmoji(plain);
}

function option(given) {
  return { value: given.value, label: words(given.text), note: given.description ? words(given.description) : '' };
}

function people(ws) {
  return [
    {
      options: ws.directory.people.map((user) => ({
        value: user.id,
        label: ws.directory.name(user.id),
        note: ws.directory.note(user.id),
      })),
    },
  ];
}

function conversations(ws) {
  const { joined, open } = ws.directory.sidebar(ws.store.person);
  return [{ options: [...joined, ...open].map((channel) => ({ value: channel.id, label: `#${channel.name}` })) }];
}

/** The groups of options of a select. */
export function groupsOf(ws, element) {
  if (element.type.includes('users_select')) return people(ws);
  if (/conversations_select|channels_select/.test(element.type)) return conversations(ws);
  if (element.option_groups)
    return element.option_groups.map((group) => ({ label: words(group.label), options: group.options.map(option) }));
  return [{ options: (element.options ?? []).map(option) }];
}

const INITIAL = [
  'initial_user',
  'initial_conversation',
  'initial_channel',
  'initial_value',
  'initial_date',
  'initial_time',
  'initial_date_time',
];

/** What an element holds before anybody touched it: a list for those that take several, else a text. */
export function initialOf(element) {
  if (element.initial_options) return element.initial_options.map((one) => one.value);
  const several = element.initial_users ?? element.initial_conversations ?? element.initial_channels;
  if (several) return several;
  if (element.initial_option) return element.initial_option.value;
  const name = INITIAL.find((one) => element[one] !== undefined);
  return name ? String(element[name]) : takesSeveral(element) ? [] : '';
}

/** Whether an element's value is a list. */
export function takesSeveral(element) {
  return element.type === 'checkboxes' || element.type.startsWith('multi_');
}
