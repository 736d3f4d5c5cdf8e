import { cacheFamily, eventFamily, queueFamily, sharedQueueFamily, stageFamily } from '../accumulate/families.js';
import { readNanoUsd } from '../money.js';
import { categoryOfError } from './error-category.js';
import type { Recorder } from './recorder.js';
import { isAmount, isCount, isDuration } from './refusals.js';

/** What a run of a stage came to. Leave out what is unknown. */
export interface StageRecord {
  readonly success: boolean;
  readonly tokens?: number | undefined;
  readonly costUsd?: number | string | undefined;
  readonly cacheHit?: boolean | undefined;
}

/** Something that happened. */
export interface EventRecord {
  /** Such as `cache_hit`, `timeout`, `failover_initiated`; any name, capped. */
  readonly type: string;
  readonly component: string;
  readonly operation: string;
  readonly durationMs?: number | undefined;
  /** Goes to the debug log only. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Counts a run of a pipeline's stage. @param ms duration in milliseconds */
export function recordStage(recorder: Recorder, stage: string, ms: number, record: StageRecord): void {
  const { refusals } = recorder;
  if (!isDuration(ms)) return refusals.refuse('stage.ms', 'a duration in milliseconds');
  const { counter, distribution } = stageFamily;
  const now = recorder.now();
  const state = recorder.series(stageFamily, stage).open(now);
  const { success, tokens, costUsd, cacheHit } = record;
  state.count(success ? counter.successes : counter.errors);
  state.record(success ? distribution.success_duration : distribution.failure_duration, ms);
  if (isCount(tokens)) {
    state.count(counter.runs_with_tokens);
    state.count(counter.tokens, tokens);
  } else if (tokens != null) refusals.refuse('stage.tokens', 'a whole number of tokens');
  const cost = readNanoUsd(costUsd);
  if (typeof cost === 'number') {
    state.count(counter.runs_with_cost);
    state.count(counter.cost_nano_usd, cost);
  } else if (costUsd != null) refusals.refuse('stage.costUsd', 'an amount of USD');
  if (cacheHit == null) return;
  state.count(counter.runs_with_cache);
  if (cacheHit) state.count(counter.cache_hits);
}

/** Counts an event. */
export function recordEvent(recorder: Recorder, event: EventRecord): void {
  const { type, component, operation, durationMs, metadata } = event;
  const state = recorder.series(eventFamily, type, component, operation).open(recorder.now());
  state.count(eventFamily.counter.events);
  if (isDuration(durationMs)) state.record(eventFamily.distribution.duration, durationMs);
  else if (durationMs != null) recorder.refusals.refuse('event.durationMs', 'a duration in milliseconds');
  if (metadata !== undefined) recorder.options.debug(`event ${type} with ${Object.keys(metadata).length} metadata`);
}

/** Counts an error as an event of type `error`: where it happened, and of which category it is. */
export function recordError(recorder: Recorder, where: string, error: unknown, durationMs?: number): void {
  recordEvent(recorder, { type: 'error', component: where, operation: categoryOfError(error), durationMs });
}

/** Counts a look-up in a cache of the application. */
export function recordCache(recorder: Recorder, name: string, hit: boolean): void {
  const { hits, misses } = cacheFamily.counter;
  recorder
    .series(cacheFamily, name)
    .open(recorder.now())
    .count(hit ? hits : misses);
}

/** Sets the depth of a queue; it holds until the next one. @param shared whether all replicas see the same queue */
export function recordQueueDepth(recorder: Recorder, name: string, depth: number, shared: boolean): void {
  if (!isAmount(depth)) return recorder.refusals.refuse('queue.depth', 'a number of entries');
  const family = shared ? sharedQueueFamily : queueFamily;
  recorder.series(family, name).setLevel(family.gauge.depth, depth, recorder.now());
}
