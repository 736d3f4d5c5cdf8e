import { z } from 'zod';
import type { Beat, ModelLimits } from '../store/store.js';
import { mapOf, time, value } from './answer-field.js';
import { answerMap } from './named-states.js';

/** Schema of {@link FleetHeadroom.of}. */
export const headroomShape = {
  headroom: mapOf(
    z.object({
      limit: value('How many are allowed'),
      remaining: value('How many are left'),
      reset_seconds: value('Until it is full again; 0 when that is past'),
      seen: time('When a provider told it'),
    }),
    'By kind of limit (`requests`, `tokens`, `input_tokens`, `requests_day` …), as an answer told it last',
  )
    .nullable()
    .describe('What the provider still allows, as last seen by any living replica; null when none was told'),
  retry_after_seconds: value('How long the provider said to wait, from now; null when it did not, or that is past'),
};

type Limit = ModelLimits['limits'][number];

/** What the living replicas last saw of the providers' limits; the newest sight of each counts. */
export class FleetHeadroom {
  readonly #nowMs: number;
  readonly #byProvider = new Map<string, ModelLimits[]>();

  /** @param beats null while replicas are unknown */
  constructor(beats: readonly Pick<Beat, 'headroom'>[] | null, nowMs: number) {
    this.#nowMs = nowMs;
    for (const { headroom = [] } of beats ?? [])
      for (const seen of headroom) {
        const known = this.#byProvider.get(seen.provider);
        if (known === undefined) this.#byProvider.set(seen.provider, [seen]);
        else known.push(seen);
      }
  }

  /** Of a provider, all its models together, or of one model, whether it was asked for or answered under this name. */
  of(provider: string, model?: string) {
    const seen = (this.#byProvider.get(provider) ?? []).filter(
      (of) => model === undefined || of.model === model || of.answeredBy === model,
    );
    const limits = new Map<string, Limit>();
    for (const limit of seen.flatMap((each) => each.limits)) {
      const known = limits.get(limit.kind);
      if (known === undefined || known.seenMs < limit.seenMs) limits.set(limit.kind, limit);
    }
    return {
      headroom: limits.size === 0 ? null : answerMap([...limits].map(([kind, limit]) => [kind, this.#answer(limit)])),
      retry_after_seconds: this.#wait(seen),
    };
  }

  #answer({ limit, remaining, resetMs, seenMs }: Limit) {
    const resetSeconds = resetMs === null ? null : Math.max(0, (resetMs - this.#nowMs) / 1000);
    return { limit, remaining, reset_seconds: resetSeconds, seen: seenMs / 1000 };
  }

  /** Of each model what was told last, by whatever replica; of several models the longest. */
  #wait(seen: readonly ModelLimits[]): number | null {
    const told = new Map<string, ModelLimits>();
    for (const each of seen) {
      if (each.retrySeenMs === null) continue;
      const known = told.get(each.model);
      if (known === undefined || known.retrySeenMs! < each.retrySeenMs) told.set(each.model, each);
    }
    const waits = [...told.values()].map(({ retryMs }) => (retryMs ?? 0) - this.#nowMs);
    const longest = Math.max(0, ...waits);
    return longest > 0 ? longest / 1000 : null;
  }
}
