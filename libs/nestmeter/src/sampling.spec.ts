import { jest } from '@jest/globals';
import { Sampling, type SamplingOptions } from './sampling.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('sampling', () => {
  it('looks at once, then on an interval that may change, until it is stopped', () => {
    let samples = 0;
    let changed = () => {};
    const effective = { sampleIntervalMs: 60_000 };
    const parts = {
      recorder: { guard: (_: string, code: () => void) => code(), llm: { sweep: () => {} } },
      sampler: { sample: () => samples++, stop: () => {} },
      description: { refresh: async () => {} },
      config: { effective, onChange: (listener: () => void) => (changed = listener) },
    };
    const sampling = new Sampling(parts as unknown as SamplingOptions);
    const after = (ms: number) => {
      jest.advanceTimersByTime(ms);
      return samples;
    };
    changed();
    expect(after(200_000)).toBe(0);
    sampling.start();
    expect([after(0), after(60_000)]).toEqual([1, 2]);
    effective.sampleIntervalMs = 1000;
    changed();
    expect(after(3000)).toBe(5);
    sampling.stop();
    changed();
    expect(after(200_000)).toBe(5);
  });
});
