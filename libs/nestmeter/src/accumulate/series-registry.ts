import type { AnyFamily } from './family.js';
import { FamilyState, otherKeyOf } from './family-state.js';
import { cleanLabel, longestLabel, other, seriesKey } from './labels.js';
import { type OpenSlots, Series, type SeriesHome } from './series.js';

/** Which series are told apart. */
export interface Admission {
  /** Series of a family, if fewer than the family's own cap. */
  readonly cap?: number | undefined;
  /** False leaves a series out of everything; asked before a new one is admitted. */
  readonly admit?: ((family: AnyFamily, labels: readonly string[]) => boolean) | undefined;
}

interface FamilyEntry extends SeriesHome {
  readonly series: Map<string, Series>;
  /** Takes what a filter leaves out; its state is never read. */
  readonly outside: Series;
  /** Keys that the filter left out lately, so that it is not asked for each record. */
  readonly leftOut: Set<string>;
}

/** Left-out keys that are remembered per family; past it all are forgotten, and the filter is asked again. */
const mostLeftOut = 1000;

/**
 * The handles of all series, by family and labels. First come, first admitted: a name once told apart never moves to
 * `__other__`, since a Prometheus counter would fall.
 */
export class SeriesRegistry {
  readonly #families = new Map<string, FamilyEntry>();
  /** Look-ups by reserved names, and by new names past a cap. */
  readonly counts = { refusedLabels: 0, cappedSeries: 0 };

  constructor(
    private readonly slots: OpenSlots,
    private readonly admission: Admission,
  ) {}

  /**
   * The handle for a list of label values, which may be hostile: see {@link cleanLabel}. A reserved name, or a new one
   * when the family's cap is reached, resolves to the family's `__other__`.
   */
  series(family: AnyFamily, labels: readonly unknown[]): Series {
    const entry = this.#entry(family);
    const known = labels.every(isShort) ? entry.series.get(seriesKey(labels)) : undefined;
    if (known !== undefined && !known.isOther && sameLabels(known.labels, labels)) return known;
    const cleaned = labels.map(cleanLabel);
    if (cleaned.includes(null)) {
      this.counts.refusedLabels++;
      return this.#other(entry);
    }
    return this.named(family, cleaned as string[]);
  }

  /** The handle for label values of our own making, which may begin with `__`. */
  named(family: AnyFamily, labels: readonly string[]): Series {
    const entry = this.#entry(family);
    const key = seriesKey(labels);
    const known = entry.series.get(key);
    if (known !== undefined) return known;
    const { cap = family.cap } = this.admission;
    if (!this.#isAdmitted(entry, key, labels)) return entry.outside;
    if (entry.series.size >= Math.min(family.cap, cap)) {
      this.counts.cappedSeries++;
      return this.#other(entry);
    }
    const series = new Series(this.slots, entry, key, labels, false);
    entry.series.set(key, series);
    return series;
  }

  /** The handle of a series if it exists. */
  find(family: AnyFamily, labels: readonly string[]): Series | undefined {
    return this.#families.get(family.name)?.series.get(seriesKey(labels));
  }

  /** All handles of a family. */
  of(family: AnyFamily): Iterable<Series> {
    return this.#families.get(family.name)?.series.values() ?? [];
  }

  /** Number of series of a family, `__other__` included. */
  count(family: AnyFamily): number {
    return this.#families.get(family.name)?.series.size ?? 0;
  }

  /** Families that have been used, in the order of their first use. */
  homes(): Iterable<SeriesHome> {
    return this.#families.values();
  }

  /** What is kept of a family that has been used. */
  used(family: AnyFamily): SeriesHome | undefined {
    return this.#families.get(family.name);
  }

  #entry(family: AnyFamily): FamilyEntry {
    let entry = this.#families.get(family.name);
    if (entry === undefined) {
      const outside = new Series(this.slots, emptyHome(family), '', [], true);
      entry = { ...emptyHome(family), series: new Map(), outside, leftOut: new Set() };
      this.#families.set(family.name, entry);
    }
    return entry;
  }

  #isAdmitted({ family, leftOut }: FamilyEntry, key: string, labels: readonly string[]): boolean {
    const { admit } = this.admission;
    if (admit === undefined) return true;
    if (leftOut.has(key)) return false;
    if (admit(family, labels)) return true;
    if (leftOut.size >= mostLeftOut) leftOut.clear();
    leftOut.add(key);
    return false;
  }

  #other(entry: FamilyEntry): Series {
    const key = otherKeyOf(entry.family);
    let series = entry.series.get(key);
    if (series === undefined) {
      const labels = entry.family.labels.map(() => other);
      entry.series.set(key, (series = new Series(this.slots, entry, key, labels, labels.length > 0)));
    }
    return series;
  }
}

function emptyHome(family: AnyFamily): SeriesHome {
  const part = { state: new FamilyState(family), version: 0 };
  return { family, part, touched: [], lifetime: new FamilyState(family) };
}

/** Joining anything else could throw, or copy megabytes at each call; {@link cleanLabel} makes short text of it first. */
function isShort(label: unknown): label is string {
  return typeof label === 'string' && label.length <= longestLabel;
}

function sameLabels(known: readonly string[], labels: readonly unknown[]): boolean {
  for (let index = 0; index < known.length; index++) if (known[index] !== labels[index]) return false;
  return true;
}
