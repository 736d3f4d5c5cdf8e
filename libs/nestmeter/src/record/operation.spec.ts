import { Observable } from 'rxjs';
import { Recording } from '../../../../test/fixtures/recording.js';
import { componentFamily, operationFamily } from '../accumulate/families.js';
import { StartedOperation, trackOperation } from './operation.js';

describe('a tracked call', () => {
  let recording: Recording;

  beforeEach(() => {
    recording = new Recording({ tags: ['tenant'] });
  });

  afterEach(() => recording.close());

  const track = <R>(name: string, code: () => R): R => trackOperation(recording.recorder, name, code, undefined, []);
  const spend = (ms: number): void => recording.clock.advance(ms);
  const operation = (name: string, counter: string): number => recording.count(operationFamily, [name], counter);
  const component = (of: string, name: string, counter: string): number =>
    recording.count(componentFamily, [of, name], counter);

  describe('that ends', () => {
    it('is counted once with its duration and success', () => {
      expect(track('work', () => (spend(12.5), 'result'))).toBe('result');
      expect(operation('work', 'calls')).toBe(1);
      expect(operation('work', 'successes')).toBe(1);
      expect(operation('work', 'own_us')).toBe(12_500);
      expect(recording.values(operationFamily, ['work'], 'success_duration')).toEqual({ count: 1, sum: 12_500 });
    });

    it('is counted when its promise settles, and fails with the category of its error', async () => {
      const slow = (error?: object): Promise<void> =>
        track('slow', async () => {
          await Promise.resolve();
          spend(30);
          if (error) throw error;
        });
      await slow();
      const unauthorized = Object.assign(new Error('no'), { status: 401, getStatus: () => 401 });
      const rateLimited = Object.assign(new Error('no'), { status: 429, headers: {}, requestID: 'r' });
      const plain = new Error('no');
      for (const error of [unauthorized, rateLimited, plain]) await expect(slow(error)).rejects.toBe(error);
      expect(operation('slow', 'calls')).toBe(4);
      expect(operation('slow', 'successes')).toBe(1);
      expect(recording.values(operationFamily, ['slow'], 'failure_duration')).toEqual({ count: 3, sum: 90_000 });
      expect(recording.tally(operationFamily, ['slow'], 'errors')).toEqual({
        unauthorized: 1,
        rate_limit: 1,
        application: 1,
      });
    });

    it.each([undefined, null, 0, 'text', Symbol('thrown'), Object.create(null) as unknown])(
      'rethrows %p as it is and counts a failure',
      (thrown) => {
        const caught = (): unknown => {
          try {
            return track('odd', () => {
              throw thrown;
            });
          } catch (error) {
            return ['caught', error];
          }
        };
        expect(caught()).toEqual(['caught', thrown]);
        expect(recording.tally(operationFamily, ['odd'], 'errors')).toEqual({ application: 1 });
      },
    );
  });

  describe('with calls inside', () => {
    it('owns the time that none of them covers; the share of each is the union of its intervals', async () => {
      await track('answer', async () => {
        spend(10);
        const timed = (name: string, from: number[]): Promise<void> =>
          track(name, async () => {
            for (const _step of from) await Promise.resolve();
          });
        const first = timed('search', [1, 2]);
        spend(20);
        const second = timed('search', [1, 2]);
        const third = timed('rank', [1, 2]);
        spend(30);
        await Promise.all([first, second, third]);
        spend(5);
        await timed('rank', []);
      });
      expect(operation('answer', 'own_us')).toBe(15_000);
      expect(component('answer', 'search', 'calls')).toBe(2);
      expect(component('answer', 'search', 'covered_us')).toBe(50_000);
      expect(recording.values(componentFamily, ['answer', 'search'], 'duration')).toEqual({ count: 2, sum: 80_000 });
      expect(component('answer', 'rank', 'calls')).toBe(2);
      expect(component('answer', 'rank', 'covered_us')).toBe(30_000);
    });

    it('is the parent of direct children only', () => {
      track('a', () => track('b', () => track('c', () => spend(7))));
      expect(recording.names(componentFamily)).toEqual(['a\0b', 'b\0c']);
      expect(operation('a', 'own_us')).toBe(0);
      expect(operation('b', 'own_us')).toBe(0);
      expect(operation('c', 'own_us')).toBe(7000);
    });

    it('counts a failing component as an error of the component and not of itself if it is caught', () => {
      track('outer', () => {
        try {
          track('inner', () => {
            throw new Error('no');
          });
        } catch {
          spend(1);
        }
      });
      expect(component('outer', 'inner', 'errors')).toBe(1);
      expect(operation('outer', 'successes')).toBe(1);
    });

    it('is covered until its end by a child that outlives it, which is counted whole when it ends', async () => {
      let child = Promise.resolve();
      track('short', () => {
        spend(4);
        child = track('background', async () => {
          await Promise.resolve();
          spend(100);
        });
        spend(6);
      });
      await child;
      expect(operation('short', 'own_us')).toBe(4000);
      expect(component('short', 'background', 'covered_us')).toBe(6000);
      expect(recording.values(componentFamily, ['short', 'background'], 'duration')).toEqual({
        count: 1,
        sum: 106_000,
      });
    });

    it('tells a recursive call from itself', () => {
      const down = (depth: number): void => track('down', () => (spend(1), depth > 0 ? down(depth - 1) : undefined));
      down(2);
      expect(operation('down', 'calls')).toBe(3);
      expect(operation('down', 'own_us')).toBe(3000);
      expect(component('down', 'down', 'calls')).toBe(2);
      expect(component('down', 'down', 'covered_us')).toBe(3000);
    });

    it('keeps the time of each of 100 components and puts further names together', () => {
      track('wide', () => {
        for (let index = 0; index < 130; index++) track(`part${index}`, () => spend(1));
      });
      expect(operation('wide', 'own_us')).toBe(0);
      expect(component('wide', 'part99', 'covered_us')).toBe(1000);
      expect(component('wide', 'part100', 'covered_us')).toBe(0);
      expect(component('__other__', '__other__', 'covered_us')).toBe(30_000);
      expect(component('wide', 'part129', 'calls')).toBe(1);
    });
  });

  describe('that returns a stream', () => {
    async function* numbers(): AsyncGenerator<number> {
      for (const value of [1, 2, 3]) {
        spend(10);
        yield value;
      }
    }

    it('takes from the first read to the last of a cold one, not the time before anybody reads', async () => {
      const stream = track('numbers', numbers);
      spend(1000);
      const seen = [];
      for await (const value of stream) seen.push(value);
      expect(seen).toEqual([1, 2, 3]);
      expect(recording.values(operationFamily, ['numbers'], 'success_duration')).toEqual({ count: 1, sum: 30_000 });
    });

    it('succeeds when its consumer leaves early and fails with the error of the stream', async () => {
      for await (const value of track('left', numbers)) if (value === 2) break;
      expect(operation('left', 'successes')).toBe(1);
      expect(recording.values(operationFamily, ['left'], 'success_duration')).toEqual({ count: 1, sum: 20_000 });
      const error = new Error('no');
      const failing = track('failing', async function* () {
        yield 1;
        throw error;
      });
      await expect(
        (async () => {
          for await (const _value of failing);
        })(),
      ).rejects.toBe(error);
      expect(recording.tally(operationFamily, ['failing'], 'errors')).toEqual({ application: 1 });
    });

    it('is not counted if nobody reads it', () => {
      track('unread', numbers);
      expect(recording.names(operationFamily)).toEqual([]);
    });

    it('adds the work that an async function did before it returned an Observable', async () => {
      const source = await track('observed', async () => {
        await track('prepare', async () => spend(40));
        return new Observable<number>((subscriber) => {
          spend(5);
          subscriber.next(1);
          subscriber.complete();
        });
      });
      spend(500);
      await new Promise<void>((resolve) => source.subscribe({ complete: resolve }));
      expect(recording.values(operationFamily, ['observed'], 'success_duration')).toEqual({ count: 1, sum: 45_000 });
      expect(operation('observed', 'own_us')).toBe(5000);
    });

    it('covers its parent while it is read, not while it waits for a reader', async () => {
      await track('around', async () => {
        const stream = track('numbers', numbers);
        spend(100);
        for await (const _value of stream);
      });
      expect(operation('around', 'own_us')).toBe(100_000);
      expect(component('around', 'numbers', 'covered_us')).toBe(30_000);
    });
  });

  describe('begun by hand', () => {
    it('counts components, warnings and its end once', () => {
      const started = StartedOperation.start(recording.recorder, 'job', { metadata: { tenant: 'acme' } });
      spend(30);
      started.component('load', 20).component('load', 5, { success: false }).warning().warning();
      spend(10);
      started.end();
      started.end({ success: false });
      expect(operation('job', 'calls')).toBe(1);
      expect(operation('job', 'successes')).toBe(1);
      expect(operation('job', 'warnings')).toBe(2);
      expect(operation('job', 'own_us')).toBe(15_000);
      expect(component('job', 'load', 'calls')).toBe(2);
      expect(component('job', 'load', 'errors')).toBe(1);
      expect(component('job', 'load', 'covered_us')).toBe(25_000);
    });

    it('is the parent of what runs inside it, and fails with the error it is given', () => {
      const started = StartedOperation.start(recording.recorder, 'job');
      expect(started.run(() => track('step', () => (spend(3), 'done')))).toBe('done');
      started.end({ error: Object.assign(new Error('slow'), { name: 'TimeoutError' }) });
      expect(component('job', 'step', 'covered_us')).toBe(3000);
      expect(recording.tally(operationFamily, ['job'], 'errors')).toEqual({ timeout: 1 });
    });

    it('fails as application when it is told only that it failed', () => {
      StartedOperation.start(recording.recorder, 'job').end({ success: false });
      expect(recording.tally(operationFamily, ['job'], 'errors')).toEqual({ application: 1 });
    });

    it('never owns less than nothing, and no component takes longer than the call', () => {
      const started = StartedOperation.start(recording.recorder, 'job');
      spend(10);
      started.component('impossible', 5000).end();
      expect(operation('job', 'own_us')).toBe(0);
      expect(component('job', 'impossible', 'covered_us')).toBe(10_000);
    });

    it.each([Number.NaN, -1, Infinity, 1e308, '12', null, 12n])('refuses a component that took %p', (ms) => {
      StartedOperation.start(recording.recorder, 'job')
        .component('part', ms as number)
        .end();
      expect(recording.names(componentFamily)).toEqual([]);
      expect(recording.recorder.refusals.counts()).toEqual({ 'operation.component': 1 });
    });

    it('does nothing without a recorder', () => {
      const started = StartedOperation.start(null, 'job');
      expect(started.run(() => 5)).toBe(5);
      started.component('part', 1).warning().end();
      expect(recording.names(operationFamily)).toEqual([]);
    });
  });

  describe('with a name from outside', () => {
    it.each(['__proto__', 'constructor', 'a\nb"c', ''])('keeps %p as plain data', (name) => {
      track(name, () => track(name, () => {}));
      expect(operation(name, 'calls')).toBe(2);
      expect(component(name, name, 'calls')).toBe(1);
    });

    it('counts a reserved name as __other__, and one that is no text as unknown', () => {
      track('__mine', () => {});
      track(Symbol('name') as unknown as string, () => track({} as string, () => {}));
      expect(recording.names(operationFamily)).toEqual(['__other__', 'unknown']);
      expect(operation('unknown', 'calls')).toBe(2);
      expect(component('unknown', 'unknown', 'calls')).toBe(1);
      expect(recording.recorder.refusals.counts()).toEqual({});
    });

    it('cuts 10 MB to 200 characters', () => {
      track('x'.repeat(10_000_000), () => {});
      expect(recording.names(operationFamily)[0]).toMatch(/^x{191}~[0-9a-f]{8}$/);
    });
  });
});
