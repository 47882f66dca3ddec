// What the composer offers while somebody types: commands, the words after them, and people.

import { COMMAND, COMMANDS, wordsAfter } from './commands.js';

const MENTION = /(?:^|[\s(])@([a-z0-9._-]*)$/i;
const ARGUMENT = /^\/incident\s+(\w+)\s+(?:inc-\d+\s+)?(\S*)$/i;

/** A suggestion replaces the text from `from` up to the caret by `insert`. */
function row(from, insert, label, usage, meaning) {
  return { from, insert, label, usage, meaning };
}

function commandRows(line) {
  const typed = line.toLowerCase();
  const rows = COMMANDS.map(([word, usage, meaning]) => {
    return row(0, `${COMMAND} ${word} `, `${COMMAND} ${word}`, usage, meaning);
  });
  return rows.filter((one) => one.label.startsWith(typed) && one.label !== typed);
}

function argumentRows(ws, line) {
  const match = ARGUMENT.exec(line);
  if (!match) return [];
  const [, command, argument] = match;
  const typed = argument.toLowerCase();
  const offered = wordsAfter(command.toLowerCase(), ws.store.state);
  const fitting = offered.filter(([word]) => word.toLowerCase().startsWith(typed) && word.toLowerCase() !== typed);
  return fitting.map(([word, meaning]) => row(line.length - typed.length, `${word} `, word, '', meaning));
}

function peopleRows(ws, line) {
  const match = MENTION.exec(line);
  if (!match) return [];
  const typed = match[1].toLowerCase();
  const { directory } = ws;
  const names = (user) => [user.name, directory.name(user.id)];
  const fitting = directory.people.filter((user) => names(user).some((name) => name.toLowerCase().startsWith(typed)));
  return fitting.map((user) => {
    const from = line.length - typed.length - 1;
    return row(from, `@${user.name} `, `@${user.name}`, directory.note(user.id), directory.name(user.id));
  });
}

/**
 * What fits the text before the caret: `{rows, eager}`. When it is eager, Enter takes the first row;
 * else Enter sends, because the line means something as it is.
 */
export function suggest(ws, before, commands) {
  const people = peopleRows(ws, before);
  if (people.length) return { rows: people, eager: true };
  if (!commands || !before.startsWith('/') || before.includes('\n')) return { rows: [], eager: false };
  const rows = commandRows(before);
  if (rows.length) return { rows, eager: before.trim() !== COMMAND };
  return { rows: argumentRows(ws, before), eager: false };
}
