import type { ModelLimits } from '../store/store.js';
import { FleetHeadroom } from './headroom.js';

const nowMs = 1_000_000;

function seen(
  seenMs: number,
  more: Partial<ModelLimits> & { remaining?: number; kind?: string; resetMs?: number } = {},
) {
  const { remaining = 5, kind = 'requests', resetMs = null, ...rest } = more;
  const limits = [{ kind, limit: 100, remaining, resetMs, seenMs }];
  return { provider: 'openai', model: 'gpt-5', answeredBy: null, limits, retryMs: null, retrySeenMs: null, ...rest };
}

const beat = (...headroom: ModelLimits[]) => ({ headroom });

describe('FleetHeadroom', () => {
  it('answers what any replica saw last of each kind', () => {
    const fleet = new FleetHeadroom(
      [
        beat(seen(900_000, { remaining: 9, resetMs: 1_002_500 })),
        beat(seen(950_000, { remaining: 4, resetMs: 999_000 })),
      ],
      nowMs,
    );
    const requests = { limit: 100, remaining: 4, reset_seconds: 0, seen: 950 };
    expect(fleet.of('openai')).toEqual({ headroom: { requests }, retry_after_seconds: null });
  });

  it('tells models apart, under the name asked for and the one that answered', () => {
    const fleet = new FleetHeadroom(
      [beat(seen(1, { answeredBy: 'gpt-5-2026', resetMs: 1_002_500 }), seen(2, { model: 'o3', remaining: 1 }))],
      nowMs,
    );
    const requests = { limit: 100, remaining: 5, reset_seconds: 2.5, seen: 0.001 };
    expect(fleet.of('openai', 'gpt-5').headroom).toEqual({ requests });
    expect(fleet.of('openai', 'gpt-5-2026').headroom).toEqual({ requests });
    expect(fleet.of('openai', 'o3').headroom).toMatchObject({ requests: { remaining: 1, reset_seconds: null } });
    expect(fleet.of('openai').headroom).toMatchObject({ requests: { remaining: 1 } });
  });

  it('answers the longest wait of its models, each as told last', () => {
    const waiting = (model: string, retryMs: number | null, retrySeenMs: number): ModelLimits => ({
      ...seen(1),
      model,
      retryMs,
      retrySeenMs,
    });
    const fleet = new FleetHeadroom(
      [
        beat(waiting('a', 1_090_000, 10), waiting('b', 1_030_000, 10)),
        beat(waiting('a', null, 20), waiting('c', 999_000, 30)),
      ],
      nowMs,
    );
    expect(fleet.of('openai').retry_after_seconds).toBe(30);
    expect(['a', 'b', 'c'].map((model) => fleet.of('openai', model).retry_after_seconds)).toEqual([null, 30, null]);
  });

  it('knows nothing of replicas that do not tell, or are unknown', () => {
    const nothing = { headroom: null, retry_after_seconds: null };
    expect(new FleetHeadroom([{}, beat()], nowMs).of('openai')).toEqual(nothing);
    expect(new FleetHeadroom(null, nowMs).of('openai', 'gpt-5')).toEqual(nothing);
    expect(new FleetHeadroom([beat(seen(1))], nowMs).of('anthropic')).toEqual(nothing);
  });

  it('keeps a kind called __proto__ like any other', () => {
    const { headroom } = new FleetHeadroom([beat(seen(1, { kind: '__proto__' }))], nowMs).of('openai');
    expect(Object.keys(headroom!)).toEqual(['__proto__']);
  });
});
