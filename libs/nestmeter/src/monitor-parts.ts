import { Accumulator } from './accumulate/accumulator.js';
import type { AnyFamily } from './accumulate/family.js';
import { rulesOf } from './alert/alert-options.js';
import { thresholdProblem } from './alert/posted-threshold.js';
import { builtInFamilies } from './accumulate/families.js';
import { tagFamily } from './accumulate/llm-family.js';
import { type Clock, StoreClock, systemClock } from './clock.js';
import { type Alerting, joinAlerting } from './alerting.js';
import { type Budgeting, joinBudgeting } from './budgeting.js';
import { Keeper } from './keeper/keeper.js';
import { LiveConfig } from './config/live-config.js';
import { createLog, type Log } from './log.js';
import { problemOf } from './option-problem.js';
import { type EffectiveOptions, optionsSchema } from './options.js';
import { OwnMemory } from './publish/own-memory.js';
import { Publisher } from './publish/publisher.js';
import { Replica } from './publish/replica.js';
import { WindowReader } from './query/window-reader.js';
import { CustomMetrics } from './record/custom-metric.js';
import type { CallGate } from './record/call-gate.js';
import { exclusion } from './record/exclusion.js';
import { HttpRequests } from './record/http-request.js';
import { PriceTable } from './record/price/price-table.js';
import { ProcessSampler } from './record/process.js';
import { Recorder } from './record/recorder.js';
import { openSpans } from './record/span/spans.js';
import type { ReportContext } from './report/report.js';
import { Sampling } from './sampling.js';
import { SelfDescription } from './self-description.js';
import { MemoryStore } from './store/memory-store.js';
import type { Persistence } from './store/persistence.js';
import type { Store } from './store/store.js';
import { createPersistence, createStore } from './storing.js';
import { version } from './version.js';

const mebibyte = 1 << 20;

/** Everything a running monitor is made of, joined but not started: no timer, no connection. */
export interface MonitorParts {
  readonly clock: Clock;
  readonly storeClock: StoreClock;
  readonly log: Log;
  readonly accumulator: Accumulator;
  readonly replica: Replica;
  readonly store: Store;
  /** Options as they are in force, with what was posted. */
  readonly config: LiveConfig<EffectiveOptions>;
  readonly publisher: Publisher;
  /** The file of the embedded store; null with Redis. */
  readonly persistence: Persistence | null;
  /** Null for an embedded store, which has nothing to fold. */
  readonly keeper: Keeper | null;
  readonly reader: WindowReader;
  readonly recorder: Recorder;
  readonly http: HttpRequests;
  readonly custom: CustomMetrics;
  readonly sampling: Sampling;
  readonly description: SelfDescription;
  readonly reports: ReportContext;
  readonly alerting: Alerting;
  readonly budgeting: Budgeting;
  /** All families that this replica knows. */
  readonly families: () => readonly AnyFamily[];
  /** Unix seconds at which this replica began to measure. */
  readonly started: number;
}

/** Joins the parts of a monitor along the way of the data. */
export function joinParts(options: EffectiveOptions, clock: Clock = systemClock): MonitorParts {
  const log = createLog(options.logger ?? console, () => config.effective.logLevel);
  const storeClock = new StoreClock(clock);
  const rules = rulesOf(options.alerts, options.budgets);
  const store = createStore(options, clock, log, () => config.effective.publishIntervalMs);
  const config: LiveConfig<EffectiveOptions> = new LiveConfig({
    upkeep: store.upkeep,
    clock,
    storeNowMs: () => storeClock.nowMs(),
    base: options,
    rules: {
      schemas: optionsSchema.shape,
      problemOf,
      thresholdRule: (threshold) => thresholdProblem(rules, threshold, families()),
    },
    warn: log.warn,
  });
  const started = clock.wallMs() / 1000;
  const tagFamilies = new Map<string, AnyFamily>(options.tags.map((tag) => [tag, tagFamily(tag) as AnyFamily]));
  const accumulator = new Accumulator(storeClock, options.tiers, {
    cap: options.seriesPerFamily,
    admit: admission(options, (error) => recorder.refusals.failed('filter', error)),
  });
  const families = () => [...new Set([...builtInFamilies, ...tagFamilies.values(), ...accumulator.families()])];

  const recorder: Recorder = new Recorder({
    accumulator,
    clock,
    tagFamilies,
    prices: new PriceTable({
      prices: options.prices,
      modelAliases: options.modelAliases,
      importGenaiPrices: options.genaiPrices ? undefined : null,
    }),
    apdexMs: (endpoint) => apdexMs(config.effective.apdexMs, endpoint),
    isSuccess: options.success,
    spans: options.tracing ? tracing(options, log.warn, (error) => recorder.refusals.failed('span', error)) : null,
    providerHosts: options.providerHosts,
    keepsErrorMessages: options.errors.messages,
    gate: options.budgets.some(({ hardStop }) => hardStop) ? gateOf(() => budgeting) : undefined,
    warn: log.warn,
    debug: log.debug,
  });
  const own = [options.prefix, ...Object.keys(options.aliases)];
  const excluded = () => exclusion(config.effective.exclude, { probesToo: options.excludeHealthProbes, own });
  let isExcluded = excluded();
  const http = new HttpRequests(recorder, {
    isExcluded: (path, userAgent) => isExcluded(path, userAgent),
  });
  const sampler = new ProcessSampler(recorder);

  const replica = new Replica(options.replicaName);
  const publisher: Publisher = new Publisher({
    store,
    accumulator,
    clock,
    storeClock,
    replica,
    get intervalMs() {
      return config.effective.publishIntervalMs;
    },
    outboxBytes: options.outboxMb * mebibyte,
    describe: () => description.describe(),
    warn: log.warn,
    onPublish: options.budgets.length === 0 ? undefined : () => budgeting.reading.publishing(),
    onReceipt: ({ documents }) => {
      config.learn(documents);
      budgeting.reading.learn(documents);
    },
  });
  const persistence = store instanceof MemoryStore ? createPersistence(options, store, publisher, clock, log) : null;
  const keeper = store.embedded
    ? null
    : new Keeper({
        upkeep: store.upkeep,
        clock,
        storeNowMs: () => storeClock.nowMs(),
        tiers: options.tiers,
        families,
        replicaId: () => replica.id,
        seenLease: () => publisher.status.lease,
        liveReplicas: () => publisher.status.live.length,
        warn: log.warn,
      });
  const collect = () => publisher.collect();
  const ownMemory = new OwnMemory({ accumulator, outbox: publisher.outbox, clock: storeClock, replica, collect });
  const reading = {
    ownMemory,
    tiers: options.tiers,
    clock,
    storeNowMs: () => storeClock.nowMs(),
    lastContactMs: () => publisher.status.lastAcknowledgedMs,
    cacheBytes: options.cacheMb * mebibyte,
  };
  const reader = new WindowReader({
    ...reading,
    store,
    beforeRead: async () => {
      // Calls that ended before the price tables were loaded are counted then.
      await recorder.prices.ready();
      await persistence?.loaded();
      if (store.embedded) await publisher.flush();
    },
  });
  // What an embedded store has is this replica's own memory already.
  const ownReader = store.embedded
    ? reader
    : new WindowReader({ ...reading, store: ownMemory, beforeRead: () => Promise.resolve(), cacheBytes: 0 });
  const description = new SelfDescription({ accumulator, recorder, http, sampler, ownReader, families, started });
  const reports: ReportContext = {
    read: (request) => reader.read(request),
    settings: {
      tagFamilies,
      get dailyTokenLimit() {
        return config.effective.dailyTokenLimit;
      },
      get operationThresholdsMs() {
        return config.effective.operationThresholdsMs;
      },
      maxSeries: options.seriesPerFamily,
      uptimeSeconds: () => clock.wallMs() / 1000 - started,
    },
  };
  const budgeting: Budgeting = joinBudgeting({
    options,
    store,
    clock,
    storeNowMs: () => storeClock.nowMs(),
    context: reports,
    prices: recorder.prices,
    publishIntervalMs: () => config.effective.publishIntervalMs,
    leaseToken: () => keeper?.leaseToken ?? null,
    replicaId: () => replica.id,
    failed: (where, error) => recorder.refusals.failed(where, error),
  });
  const alerting = joinAlerting({
    options,
    budgetLevels: options.budgets.length === 0 ? undefined : () => budgeting.budgets.levels(),
    store,
    clock,
    storeNowMs: () => storeClock.nowMs(),
    context: reports,
    families,
    slotSeconds: options.tiers[0]!.slotSeconds,
    intervalSeconds: () => config.effective.alerts.evaluationIntervalSeconds,
    thresholds: () => config.alertThresholds,
    leaseToken: () => keeper?.leaseToken ?? null,
    log,
    failed: (where, error) => recorder.refusals.failed(where, error),
  });
  const custom = new CustomMetrics(recorder);
  const sampling = new Sampling({ recorder, sampler, description, config });
  const record = { recorder, http, custom, sampling };
  config.onChange(() => {
    isExcluded = excluded();
    publisher.reschedule();
    alerting.reschedule();
    persistence?.saveSoon();
  });
  const share = {
    store,
    config,
    persistence,
    replica,
    publisher,
    keeper,
    reader,
    description,
    reports,
    alerting,
    budgeting,
  };
  return { clock, storeClock, log, accumulator, families, started, ...record, ...share };
}

/** The gate of budgets, which is joined later than the recorder that asks it. */
function gateOf(budgeting: () => Budgeting): CallGate {
  return {
    isClosing: true,
    admit: (call) => budgeting().gate.admit(call),
    ended: (call, hold) => budgeting().gate.ended(call, hold),
    released: (hold) => budgeting().gate.released(hold),
  };
}

/** The option `tracing`. */
function tracing({ semconv, tags }: EffectiveOptions, warn: Log['warn'], failed: (error: unknown) => void) {
  return openSpans({ semconv, tags: new Set(tags), version, warn, failed });
}

/** The option `filter`; one that throws leaves nothing out. */
function admission({ filter }: EffectiveOptions, failed: (error: unknown) => void) {
  if (filter === undefined) return undefined;
  return (family: AnyFamily, labels: readonly string[]): boolean => {
    const named = family.labels.map(({ name }, index) => [name, labels[index]!]);
    try {
      return filter({ family: family.name, labels: Object.fromEntries(named) as Record<string, string> });
    } catch (error) {
      failed(error);
      return true;
    }
  };
}

/** The target of an endpoint: one for all, or by endpoint with `default`. */
function apdexMs(option: EffectiveOptions['apdexMs'], endpoint: string): number {
  if (typeof option === 'number') return option;
  return Object.hasOwn(option, endpoint)
    ? option[endpoint]!
    : Object.hasOwn(option, 'default')
      ? option['default']!
      : 500;
}
