import { type AlertThreshold, noThreshold, postedThreshold } from './alert-threshold.js';
import { type Changeable, changeable, partOf } from './changeable.js';
import type { Path, Posted, PostedState } from './posted.js';
import { placeOf } from './posted.js';
import { type OptionRules, valueProblems } from './read-patch.js';

/** What is in force on a replica: its options with what was posted on top. */
export interface InForce<Options> {
  readonly options: Options;
  readonly alertThresholds: readonly AlertThreshold[];
  /** Places whose values this release does not take: another release posted them. */
  readonly ignored: readonly string[];
}

/** Puts what was posted on top of the options. @param base from code, environment and defaults; not changed */
export function inForce<Options extends object>(
  base: Options,
  state: PostedState,
  rules: OptionRules,
): InForce<Options> {
  const options = { ...base } as Record<string, unknown>;
  const alertThresholds: AlertThreshold[] = [];
  const ignored: string[] = [];
  for (const { path, value } of held(state)) {
    const row = changeable.get(path[0]);
    if (row === undefined || isMisplaced(row, path) || valueProblems(path, value, rules).length > 0)
      ignored.push(path.join('.'));
    else if (row.option === null) alertThresholds.push(postedThreshold.parse(value) as AlertThreshold);
    else options[row.option] = withPart(options[row.option], partOf(row, path[1]), value);
  }
  return { options: Object.freeze(options) as Options, alertThresholds: Object.freeze(alertThresholds), ignored };
}

/** The value in force at a place, in the form of the document; null for none, of thresholds one of null. */
export function valueAt(base: object, state: PostedState, path: Path): unknown {
  const posted = state.places.get(placeOf(path))?.value;
  if (posted !== undefined) return posted;
  const row = changeable.get(path[0])!;
  if (row.option === null) return noThreshold(path[1]!);
  const value = (base as Record<string, unknown>)[row.option];
  const name = partOf(row, path[1]);
  if (name === undefined) return value ?? null;
  const entries = entriesOf(value);
  return Object.hasOwn(entries, name) ? entries[name] : null;
}

/** Values by place as a document: entries under their key, thresholds as a list. */
export function asDocument(values: readonly (readonly [Path, unknown])[]): Record<string, unknown> {
  const keys = new Map<string, unknown>();
  for (const [[key, entry], value] of values)
    if (entry === undefined) keys.set(key, value);
    else if (changeable.get(key)?.by === 'threshold') keys.set(key, [...((keys.get(key) as unknown[]) ?? []), value]);
    else keys.set(key, { ...(keys.get(key) as object), [entry]: value });
  return Object.fromEntries(keys);
}

/** What has a value, oldest first. */
export function held({ places }: PostedState): readonly Posted[] {
  const posted = [...places].filter(([, { value }]) => value !== undefined);
  // Those of one change by their place, so that replicas which learned of them differently have the same order.
  posted.sort(([one, a], [other, b]) => a.version - b.version || compare(a.id, b.id) || compare(one, other));
  return posted.map(([, value]) => value);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isMisplaced({ by }: Changeable, [, entry]: Path): boolean {
  return (by === 'value') !== (entry === undefined);
}

/** @param name of the part that gets the value; undefined for the whole */
function withPart(option: unknown, name: string | undefined, value: unknown): unknown {
  return name === undefined ? value : Object.freeze({ ...entriesOf(option), [name]: value });
}

/** One number for all stands for its entry `default`. */
function entriesOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { default: value };
}
