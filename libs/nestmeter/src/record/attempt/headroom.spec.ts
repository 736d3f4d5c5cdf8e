import { Headroom } from './headroom.js';

const limit = (kind: string, remaining: number, resetSeconds: number | null = null) => ({
  kind,
  limit: 100,
  remaining,
  resetSeconds,
});

describe('Headroom', () => {
  let nowMs = 1_000_000;
  let headroom: Headroom;

  beforeEach(() => {
    nowMs = 1_000_000;
    headroom = new Headroom(() => nowMs);
  });

  it('keeps what was seen last of each kind, with the time of the reset', () => {
    headroom.note('openai', 'gpt-5', { limits: [limit('requests', 9, 2), limit('tokens', 5)], retryAfterSeconds: null }, true); // prettier-ignore
    nowMs += 500;
    headroom.note('openai', 'gpt-5', { limits: [limit('requests', 8, 1.5)], retryAfterSeconds: null }, true);
    expect(headroom.latest()).toEqual([
      {
        provider: 'openai',
        model: 'gpt-5',
        answeredBy: null,
        limits: [
          { kind: 'requests', limit: 100, remaining: 8, resetMs: 1_002_000, seenMs: 1_000_500 },
          { kind: 'tokens', limit: 100, remaining: 5, resetMs: null, seenMs: 1_000_000 },
        ],
        retryMs: null,
        retrySeenMs: null,
      },
    ]);
  });

  it('keeps a limit that the last answer left out', () => {
    headroom.note('a', 'm', { limits: [limit('requests', 9)], retryAfterSeconds: null }, true);
    const left = { kind: 'requests', limit: null, remaining: 3, resetSeconds: null };
    headroom.note('a', 'm', { limits: [left], retryAfterSeconds: null }, true);
    expect(headroom.latest()[0]!.limits).toMatchObject([{ limit: 100, remaining: 3 }]);
  });

  it('knows until when to wait, until a call gets through', () => {
    headroom.note('a', 'm', { limits: [], retryAfterSeconds: 30 }, false);
    expect(headroom.latest()).toMatchObject([{ limits: [], retryMs: 1_030_000, retrySeenMs: 1_000_000 }]);
    nowMs += 1000;
    headroom.note('a', 'm', { limits: [], retryAfterSeconds: null }, false);
    expect(headroom.latest()).toMatchObject([{ retryMs: 1_030_000 }]);
    headroom.note('a', 'm', { limits: [], retryAfterSeconds: null }, true);
    expect(headroom.latest()).toMatchObject([{ retryMs: null, retrySeenMs: 1_001_000 }]);
  });

  it('holds nothing of models that told nothing', () => {
    headroom.note('a', 'm', { limits: [], retryAfterSeconds: null }, true);
    headroom.answered('a', 'm', 'm-2026');
    expect(headroom.latest()).toEqual([]);
  });

  it('knows which model answered, and that it is the one asked for', () => {
    headroom.note('a', 'm', { limits: [limit('requests', 1)], retryAfterSeconds: null }, true);
    headroom.answered('a', 'm', 'm-2026');
    expect(headroom.latest()[0]!.answeredBy).toBe('m-2026');
    headroom.answered('a', 'm', 'm');
    expect(headroom.latest()[0]!.answeredBy).toBeNull();
  });

  it('holds 50 models with 8 kinds each; those not seen for longest go', () => {
    for (let model = 0; model < 60; model++)
      for (let kind = 0; kind < 10; kind++)
        headroom.note('a', `m${model}`, { limits: [limit(`k${kind}`, 1)], retryAfterSeconds: null }, true);
    const models = headroom.latest();
    expect(models.map(({ model }) => model)).toEqual(Array.from({ length: 50 }, (_, index) => `m${59 - index}`));
    expect(models.every(({ limits }) => limits.length === 8)).toBe(true);
    expect(headroom.latest(50).map(({ model }) => model)).toEqual(['m59', 'm58', 'm57', 'm56', 'm55', 'm54']);
  });

  it('keeps hostile names short and apart, and refuses those that are ours', () => {
    const told = { limits: [limit('requests', 1)], retryAfterSeconds: null };
    headroom.note('a', 'x'.repeat(10_000), told, true);
    headroom.note('__other__', 'm', told, true);
    headroom.note('__proto__', 'constructor', told, true);
    expect(headroom.latest().map(({ provider, model }) => [provider, model.length])).toEqual([
      ['__proto__', 11],
      ['a', 200],
    ]);
  });
});
