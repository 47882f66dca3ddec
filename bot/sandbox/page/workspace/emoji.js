// The emoji that responders use. A name that is not here stays the text it is.

const EMOJI = {
  '+1': '👍', '-1': '👎', thumbsup: '👍', thumbsdown: '👎', ok_hand: '👌', wave: '👋', clap: '👏', pray: '🙏',
  raised_hands: '🙌', point_right: '👉', muscle: '💪', eyes: '👀', thinking_face: '🤔', smile: '😄',
  slightly_smiling_face: '🙂', sweat_smile: '😅', joy: '😂', cry: '😢', sob: '😭', scream: '😱', sleeping: '😴',
  facepalm: '🤦', heart: '❤️', tada: '🎉', rocket: '🚀', fire: '🔥', fire_engine: '🚒', rotating_light: '🚨',
  warning: '⚠️', bell: '🔔', no_bell: '🔕', no_entry: '⛔', no_entry_sign: '🚫', x: '❌', white_check_mark: '✅',
  heavy_check_mark: '✔️', ballot_box_with_check: '☑️', question: '❓', exclamation: '❗', bangbang: '‼️',
  red_circle: '🔴', large_orange_circle: '🟠', large_yellow_circle: '🟡', large_green_circle: '🟢',
  large_blue_circle: '🔵', white_circle: '⚪', hourglass: '⌛', hourglass_flowing_sand: '⏳', alarm_clock: '⏰',
  stopwatch: '⏱️', clock1: '🕐', calendar: '📅', date: '📅', pushpin: '📌', round_pushpin: '📍', bookmark: '🔖',
  link: '🔗', paperclip: '📎', memo: '📝', pencil: '📝', clipboard: '📋', page_facing_up: '📄',
  chart_with_upwards_trend: '📈', chart_with_downwards_trend: '📉', bar_chart: '📊', mag: '🔍', bulb: '💡', wrench: '🔧',
  hammer_and_wrench: '🛠️', gear: '⚙️', package: '📦', bug: '🐛', lock: '🔒', unlock: '🔓', key: '🔑', phone: '☎️',
  telephone_receiver: '📞', iphone: '📱', email: '📧', envelope: '✉️', incoming_envelope: '📨', speech_balloon: '💬',
  mega: '📣', loudspeaker: '📢', satellite: '📡', globe_with_meridians: '🌐', arrow_up: '⬆️', arrow_down: '⬇️',
  arrow_right: '➡️', arrows_counterclockwise: '🔄', repeat: '🔁', rewind: '⏪', back: '🔙', information_source: 'ℹ️',
  sos: '🆘', shield: '🛡️', zap: '⚡', boom: '💥', skull: '💀', hospital: '🏥', adhesive_bandage: '🩹',
  lock_with_ink_pen: '🔏', construction: '🚧', checkered_flag: '🏁', triangular_flag_on_post: '🚩', star: '⭐',
  sparkles: '✨', sunny: '☀️', coffee: '☕', dart: '🎯',
};

/** The character of an emoji's name, or null. */
export function emoji(name) {
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : null;
}

/** What a reaction shows: the character, or its name between colons. */
export function shownReaction(name) {
  return emoji(name) ?? `:${name}:`;
}

/** A text with its known `:names:` replaced. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
}
