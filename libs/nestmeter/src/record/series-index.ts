import type { AnyFamily } from '../accumulate/family.js';
import type { Series } from '../accumulate/series.js';

interface Level {
  readonly next: Map<unknown, Level>;
  series: Series | null;
}

/**
 * Handles that were resolved before, found by one look-up per label and without building a key. Holds only series that
 * the accumulator admitted under these very labels, so it is bounded by the caps of the families and keeps no hostile text.
 */
export class SeriesIndex {
  readonly #families = new Map<AnyFamily, Level>();

  /** The handle for these labels, if it was added. */
  find(family: AnyFamily, labels: readonly unknown[]): Series | null {
    let level = this.#families.get(family);
    for (let index = 0; level !== undefined && index < labels.length; index++) level = level.next.get(labels[index]);
    return level?.series ?? null;
  }

  /** Adds a handle, unless it took the call in because a cap, a rule or a filter left its labels out. */
  add(family: AnyFamily, labels: readonly unknown[], series: Series): void {
    if (series.isOther || series.labels.length !== labels.length) return;
    for (let index = 0; index < labels.length; index++) if (series.labels[index] !== labels[index]) return;
    let level = this.#families.get(family) ?? emptyLevel();
    this.#families.set(family, level);
    for (const label of labels) {
      const next: Level = level.next.get(label) ?? emptyLevel();
      level.next.set(label, next);
      level = next;
    }
    level.series = series;
  }
}

function emptyLevel(): Level {
  return { next: new Map(), series: null };
}
