import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '../seeded-random.js';
import { planRequest } from './planned-request.js';
import { rateAt } from './traffic.js';

describe('traffic', () => {
  const plan = (seed: number): unknown[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 2000 }, () => planRequest(random));
  };

  it('plans the same requests for the same seed', () => {
    expect(plan(3)).toEqual(plan(3));
    expect(plan(3)).not.toEqual(plan(4));
  });

  it('asks every model, plain and streamed, and searches for favourites', () => {
    const requests = plan(1) as { path: string; body?: { model?: string; stream?: boolean } }[];
    const chats = requests.filter(({ path, body }) => path === '/chat' && body?.model);
    expect(new Set(chats.map(({ body }) => `${body?.model} ${body?.stream}`)).size).toBe(10);
    const searches = requests.filter(({ path }) => path.startsWith('/search?')).map(({ path }) => path);
    expect(new Set(searches).size).toBeLessThan(searches.length * 0.7);
  });

  it('rises and falls over the day around its mean', () => {
    const hours = Array.from({ length: 24 }, (_, hour) => rateAt(8, hour * 3_600_000));
    expect(hours.reduce((sum, rate) => sum + rate, 0) / 24).toBeCloseTo(8, 6);
    expect(hours.indexOf(Math.max(...hours))).toBe(15);
    expect(Math.min(...hours)).toBeGreaterThan(5);
  });
});
