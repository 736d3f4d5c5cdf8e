import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { windowSeconds } from '../address.js';
import { address } from '../navigation.js';
import type { WindowHead } from './answers.js';
import type { Query } from './request.js';
import { useAnswer } from './resource.js';

/** Routes that answer over a window. */
export type WindowedRoute =
  'providers' | 'endpoints' | 'operations' | 'stages' | 'usage' | 'cache' | 'queues' | 'memory';

/** Most points of a chart: more than that is finer than the eye, and half as many bytes. */
const points = 60;
const longestSeconds = 90 * 86_400;

/** The window of the page as a query. */
export function windowQuery(): Query {
  const { window } = address.value;
  return 'last' in window ? { window: window.last } : { from: window.from, to: window.to };
}

/** How often answers over the window of the page change enough to ask again: its slots are longer the further it looks. */
export function refreshMs(): number {
  const { window } = address.value;
  const seconds = windowSeconds(window);
  if (!('last' in window) && window.to < Date.now() / 1000 - 60) return 300_000;
  if (seconds <= 3600) return 10_000;
  return seconds <= 6 * 3600 ? 30_000 : 60_000;
}

/** What the last answer over the window of the page said of itself; null on views that ask for none. */
export const windowHead = signal<WindowHead | null>(null);

interface Asked {
  readonly query?: Query;
  /** Also the parts of the window, for charts: with all names, or with totals alone. */
  readonly series?: 'none' | 'totals' | 'names';
}

/** The answer of a route over the window of the page, kept up to date. */
export function useWindowed<Route extends WindowedRoute>(route: Route, { query = {}, series = 'none' }: Asked = {}) {
  const parts = { none: {}, totals: { points, part_names: 1 }, names: { points } }[series];
  const reading = useAnswer(route, { ...windowQuery(), ...query, ...parts }, refreshMs());
  const { answer } = reading;
  useEffect(() => {
    if (answer === null) return;
    windowHead.value = answer;
    return () => {
      if (windowHead.peek() === answer) windowHead.value = null;
    };
  }, [answer]);
  return reading;
}

/**
 * The answer over the window before, of the same length, to compare with. Null until the present one is there, and where
 * the store does not reach back so far.
 */
export function useBefore<Route extends WindowedRoute>(route: Route, present: WindowHead | null, query: Query = {}) {
  const { window } = present ?? {};
  const length = window === undefined ? 0 : window.to - window.from;
  const from = window === undefined ? 0 : Math.floor(window.from - length);
  const reaches =
    window !== undefined && from > Date.now() / 1000 - longestSeconds && (window.data_since ?? Infinity) <= from;
  const before = useAnswer(route, reaches ? { from, to: Math.floor(window.from), ...query } : null, 300_000);
  return reaches ? before.answer : null;
}

/** Length of the window of an answer, in seconds. */
export function secondsOf({ window: { from, to } }: Pick<WindowHead, 'window'>): number {
  return to - from;
}
