import type { Answers } from './answers.js';

/** A way for notifications, and how it fares. */
export interface Channel {
  readonly name: string;
  readonly kind: string | null;
  readonly min_severity: string | null;
  readonly sent: number;
  readonly failed: number;
  readonly pending: number | null;
  /** Unix seconds. */
  readonly last_sent: number | null;
  readonly last_error: string | null;
}

/** Channels as GET /health answers them. */
export function channelsOf({ channels }: Pick<Answers['health'], 'channels'>): Channel[] {
  const given = channels as unknown;
  const entries = Array.isArray(given)
    ? (given as (Partial<Channel> & { name: string })[])
    : Object.entries(channels).map(([name, channel]) => ({ name, ...(channel as Partial<Channel>) }));
  return entries.map((channel) => ({
    kind: null,
    min_severity: null,
    sent: 0,
    failed: 0,
    pending: null,
    last_sent: null,
    last_error: null,
    ...channel,
  }));
}
