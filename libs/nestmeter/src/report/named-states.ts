import { z } from 'zod';
import { mergeCounters } from '../accumulate/counter.js';
import type { AnyFamily } from '../accumulate/family.js';
import { other } from '../accumulate/labels.js';
import { SeriesState } from '../accumulate/series-state.js';
import type { Tally } from '../accumulate/tally.js';
import type { Merged } from '../query/window-sum.js';

/** A series as a report meets it. */
export interface Entry {
  readonly labels: readonly string[];
  readonly state: SeriesState;
}

/** Series that an answer shows under one name. Sums are made when asked for: most answers need counters only. */
export class Group {
  #counters: ArrayLike<number> | null = null;
  #state: SeriesState | null = null;

  constructor(
    private readonly family: AnyFamily,
    readonly name: string,
    readonly entries: readonly Entry[],
  ) {}

  /** Counters of all of them added up. */
  get counters(): ArrayLike<number> {
    return (this.#counters ??= sumCounters(this.family, this.entries));
  }

  /** All of them merged; not to be changed, since it may be a series of the window itself. */
  get state(): SeriesState {
    return (this.#state ??= mergeStates(this.family, this.entries));
  }
}

/** How {@link groupByName} groups. */
export interface Grouping {
  /** The name under which a series is shown. */
  readonly name: (labels: readonly string[]) => string;
  /** By what the largest are found. */
  readonly size: (group: Group) => number;
  /** Names that stay beside `__other__`. */
  readonly max: number;
}

/** Merges series of the same name. The largest names stay, largest first; the rest is added up in `__other__`, which is last. */
export function groupByName(family: AnyFamily, entries: Iterable<Entry>, { name, size, max }: Grouping): Group[] {
  const named = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = name(entry.labels);
    const known = named.get(key);
    if (known === undefined) named.set(key, [entry]);
    else known.push(entry);
  }
  const rest = named.get(other) ?? [];
  named.delete(other);
  const ranked = [...named]
    .map(([key, group]) => new Group(family, key, group))
    .map((group) => ({ group, rank: size(group) }))
    .sort((a, b) => b.rank - a.rank || (a.group.name < b.group.name ? -1 : 1))
    .map(({ group }) => group);
  for (const { entries: cut } of ranked.splice(max)) rest.push(...cut);
  if (rest.length > 0) ranked.push(new Group(family, other, rest));
  return ranked;
}

/** The sum of series; a single one is answered as it is, so do not change it. */
export function mergeStates(family: AnyFamily, entries: readonly { readonly state: SeriesState }[]): SeriesState {
  if (entries.length === 1) return entries[0]!.state;
  const whole = new SeriesState(family);
  for (const { state } of entries) whole.merge(state);
  return whole;
}

/** The sum of all series of a family; not to be changed, see {@link mergeStates}. */
export function totalState(merged: Merged, family: AnyFamily): SeriesState {
  return mergeStates(
    family,
    [...merged.of(family).series.values()].map((state) => ({ state })),
  );
}

/** Counters of series added up. */
export function sumCounters(
  family: AnyFamily,
  entries: Iterable<{ readonly state: Pick<SeriesState, 'counters'> }>,
): Float64Array {
  const sum = new Float64Array(family.specs.counters.length);
  for (const { state } of entries) mergeCounters(sum, state.counters);
  return sum;
}

/** Counters by name. @param columns `counter` of the family */
export function countsOf<C extends Readonly<Record<string, number>>>(
  columns: C,
  { counters }: { readonly counters: ArrayLike<number> },
): { readonly [Name in keyof C]: number } {
  const counts = Object.entries(columns).map(([name, column]) => [name, counters[column]!]);
  return Object.fromEntries(counts) as { [Name in keyof C]: number };
}

/** Counters of a whole family by name. */
export function totalCounts<F extends AnyFamily>(
  merged: Merged,
  family: F,
): { readonly [Name in keyof F['counter']]: number } {
  const entries = merged.of(family).entries();
  return countsOf(family.counter as F['counter'], { counters: sumCounters(family, entries) });
}

/** A map for an answer. It has no prototype: a name such as `__proto__` is an entry like any other. */
export function answerMap<Value>(entries: Iterable<readonly [string, Value]>): Record<string, Value> {
  const map = Object.create(null) as Record<string, Value>;
  for (const [name, value] of entries) map[name] = value;
  return map;
}

/** A map of groups by their names. */
export function groupMap<Value>(groups: readonly Group[], answer: (group: Group) => Value): Record<string, Value> {
  return answerMap(groups.map((group) => [group.name, answer(group)] as const));
}

/** A tally as a map, most frequent first. */
export function tallyMap(tally: Tally | null | undefined): Record<string, number> {
  return answerMap([...(tally ?? [])].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)));
}

const namesRule = { error: 'one name or several (at most 100), separated by commas or given as often' };

/** Query parameter for one or several names: given more than once, or separated by commas. */
export const namesParameter = (of: string) =>
  z
    .union([z.string(), z.array(z.string()).min(1, namesRule).max(100, namesRule)], namesRule)
    .optional()
    .describe(`Only these ${of}: one name or several, separated by commas. An unknown name gives an empty map`);

/** Whether something goes by one of the asked names; everything does when nothing was asked. */
export function nameFilter(asked: string | readonly string[] | undefined): (...names: string[]) => boolean {
  if (asked === undefined) return () => true;
  const whole = typeof asked === 'string' ? [asked] : asked;
  // A name may hold a comma itself, so that the text is taken as a whole too.
  const wanted = new Set([...whole, ...whole.flatMap((text) => text.split(',').map((part) => part.trim()))]);
  return (...names) => names.some((name) => wanted.has(name));
}
