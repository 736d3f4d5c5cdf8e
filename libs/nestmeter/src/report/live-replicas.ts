import { z } from 'zod';
import { formatNanoUsd } from '../money.js';
import type { WindowContents } from '../query/window-reader.js';
import { type LevelKind, levelName, levelParts } from '../store/levels.js';
import type { Beat } from '../store/store.js';
import { costUsd, durationMs, percent, time, tokens, value } from './answer-field.js';
import { answerMap } from './named-states.js';

interface Level {
  sum: number;
  highest: number;
}

/** What living replicas say about this moment. Dead ones do not count, so that their calls in flight vanish. */
export class Levels {
  /** By kind, each path of what its levels are of. */
  readonly #paths = new Map<string, Map<string, readonly string[]>>();
  /** By kind and whatever the level is of, from nothing to all of it. */
  readonly #levels = new Map<string, Level>();

  constructor(beats: readonly Pick<Beat, 'current'>[]) {
    for (const { current } of beats)
      for (const [name, level] of Object.entries(current)) {
        const { kind, of } = levelParts(name);
        this.#note(kind, of);
        for (let depth = 0; depth <= of.length; depth++) this.#add([kind, ...of.slice(0, depth)].join('\0'), level);
      }
  }

  /** Names to which levels of a kind belong. */
  names(kind: LevelKind): string[] {
    return [...new Set(this.paths(kind).flatMap(([name]) => name ?? []))];
  }

  /** All that levels of a kind are of, such as provider and model. */
  paths(kind: LevelKind): (readonly string[])[] {
    return [...(this.#paths.get(kind)?.values() ?? [])];
  }

  /** Sum over replicas and over everything below `of`; null when no replica tells. */
  sum(kind: LevelKind, ...of: readonly string[]): number | null {
    return this.#levels.get([kind, ...of].join('\0'))?.sum ?? null;
  }

  /** Highest of any replica; null when no replica tells. */
  highest(kind: LevelKind, ...of: readonly string[]): number | null {
    return this.#levels.get([kind, ...of].join('\0'))?.highest ?? null;
  }

  #note(kind: string, of: readonly string[]): void {
    const paths = this.#paths.get(kind);
    if (paths === undefined) this.#paths.set(kind, new Map([[of.join('\0'), of]]));
    else paths.set(of.join('\0'), of);
  }

  #add(key: string, by: number): void {
    const level = this.#levels.get(key);
    if (level === undefined) this.#levels.set(key, { sum: by, highest: by });
    else {
      level.sum += by;
      level.highest = Math.max(level.highest, by);
    }
  }
}

/** Last beats of the living replicas; null when they are unknown, as while the store is unreachable. */
export function liveBeats({ live, beats }: Pick<WindowContents, 'live' | 'beats'>): readonly Beat[] | null {
  const living = beats.map(({ beat }) => beat).filter(({ id }) => live.includes(id));
  return living.length === 0 ? null : living;
}

/** Calls that no replica tells of are not under way; null when replicas are unknown. */
export function underWay(levels: Levels | null, kind: 'active_requests' | 'active_calls', ...of: string[]) {
  return levels === null ? null : (levels.sum(kind, ...of) ?? 0);
}

const cpuLevel = levelName('process', 'cpu');

/** Schema of a replica in `by_replica`. */
export const replicaShape = {
  name: z.string().describe('Name of the replica; need not be unique'),
  host: z.string().describe('Host name'),
  pid: z.int().describe('Process id'),
  version: z.string().describe('Version of this package'),
  started: time('When it began to measure'),
  cpu_percent: percent('Processor time of its process, of one core, as last sampled; may exceed 100'),
  last_60s: z
    .object({
      requests: value('Endpoint requests'),
      average_response_time_ms: durationMs('Mean duration of endpoint requests'),
      p95_response_time_ms: durationMs('95th percentile of endpoint requests'),
      error_rate_percent: percent('Endpoint requests that did not succeed'),
      llm_calls: value('LLM calls'),
    })
    .describe('The last 60 seconds'),
  since_start: z
    .object({
      requests: value('Endpoint requests'),
      operations: value('Tracked calls'),
      llm_calls: value('LLM calls'),
      total_tokens: tokens('Input and output of LLM calls'),
      total_cost_usd: costUsd('Cost of priced LLM calls'),
    })
    .describe('Since it began to measure'),
};

/** Schema of `by_replica`. */
export const byReplica = z
  .record(z.string(), z.object(replicaShape))
  .describe('Living replicas by id: their last 60 seconds and since their start, whatever the window');

/** What a replica says of itself. */
export function replicaAnswer({ name, host, pid, version, started, summary, current }: Beat) {
  const told = (field: string): number | null => (Object.hasOwn(summary, field) ? summary[field]! : null);
  const costNanoUsd = told('since_start_cost_nano_usd');
  return {
    name,
    host,
    pid,
    version,
    started,
    cpu_percent: current[cpuLevel] ?? null,
    last_60s: {
      requests: told('last_60s_requests'),
      average_response_time_ms: told('last_60s_average_ms'),
      p95_response_time_ms: told('last_60s_p95_ms'),
      error_rate_percent: told('last_60s_error_rate_percent'),
      llm_calls: told('last_60s_llm_calls'),
    },
    since_start: {
      requests: told('since_start_requests'),
      operations: told('since_start_operations'),
      llm_calls: told('since_start_llm_calls'),
      total_tokens: told('since_start_tokens'),
      total_cost_usd: costNanoUsd === null ? null : formatNanoUsd(costNanoUsd),
    },
  };
}

/** Living replicas by id; empty when they are unknown. */
export function replicaMap<Row>(beats: readonly Beat[] | null, row: (beat: Beat) => Row): Record<string, Row> {
  return answerMap((beats ?? []).map((beat) => [beat.id, row(beat)] as const));
}
