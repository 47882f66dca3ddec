// What can be typed after `/incident`: word, usage and meaning, in the order in which they are offered.

export const COMMAND = '/incident';

export const COMMANDS = [
  ['declare', '[severity] title', 'open an incident; without a title a form opens'],
  ['ack', '', 'take it: nobody else is called'],
  ['update', '[status] text', 'tell everyone where it stands'],
  ['status', '', 'show the status post'],
  ['severity', 'P1 reason', 'change the severity'],
  ['role', 'commander @ana', 'give somebody a role'],
  ['page', '@ana', 'call somebody out'],
  ['note', 'text', 'add to the timeline without telling everyone'],
  ['at', '14:05 text', 'add what happened earlier to the timeline'],
  ['resolve', 'text', 'it is over; the postmortem is drafted'],
  ['reopen', 'reason', 'it is back'],
  ['list', '', 'what is open'],
  ['timeline', '', 'what happened so far'],
  ['postmortem', '', 'draft the write-up'],
  ['oncall', '', 'who is called now'],
  ['help', '', 'every command with one line'],
];

const SEVERITIES = [
  ['P0', 'a flow that earns money or trust is broken'],
  ['P1', 'a major degradation with a workaround'],
  ['P2', 'a limited degradation'],
  ['P3', 'a small defect'],
];
const STATUSES = [
  ['investigating', 'looking for the cause'],
  ['mitigating', 'a first remedy is under way'],
  ['monitoring', 'remedied, watching'],
];
const ROLES = [
  ['owner', 'decides'],
  ['commander', 'leads the work'],
  ['technical lead', 'finds and fixes'],
  ['communications lead', 'keeps everyone told'],
];

/** The words that may follow a command, and what they mean; `state.severities` names the policy's own where the state has them. */
export function wordsAfter(command, state) {
  const severities = state.severities?.map((severity) => [severity.label, severity.meaning ?? '']) ?? SEVERITIES;
  return { declare: severities, severity: severities, update: STATUSES, role: ROLES }[command] ?? [];
}
