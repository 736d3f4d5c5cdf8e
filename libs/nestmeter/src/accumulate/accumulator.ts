import type { StoreClock } from '../clock.js';
import { slotStart, type Tier } from '../time-slot.js';
import type { AnyFamily } from './family.js';
import { FamilyState } from './family-state.js';
import { OpenTiers } from './open-tiers.js';
import type { OpenSlots, Series } from './series.js';
import { type Admission, SeriesRegistry } from './series-registry.js';
import { SeriesState } from './series-state.js';
import type { SlotState } from './slot-state.js';

/** For how long slots wait for their names. */
const unnamedMs = 30_000;

/**
 * Counts what happens in this process, per family, series and slot.
 *
 * A measurement touches only the open slot of the finest tier. When that closes it is merged once into the open slot of
 * the next tier and into the lifetime totals; when that one closes, into the next, and so on. The state of an open coarse
 * slot is made on demand from its closed part and the open finer ones. Closed slots queue until {@link takeClosed}.
 *
 * Rules 1 and 2. The current slot never goes back: a record whose time falls before the open slot is counted in it. A step back of one
 * finest slot or more renews.
 */
export class Accumulator implements OpenSlots {
  readonly #registry: SeriesRegistry;
  readonly #slots: OpenTiers;
  readonly #holding = new Set<Series>();
  /** Monotonic reading at which slots get their names from the host's clock, should the store not tell its time. */
  #unnamedUntilMs = 0;
  /** Monotonic reading at which the open finest slot ends; what makes the check on the hot path one comparison. */
  #endsAt = -Infinity;
  #renewals = 0;

  constructor(
    readonly clock: StoreClock,
    readonly tiers: readonly Tier[],
    admission: Admission = {},
  ) {
    this.#registry = new SeriesRegistry(this, admission);
    this.#slots = new OpenTiers(tiers, clock.nowMs());
  }

  /** Closed slots lost since nobody took them, and lives that ended early. */
  get counts() {
    return { droppedSlots: this.#slots.dropped, renewals: this.#renewals };
  }

  /** Which life of the replica counts now. */
  get generation(): number {
    return this.#slots.generation;
  }

  /** All families that have been used, in the order of their first use. */
  families(): AnyFamily[] {
    return [...this.#registry.homes()].map((home) => home.family);
  }

  /** Unix seconds at which the open slot of a tier started. */
  openStart(tier: number): number {
    return this.#slots.start(tier);
  }

  /** The handles of all series. */
  get handles(): SeriesRegistry {
    return this.#registry;
  }

  /** See {@link SeriesRegistry.series}. */
  series(family: AnyFamily, labels: readonly unknown[]): Series {
    return this.#registry.series(family, labels);
  }

  /** See {@link SeriesRegistry.named}. */
  named(family: AnyFamily, labels: readonly string[]): Series {
    return this.#registry.named(family, labels);
  }

  /** See {@link Series.open}. */
  open(series: Series, monotonicMs: number): SeriesState {
    if (monotonicMs >= this.#endsAt) this.roll();
    series.home.part.version++;
    return series.state ?? this.#begin(series);
  }

  /**
   * Rule 2. Lets slots wait for their names until the store has told its time, half a minute at most: that of the host may be
   * off by hours. Called before anything is published.
   */
  awaitStoreTime(): void {
    if (this.clock.isKnown) return;
    this.#slots.awaitNames();
    this.#unnamedUntilMs = this.clock.monotonicAt(this.clock.nowMs()) + unnamedMs;
  }

  /** Lets time add to the levels of a series. */
  hold(series: Series): void {
    this.#holding.add(series);
  }

  /** From now on time adds to no level, until it is set anew. */
  releaseLevels(): void {
    this.settle();
    this.#holding.clear();
  }

  /** Closes what the store's time has passed. Called by each publish, and by the first record after a slot's end. */
  roll(): void {
    this.#nameIfDue();
    const nowMs = this.clock.nowMs();
    const { slotSeconds } = this.tiers[0]!;
    const start = slotStart(nowMs, slotSeconds);
    const openStart = this.#slots.start(0);
    if (start < openStart) {
      if (nowMs < (openStart - slotSeconds) * 1000) return this.renew();
    } else if (start > openStart) this.#closeThrough(nowMs);
    this.#endsAt = this.clock.monotonicAt(this.#slots.finestEnd * 1000);
  }

  /**
   * Makes all states of this life final and goes on from zero under the next generation, in the slots of the store's
   * present time. What must be counted in a slot whose state is already final is counted there under another life.
   */
  renew(): void {
    if (this.#slots.isUnnamed) this.#slots.name(this.clock.firstShiftMs);
    const nowMs = this.clock.nowMs();
    if (slotStart(nowMs, this.tiers[0]!.slotSeconds) > this.#slots.start(0)) this.#closeThrough(nowMs);
    this.#settle(nowMs);
    this.#endFinest(nowMs);
    this.#slots.closeAllCoarser(nowMs);
    this.#slots.generation++;
    this.#renewals++;
    this.#slots.open(nowMs, 'all');
    this.#endsAt = -Infinity;
  }

  /** Closed slots since the last call, oldest first; the caller owns them. */
  takeClosed(): SlotState[] {
    return this.#slots.takeClosed();
  }

  /** Brings levels up to now, so that versions and states of open slots include them. */
  settle(): void {
    this.roll();
    this.#settle(this.clock.nowMs());
  }

  /** Versions of the open slots of a tier, by family; cheap, for finding out what changed. */
  openVersions(tier: number): { family: AnyFamily; start: number; version: number }[] {
    const versions = [];
    for (const { family } of this.#registry.homes()) {
      const version = this.#version(family, tier);
      if (version > 0) versions.push({ family, start: this.#slots.start(tier), version });
    }
    return versions;
  }

  /** The state of an open slot as of now, merged from its parts; the caller must not change it. */
  openState(family: AnyFamily, tier: number): SlotState {
    const { part } = this.#registry.used(family)!;
    const parts = [part, ...this.#slots.closedParts(family, tier)];
    return {
      family,
      tier: this.tiers[tier]!,
      start: this.#slots.start(tier),
      state: merged(
        family,
        parts.map(({ state }) => state),
      ),
      version: this.#version(family, tier),
      final: false,
      generation: this.generation,
      asOfMs: this.clock.nowMs(),
    };
  }

  /** Everything counted since the process began, which slots and publishing never touch. */
  lifetime(family: AnyFamily): FamilyState {
    const home = this.#registry.used(family);
    if (home === undefined) return new FamilyState(family);
    this.settle();
    return merged(family, [home.lifetime, home.part.state]);
  }

  /** Forgets everything, handles stay valid. For tests. */
  clear(): void {
    for (const entry of this.#registry.homes()) {
      entry.lifetime.series.clear();
      for (const series of entry.touched) series.state = null;
      entry.touched.length = 0;
      entry.part = { state: new FamilyState(entry.family), version: 0 };
    }
    this.#slots.clear();
    for (const series of this.#holding) series.resume(this.clock.monotonicAt(this.clock.nowMs()));
    this.#slots.generation++;
  }

  /** Slots get their names once the store has told its time, or when that takes too long. */
  #nameIfDue(): void {
    if (!this.#slots.isUnnamed) return;
    const isOver = this.clock.monotonicAt(this.clock.nowMs()) >= this.#unnamedUntilMs;
    if (this.clock.isKnown || isOver) this.#slots.name(this.clock.firstShiftMs);
  }

  #begin(series: Series): SeriesState {
    const { family, part, touched } = series.home;
    series.state = new SeriesState(family);
    part.state.series.set(series.key, series.state);
    touched.push(series);
    return series.state;
  }

  #settle(nowMs: number): void {
    // Levels are weighted with time that passed, which a step of the store's clock is not.
    const until = this.clock.monotonicAt(Math.min(nowMs, this.#slots.finestEnd * 1000));
    for (const series of this.#holding) {
      if (!series.holds) {
        this.#holding.delete(series);
        continue;
      }
      series.home.part.version++;
      series.settle(series.state ?? this.#begin(series), until);
    }
  }

  /** Closes the finest slot and every coarser one that ends before the slot of `nowMs`. */
  #closeThrough(nowMs: number): void {
    this.#settle(nowMs);
    this.#endFinest(nowMs);
    this.#slots.open(nowMs, 'finest');
    this.#slots.closeCoarser(nowMs);
    // Time between the two slots, in which this process stood still, belongs to neither.
    const from = this.clock.monotonicAt(this.#slots.start(0) * 1000);
    for (const series of this.#holding) series.resume(from);
  }

  /** Ends what was counted in the finest slot, and adds it to the lifetime. */
  #endFinest(nowMs: number): void {
    const start = this.#slots.start(0);
    const asOfMs = Math.min(nowMs, this.#slots.finestEnd * 1000);
    for (const entry of this.#registry.homes()) {
      const { family, part } = entry;
      if (part.version === 0) continue;
      this.#slots.end({ family, part, start, asOfMs, generation: this.generation });
      entry.lifetime.merge(part.state);
      for (const series of entry.touched) series.state = null;
      entry.touched.length = 0;
      entry.part = { state: new FamilyState(family), version: 0 };
    }
  }

  #version(family: AnyFamily, tier: number): number {
    let { version } = this.#registry.used(family)!.part;
    for (const part of this.#slots.closedParts(family, tier)) version += part.version;
    return version;
  }
}

function merged(family: AnyFamily, parts: readonly FamilyState[]): FamilyState {
  if (parts.length === 1) return parts[0]!;
  const whole = new FamilyState(family);
  for (const part of parts) whole.merge(part);
  return whole;
}
