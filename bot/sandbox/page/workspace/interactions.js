// What a click or a choice in Block Kit becomes: one act of the sandbox, by the place where the element stands.

import { ask } from './dialog.js';

const CHOICES = new Set([
  'static_select',
  'external_select',
  'users_select',
  'conversations_select',
  'channels_select',
  'overflow',
  'datepicker',
  'timepicker',
  'datetimepicker',
  'radio_buttons',
  'checkboxes',
  'multi_static_select',
  'multi_users_select',
]);

function wanted(scope, element, value) {
  const { action_id } = element;
  const more = value === undefined || value === null ? {} : { value };
  if (scope.view) return { do: 'act_in_view', view_id: scope.view, action_id, ...more };
  if (scope.home) return { do: 'click_home', action_id, ...more };
  if (scope.ephemeral) return { do: 'click_ephemeral', ts: scope.ephemeral, action_id, ...more };
  const where = { channel: scope.channel, message_ts: scope.ts, action_id, ...more };
  return { do: CHOICES.has(element.type) ? 'select' : 'click', ...where };
}

function question(confirm) {
  return {
    title: confirm.title?.text ?? 'Are you sure?',
    text: confirm.text?.text ?? '',
    confirm: confirm.confirm?.text,
    deny: confirm.deny?.text,
    danger: confirm.style === 'danger',
  };
}

/** Carries out what an element stands for, after its `confirm`; gives back whether the app took it. */
export async function interact(ws, scope, element, value) {
  if (element.confirm && !(await ask(ws, question(element.confirm)))) return false;
  return attempt(ws, wanted(scope, element, value));
}

/** Acts as the visitor; a refusal is shown as a toast. */
export async function attempt(ws, act) {
  try {
    const answer = await ws.store.act({ ...act, user: ws.store.person });
    const sentence = trouble(answer);
    if (sentence) ws.store.toast(sentence, 'bad');
    return sentence === '';
  } catch (error) {
    ws.store.toast(error.message, 'bad');
    return false;
  }
}

/** What went wrong between Slack and the app, as a sentence; empty when nothing did. */
export function trouble(answer) {
  const status = answer?.status ?? 200;
  if (status === 0) return 'Muster did not answer within three seconds. Try again.';
  return status >= 200 && status < 300 ? '' : `Muster answered with an error (${status}). Try again.`;
}
