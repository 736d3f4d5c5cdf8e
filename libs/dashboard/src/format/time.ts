/*
 * Points in time are Unix seconds and are shown in the zone of the viewer. The language is that of the page, English;
 * the clock has 24 hours, so that times line up.
 */

const formats = {
  minute: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  second: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
  day: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }),
  whole: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long', hourCycle: 'h23' }),
} as const;

/** `10:42`. */
export function clockText(time: number): string {
  return formats.minute.format(time * 1000);
}

/** `10:42:07`. */
export function clockSeconds(time: number): string {
  return formats.second.format(time * 1000);
}

/** `26 Nov`. */
export function dayText(time: number): string {
  return formats.day.format(time * 1000);
}

/** `10:42` on the day of `now`, else `26 Nov 10:42`. */
export function momentText(time: number, now: number): string {
  const day = dayText(time);
  return day === dayText(now) ? clockText(time) : `${day} ${clockText(time)}`;
}

/** A time with date, seconds and zone, for titles. */
export function wholeTime(time: number): string {
  return formats.whole.format(time * 1000);
}

/** What `<time datetime>` takes. */
export function isoTime(time: number): string {
  return new Date(time * 1000).toISOString();
}

/** What `<input type="datetime-local">` takes, in the zone of the viewer. */
export function localInput(time: number): string {
  const date = new Date(time * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
