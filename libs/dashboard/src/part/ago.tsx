import { nowMs } from '../api/following.js';
import { agoText, spanText } from '../format/duration.js';
import { isoTime, momentText, wholeTime } from '../format/time.js';

interface AgoProps {
  /** Unix seconds by the clock of the store. */
  readonly time: number;
  /** What that clock said, and when, in milliseconds of the viewer's: clocks may differ. */
  readonly asOf: { readonly timestamp: number; readonly receivedMs: number };
}

/** How long ago something was, counted on while the page is looked at. */
export function Ago({ time, asOf }: AgoProps) {
  const seconds = asOf.timestamp - time + (nowMs.value - asOf.receivedMs) / 1000;
  return (
    <time dateTime={isoTime(time)} title={wholeTime(time)}>
      {agoText(seconds)}
    </time>
  );
}

/** A point in time. */
export function Moment({ time }: { readonly time: number }) {
  return (
    <time dateTime={isoTime(time)} title={wholeTime(time)}>
      {momentText(time, nowMs.peek() / 1000)}
    </time>
  );
}

/** How long something has lasted by now. */
export function Lasting({ since }: { readonly since: number }) {
  return <>{spanText(Math.max(0, nowMs.value / 1000 - since))}</>;
}
