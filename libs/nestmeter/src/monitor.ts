import type { Clock } from './clock.js';
import type { AlertThreshold } from './config/alert-threshold.js';
import type { ConfigPatch, UpdateConfigOptions } from './config/live-config.js';
import { disabled, NestmeterError } from './errors.js';
import { MonitorBudgets } from './monitor-budgets.js';
import { MonitorLife, type MonitorStatus } from './monitor-life.js';
import { joinParts, type MonitorParts } from './monitor-parts.js';
import { type EffectiveOptions, type MonitorOptions, readOptions } from './options.js';
import { type EventRecord, recordCache, recordError, recordEvent, recordQueueDepth, recordStage, type StageRecord } from './record/by-hand.js'; // prettier-ignore
import type { CounterHandle, CustomMetricOptions, DistributionHandle, GaugeHandle } from './record/custom-metric.js';
import { currentRequest, type HttpRequests } from './record/http-request.js';
import { type LLMCallRecord, recordLLMCall } from './record/llm-record.js';
import { type OperationOptions, StartedOperation, trackOperation } from './record/operation.js';
import { type CostAnswer, costAnswer, costOfCall, type PricedUsage } from './record/price/cost.js';
import { type CostEstimate, estimateCost, type EstimateRequest } from './record/price/estimate.js';
import type { Recorder } from './record/recorder.js';
import { ownInstance, resolveRecorder } from './record/scope.js';
import { type RequestBegun, StartedRequest } from './record/started-request.js';
import { tagCurrent } from './record/tags.js';
import { type Reports, reportsOf } from './reports.js';
import { RouteServer } from './serve/handle.js';
import type { MonitorView } from './serve/monitor-view.js';
import { neededPersistence } from './store/persistence.js';
import { viewOf } from './view.js';

export type { MonitorStatus } from './monitor-life.js';
export type { MonitorOptions } from './options.js';

const monitors = new Map<Recorder, PerformanceMonitor>();

/**
 * Measures one application and answers for all its replicas. Make one with {@link createMonitor}; in Nest it is
 * injectable.
 *
 * Every record call is synchronous, takes about a microsecond, never throws and never waits. What cannot be recorded is
 * counted in /health. When disabled, every call does nothing.
 */
export class PerformanceMonitor {
  readonly options: EffectiveOptions;
  /** Answers of the routes, in process. */
  readonly reports: Reports;
  /** Asks budgets with a hard stop, for calls that no decorator tracks. */
  readonly budget: MonitorBudgets;
  readonly #parts: MonitorParts | null;
  readonly #view: MonitorView | null;
  readonly #life: MonitorLife | null;
  #routes: RouteServer | null = null;

  constructor(given: MonitorOptions = {}, clock?: Clock) {
    this.options = readOptions(given);
    this.#parts = this.options.enabled ? joinParts(this.options, clock) : null;
    this.#life = this.#parts && this.#lifeOf(this.#parts);
    this.#view = this.#parts && viewOf(this.#parts, this.options, given);
    this.reports = reportsOf(this.#parts);
    this.budget = new MonitorBudgets(this.#parts);
  }

  /**
   * Begins to measure and publish: decorators find this monitor, Redis is connected to in the background. Never waits
   * for the store. A stopped monitor does not start again.
   */
  start(): void {
    if (this.#life?.status !== 'idle') return;
    monitors.set(this.#parts!.recorder, this);
    this.#life.start();
  }

  /**
   * Ends measuring: publishes everything, says that this replica left, and closes what was opened. Takes at most the
   * option `shutdownTimeoutMs` and a little more; what the store did not take by then is logged in numbers.
   */
  async stop(): Promise<void> {
    await this.#life?.stop();
  }

  /** Whether this monitor measures. */
  status(): MonitorStatus {
    return this.#life?.status ?? 'disabled';
  }

  /**
   * Publishes everything recorded before the call and waits for the store: afterwards every replica reads it. For tests
   * and short-lived processes. Rejects with NM_STORE_UNREACHABLE when the store does not answer.
   */
  async flush(): Promise<void> {
    if (this.#parts === null) return;
    await this.#parts.recorder.prices.ready();
    await this.#parts.publisher.flush();
  }

  /**
   * Forgets everything recorded, for tests. On Redis it refuses with NM_RESET_SHARED unless `shared` says that the numbers
   * of all replicas are to go.
   */
  async reset({ shared = false }: { shared?: boolean } = {}): Promise<void> {
    const parts = this.#parts;
    if (parts === null) return;
    if (!parts.store.embedded && !shared)
      throw new NestmeterError({
        code: 'NM_RESET_SHARED',
        message: 'shared must be true to delete numbers that other replicas share, got false. Pass { shared: true }.',
      });
    parts.accumulator.clear();
    parts.publisher.clear();
    parts.recorder.clear();
    await parts.store.clear();
    await parts.budgeting.reading.clear();
  }

  /** Writes everything counted to a file, as JSON to a name that ends in `.json`. Rejects with NM_FILE_UNUSABLE. */
  async save(file: string): Promise<void> {
    if (this.#parts !== null) await neededPersistence(this.#parts.persistence).save(file);
  }

  /** Adds what a file has to what is here, wholly or not at all; safe to repeat. Rejects with NM_FILE_UNUSABLE. */
  async load(file: string): Promise<void> {
    if (this.#parts !== null) await neededPersistence(this.#parts.persistence).load(file);
  }

  /**
   * Changes options on all replicas within 2 s, until they are taken back; see docs/guides/configuration.md. `patch` is the
   * document of POST /config, in snake_case. Rejects with NM_CONFIG_INVALID, NM_CONFIG_CONFLICT or NM_STORE_UNREACHABLE.
   *
   * @param options.by who changes, for the history. Default `application`
   * @param options.ifVersion the version on which the change is based; without it, the newest
   */
  async updateConfig(patch: ConfigPatch, { by = 'application', ifVersion }: UpdateConfigOptions = {}): Promise<void> {
    if (this.#parts === null) throw disabled('a live configuration');
    await this.#parts.config.update(patch, { by, ifVersions: ifVersion === undefined ? null : [ifVersion] });
  }

  /** Sets the threshold of an alert on all replicas; it replaces the rule with the same metric and severity, else adds one. */
  async setAlertThreshold(
    metric: string,
    threshold: number,
    comparison: AlertThreshold['comparison'] = '>',
    severity: AlertThreshold['severity'] | 'medium' = 'warning',
  ): Promise<void> {
    await this.updateConfig({ alert_thresholds: [{ metric, threshold, comparison, severity }] });
  }

  /** Runs `fn` as a tracked call named `name` and returns what it returns, the very same object. */
  track<Result>(name: string, fn: () => Result, options?: OperationOptions): Result {
    const recorder = this.#parts?.recorder;
    return recorder === undefined ? fn() : trackOperation(recorder, name, fn, undefined, [], options);
  }

  /** Begins a tracked call by hand; nothing is counted before its `end`. */
  startOperation(name: string, options?: OperationOptions): StartedOperation {
    return StartedOperation.start(this.#parts?.recorder ?? null, name, options);
  }

  /** Begins a request by hand, for servers that no edge of ours times; nothing is counted before its `end`. */
  startRequest(request: RequestBegun): StartedRequest {
    return StartedRequest.start(this.#parts, request);
  }

  /**
   * Sets values of declared tags for the request under way, or outside of one for the outermost tracked call: its LLM
   * calls that end from now on get them.
   */
  tag(tags: Readonly<Record<string, unknown>>): void {
    this.#record('tag', (recorder) => tagCurrent(recorder, tags));
  }

  /** Counts an LLM call that was made and measured elsewhere. It was made: budgets count it and cannot refuse it. */
  recordLLMCall(record: LLMCallRecord): void {
    if (this.#parts !== null) recordLLMCall(this.#parts.recorder, this.#parts.recorder.llm, record);
  }

  /** Counts a run of a pipeline's stage. @param ms duration in milliseconds */
  recordStage(stage: string, ms: number, record: StageRecord): void {
    this.#record('recordStage', (recorder) => recordStage(recorder, stage, ms, record));
  }

  /** Counts an error: where it happened and of which category it is. Nothing else of it is kept. */
  recordError(where: string, error: unknown, options?: { durationMs?: number }): void {
    this.#record('recordError', (recorder) => recordError(recorder, where, error, options?.durationMs));
  }

  /** Counts something that happened. */
  recordEvent(event: EventRecord): void {
    this.#record('recordEvent', (recorder) => recordEvent(recorder, event));
  }

  /** Counts a look-up in a cache of the application. */
  recordCache(name: string, hit: boolean): void {
    this.#record('recordCache', (recorder) => recordCache(recorder, name, hit));
  }

  /** Sets the depth of the queue `default`, or of a named one; it holds until the next time. */
  recordQueueDepth(depth: number): void;
  recordQueueDepth(name: string, depth: number, options?: { shared?: boolean }): void;
  recordQueueDepth(first: string | number, depth = 0, options?: { shared?: boolean }): void {
    const [name, entries] = typeof first === 'number' ? ['default', first] : [first, depth];
    this.#record('recordQueueDepth', (recorder) => recordQueueDepth(recorder, name, entries, options?.shared ?? false));
  }

  /** A custom count. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  counter(name: string, options?: CustomMetricOptions): CounterHandle {
    return this.#parts?.custom.counter(name, options) ?? { add: () => {} };
  }

  /** A custom level; levels of replicas add up. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  gauge(name: string, options?: CustomMetricOptions): GaugeHandle {
    return this.#parts?.custom.gauge(name, options) ?? { set: () => {} };
  }

  /** A custom distribution. Throws NM_NAME_INVALID for a name or label that cannot be used. */
  distribution(name: string, options?: CustomMetricOptions): DistributionHandle {
    return this.#parts?.custom.distribution(name, options) ?? { record: () => {} };
  }

  /** What a call with this usage costs at the present prices; null for a model that no source knows. */
  cost({ provider, model, ...usage }: PricedUsage & { provider: string; model: string }): CostAnswer | null {
    const parts = this.#parts;
    if (parts === null) return null;
    const rates = parts.recorder.prices.lookup(provider, model, parts.storeClock.nowMs());
    return rates === null ? null : costAnswer(costOfCall(usage, rates));
  }

  /** Estimates what a call will cost before it is made; never added to what was billed. Null when disabled. */
  estimateCost(request: EstimateRequest): CostEstimate | null {
    if (this.#parts === null) return null;
    const { prices, refusals } = this.#parts.recorder;
    const atMs = this.#parts.storeClock.nowMs();
    return estimateCost(request, { prices, refusals, atMs, tokenizer: this.options.tokenizer });
  }

  /** Prometheus text of this replica, or of all replicas over a window with `scope: 'fleet'`; empty when disabled. */
  async prometheus(options: { scope?: 'fleet' | undefined; window?: string | undefined } = {}): Promise<string> {
    return this.enabled ? this.routes.exposition.text(options) : '';
  }

  /** Whether this monitor may measure at all: the option `enabled`. */
  get enabled(): boolean {
    return this.#parts !== null;
  }

  /** Answers requests for the routes. For edges of frameworks, which ask {@link enabled} first; throws when disabled. */
  get routes(): RouteServer {
    if (this.#view === null) throw disabled('routes');
    return (this.#routes ??= new RouteServer(this.#view));
  }

  /** Times requests. For edges of frameworks, which ask {@link enabled} first; throws when disabled. */
  get http(): HttpRequests {
    if (this.#parts === null) throw disabled('request timing');
    return this.#parts.http;
  }

  /** Notes that an instance belongs to the application measured by this monitor. For edges of frameworks. */
  own(instance: object): void {
    if (this.#parts !== null) ownInstance(this.#parts.recorder, instance);
  }

  /** Leaves the current request out of endpoint timing, as `@SkipTracking()` does. */
  skipCurrentRequest(): void {
    currentRequest()?.skip();
  }

  /** The port of the option `listen`; null without it, and until it is open. */
  get ownPort(): number | null {
    return this.#life?.ownPort ?? null;
  }

  #record(where: string, code: (recorder: Recorder) => void): void {
    const recorder = this.#parts?.recorder;
    recorder?.guard(where, () => code(recorder));
  }

  #lifeOf(parts: MonitorParts): MonitorLife {
    return new MonitorLife({
      parts,
      options: this.options,
      routes: () => this.routes,
      ended: () => {
        this.#routes?.close();
        monitors.delete(parts.recorder);
      },
    });
  }
}

/** Makes a monitor: the framework-free whole. Call `start()` to begin, `await stop()` to end. */
export function createMonitor(options?: MonitorOptions): PerformanceMonitor {
  return new PerformanceMonitor(options);
}

/**
 * The running monitor of an app by its name, or without one the monitor that a decorated method would use here: that of
 * the current request or job, else the only one. Null when there is none.
 */
export function getMonitor(app?: string): PerformanceMonitor | null {
  if (app !== undefined) return [...monitors.values()].find((monitor) => monitor.options.app === app) ?? null;
  const recorder = resolveRecorder();
  return recorder === null ? null : (monitors.get(recorder) ?? null);
}
