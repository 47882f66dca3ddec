// Times of messages. Every ts is the sandbox's clock, so "today" is the sandbox's day and not the browser's.

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const TIME = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const SECONDS = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const DAY = format({ weekday: 'long', day: 'numeric', month: 'long' });
const LONG = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const MEDIUM = format({ day: 'numeric', month: 'long', year: 'numeric' });
const SHORT = format({ day: 'numeric', month: 'short', year: 'numeric' });
const NUMERIC = format({ day: '2-digit', month: '2-digit', year: 'numeric' });
const FULL = format({ dateStyle: 'full', timeStyle: 'long' });

/** The moment of a message's ts. */
export function moment(ts) {
  return new Date(Number(ts) * 1000);
}

export function timeOf(ts) {
  return TIME.format(moment(ts));
}

export function fullTime(ts) {
  return FULL.format(moment(ts));
}

/** A key that two messages of the same day share. */
export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** "Today", "Yesterday" or the date, as seen from `now`. */
export function dayName(date, now) {
  return nearDay(date, now) ?? (date.getFullYear() === now.getFullYear() ? DAY : LONG).format(date);
}

function nearDay(date, now) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(date) === dayKey(now)) return 'Today';
  return dayKey(date) === dayKey(yesterday) ? 'Yesterday' : null;
}

function ago(date, now) {
  const minutes = Math.round((now - date) / 60000);
  const [count, unit] =
    Math.abs(minutes) < 60
      ? [minutes, 'minute']
      : Math.abs(minutes) < 1440
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(-count, unit);
}

/** Slack's `<!date^…>`: the format with its tokens replaced; null when the stamp is no time. */
export function formatDate(stamp, pattern, now) {
  const date = moment(stamp);
  if (!/^-?\d+$/.test(String(stamp)) || Number.isNaN(date.getTime())) return null;
  const pretty = (style) => nearDay(date, now)?.toLowerCase() ?? style.format(date);
  const tokens = {
    date_num: () => NUMERIC.format(date),
    date: () => MEDIUM.format(date),
    date_short: () => SHORT.format(date),
    date_long: () => LONG.format(date),
    date_pretty: () => pretty(MEDIUM),
    date_short_pretty: () => pretty(SHORT),
    date_long_pretty: () => pretty(LONG),
    day_divider_pretty: () => dayName(date, now),
    time: () => TIME.format(date),
    time_secs: () => SECONDS.format(date),
    ago: () => ago(date, now),
  };
  return pattern.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(tokens, name) ? tokens[name]() : whole));
}
