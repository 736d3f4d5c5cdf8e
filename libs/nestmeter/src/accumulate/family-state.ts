import type { AnyFamily } from './family.js';
import { hashText, labelsOfKey, other, seriesKey } from './labels.js';
import { SeriesState } from './series-state.js';

/**
 * What was counted for all series of one family in some stretch of time, by one replica or by many. Merging adds; it
 * loses no count, and no name up to four times the family's cap.
 */
export class FamilyState {
  readonly series = new Map<string, SeriesState>();

  constructor(readonly family: AnyFamily) {}

  /** The state of a series, made if it is missing. @param key see {@link seriesKey} */
  at(key: string): SeriesState {
    let state = this.series.get(key);
    if (state === undefined) this.series.set(key, (state = new SeriesState(this.family)));
    return state;
  }

  /** Adds `source`, a state of the same family, which stays as it is. */
  merge(source: FamilyState): void {
    for (const [key, state] of source.series) this.at(key).merge(state);
    this.bound();
  }

  /**
   * Rule 13. Keeps the series with the smallest hashes, four times the cap, and adds the rest to `__other__`. What would be left
   * out of a part is left out of the whole too, so that the order of merging does not matter.
   */
  bound(): void {
    const keep = 4 * this.family.cap;
    if (this.series.size <= keep) return;
    const otherKey = this.otherKey;
    const named = [...this.series.keys()].filter((key) => key !== otherKey);
    if (named.length <= keep) return;
    named.sort((a, b) => hashText(a) - hashText(b) || (a < b ? -1 : 1));
    const rest = this.at(otherKey);
    for (const key of named.slice(keep)) {
      rest.merge(this.series.get(key)!);
      this.series.delete(key);
    }
  }

  /** Each series with its labels, in no particular order. */
  *entries(): Generator<{ labels: readonly string[]; state: SeriesState }> {
    for (const [key, state] of this.series) yield { labels: labelsOfKey(key, this.family.labels.length), state };
  }

  /** Key of the series that takes what caps leave out. */
  get otherKey(): string {
    return otherKeyOf(this.family);
  }

  /** Memory, roughly, in bytes. */
  get bytes(): number {
    let sum = 300;
    for (const [key, state] of this.series) sum += 100 + key.length + state.bytes;
    return sum;
  }
}

/** The key of the series that takes what caps leave out of a family. */
export function otherKeyOf(family: AnyFamily): string {
  return seriesKey(family.labels.map(() => other));
}
