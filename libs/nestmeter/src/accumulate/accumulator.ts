import type { StoreClock } from '../clock.js';
import { slotStart, type Tier } from '../time-slot.js';
import type { AnyFamily } from './family.js';
import { FamilyState } from './family-state.js';
import type { OpenSlots, Series, SeriesHome } from './series.js';
import { type Admission, SeriesRegistry } from './series-registry.js';
import { SeriesState } from './series-state.js';
import type { SlotState } from './slot-state.js';

interface OpenSlot {
  readonly tier: Tier;
  start: number;
  /** By family name; for the finest tier the open slot itself, for coarser ones their closed part. */
  readonly parts: Map<string, SeriesHome['part']>;
}

/** Closed slots that wait to be taken; beyond it the oldest go. Reached only when nobody publishes. */
const longestQueue = 4000;

/** For how long at most what is counted waits for the store's time, in the first slot. */
const longestHoldMs = 30_000;

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
  readonly #open: OpenSlot[];
  readonly #holding = new Set<Series>();
  #closed: SlotState[] = [];
  #generation = 0;
  /** Monotonic reading up to which the first slot stays open; null when it is not held. */
  #heldUntilMs: number | null = null;
  /** Monotonic reading at which the open finest slot ends; what makes the check on the hot path one comparison. */
  #endsAt = -Infinity;
  /** Closed slots lost with the queue, and lives that ended early. */
  readonly counts = { droppedSlots: 0, renewals: 0 };

  constructor(
    readonly clock: StoreClock,
    readonly tiers: readonly Tier[],
    admission: Admission = {},
  ) {
    this.#registry = new SeriesRegistry(this, admission);
    const nowMs = clock.nowMs();
    this.#open = tiers.map((tier) => ({ tier, start: slotStart(nowMs, tier.slotSeconds), parts: new Map() }));
  }

  /** Which life of the replica counts now. */
  get generation(): number {
    return this.#generation;
  }

  /** All families that have been used, in the order of their first use. */
  families(): AnyFamily[] {
    return [...this.#registry.homes()].map((home) => home.family);
  }

  /** Unix seconds at which the open slot of a tier started. */
  openStart(tier: number): number {
    return this.#open[tier]!.start;
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
   * Rule 2. Keeps the first slot open until the store has told its time, half a minute at most: what is counted until then is
   * in one slot of each tier, which is named by that time and not by the host's clock. Called before anything is published.
   */
  holdFirstSlot(): void {
    if (this.clock.isKnown) return;
    this.#heldUntilMs = this.clock.monotonicAt(this.clock.nowMs()) + longestHoldMs;
  }

  /** Lets time add to the levels of a series. */
  hold(series: Series): void {
    this.#holding.add(series);
  }

  /** Closes what the store's time has passed. Called by each publish, and by the first record after a slot's end. */
  roll(): void {
    if (this.#isHeld()) return;
    const nowMs = this.clock.nowMs();
    const finest = this.#open[0]!;
    const start = slotStart(nowMs, finest.tier.slotSeconds);
    if (start < finest.start) {
      if (nowMs < (finest.start - finest.tier.slotSeconds) * 1000) return this.renew();
    } else if (start > finest.start) this.#closeThrough(nowMs);
    this.#endsAt = this.clock.monotonicAt((finest.start + finest.tier.slotSeconds) * 1000);
  }

  /**
   * Makes all states of this life final and goes on from zero under the next generation, in the slots of the store's
   * present time. What must be counted in a slot whose state is already final is counted there under another life.
   */
  renew(): void {
    this.#isHeld();
    const nowMs = this.clock.nowMs();
    if (slotStart(nowMs, this.tiers[0]!.slotSeconds) > this.#open[0]!.start) this.#closeThrough(nowMs);
    this.#settle(nowMs);
    this.#open.forEach((_, level) => this.#close(level, nowMs));
    this.#generation++;
    this.counts.renewals++;
    for (const slot of this.#open) slot.start = slotStart(nowMs, slot.tier.slotSeconds);
    this.#endsAt = -Infinity;
  }

  /** Closed slots since the last call, oldest first; the caller owns them. */
  takeClosed(): SlotState[] {
    const taken = this.#closed;
    this.#closed = [];
    return taken;
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
      if (version > 0) versions.push({ family, start: this.#open[tier]!.start, version });
    }
    return versions;
  }

  /** The state of an open slot as of now, merged from its parts; the caller must not change it. */
  openState(family: AnyFamily, tier: number): SlotState {
    const { start, tier: spec } = this.#open[tier]!;
    const parts = this.#parts(family, tier);
    return {
      family,
      tier: spec,
      start,
      state: merged(family, parts),
      version: this.#version(family, tier),
      final: false,
      generation: this.#generation,
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
    for (const slot of this.#open) slot.parts.clear();
    for (const series of this.#holding) series.resume(this.clock.monotonicAt(this.clock.nowMs()));
    this.#closed = [];
    this.#generation++;
  }

  /** Whether the first slot is still held; names it once the store's time is known. */
  #isHeld(): boolean {
    if (this.#heldUntilMs === null) return false;
    const nowMs = this.clock.nowMs();
    this.#endsAt = this.#heldUntilMs;
    if (!this.clock.isKnown && this.clock.monotonicAt(nowMs) < this.#heldUntilMs) return true;
    this.#heldUntilMs = null;
    if (this.clock.isKnown) for (const slot of this.#open) slot.start = slotStart(nowMs, slot.tier.slotSeconds);
    return false;
  }

  #begin(series: Series): SeriesState {
    const { family, part, touched } = series.home;
    series.state = new SeriesState(family);
    part.state.series.set(series.key, series.state);
    touched.push(series);
    return series.state;
  }

  #settle(nowMs: number): void {
    const { start, tier } = this.#open[0]!;
    // Levels are weighted with time that passed, which a step of the store's clock is not.
    const endMs = this.#heldUntilMs === null ? (start + tier.slotSeconds) * 1000 : Infinity;
    const until = this.clock.monotonicAt(Math.min(nowMs, endMs));
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
    this.#open.forEach((slot, level) => {
      const start = slotStart(nowMs, slot.tier.slotSeconds);
      if (start <= slot.start) return;
      this.#close(level, nowMs);
      slot.start = start;
    });
    // Time between the two slots, in which this process stood still, belongs to neither.
    const from = this.clock.monotonicAt(this.#open[0]!.start * 1000);
    for (const series of this.#holding) series.resume(from);
  }

  /** Queues the slot of one tier as final and merges it into the next coarser one; the finest also into the lifetime. */
  #close(level: number, nowMs: number): void {
    const slot = this.#open[level]!;
    const coarser = this.#open[level + 1];
    const asOfMs = Math.min(nowMs, (slot.start + slot.tier.slotSeconds) * 1000);
    for (const entry of this.#registry.homes()) {
      const { family } = entry;
      const part = level === 0 ? entry.part : slot.parts.get(family.name);
      if (part === undefined || part.version === 0) continue;
      const closed = { family, tier: slot.tier, start: slot.start, asOfMs, final: true, generation: this.#generation };
      this.#queue({ ...closed, state: part.state, version: part.version + 1 });
      if (level === 0) {
        entry.lifetime.merge(part.state);
        for (const series of entry.touched) series.state = null;
        entry.touched.length = 0;
        entry.part = { state: new FamilyState(family), version: 0 };
      }
      if (coarser !== undefined) {
        let into = coarser.parts.get(family.name);
        if (into === undefined) coarser.parts.set(family.name, (into = { state: new FamilyState(family), version: 0 }));
        into.state.merge(part.state);
        into.version += part.version + 1;
      }
    }
    slot.parts.clear();
  }

  #queue(closed: SlotState): void {
    this.#closed.push(closed);
    if (this.#closed.length > longestQueue) {
      this.#closed.splice(0, longestQueue / 10);
      this.counts.droppedSlots += longestQueue / 10;
    }
  }

  #version(family: AnyFamily, tier: number): number {
    let version = this.#registry.used(family)!.part.version;
    for (let level = 1; level <= tier; level++) version += this.#open[level]!.parts.get(family.name)?.version ?? 0;
    return version;
  }

  #parts(family: AnyFamily, tier: number): FamilyState[] {
    const parts = [this.#registry.used(family)!.part.state];
    for (let level = 1; level <= tier; level++) {
      const part = this.#open[level]!.parts.get(family.name);
      if (part !== undefined) parts.push(part.state);
    }
    return parts;
  }
}

function merged(family: AnyFamily, parts: readonly FamilyState[]): FamilyState {
  if (parts.length === 1) return parts[0]!;
  const whole = new FamilyState(family);
  for (const part of parts) whole.merge(part);
  return whole;
}
