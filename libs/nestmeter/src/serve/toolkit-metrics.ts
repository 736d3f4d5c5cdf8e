import { ExposedMetric, type Sample } from './exposed-metric.js';
import type { MonitorView } from './monitor-view.js';

/** How the toolkit itself is in this replica, as far as it knows without asking anybody. */
export interface ToolkitState {
  readonly storeReachable: boolean;
  /** Unix milliseconds of the store's clock; null before the first. */
  readonly lastPublishMs: number | null;
  readonly publishFailures: number;
  /** Closed and open states that the store has not confirmed. */
  readonly pendingStates: number;
  readonly pendingBytes: number;
  /** States that are lost: past a limit, or given up. */
  readonly droppedStates: number;
  /** Replicas that publish, this one included; null before the first publish. */
  readonly liveReplicas: number | null;
  /** By reason, as in GET /health. */
  readonly recordingFailures: Readonly<Record<string, number>>;
}

const one = (value: number): Sample[] => [{ labels: {}, value }];

/** Metrics of the toolkit itself, made without I/O, so that they are there while the store is not. */
export function toolkitMetrics(view: MonitorView): ExposedMetric[] {
  const gauge = (name: string, help: string, value: (state: ToolkitState) => number | null): ExposedMetric =>
    new ExposedMetric(`nestmeter_${name}`, help, 'gauge', () => {
      const known = value(view.toolkit());
      return known === null ? [] : one(known);
    });
  const counter = (name: string, help: string, samples: (state: ToolkitState) => Sample[]): ExposedMetric =>
    new ExposedMetric(`nestmeter_${name}_total`, help, 'counter', () => samples(view.toolkit()));
  return [
    gauge('store_reachable', 'Whether this replica reaches the store: 1 or 0', ({ storeReachable }) =>
      Number(storeReachable),
    ),
    gauge('publish_age_seconds', 'Seconds since the store last took what this replica counted', ({ lastPublishMs }) =>
      lastPublishMs === null ? null : Math.max(0, (view.nowMs() - lastPublishMs) / 1000),
    ),
    gauge(
      'pending_states',
      'States of this replica that the store has not confirmed yet',
      (state) => state.pendingStates,
    ),
    gauge('pending_bytes', 'Bytes of states that the store has not confirmed yet', (state) => state.pendingBytes),
    gauge('live_replicas', 'Replicas that publish, as this one sees them', (state) => state.liveReplicas),
    counter('publish_failures', 'Publishes of this replica that failed; their states are sent again', (state) =>
      one(state.publishFailures),
    ),
    counter('dropped_states', 'States that this replica lost: past a limit, or given up', (state) =>
      one(state.droppedStates),
    ),
    counter('recording_failures', 'Values that were refused, and failures of the toolkit, by reason', (state) =>
      Object.entries(state.recordingFailures).map(([reason, value]) => ({ labels: { reason }, value })),
    ),
  ];
}
