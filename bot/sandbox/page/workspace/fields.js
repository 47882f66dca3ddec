// The moments that date fields hold: Slack counts seconds, a browser's field holds the local time.

const two = (number) => String(number).padStart(2, '0');

/** Seconds since 1970 as the value of a `datetime-local` field; empty for none. */
export function fromEpoch(seconds) {
  if (!seconds) return '';
  const date = new Date(Number(seconds) * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The value of a `datetime-local` field as seconds since 1970, in digits; empty for none. */
export function toEpoch(value) {
  const time = new Date(value).getTime();
  return Number.isNaN(time) ? '' : String(Math.round(time / 1000));
}
