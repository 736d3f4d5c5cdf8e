/*
 * Replicas of a service within one process, each made of the same parts as a monitor, with the load of 200 active
 * series; aged, so that a bench meets what a service that has run for hours publishes.
 */
import { SeriesState } from '../libs/nestmeter/dist/accumulate/series-state.js';
import { FamilyState } from '../libs/nestmeter/dist/accumulate/family-state.js';
import { seriesKey } from '../libs/nestmeter/dist/accumulate/labels.js';
import { joinParts } from '../libs/nestmeter/dist/monitor-parts.js';
import { readOptions } from '../libs/nestmeter/dist/options.js';
import { defaultTiers, slotStart } from '../libs/nestmeter/dist/time-slot.js';
import { activeSeries } from './series-load.mjs';

/** Events of one replica: each of its 200 series counts two or three in every second. */
const eventsPerSecond = 500;
const tickMs = 100;

/** Hours before now, and how many events of each series are counted then. */
const past = [
  [3, 400],
  [1, 200],
  [0.2, 100],
  [0.02, 30],
  [0.004, 10],
];

/** The clocks of the process, which can be set back while a past is made up. */
class ShiftedClock {
  shiftMs = 0;

  monotonicMs() {
    return 1e9 + performance.now() + this.shiftMs;
  }

  wallMs() {
    return Date.now() + this.shiftMs;
  }
}

/** One replica with its load. */
export class LoadedReplica {
  #clock = new ShiftedClock();
  #timers = [];
  #next = 0;

  constructor(redis, app) {
    this.#clock.shiftMs = -3_600_000 * past[0][0];
    this.parts = joinParts(readOptions({ app, redis, genaiPrices: false, logLevel: 'silent' }), this.#clock);
    const { accumulator } = this.parts;
    this.series = activeSeries().map((one) => ({ ...one, handle: accumulator.series(one.family, one.labels) }));
    this.#age();
  }

  /** Fills the outbox with the closed states of the last 30 minutes, so that audits have what they ask for. */
  remember() {
    const { publisher, replica, accumulator } = this.parts;
    const now = Date.now();
    for (const tier of defaultTiers.slice(0, 3)) {
      const open = slotStart(now, tier.slotSeconds);
      for (let start = open - tier.slotSeconds; start >= now / 1000 - 1800; start -= tier.slotSeconds)
        for (const family of accumulator.families()) {
          const closed = { family, tier, start, final: true, version: 2, generation: 0, asOfMs: now };
          publisher.outbox.add({ ...closed, state: this.#small(family) }, replica.field(0));
        }
    }
  }

  /** Begins to count events, 500 a second. */
  startLoad() {
    const { sampling, clock } = this.parts;
    const tick = setInterval(() => {
      for (let event = 0; event < (eventsPerSecond * tickMs) / 1000; event++) {
        const { handle, count } = this.series[this.#next++ % this.series.length];
        count(handle, clock.monotonicMs());
      }
    }, tickMs);
    // As a running monitor does.
    const look = setInterval(() => {
      void sampling.sample();
    }, 5000);
    this.#timers.push(tick, look);
  }

  /** Connects, publishes all there is, and from then on every second. */
  async startPublishing() {
    const { store, publisher } = this.parts;
    store.start();
    await connected(store);
    await publisher.flush();
    publisher.start();
  }

  /** Ends the load and publishing: everything is final and the store has it, or ten seconds are over. */
  async stop() {
    for (const timer of this.#timers) clearInterval(timer);
    await this.parts.publisher.stop(10_000);
    await this.parts.store.stop();
  }

  #age() {
    const { accumulator, clock } = this.parts;
    for (const [hoursAgo, events] of past) {
      this.#clock.shiftMs = -3_600_000 * hoursAgo;
      for (const { handle, count } of this.series)
        for (let event = 0; event < events; event++) count(handle, clock.monotonicMs());
    }
    this.#clock.shiftMs = 0;
    accumulator.settle();
    accumulator.takeClosed();
  }

  #small(family) {
    const state = new FamilyState(family);
    const { labels, count } = this.series.find((one) => one.family === family) ?? this.series[0];
    if (family.name === 'queue' || family.name === 'process')
      state.series.set(seriesKey(labels), new SeriesState(family));
    else count({ open: () => state.at(seriesKey(labels)) }, 0);
    return state;
  }
}

/** Waits until a store answers. */
export async function connected(store) {
  while (store.status().state !== 'ready') await new Promise((resolve) => setTimeout(resolve, 20));
}
