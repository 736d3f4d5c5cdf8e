import { componentFamily } from '../accumulate/families.js';
import { other } from '../accumulate/labels.js';
import type { Recorder } from './recorder.js';
import { UnionTimer } from './union-timer.js';

const { counter, distribution } = componentFamily;

/** Names of components that one call tells apart. */
const mostNames = 100;

/** The components of one call: the time that each covers, and the time that all cover together. */
export class Components {
  readonly #all = new UnionTimer();
  #byName: Map<string, UnionTimer> | null = null;

  /** A component begins. @param nowMs monotonic */
  begin(name: string, nowMs: number): void {
    this.#all.begin(nowMs);
    this.#named(name).begin(nowMs);
  }

  /** It ends. */
  end(name: string, nowMs: number): void {
    this.#all.end(nowMs);
    this.#named(name).end(nowMs);
  }

  /** Adds one that was timed elsewhere and is taken not to overlap with others. */
  add(name: string, ms: number): void {
    this.#all.add(ms);
    this.#named(name).add(ms);
  }

  /** Milliseconds in which any was running. */
  coveredMs(nowMs: number): number {
    return this.#all.at(nowMs);
  }

  /** Counts the time covered by each in the operation that they were components of. */
  record(recorder: Recorder, operation: string, elapsedMs: number, nowMs: number): void {
    this.#byName?.forEach((timer, name) => {
      const covered = Math.round(Math.min(elapsedMs, timer.at(nowMs)) * 1000);
      const series =
        name === other
          ? recorder.accumulator.named(componentFamily, [other, other])
          : recorder.series(componentFamily, operation, name);
      series.open(nowMs).count(counter.covered_us, covered);
    });
  }

  #named(name: string): UnionTimer {
    this.#byName ??= new Map();
    let timer = this.#byName.get(name);
    if (timer !== undefined) return timer;
    const key = this.#byName.size < mostNames ? name : other;
    timer = this.#byName.get(key) ?? new UnionTimer();
    this.#byName.set(key, timer);
    return timer;
  }
}

/** Counts one call of a component from an operation. */
export function recordComponent(
  recorder: Recorder,
  { operation, component, ms, success }: { operation: string; component: string; ms: number; success: boolean },
  nowMs: number,
): void {
  const state = recorder.series(componentFamily, operation, component).open(nowMs);
  state.count(counter.calls);
  if (!success) state.count(counter.errors);
  state.record(distribution.duration, ms);
}
