import fc from 'fast-check';
import { ManualClock, StoreClock } from './clock.js';

const start = 1_700_000_000_000;

/** A store whose clock is `aheadMs` ahead of the host's, called with given round trips. */
const fixture = (aheadMs = 0) => {
  const clock = new ManualClock(start);
  const storeClock = new StoreClock(clock);
  let ahead = aheadMs;
  return {
    clock,
    storeClock,
    stepStore: (ms: number) => (ahead += ms),
    /** What the store's clock shows. */
    truth: () => start + clock.monotonicMs() + ahead,
    call(forthMs: number, backMs: number): void {
      const sent = clock.monotonicMs();
      clock.advance(forthMs);
      const shown = start + clock.monotonicMs() + ahead;
      clock.advance(backMs);
      storeClock.sample(sent, clock.monotonicMs(), shown);
    },
  };
};

describe('StoreClock', () => {
  it('shows the time of the host before the first sample', () => {
    const { clock, storeClock } = fixture(5000);
    clock.advance(250);
    expect([storeClock.nowMs(), storeClock.offsetMs()]).toEqual([start + 250, null]);
  });

  it('shows the time of the store to half a round trip', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(3000), fc.nat(3000), (aheadMs, forth, back) => {
        const { storeClock, call, truth } = fixture(aheadMs);
        call(forth, back);
        expect(Math.abs(storeClock.nowMs() - truth())).toBeLessThanOrEqual((forth + back) / 2);
      }),
    );
  });

  it('trusts the shortest round trip of the last minute', () => {
    const { clock, storeClock, call, truth } = fixture(700);
    call(1, 1);
    for (let second = 0; second < 50; second++) {
      clock.advance(500);
      call(400, 10);
      expect(Math.abs(storeClock.nowMs() - truth())).toBeLessThanOrEqual(1);
    }
  });

  it('forgets a sample after a minute', () => {
    const { clock, storeClock, call, truth } = fixture(0);
    call(1, 1);
    clock.advance(60_001);
    call(400, 0);
    expect(storeClock.nowMs() - truth()).toBe(200);
  });

  it.each([-3_600_000, -15_000, -100, 100, 15_000, 3_600_000])(
    'follows a step of the store of %d ms at once',
    (step) => {
      const { storeClock, call, stepStore, truth } = fixture(40);
      for (let sample = 0; sample < 5; sample++) call(1, 1);
      stepStore(step);
      call(5, 5);
      expect(Math.abs(storeClock.nowMs() - truth())).toBeLessThanOrEqual(5);
    },
  );

  it('does not take the drift of a clock for a step', () => {
    const { clock, storeClock, call, stepStore, truth } = fixture();
    for (let second = 0; second < 300; second++) {
      clock.advance(1000);
      stepStore(0.1);
      call(second % 7, second % 7);
      expect(Math.abs(storeClock.nowMs() - truth())).toBeLessThan(10);
    }
  });

  it('is not moved by steps of the host once the store has answered', () => {
    const { clock, storeClock, call, truth } = fixture(0);
    call(1, 1);
    clock.step(-7_200_000);
    expect(Math.abs(storeClock.nowMs() - truth())).toBeLessThanOrEqual(1);
    expect(Math.round(storeClock.offsetMs()! / 1000)).toBe(7200);
  });

  it('converts between its time and monotonic readings', () => {
    const { clock, storeClock, call } = fixture(1234);
    call(2, 2);
    expect(storeClock.atMs(clock.monotonicMs())).toBe(storeClock.nowMs());
    expect(storeClock.monotonicAt(storeClock.atMs(77))).toBeCloseTo(77, 3);
  });
});
