import { changeable, snakeCase } from './config/changeable.js';
import type { LiveConfig } from './config/live-config.js';
import type { AnyFamily } from './accumulate/family.js';
import { readFamily } from './accumulate/family-definition.js';
import { endpointFamily, operationFamily } from './accumulate/families.js';
import { llmFamily } from './accumulate/llm-family.js';
import { formatNanoUsd } from './money.js';
import type { MonitorParts } from './monitor-parts.js';
import { type EffectiveOptions, type MonitorOptions, sourceOf } from './options.js';
import { unresolvedCalls } from './record/scope.js';
import type { ConfigAnswer } from './serve/config.js';
import type { HealthAnswer } from './serve/health.js';
import type { MonitorView } from './serve/monitor-view.js';
import type { ToolkitState } from './serve/toolkit-metrics.js';
import { makeWithAlerts } from './serve/with-alerts.js';
import { costOf, sum, tokensOf } from './self-description.js';
import type { StoreStatus } from './store/store.js';
import { version } from './version.js';

/** What handlers of the routes may see of a monitor. @param given the options as the application gave them */
export function viewOf(parts: MonitorParts, options: EffectiveOptions, given: MonitorOptions): MonitorView {
  const { accumulator, alerting, budgeting, reports, recorder } = parts;
  return {
    app: options.app ?? '',
    version,
    prefix: options.prefix,
    aliases: options.aliases,
    hasOwnPort: options.listen !== undefined,
    access: options.access,
    dashboard: options.dashboard,
    sessionHours: options.sessionHours,
    corsOrigins: options.cors?.origins ?? [],
    get limits() {
      const { rateLimits, liveClients, bodyBytes } = parts.config.effective;
      return { ...rateLimits, liveClients, bodyBytes };
    },
    prometheus: {
      registry: options.prometheus.registry ?? null,
      semconv: options.semconv,
      le: options.prometheus.le,
    },
    clock: parts.clock,
    report: (report, query) => makeWithAlerts(report, query, reports, () => alerting.alerts.now()),
    alerts: alerting.alerts,
    budgets: budgeting.budgets,
    health: () => healthOf(parts, options),
    config: () => configOf(parts.config, options, given),
    changes: parts.config,
    families: parts.families,
    fleetFamilies: () => fleetFamilies(parts),
    lifetime: (family) => accumulator.lifetime(family),
    level: (family, labels, gauge) => accumulator.handles.find(family, labels)?.level(gauge) ?? null,
    nowMs: () => parts.storeClock.nowMs(),
    toolkit: () => toolkitOf(parts),
    headroom: () => recorder.headroom.latest(),
    window: (request) => parts.reader.read(request),
    failed: (where, error) => recorder.refusals.failed(where, error),
  };
}

/** What this replica knows of the toolkit without asking anybody. */
function toolkitOf({ accumulator, publisher, recorder, store }: MonitorParts): ToolkitState {
  const { outbox, status } = publisher;
  return {
    storeReachable: store.status().state === 'ready',
    lastPublishMs: status.lastAcknowledgedMs,
    publishFailures: status.failures,
    pendingStates: outbox.pending,
    pendingBytes: outbox.bytes,
    droppedStates: outbox.counts.dropped + outbox.counts.givenUp + accumulator.counts.droppedSlots,
    liveReplicas: status.lastAcknowledgedMs === null ? null : status.live.length,
    recordingFailures: { ...recorder.refusals.counts(), reserved_labels: accumulator.handles.counts.refusedLabels },
  };
}

/** Of a name that only others have, what was told last: of what another signature counted nothing can be added to it. */
async function fleetFamilies({ families, store }: MonitorParts): Promise<AnyFamily[]> {
  const own = families();
  const definitions = await store.upkeep.definitions().catch(() => []);
  const others = new Map<string, AnyFamily>();
  for (const definition of definitions.toSorted((a, b) => a.toldMs - b.toldMs)) {
    const family = own.some(({ name }) => name === definition.family) ? null : readFamily(definition);
    if (family !== null) others.set(family.name, family);
  }
  return [...own, ...others.values()];
}

async function healthOf(parts: MonitorParts, options: EffectiveOptions): Promise<HealthAnswer> {
  const { accumulator, alerting, publisher, recorder, replica, reader, store, storeClock, started } = parts;
  const { outbox, status } = publisher;
  const toolkit = toolkitOf(parts);
  const { beats, live, nowMs } = await reader.read({ query: {}, fallback: '30s', families: [], beats: true });
  const calls = accumulator.lifetime(llmFamily);
  const operations = accumulator.lifetime(operationFamily);
  const requests = accumulator.lifetime(endpointFamily);
  const costNanoUsd = costOf(calls);
  const seconds = (ms: number | null): number | null => ms && ms / 1000;
  return {
    timestamp: nowMs / 1000,
    app: options.app ?? '',
    version,
    enabled: true,
    uptime_seconds: parts.clock.wallMs() / 1000 - started,
    store: storeAnswer(store.status(), parts.persistence?.details),
    publish: {
      last_success: seconds(status.lastAcknowledgedMs),
      last_p95_ms: status.p95Ms,
      last_bytes: status.lastAcknowledgedMs === null ? null : status.lastBytes,
      pending_states: outbox.pending,
      pending_bytes: outbox.bytes,
      failures: status.failures,
    },
    recording_failures: toolkit.recordingFailures,
    unresolved_calls: unresolvedCalls(),
    late_states: Object.fromEntries([...outbox.counts.late].map(([slotSeconds, count]) => [`${slotSeconds}s`, count])),
    dropped_states: toolkit.droppedStates,
    series: Object.fromEntries(
      parts
        .families()
        .map((family) => [
          family.name,
          { count: accumulator.handles.count(family), limit: Math.min(family.cap, options.seriesPerFamily) },
        ]),
    ),
    clock_offset_ms: storeClock.offsetMs(),
    keeper: keeperAnswer(parts, nowMs),
    replicas: beats.map(({ atMs, beat }) => ({
      id: beat.id,
      name: beat.name,
      host: beat.host,
      pid: beat.pid,
      version: beat.version,
      started: beat.started,
      last_seen: atMs / 1000,
      live: live.includes(beat.id),
      self: beat.id === replica.id,
    })),
    since_start: {
      operations: sum(operations, operationFamily.counter.calls),
      requests: sum(requests, endpointFamily.counter.requests),
      llm_calls: sum(calls, llmFamily.counter.calls),
      tokens: tokensOf(calls),
      total_cost_usd: costNanoUsd === null ? null : formatNanoUsd(costNanoUsd),
    },
    untracked_provider_requests: recorder.untracked.counts(),
    channels: await alerting.alerts.channels(),
  };
}

/** Who keeps the store, as this replica saw it last; null while nobody holds the lease. */
function keeperAnswer({ keeper, publisher, replica }: MonitorParts, nowMs: number): HealthAnswer['keeper'] {
  const { lease } = publisher.status;
  if (keeper === null || lease === null || lease.untilMs <= nowMs) return null;
  return {
    id: lease.replica,
    self: lease.replica === replica.id,
    folded: lease.folded,
    lag_ms: lease.lagMs,
    failures: keeper.status.failures,
  };
}

function storeAnswer({ kind, state, since, lastError, details }: StoreStatus, more: StoreStatus['details'] = {}) {
  return { kind, state, since, last_error: lastError, details: { ...details, ...more } };
}

/** Options that may hold secrets: only that they are given is shown. */
const secretOptions = new Set(['redis', 'access', 'logger']);

function configOf(
  config: LiveConfig<EffectiveOptions>,
  options: EffectiveOptions,
  given: MonitorOptions,
): ConfigAnswer {
  const { posted } = config;
  const effective: Record<string, unknown> = {};
  const sources: ConfigAnswer['sources'] = {};
  const overridden: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config.effective)) {
    const key = snakeCase(name);
    effective[key] = shownOption(name, value);
    sources[key] = Object.hasOwn(posted, key) ? 'posted' : sourceOf(name, given);
    if (sources[key] === 'posted') overridden[key] = shownOption(name, options[name as keyof EffectiveOptions]);
  }
  for (const [key, { option, field }] of changeable) {
    if (option === null || field === undefined) continue;
    effective[key] = shownOption(field, fieldOf(config.effective, option, field));
    const isGiven = fieldOf(given, option, field) !== undefined;
    sources[key] = Object.hasOwn(posted, key) ? 'posted' : isGiven ? 'code' : 'default';
    if (sources[key] === 'posted') overridden[key] = shownOption(field, fieldOf(options, option, field));
  }
  effective['alert_thresholds'] = config.alertThresholds;
  sources['alert_thresholds'] = Object.hasOwn(posted, 'alert_thresholds') ? 'posted' : 'default';
  return { version: config.version, effective, sources, posted, overridden, changeable: [...changeable.keys()] };
}

/** A field of an option that is a group; undefined where the group or the field is not given. */
function fieldOf(options: object, option: string, field: string): unknown {
  const group = (options as Record<string, unknown>)[option] as Record<string, unknown> | undefined;
  return group?.[field];
}

function shownOption(name: string, value: unknown): unknown {
  if (secretOptions.has(name)) return value === undefined ? null : 'configured';
  if (name === 'prometheus') return { le: (value as EffectiveOptions['prometheus']).le };
  return plain(value, !dataKeyed.has(name));
}

/** Options, and fields of them, whose keys are data: names of operations, models, paths, labels and tags. */
const dataKeyed = new Set(['operationThresholdsMs', 'prices', 'modelAliases', 'aliases', 'apdexMs', 'filter', 'tag']);

function plain(value: unknown, named: boolean): unknown {
  if (typeof value === 'function') return 'function';
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return value.map((entry) => plain(entry, named));
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      named ? snakeCase(key) : key,
      plain(entry, named && !dataKeyed.has(key)),
    ]),
  );
}
