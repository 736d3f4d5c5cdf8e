import fc from 'fast-check';
import { advance, type AlertChange, type AlertState, type AlertTiming, held, shifted } from './alert-state.js';
import type { Crossed, Observation } from './evaluate.js';
import { elapsedStepMs } from './clock-step.js';

const start = 1_000_000;
const timing: AlertTiming = { name: 'r', forSeconds: 30, keepFiringSeconds: 60, noData: 'ok' };
const levels = { w: { severity: 'warning', threshold: 5 }, c: { severity: 'critical', threshold: 10 } } as const;

/** What is seen: `.` all is well, `w` warning, `c` warning and critical, `-` no data. */
function seen(sign: string): Observation {
  const crossed: Record<string, readonly Crossed[] | null> = {
    '.': [],
    w: [levels.w],
    c: [levels.w, levels.c],
    '-': null,
  };
  return { labels: {}, value: sign === '-' ? null : 1, crossed: crossed[sign]! };
}

/** Runs an alert over signs, one every ten seconds. @returns a sign for each: pending `p`, firing `w` or `c`, `.` nothing */
function run(signs: string, rule: Partial<AlertTiming> = {}): { states: string; changes: string[] } {
  let state: AlertState | null = null;
  let states = '';
  const changes: string[] = [];
  signs.split('').forEach((sign, index) => {
    const next = advance(state, seen(sign), { ...timing, ...rule }, start + index * 10_000);
    state = next.state;
    states += state === null ? '.' : state.firingSinceMs === null ? 'p' : state.severity[0]!;
    if (next.change !== null) changes.push(`${index} ${next.change}`);
  });
  return { states, changes };
}

describe('an alert', () => {
  it.each([
    ['is pending, then fires', 'wwww', 'pppw', ['3 fired'], {}],
    ['fires at once without a time to wait', 'w', 'w', ['0 fired'], { forSeconds: 0 }],
    ['that is pending ends without a word', 'ww.w', 'pp.p', [], {}],
    ['fires on for a while after all is well', 'wwww.......', 'pppwwwwww..', ['3 fired', '9 resolved'], {}],
    ['does not flap', 'wwww.w.w.w......', 'pppwwwwwwwwwwww.', ['3 fired', '15 resolved'], {}],
    ['gets graver once that lasted too', 'wwwwcccc', 'pppwwwwc', ['3 fired', '7 escalated'], {}],
    [
      'eases when the graver threshold was not crossed for long',
      'ccccwwwwwww',
      'pppccccccww',
      ['3 fired', '9 eased'],
      {},
    ],
    ['ends without data', 'wwww------', 'pppwwwwww.', ['3 fired', '9 resolved'], {}],
    [
      'fires on without data where that means as before',
      'wwww----------',
      'pppwwwwwwwwwww',
      ['3 fired'],
      { noData: 'keep' },
    ],
    ['fires on no data where that is a reason', '-----', 'pppww', ['3 fired'], { noData: 'alert' }],
  ] as const)('%s', (_name, signs, states, changes, rule) => {
    expect(run(signs, rule)).toEqual({ states, changes: [...changes] });
  });

  it('keeps its id until it ended, and has another one next time', () => {
    const rule = { ...timing, forSeconds: 0, keepFiringSeconds: 0 };
    const first = advance(null, seen('w'), rule, start).state!;
    const second = advance(first, seen('c'), rule, start + 10_000).state!;
    expect(second.id).toBe(first.id);
    const over = advance(second, seen('.'), rule, start + 20_000);
    expect(over).toEqual({ state: null, change: 'resolved' });
    expect(advance(null, seen('w'), rule, start + 30_000).state!.id).not.toBe(first.id);
  });

  it('waits on while nothing can be told', () => {
    let state = advance(null, seen('w'), timing, start).state!;
    state = held(state, start + 600_000);
    expect(advance(state, seen('w'), timing, start + 610_000).state!.firingSinceMs).toBeNull();
    expect(advance(state, seen('w'), timing, start + 630_000).state!.firingSinceMs).toBe(start + 630_000);
  });

  it('has waited as long after the clock was set', () => {
    const pending = shifted(advance(null, seen('w'), timing, start).state!, -3_600_000);
    expect(advance(pending, seen('w'), timing, start - 3_580_000).state!.firingSinceMs).toBeNull();
    expect(advance(pending, seen('w'), timing, start - 3_570_000).change).toBe('fired');
  });
});

/** A step of a history: how long it took, what was seen, whether the clock was set and whether the keeper changed. */
const steps = fc.array(
  fc.record({
    elapsedMs: fc.integer({ min: 5000, max: 40_000 }),
    sign: fc.constantFrom('.', 'w', 'c', '-'),
    clockMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -7_200_000, max: 7_200_000 })),
    otherKeeper: fc.boolean(),
  }),
  { minLength: 1, maxLength: 80 },
);

describe('any history of an alert', () => {
  it('has at most one beginning and one end in each time of keepFiring, whatever happens to clock and keeper', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 120 }), (history, wait, keep) => {
        const rule = { ...timing, forSeconds: wait, keepFiringSeconds: keep };
        const changes: { change: AlertChange; atMs: number }[] = [];
        let state: AlertState | null = null;
        let realMs = 0;
        let storeMs = start * 1000;
        let beforeMs = storeMs;
        for (const { elapsedMs, sign, clockMs, otherKeeper } of history) {
          // A keeper that did not make the evaluation before can see only steps back and large ones forward.
          const stepMs = otherKeeper ? 0 : clockMs;
          realMs += elapsedMs;
          storeMs += elapsedMs + stepMs;
          const byMs = elapsedStepMs(beforeMs, storeMs, otherKeeper ? null : elapsedMs);
          const next = advance(state === null ? null : shifted(state, byMs), seen(sign), rule, storeMs);
          if (next.change === 'fired' || next.change === 'resolved')
            changes.push({ change: next.change, atMs: realMs });
          state = next.state;
          beforeMs = storeMs;
        }
        // They take turns, and between two beginnings lies at least the time for which one is held; drift aside.
        expect(changes.map(({ change }) => change)).toEqual(
          changes.map((_, index) => (index % 2 === 0 ? 'fired' : 'resolved')),
        );
        const fired = changes.filter(({ change }) => change === 'fired').map(({ atMs }) => atMs);
        const between = fired.slice(1).map((atMs, index) => atMs - fired[index]!);
        expect(Math.min(Infinity, ...between)).toBeGreaterThanOrEqual(keep * 1000 - 2000);
      }),
      { numRuns: 500 },
    );
  });

  it('counts an outage of more than 20 minutes as a moment, whoever evaluated before it', () => {
    const outageMs = 20 * 60_000 + 1;
    for (const clockMs of [0, 5000])
      expect(elapsedStepMs(start, start + outageMs + clockMs, outageMs)).toBe(outageMs + clockMs);
    expect(elapsedStepMs(start, start + outageMs, null)).toBe(outageMs);
    expect(elapsedStepMs(start, start + outageMs - 1, outageMs - 1)).toBe(0);
  });

  it('fires at its original time after any changes of keeper', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1000, max: 60_000 }), { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 0, max: 600 }),
        (gaps, wait) => {
          const rule = { ...timing, forSeconds: wait };
          let nowMs = start;
          let state = advance(null, seen('w'), rule, nowMs).state!;
          for (const gap of gaps) {
            // Each time another keeper: it knows the state and the store's time, nothing else.
            expect(elapsedStepMs(nowMs, nowMs + gap, null)).toBe(0);
            nowMs += gap;
            state = advance(state, seen('w'), rule, nowMs).state!;
            expect(state.firingSinceMs !== null).toBe(nowMs - start >= wait * 1000);
          }
        },
      ),
    );
  });
});
