import { z } from 'zod';
import { channelHealthAnswer } from '../alert/channel/channel-answer.js';

const count = z.number().int().nonnegative();
/** Unix seconds. */
const time = z.number().nonnegative();

const replica = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  pid: count,
  version: z.string(),
  started: time,
  last_seen: time,
  live: z.boolean(),
  self: z.boolean(),
});

/** What GET /health answers: the toolkit itself, as this replica sees it. */
export const healthAnswer = z.object({
  timestamp: time,
  app: z.string(),
  version: z.string(),
  enabled: z.boolean(),
  uptime_seconds: z.number().nonnegative(),
  store: z.object({
    kind: z.string(),
    state: z.enum(['ready', 'connecting', 'unreachable', 'stopped']),
    since: time,
    last_error: z.string().nullable(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  }),
  publish: z.object({
    last_success: time.nullable(),
    last_p95_ms: z.number().nonnegative().nullable(),
    last_bytes: count.nullable(),
    pending_states: count,
    pending_bytes: count,
    failures: count,
  }),
  /** By reason; `failed.…` are failures of our own, everything else values that were refused. */
  recording_failures: z.record(z.string(), count),
  unresolved_calls: count,
  late_states: z.record(z.string(), count),
  dropped_states: count,
  series: z.record(z.string(), z.object({ count, limit: count })),
  clock_offset_ms: z.number().nullable(),
  /** Null with the memory store, and while no replica holds the lease. */
  keeper: z
    .object({
      id: z.string(),
      self: z.boolean(),
      /** States folded since it began to keep. */
      folded: count,
      /** For how long the oldest state that is due has waited to be folded. */
      lag_ms: z.number().nonnegative(),
      /** Failures of this replica as keeper. */
      failures: count,
    })
    .nullable(),
  replicas: z.array(replica),
  since_start: z.object({
    operations: count,
    requests: count,
    llm_calls: count,
    tokens: count.nullable(),
    total_cost_usd: z.string().nullable(),
  }),
  /** By host, since the start of this replica; null while nobody looks. */
  untracked_provider_requests: z.record(z.string(), count).nullable(),
  /** Of the fleet, since the store began. */
  channels: z.array(channelHealthAnswer),
});

/** See {@link healthAnswer}. */
export type HealthAnswer = z.infer<typeof healthAnswer>;
