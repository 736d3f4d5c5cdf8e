import { setTimeout } from 'node:timers/promises';

/** Waits for `work`, which never rejects, at most `ms`: what was not done by then shows in the counts. */
export async function within(work: Promise<void>, ms: number): Promise<void> {
  const deadline = new AbortController();
  await Promise.race([work, setTimeout(ms, undefined, { signal: deadline.signal }).catch(() => {})]);
  deadline.abort();
}
